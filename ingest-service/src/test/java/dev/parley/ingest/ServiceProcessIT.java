package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The service as it is shipped: a JVM of its own, configured by environment, stopped by a signal. */
@Timeout(120)
class ServiceProcessIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @TempDir
    Path directory;

    private Process process;
    private Path log;
    private URI port;
    private URI management;

    private void start(Map<String, String> environment) throws IOException {
        int http = freePort();
        int manage = freePort();
        port = URI.create("http://127.0.0.1:" + http);
        management = URI.create("http://127.0.0.1:" + manage);
        log = directory.resolve("ingest.log");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                Path.of("target", "quarkus-app", "quarkus-run.jar")
                        .toAbsolutePath()
                        .toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.startsWith("QUARKUS_"));
        builder.environment()
                .putAll(Map.of(
                        "QUARKUS_HTTP_HOST", "127.0.0.1",
                        "QUARKUS_HTTP_PORT", String.valueOf(http),
                        "QUARKUS_MANAGEMENT_HOST", "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT", String.valueOf(manage),
                        "PARLEY_DB_URL", db.reactiveUrl(),
                        "PARLEY_DB_USER", Login.INGEST.user(),
                        "PARLEY_DB_PASSWORD", Login.INGEST.password(),
                        "PARLEY_GHL_APP_IDS", "not-this-one," + IngestDatabase.APP,
                        "PARLEY_GHL_PUBLIC_KEYS", new TestKey(9).spki() + "," + IngestDatabase.GHL.spki()));
        builder.environment().putAll(environment);
        process = builder.directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void untilReady() {
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> new JsonObject(new Sender(management).get("/q/health/ready"))
                        .getString("status")
                        .equals("UP"));
    }

    @AfterEach
    void stop() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void what_it_has_taken_in_hand_is_stored_and_answered_before_it_stops() throws Exception {
        String location = "loc-stop";
        new Fixtures(db).tenant("stopping", "{\"ghl\":{\"location_id\":\"" + location + "\"}}");
        start(Map.of("PARLEY_INGEST_FLUSH_TIMEOUT", "30S"));
        untilReady();
        Sender sender = new Sender(port);
        assertThat(sender.ghl(Sender.sms(location)).outcome()).isEqualTo("accepted");
        List<CompletableFuture<Sender.Answered>> inHand = new ArrayList<>();
        try (var other = db.connect();
                var sql = other.createStatement()) {
            other.setAutoCommit(false);
            sql.execute("LOCK TABLE bot.inbound_events IN EXCLUSIVE MODE");
            for (int at = 0; at < 20; at++) {
                byte[] body = Sender.sms(location).encode().getBytes(StandardCharsets.UTF_8);
                inHand.add(sender.later("POST", "/webhooks/ghl", body, Sender.ghlHeaders(body)));
            }
            await().until(() ->
                    db.count("pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = ?", db.name()) > 0);
            await().until(() -> new Sender(management).get("/q/metrics").contains("parley_ingest_waiting_events 20.0"));

            process.destroy();
            await().until(() -> Files.readString(log).contains("Waiting for HTTP requests to complete"));
            other.rollback();
        }

        for (CompletableFuture<Sender.Answered> answer : inHand) {
            assertThat(answer.join().status()).isEqualTo(200);
        }
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(db.count("bot.job_queue")).isEqualTo(21);
        assertThat(Files.readAllLines(log))
                .isNotEmpty()
                .allSatisfy(line ->
                        assertThat(new JsonObject(line).getString("message")).isNotNull());
    }

    @Test
    void a_malformed_encryption_key_stops_the_start_and_is_not_printed() throws Exception {
        start(Map.of("TENANT_ENCRYPTION_KEY", "not-a-fernet-key"));

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

        assertThat(process.exitValue()).isNotZero();
        assertThat(Files.readString(log)).contains("TENANT_ENCRYPTION_KEY").doesNotContain("not-a-fernet-key");
    }

    @Test
    void it_starts_without_a_database_and_becomes_ready_when_there_is_one() throws Exception {
        try (FaultyNetwork network = new FaultyNetwork(db.host(), db.port())) {
            network.cut();
            start(Map.of("PARLEY_DB_URL", "postgresql://127.0.0.1:" + network.port() + "/" + db.name()));
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> new JsonObject(new Sender(management).get("/q/health/live"))
                            .getString("status")
                            .equals("UP"));
            assertThat(new Sender(port).ghl(Sender.sms("loc-any")).status()).isEqualTo(429);

            network.mend();

            untilReady();
            await().until(() -> new Sender(port).ghl(Sender.sms("loc-any")).status() == 200);
        }
    }
}
