package dev.parley.benchmarks;

import dev.parley.sandbox.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The real worker, from the start of its process until it says that it is ready. */
final class WorkerStart implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(90);
    private static final int POLL_MILLIS = 5;
    private static final String READY = "/q/health/ready";
    private static final String LIVE = "/q/health/live";

    private final Process process;
    private final Thread endIt;
    private final Path log;
    private final Duration untilReady;

    private WorkerStart(Process process, Thread endIt, Path log, int port, String health, long began)
            throws IOException, InterruptedException {
        this.process = process;
        this.endIt = endIt;
        this.log = log;
        try {
            this.untilReady = await200(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), health, began);
        } catch (IOException | InterruptedException | RuntimeException e) {
            end(Duration.ZERO);
            throw e;
        }
    }

    /** Returns when it is ready. */
    static WorkerStart of(Lab lab, JavaHome java, Path jar, List<String> options)
            throws IOException, InterruptedException {
        return start(lab, java, jar, options, lab.stack().database().url(), READY);
    }

    /** As where an image is built: nobody answers at its database's address. Returns when it is alive. */
    static WorkerStart withoutDatabase(Lab lab, JavaHome java, Path jar, List<String> options)
            throws IOException, InterruptedException {
        return start(lab, java, jar, options, "postgresql://127.0.0.1:" + freePort() + "/parley", LIVE);
    }

    private static WorkerStart start(
            Lab lab, JavaHome java, Path jar, List<String> options, String databaseUrl, String health)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(
                java.program().toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-Xms16m",
                "-XX:+IgnoreUnrecognizedVMOptions",
                "-XX:TrimNativeHeapInterval=10000",
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager"));
        words.addAll(options);
        words.addAll(List.of("-jar", jar.toString()));
        int management = freePort();
        Path log = lab.directory().resolve("log").resolve("start.log");
        ProcessBuilder builder = new ProcessBuilder(words)
                // Not the sources: Quarkus reads a .env file from where it is started.
                .directory(lab.directory().toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()));
        Database database = lab.stack().database();
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        builder.environment()
                .putAll(Map.of(
                        "PARLEY_DB_URL",
                        databaseUrl,
                        "PARLEY_DB_USER",
                        "worker",
                        "PARLEY_DB_PASSWORD",
                        database.password("worker").reveal(),
                        "TENANT_ENCRYPTION_KEY",
                        Base64.getUrlEncoder().encodeToString(key),
                        "QUARKUS_HTTP_HOST",
                        "127.0.0.1",
                        "QUARKUS_HTTP_PORT",
                        Integer.toString(freePort()),
                        "QUARKUS_MANAGEMENT_HOST",
                        "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT",
                        Integer.toString(management)));
        long began = System.nanoTime();
        Process process = builder.start();
        Thread endIt = new Thread(process::destroyForcibly, "end-worker");
        Runtime.getRuntime().addShutdownHook(endIt);
        return new WorkerStart(process, endIt, log, management, health, began);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    Duration untilReady() {
        return untilReady;
    }

    long pid() {
        return process.pid();
    }

    private Duration await200(InetSocketAddress address, String health, long began)
            throws IOException, InterruptedException {
        while (process.isAlive() && System.nanoTime() - began < LONGEST.toNanos()) {
            if (is200(address, health)) {
                return Duration.ofNanos(System.nanoTime() - began);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        throw new IllegalStateException("the worker "
                + (process.isAlive()
                        ? "was not ready after " + LONGEST.toSeconds() + " s"
                        : "ended before it was ready (exit " + process.exitValue() + ")")
                + ":\n" + Files.readString(log));
    }

    private static boolean is200(InetSocketAddress address, String path) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 1_000);
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream answer = socket.getInputStream();
            return new String(answer.readNBytes("HTTP/1.1 200".length()), StandardCharsets.US_ASCII)
                    .equals("HTTP/1.1 200");
        } catch (SocketException | SocketTimeoutException e) {
            return false; // not listening yet, or not yet in earnest
        }
    }

    /** Asks it to end and returns when it has, whatever it still writes on its way out. */
    @Override
    public void close() {
        end(STOP);
    }

    private void end(Duration patience) {
        try {
            process.destroy();
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("worker " + process.pid() + " does not end");
                }
            }
            Runtime.getRuntime().removeShutdownHook(endIt);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** What it said so far. */
    String said() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
