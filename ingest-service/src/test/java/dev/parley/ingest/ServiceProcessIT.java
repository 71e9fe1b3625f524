package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.PackagedService;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

    private PackagedService service;

    private void start(Map<String, String> environment) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of(
                "PARLEY_DB_URL", db.reactiveUrl(),
                "PARLEY_DB_USER", Login.INGEST.user(),
                "PARLEY_DB_PASSWORD", Login.INGEST.password(),
                "PARLEY_GHL_APP_IDS", "not-this-one," + IngestDatabase.APP,
                "PARLEY_GHL_PUBLIC_KEYS", new TestKey(9).spki() + "," + IngestDatabase.GHL.spki()));
        all.putAll(environment);
        service = PackagedService.start(directory, all);
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    @Test
    void what_it_has_taken_in_hand_is_stored_and_answered_before_it_stops() throws Exception {
        String location = "loc-stop";
        new Fixtures(db).tenant("stopping", "{\"ghl\":{\"location_id\":\"" + location + "\"}}");
        start(Map.of("PARLEY_INGEST_FLUSH_TIMEOUT", "30S"));
        service.awaitHealth("ready", "UP");
        Sender sender = new Sender(service.port());
        assertThat(sender.ghl(Sender.sms(location)).outcome()).isEqualTo("accepted");
        Sender.Answered notUnderstood = sender.ghl(Sender.sms("loc-of-nobody"));
        assertThat(notUnderstood.outcome()).isEqualTo("quarantined");
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
            await().until(() -> service.get("/q/metrics").contains("parley_ingest_waiting_events 20.0"));

            service.terminate();
            await().until(() -> service.log().contains("Waiting for HTTP requests to complete"));
            other.rollback();
        }

        for (CompletableFuture<Sender.Answered> answer : inHand) {
            assertThat(answer.join().status()).isEqualTo(200);
        }
        assertThat(service.awaitEnd(Duration.ofSeconds(20))).isTrue();
        assertThat(db.count("bot.job_queue")).isEqualTo(21);
        assertThat(service.logLines())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line.getString("message")).isNotNull())
                .anySatisfy(line -> {
                    assertThat(line.getString("message")).startsWith("event quarantined");
                    assertThat(line.getJsonObject("mdc").getMap())
                            .containsEntry("provider", "ghl")
                            .containsEntry("trace", notUnderstood.trace().toString())
                            .containsKeys("tenant", "event");
                })
                // what was said of one event is not said of the next line
                .filteredOn(line -> !line.getString("message").startsWith("event "))
                .allSatisfy(line ->
                        assertThat(line.getJsonObject("mdc", new JsonObject())).isEqualTo(new JsonObject()));
    }

    @Test
    void attack_3_more_connections_than_it_may_have_are_ended_and_the_others_go_on() throws Exception {
        start(Map.of("QUARKUS_HTTP_LIMITS_MAX_CONNECTIONS", "3"));
        service.awaitHealth("ready", "UP");
        Sender sender = new Sender(service.port());
        List<Sender.Wire> held = new ArrayList<>();
        for (int at = 0; at < 3; at++) {
            held.add(sender.wire());
            assertThat(asked(held.get(at))).contains("401");
        }

        try (Sender.Wire tooMany = sender.wire()) {
            assertThat(tooMany.readToEnd()).isEmpty();
        }

        assertThat(asked(held.get(0))).contains("401");
        held.get(0).close();
        await().until(() -> {
            try (Sender.Wire next = sender.wire()) {
                return asked(next).contains("401");
            }
        });
        held.get(1).close();
        held.get(2).close();
    }

    /** The head and body of one answer, far enough to ask again. */
    private static String asked(Sender.Wire wire) throws IOException {
        wire.write("POST /webhooks/ghl HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("{\"status\":\"refused\"}")) {
            int one = wire.socket().getInputStream().read();
            if (one < 0) {
                return "the connection ended: " + answer;
            }
            answer.append((char) one);
        }
        return answer.toString();
    }

    @Test
    void a_malformed_encryption_key_stops_the_start_and_is_not_printed() throws Exception {
        start(Map.of("TENANT_ENCRYPTION_KEY", "not-a-fernet-key"));

        assertThat(service.awaitEnd(Duration.ofSeconds(60))).isTrue();

        assertThat(service.exitCode()).isNotZero();
        assertThat(service.log()).contains("TENANT_ENCRYPTION_KEY").doesNotContain("not-a-fernet-key");
    }

    @Test
    void it_starts_without_a_database_and_becomes_ready_when_there_is_one() throws Exception {
        try (FaultyNetwork network = new FaultyNetwork(db.host(), db.port())) {
            network.cut();
            start(Map.of("PARLEY_DB_URL", "postgresql://127.0.0.1:" + network.port() + "/" + db.name()));
            service.awaitHealth("live", "UP");
            assertThat(new Sender(service.port()).ghl(Sender.sms("loc-any")).status())
                    .isEqualTo(429);

            network.mend();

            service.awaitHealth("ready", "UP");
            await().until(() ->
                    new Sender(service.port()).ghl(Sender.sms("loc-any")).status() == 200);
        }
    }
}
