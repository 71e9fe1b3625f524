package dev.parley.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Stops a sandbox that runs in another terminal, or ends what a killed one left. */
final class DownCommand {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private DownCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of("--data"), Set.of());
        Path directory = Parley.data(arguments);
        if (!Files.isDirectory(directory)) {
            System.out.println("Nothing runs on " + directory + ".");
            return 0;
        }
        DataDirectory data = DataDirectory.at(directory);
        Optional<DataDirectory.Hold> free = data.tryLock();
        if (free.isPresent()) {
            try (DataDirectory.Hold hold = free.get()) {
                endLeftOvers(data);
            }
            System.out.println("Nothing runs on " + data.root() + " any more.");
            return 0;
        }
        ProcessHandle launcher = data.launcher()
                .orElseThrow(() -> new SandboxException("something holds " + data.root() + "/lock, but not a process"
                        + " that this one can name. Stop it where it was started."));
        System.out.println("Stopping the sandbox on " + data.root() + " (pid " + launcher.pid() + ").");
        launcher.destroy();
        if (!ProcessIdentity.awaitGone(launcher, PATIENCE)) {
            throw new SandboxException(
                    "the sandbox (pid " + launcher.pid() + ") has not stopped after " + PATIENCE.toSeconds() + " s");
        }
        System.out.println("Stopped.");
        return 0;
    }

    private static void endLeftOvers(DataDirectory data) {
        Narrator say = text -> System.out.println("  " + text);
        Guard.awaitEarlier(data, say);
        ServiceProcess.endLeftOver(data, say);
        if (Files.exists(data.pg().resolve("postmaster.pid"))) {
            Postgres.endLeftOver(PostgresBinaries.unpackedIn(Layout.found().binaries()), data, say);
        }
    }
}
