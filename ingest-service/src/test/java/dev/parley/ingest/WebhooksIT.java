package dev.parley.ingest;

import static dev.parley.ingest.Sender.ghlHeaders;
import static dev.parley.ingest.Sender.sms;
import static dev.parley.ingest.Sender.standardHeaders;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.Sender.Answered;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole service over HTTP, on a real database, with the rights it has in production. */
@QuarkusTest
@QuarkusTestResource(value = IngestDatabase.class, restrictToAnnotatedClass = true)
class WebhooksIT extends Deliveries {
    @Test
    void a_signed_message_is_stored_once_with_its_job_in_its_trace() {
        JsonObject sms = sms(location);

        Answered answer = sender.ghl(sms);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().fieldNames()).containsExactly("status", "trace_id");
        assertThat(answer.outcome()).isEqualTo("accepted");
        assertThat(eventOf(answer))
                .containsEntry("tenant_id", tenant.value())
                .containsEntry("provider", "ghl")
                .containsEntry("event_type", "inbound_message")
                .containsEntry("channel", "sms")
                .containsEntry("channel_address", "+15551234567")
                .containsEntry("provider_msg_id", sms.getString("messageId"))
                .containsEntry("provider_event_id", sms.getString("webhookId"));
        assertThat(payloadOf(answer)).isEqualTo(sms);
        assertThat(db.rows("SELECT job_type, status, trace_id FROM bot.job_queue WHERE tenant_id = ?", tenant.value()))
                .singleElement()
                .satisfies(job -> assertThat(job)
                        .containsEntry("job_type", "process_inbound_message")
                        .containsEntry("status", "queued")
                        .containsEntry("trace_id", answer.trace()));
    }

    @Test
    void the_trace_id_is_thirty_two_hex_digits_as_w3c_wants_them() {
        assertThat(sender.ghl(sms(location)).body().getString("trace_id").replace("-", ""))
                .matches("[0-9a-f]{32}");
    }

    @Test
    void workers_are_told_of_new_jobs() throws Exception {
        try (var connection = db.connect();
                var sql = connection.createStatement()) {
            sql.execute("LISTEN parley_jobs");
            sender.ghl(sms(location));

            await().until(() -> {
                var told = connection.unwrap(org.postgresql.PGConnection.class).getNotifications(100);
                return told != null && told.length > 0;
            });
        }
    }

    @Test
    void the_tenants_own_url_works_too() {
        JsonObject sms = sms(location);
        byte[] body = bytes(sms.encode());

        Answered answer = sender.post("/webhooks/ghl/" + slug, body, ghlHeaders(body));

        assertThat(answer.outcome()).isEqualTo("accepted");
        assertThat(sender.post("/webhooks/ghl/" + slug + "/", body, ghlHeaders(body))
                        .outcome())
                .isEqualTo("duplicate");
    }

    @Test
    void a_url_of_another_tenant_than_the_events_account_gives_it_to_neither() {
        String theirs = "tenant-" + UUID.randomUUID();
        TenantId other = given.tenant(theirs);
        byte[] body = bytes(sms(location).encode());
        byte[] early = bytes("{}");
        await().until(() ->
                sender.post("/webhooks/ghl/" + theirs, early, ghlHeaders(early)).status() == 200);

        Answered answer = sender.post("/webhooks/ghl/" + theirs, body, ghlHeaders(body));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.outcome()).isEqualTo("quarantined");
        assertThat(eventOf(answer)).containsEntry("tenant_id", TenantDirectory.UNROUTED.value());
        assertThat(payloadOf(answer).getString("$reason")).contains("not that of the URL's tenant");
        assertThat(events()).isZero();
        assertThat(db.count("bot.inbound_events WHERE tenant_id = ?", other.value()))
                .isZero();
    }

    @Test
    void a_tenant_created_a_moment_ago_gets_its_first_event() {
        String fresh = "loc-" + UUID.randomUUID();
        TenantId created = given.tenant("fresh-" + UUID.randomUUID(), "{\"ghl\":{\"location_id\":\"" + fresh + "\"}}");

        // Told by notification, or found by the one query a second that unknown accounts may cause.
        await().until(() -> sender.ghl(sms(fresh)).outcome().equals("accepted"));

        assertThat(db.count("bot.inbound_events WHERE tenant_id = ?", created.value()))
                .isOne();
    }

    @Test
    void genuine_events_of_no_known_tenant_are_kept() {
        JsonObject sms = sms("loc-nobody-" + UUID.randomUUID());

        Answered answer = sender.ghl(sms);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.outcome()).isEqualTo("quarantined");
        assertThat(eventOf(answer))
                .containsEntry("tenant_id", TenantDirectory.UNROUTED.value())
                .containsEntry("event_type", "quarantined");
        JsonObject stored = payloadOf(answer);
        assertThat(stored.remove("$reason")).isEqualTo("no tenant has account " + sms.getString("locationId"));
        assertThat(stored).isEqualTo(sms);
        assertThat(db.count("bot.job_queue WHERE trace_id = ?", answer.trace())).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "ghl-outboundmessage-sms.json,accepted,outbound_message,1",
        "ghl-outboundmessage-internalcomment.json,ignored,other:InternalComment,0",
        "ghl-inboundmessage-call.json,ignored,other:call,0",
        "ghl-inboundmessage-voicemail.json,ignored,other:voicemail,0",
        "ghl-inboundmessage-email.json,accepted,inbound_message,1",
        "ghl-contactdndupdate.json,accepted,contact_dnd,1",
        "ghl-appointmentcreate.json,ignored,other:AppointmentCreate,0",
    })
    void every_published_sample_is_stored_as_what_it_is(String sample, String outcome, String type, long jobs) {
        Answered answer = sender.ghl(Samples.json(sample).put("locationId", location));

        assertThat(answer.outcome()).isEqualTo(outcome);
        assertThat(eventOf(answer)).containsEntry("event_type", type);
        assertThat(jobs()).isEqualTo(jobs);
    }

    @Test
    void a_workflow_with_the_tenants_secret_is_taken_and_its_repetition_recognised() {
        secret("ghl-workflow", "new-secret", "old-secret");
        byte[] body = Samples.bytes("ghl-workflow-webhook-unsigned-live.json");
        String path = "/webhooks/ghl-workflow/" + slug;

        Answered first = sender.post(path, body, Map.of("X-Parley-Secret", "old-secret"));
        Answered again = sender.post(path, body, Map.of("X-Parley-Secret", "new-secret"));

        assertThat(first.outcome()).isEqualTo("ignored");
        assertThat(again.outcome()).isEqualTo("duplicate");
        assertThat(again.trace()).isEqualTo(first.trace());
        assertThat(eventOf(first))
                .containsEntry("event_type", "other:workflow")
                .containsEntry("tenant_id", tenant.value());
        assertRefused(sender.post(path, body, Map.of("X-Parley-Secret", "wrong")));
        assertRefused(sender.post(path, body, Map.of()));
        assertRefused(sender.post("/webhooks/ghl-workflow", body, Map.of("X-Parley-Secret", "new-secret")));
    }

    @Test
    void standard_webhooks_are_taken_with_the_tenants_secret() {
        secret("standard-webhooks", WHSEC);
        byte[] body = bytes("{\"type\":\"message.received\",\"data\":{\"message_id\":\"m1\",\"channel\":\"sms\","
                + "\"address\":\"+1 555 0100\",\"text\":\"hello\"}}");

        Answered answer = sender.post(
                "/webhooks/standard-webhooks/" + slug, body, standardHeaders(WHSEC, "msg_1", Instant.now(), body));

        assertThat(answer.outcome()).isEqualTo("accepted");
        assertThat(eventOf(answer))
                .containsEntry("channel_address", "+15550100")
                .containsEntry("provider_event_id", "msg_1");
        assertThat(jobs()).isOne();
    }

    @Test
    void a_rotated_secret_counts_from_the_next_request_on() {
        secret("ghl-workflow", "first");
        String path = "/webhooks/ghl-workflow/" + slug;
        assertThat(sender.post(path, bytes("{\"n\":1}"), Map.of("X-Parley-Secret", "first"))
                        .status())
                .isEqualTo(200);

        byte[] sealed = Vault.of(IngestDatabase.VAULT_KEY)
                .seal(tenant, "webhook:ghl-workflow", new JsonObject().put("secrets", new JsonArray().add("second")));
        db.execute("UPDATE core.tenant_credentials SET credentials = ? WHERE tenant_id = ?", sealed, tenant.value());

        await().until(() -> sender.post(path, bytes("{\"n\":2}"), Map.of("X-Parley-Secret", "second"))
                        .status()
                == 200);
        assertRefused(sender.post(path, bytes("{\"n\":3}"), Map.of("X-Parley-Secret", "first")));
    }

    @Test
    void one_delivery_may_carry_several_events_for_several_tenants() {
        TenantId one = given.tenant("one-" + UUID.randomUUID(), "{\"several\":{\"account\":\"A-" + slug + "\"}}");
        TenantId two = given.tenant("two-" + UUID.randomUUID(), "{\"several\":{\"account\":\"B-" + slug + "\"}}");
        String body = """
                {"entry":[{"id":"1","account":"A-%1$s","type":"app_installed"},{"id":"2","account":"B-%1$s","type":"other:x"},
                {"id":"1","account":"A-%1$s","type":"app_installed"},{"id":"3","account":"nobody","type":"x"}]}""".formatted(slug);
        await().until(() -> {
            Answered ready = sender.post(
                    "/webhooks/several",
                    bytes("{\"entry\":[{\"id\":\"0\",\"account\":\"B-" + slug + "\",\"type\":\"other:ping\"}]}"),
                    Map.of("X-Several", "yes"));
            return !ready.outcome().equals("quarantined");
        });

        Answered answer = sender.post("/webhooks/several", bytes(body), Map.of("X-Several", "yes"));

        assertThat(answer.status()).isEqualTo(200);
        JsonArray events = answer.body().getJsonArray("events");
        assertThat(events.stream().map(event -> ((JsonObject) event).getString("status")))
                .containsExactly("accepted", "ignored", "duplicate", "quarantined");
        assertThat(events.getJsonObject(2).getString("trace_id"))
                .isEqualTo(events.getJsonObject(0).getString("trace_id"));
        assertThat(answer.outcome()).isEqualTo("accepted");
        assertThat(answer.trace().toString()).isEqualTo(events.getJsonObject(0).getString("trace_id"));
        assertThat(db.count("bot.inbound_events WHERE tenant_id = ?", one.value()))
                .isOne();
        assertThat(db.count("bot.inbound_events WHERE tenant_id = ?", two.value()))
                .isEqualTo(2);
    }

    @Test
    void a_defect_in_a_provider_loses_nothing() {
        Answered answer = sender.post(
                "/webhooks/several", bytes("{\"break\":true,\"n\":\"" + slug + "\"}"), Map.of("X-Several", "yes"));

        assertThat(answer.outcome()).isEqualTo("quarantined");
        assertThat(payloadOf(answer).getString("$reason")).isEqualTo("reader broke: IllegalStateException");
    }

    @Test
    void a_verifier_that_breaks_has_not_verified() {
        assertRefused(sender.post("/webhooks/several", bytes("{}"), Map.of("X-Several", "yes", "X-Break", "yes")));
    }

    // --- a tenant that is switched off

    @Test
    void a_switched_off_tenant_is_refused_after_verification_and_resumes_where_it_was() {
        secret("standard-webhooks", WHSEC);
        given.enable(tenant, false);
        JsonObject sms = sms(location);
        await().until(() -> sender.ghl(sms(location)).status() == 429);
        byte[] body = bytes("{\"type\":\"x\"}");

        Answered ghl = sender.ghl(sms);
        Answered standard = sender.post(
                "/webhooks/standard-webhooks/" + slug, body, standardHeaders(WHSEC, "m", Instant.now(), body));
        Answered forged = sender.post("/webhooks/ghl", bytes(sms.encode()), ghlHeaders(bytes(sms.encode() + " ")));

        assertThat(ghl.status()).isEqualTo(429);
        assertThat(ghl.header("Retry-After")).isEqualTo("300");
        assertThat(ghl.body()).isEqualTo(new JsonObject().put("status", "unavailable"));
        assertThat(standard.status()).isEqualTo(503);
        assertThat(standard.header("Retry-After")).isEqualTo("300");
        assertRefused(forged);
        given.enable(tenant, true);
        await().until(() -> sender.ghl(sms).status() == 200);
        assertThat(db.count("bot.inbound_events WHERE provider_event_id = ?", sms.getString("webhookId")))
                .isOne();
    }

    // --- the show

    @Test
    void a_hundred_identical_deliveries_at_once_are_one_event_one_job_and_one_trace() {
        byte[] body = bytes(sms(location).encode());

        List<CompletableFuture<Answered>> all = IntStream.range(0, 100)
                .mapToObj(i -> sender.later("POST", "/webhooks/ghl", body, ghlHeaders(body)))
                .toList();

        List<Answered> answers = all.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(Answered::status).containsOnly(200);
        Set<UUID> traces = new HashSet<>(answers.stream().map(Answered::trace).toList());
        assertThat(traces).hasSize(1);
        assertThat(answers)
                .filteredOn(answer -> answer.outcome().equals("accepted"))
                .hasSize(1);
        assertThat(answers)
                .filteredOn(answer -> answer.outcome().equals("duplicate"))
                .hasSize(99);
        assertThat(events()).isOne();
        assertThat(jobs()).isOne();
        assertThat(db.count(
                        "bot.inbound_events WHERE trace_id = ?",
                        traces.iterator().next()))
                .isOne();
    }

    @Test
    void what_was_acknowledged_first_is_due_first() {
        List<UUID> traces = IntStream.range(0, 30)
                .mapToObj(i -> sender.ghl(sms(location)).trace())
                .toList();

        assertThat(db.rows(
                        "SELECT trace_id FROM bot.job_queue WHERE tenant_id = ? ORDER BY created_at", tenant.value()))
                .extracting(row -> row.get("trace_id"))
                .isEqualTo(traces);
    }

    // --- health, meters, refused requests: on the other port only

    private double sum(String name, String provider) {
        return manage("/q/metrics")
                .lines()
                .filter(line -> line.startsWith(name + "{") && line.contains("provider=\"" + provider + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void it_is_ready_with_the_database_and_its_schema() {
        JsonObject ready = new JsonObject(manage("/q/health/ready"));

        assertThat(ready.getString("status")).isEqualTo("UP");
        assertThat(ready.getJsonArray("checks").encode()).contains("schema_version");
        assertThat(new JsonObject(manage("/q/health/live")).getString("status")).isEqualTo("UP");
        assertThat(new JsonObject(manage("/q/health/started")).getString("status"))
                .isEqualTo("UP");
    }

    @Test
    void what_was_received_is_the_sum_of_what_was_answered() {
        byte[] body = bytes(sms(location).encode());
        sender.ghl(body);
        sender.ghl(body);
        sender.ghl("{");
        sender.post("/webhooks/ghl", body, Map.of());
        sender.post("/webhooks/nobody", body, Map.of());

        for (String provider : List.of("ghl", "none", "standard-webhooks", "ghl-workflow")) {
            await().untilAsserted(() -> assertThat(sum("parley_ingest_received_total", provider))
                    .isEqualTo(sum("parley_ingest_answered_total", provider)
                            + sum("parley_ingest_in_progress", provider)));
        }
        assertThat(sum("parley_ingest_answered_total", "none")).isPositive();
        assertThat(manage("/q/metrics"))
                .contains(
                        "parley_ingest_batch_events_count",
                        "parley_ingest_flush_seconds_count",
                        "parley_ingest_waiting_events")
                .doesNotContain(slug)
                .doesNotContain("nobody");
    }

    @Test
    void refused_requests_can_be_looked_at_without_what_was_sent() {
        sender.post("/webhooks/ghl", bytes("marker-body"), Map.of("X-GHL-Signature", "marker-signature"));

        JsonObject newest = new JsonArray(manage("/q/refused")).getJsonObject(0);

        assertThat(newest.getString("provider")).isEqualTo("ghl");
        assertThat(newest.getString("reason")).isEqualTo("forged");
        assertThat(newest.getInteger("status")).isEqualTo(401);
        assertThat(newest.getInteger("bytes")).isEqualTo(11);
        assertThat(newest.encode()).doesNotContain("marker");
        assertThat(manage("/q/metrics"))
                .containsPattern(
                        "parley_ingest_answered_total\\{outcome=\"refused\",provider=\"ghl\",reason=\"forged\"} ")
                .doesNotContain("marker");
        assertThat(db.count("bot.inbound_events e WHERE e::text LIKE '%marker%'"))
                .isZero();
    }
}
