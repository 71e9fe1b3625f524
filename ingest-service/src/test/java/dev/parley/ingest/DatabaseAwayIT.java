package dev.parley.ingest;

import static dev.parley.ingest.Sender.sms;
import static dev.parley.ingest.Sender.standardHeaders;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.Sender.Answered;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Row 29 of the attack list: nothing is acknowledged that is not stored, nobody waits long, nothing piles up. */
@QuarkusTest
@QuarkusTestResource(value = IngestDatabase.class, restrictToAnnotatedClass = true)
@Timeout(90)
class DatabaseAwayIT {
    private static final String WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    TestDatabase db;
    FaultyNetwork network;

    @TestHTTPResource
    URI port;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    private Sender sender;
    private String location;
    private String slug;
    private TenantId tenant;

    @BeforeEach
    void a_tenant_that_works() {
        network.mend();
        sender = new Sender(port);
        location = "loc-" + UUID.randomUUID();
        slug = "tenant-" + UUID.randomUUID();
        Fixtures given = new Fixtures(db);
        tenant = given.tenant(slug, "{\"ghl\":{\"location_id\":\"" + location + "\"}}");
        given.credentials(
                tenant,
                "webhook:standard-webhooks",
                Vault.of(IngestDatabase.VAULT_KEY)
                        .seal(
                                tenant,
                                "webhook:standard-webhooks",
                                new JsonObject().put("secrets", new JsonArray().add(WHSEC))),
                1);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sender.ghl(sms(location)).outcome().equals("accepted"));
        await().atMost(Duration.ofSeconds(30)).until(() -> standard("warm-up").status() == 200);
    }

    @AfterEach
    void mend() {
        network.mend();
    }

    private Answered standard(String id) {
        byte[] body = "{\"type\":\"x\"}".getBytes(StandardCharsets.UTF_8);
        return sender.post(
                "/webhooks/standard-webhooks/" + slug, body, standardHeaders(WHSEC, id, Instant.now(), body));
    }

    private long stored(JsonObject sms) {
        return db.count("bot.inbound_events WHERE provider_event_id = ?", sms.getString("webhookId"));
    }

    @Test
    void attack_29_without_a_database_gohighlevel_is_told_429_and_others_503_within_two_seconds() {
        network.cut();
        JsonObject sms = sms(location);

        Answered ghl = sender.ghl(sms);
        Answered standard = standard("m1");

        assertThat(ghl.status()).isEqualTo(429);
        assertThat(ghl.header("Retry-After")).isEqualTo("10");
        assertThat(ghl.body()).isEqualTo(new JsonObject().put("status", "unavailable"));
        assertThat(standard.status()).isEqualTo(503);
        assertThat(standard.header("Retry-After")).isEqualTo("10");
        assertThat(ghl.took()).isLessThan(Duration.ofSeconds(2));
        assertThat(standard.took()).isLessThan(Duration.ofSeconds(2));
        network.mend();
        await().atMost(Duration.ofSeconds(20)).until(() -> sender.ghl(sms).status() == 200);
        assertThat(stored(sms)).isOne();
    }

    @Test
    void attack_29_strangers_are_refused_as_ever_without_a_database() {
        network.cut();

        assertThat(sender.post("/webhooks/ghl", new byte[] {'{', '}'}, java.util.Map.of())
                        .status())
                .isEqualTo(401);
    }

    @Test
    void attack_29_a_tenant_nobody_can_look_up_is_not_sent_away_for_good() {
        network.cut();

        await().untilAsserted(() ->
                assertThat(sender.ghl(sms("loc-never-seen")).status()).isEqualTo(429));
    }

    @Test
    void attack_29_a_database_that_says_nothing_is_given_up_after_two_seconds_for_all_at_once() {
        network.swallow();

        List<CompletableFuture<Answered>> all = IntStream.range(0, 200)
                .mapToObj(i -> {
                    byte[] body = sms(location).encode().getBytes(StandardCharsets.UTF_8);
                    return sender.later("POST", "/webhooks/ghl", body, Sender.ghlHeaders(body));
                })
                .toList();

        List<Answered> answers = all.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(Answered::status).containsOnly(429);
        // Two seconds, and what a crowded machine adds.
        assertThat(answers).allSatisfy(answer -> assertThat(answer.took()).isLessThan(Duration.ofSeconds(4)));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> sender.ghl(sms(location)).status() == 200);
    }

    @Test
    void connections_that_swallow_everything_are_replaced() {
        network.swallow();
        JsonObject sms = sms(location);
        assertThat(sender.ghl(sms).status()).isEqualTo(429);
        // Until every connection of the pool is one of these.
        IntStream.range(0, 4).forEach(i -> {
            network.swallow();
            sender.ghl(sms(location));
        });

        await().atMost(Duration.ofSeconds(30)).until(() -> sender.ghl(sms).status() == 200);

        assertThat(stored(sms)).isOne();
    }

    @Test
    void a_flood_without_a_database_leaves_nothing_in_memory() {
        network.cut();
        IntStream.range(0, 500)
                .mapToObj(i -> {
                    byte[] body = sms(location).encode().getBytes(StandardCharsets.UTF_8);
                    return sender.later("POST", "/webhooks/ghl", body, Sender.ghlHeaders(body));
                })
                .toList()
                .forEach(answer -> assertThat(answer.join().status()).isEqualTo(429));

        String metrics = new Sender(management).get("/q/metrics");

        assertThat(metrics).contains("parley_ingest_held_bytes 0.0").contains("parley_ingest_waiting_events 0.0");
    }

    @Test
    void readiness_says_so_and_liveness_does_not_care() {
        network.cut();

        await().untilAsserted(() -> assertThat(
                        new JsonObject(new Sender(management).get("/q/health/ready")).getString("status"))
                .isEqualTo("DOWN"));
        assertThat(new JsonObject(new Sender(management).get("/q/health/live")).getString("status"))
                .isEqualTo("UP");
        network.mend();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(
                                new JsonObject(new Sender(management).get("/q/health/ready")).getString("status"))
                        .isEqualTo("UP"));
    }
}
