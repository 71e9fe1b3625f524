package dev.parley.sandbox;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Outlives a launcher that was killed, just long enough to end what it left. A shell in a session of its own reads which
 * processes belong to the launcher; when the pipe ends without {@code rest}, the launcher is gone: the services get
 * SIGTERM, after five seconds SIGKILL, then Postgres is stopped (only if it is still the one the launcher started).
 */
final class Guard implements AutoCloseable {
    private static final String SCRIPT = """
            trap '' INT TERM HUP
            pids=
            postgres=
            while read -r what value; do
              case $what in
                +) pids="$pids $value" ;;
                -) rest=
                   for pid in $pids; do [ "$pid" = "$value" ] || rest="$rest $pid"; done
                   pids=$rest ;;
                postgres) postgres=$value ;;
                rest) exit 0 ;;
              esac
            done
            for pid in $pids; do kill -TERM "$pid"; done
            turns=0
            while [ "$turns" -lt 50 ]; do
              alive=
              for pid in $pids; do kill -0 "$pid" && alive=yes; done
              [ -n "$alive" ] || break
              sleep 0.1 || sleep 1
              turns=$((turns + 1))
            done
            for pid in $pids; do kill -KILL "$pid"; done
            pidfile=$1
            shift
            if [ -n "$postgres" ] && read -r now < "$pidfile" && [ "$now" = "$postgres" ]; then exec "$@"; fi
            """;

    private final Process shell;
    private final BufferedWriter orders;
    private final Path identity;

    private Guard(Process shell, Path identity) {
        this.shell = shell;
        this.orders = new BufferedWriter(new OutputStreamWriter(shell.getOutputStream(), StandardCharsets.US_ASCII));
        this.identity = identity;
    }

    static Guard over(DataDirectory data, List<String> stopPostgres) {
        List<String> words = new ArrayList<>(List.of(
                "sh",
                "-c",
                SCRIPT,
                "parley-guard",
                data.pg().resolve("postmaster.pid").toString()));
        words.addAll(stopPostgres);
        try {
            Process shell = new ProcessBuilder(Command.inOwnSession(words))
                    .directory(data.root().toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Path identity = identityFile(data);
            ProcessIdentity.of(shell.toHandle()).writeTo(identity);
            return new Guard(shell, identity);
        } catch (IOException e) {
            throw new SandboxException("cannot start a shell: " + e, e);
        }
    }

    /** Lets the guard of a launcher that was just killed finish first: two must not clean up at once. */
    static void awaitEarlier(DataDirectory data, Narrator say) {
        ProcessIdentity.read(identityFile(data))
                .flatMap(ProcessIdentity::running)
                .ifPresent(earlier -> {
                    say.line("waiting for the remains of the last start to end");
                    if (!ProcessIdentity.awaitGone(earlier, Duration.ofSeconds(45))) {
                        throw new SandboxException(
                                "the remains of an earlier start (shell pid " + earlier.pid() + ") do not end");
                    }
                });
    }

    void watch(long pid) {
        tell("+ " + pid);
    }

    void forget(long pid) {
        tell("- " + pid);
    }

    void watchPostgres(long pid) {
        tell("postgres " + pid);
    }

    /** All is stopped in good order; the guard has nothing to do. */
    @Override
    public void close() {
        tell("rest");
        try {
            if (!shell.waitFor(Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS)) {
                shell.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Trees.delete(identity);
    }

    private synchronized void tell(String order) {
        if (!shell.isAlive()) {
            return;
        }
        try {
            orders.write(order);
            orders.write('\n');
            orders.flush();
        } catch (IOException e) {
            // The guard is a second net; without it the next start still cleans up.
            return;
        }
    }

    private static Path identityFile(DataDirectory data) {
        return data.run().resolve("guard.pid");
    }
}
