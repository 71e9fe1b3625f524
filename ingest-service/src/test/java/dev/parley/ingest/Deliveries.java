package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.Sender.Answered;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.quarkus.test.common.http.TestHTTPResource;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A tenant of each test's own, and what tests of deliveries look at. */
@Timeout(60)
abstract class Deliveries {
    static final String WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    TestDatabase db;

    @TestHTTPResource
    URI port;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    Sender sender;
    Fixtures given;
    String location;
    String slug;
    TenantId tenant;

    @BeforeEach
    void a_tenant_of_its_own() {
        sender = new Sender(port);
        given = new Fixtures(db);
        location = "loc-" + UUID.randomUUID();
        slug = "tenant-" + UUID.randomUUID();
        tenant = given.tenant(slug, "{\"ghl\":{\"location_id\":\"" + location + "\"}}");
        // Known before the first delivery: that creation itself is noticed has tests of its own.
        awaitKnown();
    }

    void awaitKnown() {
        await().until(() -> sender.ghl(
                        "{\"type\":\"Ping\",\"locationId\":\"" + location + "\",\"webhookId\":\"known\"}")
                .outcome()
                .matches("ignored|duplicate"));
    }

    void secret(String provider, String... secrets) {
        JsonObject json = new JsonObject().put("secrets", new JsonArray(List.of((Object[]) secrets)));
        byte[] sealed = Vault.of(IngestDatabase.VAULT_KEY).seal(tenant, "webhook:" + provider, json);
        given.credentials(tenant, "webhook:" + provider, sealed, 1);
    }

    long events() {
        return db.count("bot.inbound_events WHERE tenant_id = ? AND dedupe_key <> 'ghl:wh:known'", tenant.value());
    }

    long jobs() {
        return db.count("bot.job_queue WHERE tenant_id = ?", tenant.value());
    }

    Map<String, Object> eventOf(Answered answer) {
        return db.rows("SELECT * FROM bot.inbound_events WHERE trace_id = ?", answer.trace())
                .get(0);
    }

    JsonObject payloadOf(Answered answer) {
        return new JsonObject(db.value(
                String.class, "SELECT payload::text FROM bot.inbound_events WHERE trace_id = ?", answer.trace()));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void assertRefused(Answered answer) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).isEqualTo(new JsonObject().put("status", "refused"));
    }

    String manage(String path) {
        return new Sender(management).get(path);
    }

    double meter(String series) {
        return manage("/q/metrics")
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
