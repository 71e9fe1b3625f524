package dev.parley.sandbox;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One service in a JVM of its own, as it would run in a container: environment in, log file out, health on its
 * management port. When it dies unasked it is reported with its last log lines and, if its stack wants so, started
 * again after a growing pause.
 */
public final class ServiceProcess {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
    /** A service that ran this long before it died starts again as if for the first time. */
    private static final Duration STEADY = Duration.ofSeconds(60);

    /** What a service needs to run. */
    record Plan(
            String name,
            Path jar,
            int port,
            int managementPort,
            List<String> javaOptions,
            Map<String, String> environment) {}

    private final Plan plan;
    private final DataDirectory data;
    private final Guard guard;
    private final ScheduledExecutorService later;
    private final Narrator say;
    private final boolean restarts;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(2))
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private @Nullable Process process;
    private Instant started = Instant.EPOCH;
    private boolean wasReady;
    private boolean ending;
    private int deaths;
    private int deathsInARow;

    ServiceProcess(
            Plan plan,
            DataDirectory data,
            Guard guard,
            ScheduledExecutorService later,
            Narrator say,
            boolean restarts) {
        this.plan = plan;
        this.data = data;
        this.guard = guard;
        this.later = later;
        this.say = say;
        this.restarts = restarts;
    }

    public String name() {
        return plan.name();
    }

    /** Base address of its public port, without a slash at the end. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + plan.port());
    }

    /** Base address of health and metrics, without a slash at the end. */
    public URI management() {
        return URI.create("http://127.0.0.1:" + plan.managementPort());
    }

    public Path log() {
        return data.log(plan.name());
    }

    /** Pid of the process that runs now, or ran last. */
    public synchronized long pid() {
        return running().pid();
    }

    public synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** How often it ended without being asked to. */
    public synchronized int deaths() {
        return deaths;
    }

    synchronized void start() {
        List<String> words = new ArrayList<>(List.of(java(), "-Xmx256m", "-XX:+ExitOnOutOfMemoryError"));
        words.addAll(plan.javaOptions());
        words.addAll(List.of("-jar", plan.jar().toString()));
        ProcessBuilder builder = new ProcessBuilder(Command.inOwnSession(words))
                // Not the sources: Quarkus reads a .env file from where it is started.
                .directory(data.run().toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        // As in the images: a few threads need no more, and an idle service is 10 MB smaller.
        builder.environment().put("MALLOC_ARENA_MAX", "2");
        builder.environment().putAll(plan.environment());
        try {
            Process next = builder.start();
            process = next;
            started = Instant.now();
            guard.watch(next.pid());
            ProcessIdentity.of(next.toHandle()).writeTo(identityFile(data, plan.name()));
            next.onExit().thenAccept(this::ended);
        } catch (IOException e) {
            throw new SandboxException("cannot start " + plan.name() + ": " + e, e);
        }
    }

    /**
     * Returns when it answers that it is ready.
     *
     * @throws SandboxException if it ends before, or is not ready in time; with its last log lines
     */
    public void awaitReady(Duration deadline) {
        Instant until = Instant.now().plus(deadline);
        String last = "it did not answer";
        while (Instant.now().isBefore(until)) {
            if (!isAlive() && !comesBack()) {
                throw new SandboxException(plan.name() + " ended before it was ready (exit " + exit()
                        + "). Last lines of " + log() + ":\n" + LogTail.of(log(), 15));
            }
            try {
                HttpResponse<String> response = http.send(
                        HttpRequest.newBuilder(management().resolve("/q/health/ready"))
                                .timeout(Duration.ofSeconds(3))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 200) {
                    synchronized (this) {
                        wasReady = true;
                    }
                    return;
                }
                last = "readiness says " + response.statusCode() + ": " + response.body();
                TimeUnit.MILLISECONDS.sleep(100);
            } catch (IOException e) {
                pause(Duration.ofMillis(100));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SandboxException("interrupted while " + plan.name() + " started", e);
            }
        }
        throw new SandboxException(plan.name() + " is not ready after " + deadline.toSeconds() + " s: " + last
                + "\nlast lines of " + log() + ":\n" + LogTail.of(log(), 15));
    }

    /** It was ready and ended by itself: it is started again. One that was stopped is not. */
    private synchronized boolean comesBack() {
        return restarts && wasReady && !ending;
    }

    /** SIGKILL: no goodbye, as when a machine is lost. Returns when the process is gone. */
    public void kill() {
        Process victim = running();
        victim.destroyForcibly();
        ProcessIdentity.awaitGone(victim.toHandle(), Duration.ofSeconds(10));
    }

    /** SIGSTOP: it hangs, keeps its connections and does nothing. */
    public void pause() {
        Command.signal("STOP", pid());
    }

    /** SIGCONT: it goes on as if nothing had happened. */
    public void resume() {
        Command.signal("CONT", pid());
    }

    /** Asks it to finish and waits; past {@code patience} it is killed. It is not started again. */
    public void stop(Duration patience) {
        Process victim;
        synchronized (this) {
            ending = true;
            if (process == null) {
                return;
            }
            victim = process;
        }
        victim.destroy();
        if (!ProcessIdentity.awaitGone(victim.toHandle(), patience)) {
            say.line(plan.name() + " did not end within " + patience.toSeconds() + " s and was killed");
            victim.destroyForcibly();
            ProcessIdentity.awaitGone(victim.toHandle(), Duration.ofSeconds(10));
        }
        Trees.delete(identityFile(data, plan.name()));
    }

    /** Ends services that outlived their launcher on this directory. The caller holds the directory's lock. */
    static void endLeftOver(DataDirectory data, Narrator say) {
        try (var files = java.nio.file.Files.newDirectoryStream(data.run(), "service-*.pid")) {
            for (Path file : files) {
                ProcessIdentity.read(file).flatMap(ProcessIdentity::running).ifPresent(process -> {
                    say.line("ending a service (pid " + process.pid() + ") that outlived its launcher");
                    process.destroy();
                    if (!ProcessIdentity.awaitGone(process, Duration.ofSeconds(10))) {
                        process.destroyForcibly();
                        ProcessIdentity.awaitGone(process, Duration.ofSeconds(10));
                    }
                });
                Trees.delete(file);
            }
        } catch (IOException e) {
            throw new SandboxException("cannot read " + data.run() + ": " + e, e);
        }
    }

    private void ended(Process gone) {
        guard.forget(gone.pid());
        Duration pause;
        synchronized (this) {
            if (ending || !wasReady) {
                return;
            }
            deaths++;
            boolean steady = Duration.between(started, Instant.now()).compareTo(STEADY) > 0;
            deathsInARow = steady ? 1 : deathsInARow + 1;
            pause = restarts ? pauseBefore(deathsInARow) : Duration.ZERO;
        }
        String after = restarts ? "starting it again in " + pause.toMillis() + " ms" : "it is not started again";
        say.line(plan.name() + " (pid " + gone.pid() + ") ended unasked, " + inWords(gone.exitValue()) + "; " + after
                + "\nlast lines of " + log() + ":\n" + LogTail.of(log(), 5));
        if (restarts) {
            later.schedule(this::startAgain, pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void startAgain() {
        synchronized (this) {
            if (ending) {
                return;
            }
            start();
        }
        try {
            awaitReady(Duration.ofSeconds(60));
            say.line(plan.name() + " runs again (pid " + pid() + ")");
        } catch (SandboxException e) {
            say.line(String.valueOf(e.getMessage()));
        }
    }

    static Duration pauseBefore(int deathInARow) {
        long millis = FIRST_PAUSE.toMillis() << Math.min(deathInARow - 1, 10);
        return millis > LONGEST_PAUSE.toMillis() ? LONGEST_PAUSE : Duration.ofMillis(millis);
    }

    private static String inWords(int exit) {
        return exit == 137 ? "killed (SIGKILL)" : "exit " + exit;
    }

    private synchronized String exit() {
        return process == null || process.isAlive() ? "unknown" : Integer.toString(process.exitValue());
    }

    private synchronized Process running() {
        if (process == null) {
            throw new IllegalStateException(plan.name() + " was never started");
        }
        return process;
    }

    private static Path identityFile(DataDirectory data, String name) {
        return data.run().resolve("service-" + name + ".pid");
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static void pause(Duration pause) {
        try {
            TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted", e);
        }
    }
}
