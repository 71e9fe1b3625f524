package dev.parley.kit;

import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The service of the module whose tests run, as it is shipped: a JVM of its own, configured by environment, ended by
 * signals. Production's settings apply; whatever this machine has set for Parley or Quarkus does not.
 */
public final class PackagedService implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);

    private final Process process;
    private final Path log;
    private final URI port;
    private final URI management;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    private PackagedService(Process process, Path log, URI port, URI management) {
        this.process = process;
        this.log = log;
        this.port = port;
        this.management = management;
    }

    /**
     * Starts it and returns at once.
     *
     * @param directory for its log
     * @param environment added to ports of its own
     */
    public static PackagedService start(Path directory, Map<String, String> environment) throws IOException {
        int http = freePort();
        int manage = freePort();
        Path log = directory.resolve("service.log");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                Path.of("target", "quarkus-app", "quarkus-run.jar")
                        .toAbsolutePath()
                        .toString());
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("PARLEY_")
                        || name.startsWith("QUARKUS_")
                        || name.equals("TENANT_ENCRYPTION_KEY"));
        builder.environment()
                .putAll(Map.of(
                        "QUARKUS_HTTP_HOST",
                        "127.0.0.1",
                        "QUARKUS_HTTP_PORT",
                        String.valueOf(http),
                        "QUARKUS_MANAGEMENT_HOST",
                        "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT",
                        String.valueOf(manage)));
        builder.environment().putAll(environment);
        Process process = builder.directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new PackagedService(
                process, log, URI.create("http://127.0.0.1:" + http), URI.create("http://127.0.0.1:" + manage));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    public URI port() {
        return port;
    }

    /** The body of {@code path} on the management port, whatever its status. */
    public String get(String path) {
        try {
            return client.send(
                            HttpRequest.newBuilder(management.resolve(path))
                                    .timeout(Duration.ofSeconds(10))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** @param kind {@code live}, {@code ready} or {@code started} */
    public JsonObject health(String kind) {
        return new JsonObject(get("/q/health/" + kind));
    }

    public void awaitHealth(String kind, String status) {
        await().atMost(START)
                .ignoreExceptions()
                .until(() -> health(kind).getString("status").equals(status));
    }

    /** All it has printed so far. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its lines, each a JSON object; fails at the first that is none. */
    public List<JsonObject> logLines() {
        return log().lines().map(JsonObject::new).toList();
    }

    /** SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** @return whether it ended within {@code patience} */
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Of a process that has ended. */
    public int exitCode() {
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
