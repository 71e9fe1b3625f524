package dev.parley.sandbox;

import dev.parley.tenant.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A durable Postgres on a data directory of its own: fsync on, commits synchronous, reachable from this machine only.
 * {@code pg_ctl} starts it in a session of its own, so a Ctrl-C meant for the launcher does not take the database away
 * from services that are still finishing their work.
 */
public final class Postgres {
    /** Ways in which a database goes away. */
    public enum Stop {
        /** Sessions are ended, a checkpoint is written. */
        FAST,
        /** Its processes quit at once, without a checkpoint; the next start recovers. */
        IMMEDIATE,
        /** SIGKILL for the postmaster: nobody says goodbye; the next start recovers. */
        KILL
    }

    static final String SUPERUSER = "postgres";

    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(30);

    private final PostgresBinaries binaries;
    private final Path directory;
    private final int port;
    private final ProcessHandle postmaster;

    private Postgres(PostgresBinaries binaries, Path directory, int port, ProcessHandle postmaster) {
        this.binaries = binaries;
        this.directory = directory;
        this.port = port;
        this.postmaster = postmaster;
    }

    /**
     * Starts on the database in {@code data}, creating it the first time. Returns when connections are accepted.
     *
     * @param settings on top of the sandbox's own
     */
    static Postgres start(
            PostgresBinaries binaries, DataDirectory data, int port, Secret password, Map<String, String> settings) {
        Path directory = data.pg();
        if (!Files.exists(directory.resolve("PG_VERSION"))) {
            initialise(binaries, data, password);
        }
        checkVersion(directory);
        configure(directory, port, settings);
        Path log = data.log("postgres");
        Command.Result started = startServer(binaries, directory, log);
        for (int more = 0; more < 10 && !started.succeeded() && isStillDetaching(log); more++) {
            // The sessions of a server that was killed see it within a moment and let go of its memory.
            pauseASecond();
            started = startServer(binaries, directory, log);
        }
        if (!started.succeeded()) {
            throw new SandboxException("Postgres did not start on port " + port + ": " + started.output()
                    + "\nlast lines of " + log + ":\n" + LogTail.of(log, 10));
        }
        long pid = postmasterPid(directory)
                .orElseThrow(() -> new SandboxException("Postgres started and ended at once; see " + log));
        ProcessHandle postmaster = ProcessHandle.of(pid)
                .orElseThrow(() -> new SandboxException("Postgres (pid " + pid + ") ended at once; see " + log));
        return new Postgres(binaries, directory, port, postmaster);
    }

    private static Command.Result startServer(PostgresBinaries binaries, Path directory, Path log) {
        return Command.run(
                binaries.command(
                        "pg_ctl",
                        List.of(
                                "start",
                                "-s",
                                "-w",
                                "-t",
                                Long.toString(START.toSeconds()),
                                "-D",
                                directory.toString(),
                                "-l",
                                log.toString())),
                START.plusSeconds(10));
    }

    private static boolean isStillDetaching(Path log) {
        return LogTail.of(log, 3).contains("pre-existing shared memory block");
    }

    private static void pauseASecond() {
        try {
            TimeUnit.SECONDS.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while Postgres started", e);
        }
    }

    /**
     * Ends a Postgres that outlived its launcher on this directory. The caller holds the directory's lock.
     *
     * @throws SandboxException if the pid file names a Postgres that is not certainly ours
     */
    static void endLeftOver(PostgresBinaries binaries, DataDirectory data, Narrator say) {
        Path pidFile = data.pg().resolve("postmaster.pid");
        Optional<Long> pid = postmasterPid(data.pg());
        Optional<ProcessHandle> process = pid.flatMap(ProcessHandle::of);
        if (process.isEmpty()) {
            return;
        }
        if (ProcessIdentity.isGone(process.get())) {
            // Ended, but nobody has collected it: Postgres would take the number for a running server.
            delete(pidFile);
            return;
        }
        String program = process.get()
                .info()
                .command()
                .map(path -> path.substring(path.lastIndexOf('/') + 1))
                .orElse("");
        if (!program.isEmpty() && !program.startsWith("postgres")) {
            // The machine gave the number to something else since: Postgres itself would refuse to start over it.
            say.line("removed a stale " + pidFile + ": pid " + pid.get() + " is now " + program);
            delete(pidFile);
            return;
        }
        if (program.isEmpty() || !startedWhen(data.pg(), process.get())) {
            throw new SandboxException(pidFile + " names process " + pid.get() + ", which runs but is not certainly the"
                    + " Postgres of this directory. If nothing uses " + data.pg()
                    + " any more, end that process or delete the file, then start again.");
        }
        say.line("stopping Postgres (pid " + pid.get() + ") that outlived its launcher");
        stop(binaries, data.pg());
    }

    private static void delete(Path pidFile) {
        try {
            Files.deleteIfExists(pidFile);
        } catch (IOException e) {
            throw new SandboxException("cannot delete the stale " + pidFile + ": " + e, e);
        }
    }

    int port() {
        return port;
    }

    long pid() {
        return postmaster.pid();
    }

    boolean isGone() {
        return ProcessIdentity.isGone(postmaster);
    }

    /** Command that stops this server, for whoever must do it when this process no longer can. */
    List<String> stopCommand() {
        return stopCommand(binaries, directory, "fast");
    }

    /** Ends sessions, writes a checkpoint and stops. Harmless when it is not running any more. */
    void stop() {
        if (!isGone()) {
            stop(binaries, directory);
        }
    }

    /** Returns when its sessions are gone. */
    void stop(Stop how) {
        switch (how) {
            case FAST -> stop();
            case IMMEDIATE -> {
                Command.Result result = Command.run(stopCommand(binaries, directory, "immediate"), STOP.plusSeconds(5));
                if (!result.succeeded() && !isGone()) {
                    throw new SandboxException("Postgres does not stop: " + result.output());
                }
            }
            case KILL -> {
                List<ProcessHandle> sessions = postmaster.children().toList();
                postmaster.destroyForcibly();
                ProcessIdentity.awaitGone(postmaster, Duration.ofSeconds(10));
                // They notice within a moment; until then they would keep the directory from the next server.
                sessions.forEach(session -> ProcessIdentity.awaitGone(session, Duration.ofSeconds(10)));
            }
        }
    }

    private static void stop(PostgresBinaries binaries, Path directory) {
        if (Command.run(stopCommand(binaries, directory, "fast"), STOP.plusSeconds(5))
                .succeeded()) {
            return;
        }
        Command.Result result = Command.run(stopCommand(binaries, directory, "immediate"), STOP.plusSeconds(5));
        if (!result.succeeded() && postmasterPid(directory).isPresent()) {
            throw new SandboxException("Postgres on " + directory + " does not stop: " + result.output());
        }
    }

    private static List<String> stopCommand(PostgresBinaries binaries, Path directory, String mode) {
        return binaries.command(
                "pg_ctl",
                List.of(
                        "stop",
                        "-s",
                        "-w",
                        "-m",
                        mode,
                        "-t",
                        Long.toString(STOP.toSeconds()),
                        "-D",
                        directory.toString()));
    }

    /** Built beside and moved into place: a crash half-way leaves nothing that looks like a database. */
    private static void initialise(PostgresBinaries binaries, DataDirectory data, Secret password) {
        Path fresh = data.root().resolve("pg.new");
        Trees.delete(fresh);
        Path passwordFile = data.secrets().resolve("initial-password");
        try {
            Secrets.write(passwordFile, password.reveal() + "\n");
            Command.Result result = Command.run(
                    binaries.command(
                            "initdb",
                            List.of(
                                    "-D",
                                    fresh.toString(),
                                    "-U",
                                    SUPERUSER,
                                    "-A",
                                    "scram-sha-256",
                                    "--pwfile=" + passwordFile,
                                    "-E",
                                    "UTF8",
                                    // The same order of text on every machine.
                                    "--locale-provider=builtin",
                                    "--builtin-locale=C.UTF-8",
                                    "--locale=C")),
                    Duration.ofSeconds(120));
            if (!result.succeeded()) {
                throw new SandboxException("initdb failed on " + fresh + ":\n" + result.output());
            }
            Files.writeString(
                    fresh.resolve("postgresql.conf"),
                    Files.readString(fresh.resolve("postgresql.conf")) + "\ninclude = 'parley.conf'\n");
            Files.move(fresh, data.pg());
        } catch (IOException e) {
            throw new SandboxException("cannot create the database in " + data.pg() + ": " + e, e);
        } finally {
            Trees.delete(passwordFile);
        }
    }

    private static void configure(Path directory, int port, Map<String, String> more) {
        String settings = """
                # Written by the sandbox at every start.
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                # An acknowledged webhook survives a power cut, here as in production.
                fsync = on
                synchronous_commit = on
                full_page_writes = on
                shared_buffers = 64MB
                # A hung worker's session must be endable and visible.
                track_activities = on
                """.formatted(port)
                // The last one of a name counts.
                + more.entrySet().stream()
                        .map(setting -> setting.getKey() + " = '" + setting.getValue() + "'\n")
                        .sorted()
                        .collect(Collectors.joining());
        try {
            Files.writeString(directory.resolve("parley.conf"), settings);
        } catch (IOException e) {
            throw new SandboxException("cannot configure Postgres: " + e, e);
        }
    }

    private static void checkVersion(Path directory) {
        try {
            String version = Files.readString(directory.resolve("PG_VERSION")).strip();
            if (!version.equals(PostgresBinaries.MAJOR)) {
                throw new SandboxException(directory + " was written by Postgres " + version + ", this is Postgres "
                        + PostgresBinaries.MAJOR + ". Move it away (or dump it with a Postgres " + version
                        + ") and start again.");
            }
        } catch (IOException e) {
            throw new SandboxException("cannot read " + directory + "/PG_VERSION: " + e, e);
        }
    }

    private static Optional<Long> postmasterPid(Path directory) {
        try {
            return Optional.of(Long.parseLong(Files.readAllLines(directory.resolve("postmaster.pid"))
                    .get(0)
                    .strip()));
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    /** The third line of the pid file is the second in which its writer started. */
    private static boolean startedWhen(Path directory, ProcessHandle process) {
        try {
            Instant noted = Instant.ofEpochSecond(Long.parseLong(Files.readAllLines(directory.resolve("postmaster.pid"))
                    .get(2)
                    .strip()));
            return process.info()
                    .startInstant()
                    .map(began -> Duration.between(began, noted).abs().compareTo(Duration.ofSeconds(15)) < 0)
                    .orElse(false);
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return false;
        }
    }
}
