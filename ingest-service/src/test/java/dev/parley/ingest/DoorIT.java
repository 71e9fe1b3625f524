package dev.parley.ingest;

import static dev.parley.ingest.Sender.ghlHeaders;
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
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is let in how often, what strangers learn, and what the operator sees of it. */
@QuarkusTest
@QuarkusTestResource(value = DoorDatabase.class, restrictToAnnotatedClass = true)
@Timeout(60)
class DoorIT {
    private static final String WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static int addresses;

    TestDatabase db;

    @TestHTTPResource
    URI port;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    private Sender sender;
    private Fixtures given;

    private record Client(TenantId id, String slug, String location) {}

    @BeforeEach
    void a_sender() {
        sender = new Sender(port);
        given = new Fixtures(db);
        noJobs();
    }

    private Client tenant() {
        String slug = "tenant-" + UUID.randomUUID();
        String location = "loc-" + UUID.randomUUID();
        TenantId id = given.tenant(slug, "{\"ghl\":{\"location_id\":\"" + location + "\"}}");
        JsonObject secrets = new JsonObject().put("secrets", new JsonArray().add(WHSEC));
        given.credentials(
                id,
                "webhook:standard-webhooks",
                Vault.of(IngestDatabase.VAULT_KEY).seal(id, "webhook:standard-webhooks", secrets),
                1);
        byte[] ping = bytes("{\"type\":\"Ping\"}");
        // By the provider that does not cost the budget of the tests: one event of the tenant's fifty.
        await().until(() -> sender.post(
                                "/webhooks/standard-webhooks/" + slug,
                                ping,
                                from(anybody(), standardHeaders(WHSEC, "ping", Instant.now(), ping)))
                        .status()
                == 200);
        return new Client(id, slug, location);
    }

    private static String anybody() {
        addresses++;
        return "198.51." + addresses / 250 + "." + addresses % 250;
    }

    private static Map<String, String> from(String address, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put("X-Forwarded-For", address);
        return all;
    }

    private CompletableFuture<Answered> ghl(String address, JsonObject json) {
        byte[] body = json.toBuffer().getBytes();
        return sender.later("POST", "/webhooks/ghl", body, from(address, ghlHeaders(body)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String manage(String path) {
        return new Sender(management).get(path);
    }

    // --- limits

    @Test
    void attack_27_an_address_that_is_refused_too_often_is_told_to_stay_away_and_no_other_is() {
        Client tenant = tenant();
        String flooder = anybody();
        List<CompletableFuture<Answered>> flood = IntStream.range(0, 5 * DoorDatabase.ADDRESS_BURST)
                .mapToObj(at -> sender.later("POST", "/webhooks/ghl", bytes("{}"), from(flooder, Map.of())))
                .toList();

        List<Answered> answers = flood.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(Answered::status).containsOnly(401, 429);
        assertThat(answers)
                .filteredOn(answer -> answer.status() == 401)
                .hasSizeBetween(DoorDatabase.ADDRESS_BURST, 3 * DoorDatabase.ADDRESS_BURST);
        assertThat(answers)
                .filteredOn(answer -> answer.status() == 429)
                .allMatch(answer -> answer.header("Retry-After").equals("1"))
                .allMatch(answer -> answer.outcome().equals("refused"));
        // One token a second comes back; what takes it is one of these.
        await().until(() -> sender.post("/webhooks/ghl", bytes("{}"), from(flooder, Map.of()))
                                .status()
                        == 429
                && ghl(flooder, sms(tenant.location())).join().status() == 429);
        assertThat(ghl(anybody(), sms(tenant.location())).join().status()).isEqualTo(200);
        assertThat(new JsonArray(manage("/q/refused")).stream().map(JsonObject.class::cast))
                .anyMatch(refused -> refused.getString("reason").equals("flood")
                        && refused.getString("from").equals(flooder));
    }

    @Test
    void attack_27_an_invented_forwarded_address_is_no_way_around_it() {
        String flooder = anybody();

        List<Integer> answers = IntStream.range(0, 2 * DoorDatabase.ADDRESS_BURST)
                .mapToObj(
                        at -> sender.post("/webhooks/ghl", bytes("{}"), from("10.9.8." + at + ", " + flooder, Map.of()))
                                .status())
                .toList();

        assertThat(answers).contains(429);
    }

    @Test
    void genuine_deliveries_of_one_address_are_not_counted() {
        Client[] tenants = IntStream.range(0, 4).mapToObj(at -> tenant()).toArray(Client[]::new);
        String provider = anybody();

        List<Integer> answers = IntStream.range(0, 120)
                .mapToObj(at ->
                        ghl(provider, sms(tenants[at % 4].location())).join().status())
                .toList();

        assertThat(answers).containsOnly(200);
    }

    @Test
    void attack_27_the_flood_of_one_tenant_is_429_and_the_others_are_unharmed() {
        Client loud = tenant();
        Client quiet = tenant();
        List<CompletableFuture<Answered>> flood = new ArrayList<>();
        List<CompletableFuture<Answered>> others = new ArrayList<>();
        for (int at = 0; at < 200; at++) {
            flood.add(ghl(anybody(), sms(loud.location())));
            if (at % 5 == 0) {
                others.add(ghl(anybody(), sms(quiet.location())));
            }
        }

        assertThat(others.stream().map(CompletableFuture::join))
                .extracting(Answered::status)
                .containsOnly(200);
        List<Answered> answers = flood.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(Answered::status).containsOnly(200, 429);
        assertThat(answers)
                .filteredOn(answer -> answer.status() == 429)
                .hasSizeGreaterThan(100)
                .allMatch(answer -> Integer.parseInt(answer.header("Retry-After")) >= 1)
                .allMatch(answer -> answer.outcome().equals("unavailable"));
        long taken = answers.stream().filter(answer -> answer.status() == 200).count();
        assertThat(taken).isGreaterThan(DoorDatabase.TENANT_BURST - 10);
        assertThat(db.count("bot.job_queue WHERE tenant_id = ?", loud.id().value()))
                .isEqualTo(taken);
    }

    private void jobs(TenantId tenant, int count, String age) {
        db.execute("""
                WITH events AS (
                    INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, dedupe_key, payload)
                    SELECT gen_random_uuid(), ?, 'parley', 'other:test', gen_random_uuid()::text, '{}'
                    FROM generate_series(1, ?)
                    RETURNING inbound_event_id, tenant_id, trace_id)
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, created_at, run_after, trace_id)
                SELECT gen_random_uuid(), tenant_id, 'process_inbound_message', inbound_event_id,
                       now() - ?::interval, now() - ?::interval, trace_id
                FROM events
                """, tenant.value(), count, age, age);
    }

    private void noJobs() {
        db.execute("DELETE FROM bot.job_queue");
    }

    @Test
    void senders_are_told_to_come_back_while_the_workers_are_too_far_behind() {
        Client tenant = tenant();
        Client behind = tenant();
        try {
            jobs(behind.id(), DoorDatabase.MAX_JOBS, "1 minute");
            await().until(this::isTooLong);
            byte[] body =
                    bytes("{\"type\":\"message.received\",\"data\":{\"channel\":\"sms\",\"address\":\"+15550100\"}}");

            Answered standard = sender.post(
                    "/webhooks/standard-webhooks/" + tenant.slug(),
                    body,
                    from(anybody(), standardHeaders(WHSEC, "late", Instant.now(), body)));
            Answered withoutWork = ghl(
                            anybody(),
                            new JsonObject()
                                    .put("type", "Ping")
                                    .put("locationId", tenant.location())
                                    .put("appId", IngestDatabase.APP))
                    .join();
            Answered forged = sender.post("/webhooks/ghl", bytes("{}"), from(anybody(), Map.of()));

            assertThat(standard.status()).isEqualTo(503);
            assertThat(standard.header("Retry-After")).isEqualTo("10");
            assertThat(withoutWork.status()).isEqualTo(200);
            assertThat(forged.status()).isEqualTo(401);
            assertThat(manage("/q/metrics")).contains("reason=\"backlog\"");
        } finally {
            noJobs();
        }
        await().until(() -> !isTooLong());
        assertThat(ghl(anybody(), sms(tenant.location())).join().status()).isEqualTo(200);
    }

    private boolean isTooLong() {
        return manage("/q/metrics").contains("parley_ingest_backlog_too_long 1.0");
    }

    @Test
    void few_jobs_that_are_very_late_are_too_far_behind_as_well() {
        Client tenant = tenant();
        try {
            jobs(tenant.id(), 10, "2 hours");

            await().until(this::isTooLong);
            assertThat(ghl(anybody(), sms(tenant.location())).join().status()).isEqualTo(429);
        } finally {
            noJobs();
        }
        await().until(() -> !isTooLong());
    }

    @Test
    void jobs_of_a_tenant_that_is_switched_off_hold_nobody_up() {
        Client off = tenant();
        Client on = tenant();
        given.enable(off.id(), false);
        await().until(() -> ghl(anybody(), sms(off.location())).join().status() == 429);
        try {
            jobs(off.id(), DoorDatabase.MAX_JOBS, "2 hours");
            jobs(on.id(), 1, "1 minute");

            await().until(() -> manage("/q/metrics").contains("parley_ingest_backlog_due 1.0"));
            assertThat(ghl(anybody(), sms(on.location())).join().status()).isEqualTo(200);
        } finally {
            noJobs();
        }
    }

    @Test
    void a_provider_may_have_a_body_limit_of_its_own() {
        Client tenant = tenant();
        byte[] body = bytes("{\"type\":\"x\",\"filler\":\"" + "x".repeat(1100) + "\"}");

        assertThat(sender.post(
                                "/webhooks/standard-webhooks/" + tenant.slug(),
                                body,
                                from(anybody(), standardHeaders(WHSEC, "m", Instant.now(), body)))
                        .status())
                .isEqualTo(413);
        assertThat(ghl(anybody(), sms(tenant.location()).put("filler", "x".repeat(1100)))
                        .join()
                        .status())
                .isEqualTo(200);
    }

    // --- keys

    @Test
    void a_key_in_the_file_counts_without_a_restart_and_no_longer_when_it_is_gone() throws Exception {
        Client tenant = tenant();
        TestKey next = new TestKey(77);
        Supplier<Integer> withNext = () -> {
            byte[] body = sms(tenant.location()).toBuffer().getBytes();
            return sender.post("/webhooks/ghl", body, from(anybody(), Map.of("X-GHL-Signature", next.sign(body))))
                    .status();
        };
        assertThat(withNext.get()).isEqualTo(401);

        Files.writeString(DoorDatabase.KEYS, "# announced for Friday\n" + next.spki() + "\n");
        await().until(() -> withNext.get() == 200);
        // Overlap: the old one goes on counting.
        assertThat(ghl(anybody(), sms(tenant.location())).join().status()).isEqualTo(200);

        // A file that somebody is in the middle of writing takes nothing away.
        Files.writeString(DoorDatabase.KEYS, next.spki().substring(0, 20));
        assertThat(withNext.get()).isEqualTo(200);

        Files.writeString(DoorDatabase.KEYS, "");
        await().until(() -> withNext.get() == 401);
    }

    @Test
    void a_secret_in_the_file_counts_without_a_restart_and_no_longer_when_it_is_gone() throws Exception {
        String next = "f".repeat(32);
        Supplier<Integer> withNext = () -> whatsapp(next).status();
        assertThat(withNext.get()).isEqualTo(401);

        Files.writeString(DoorDatabase.APP_SECRETS, next + " # from Friday on\n");
        await().until(() -> withNext.get() == 200);
        // Overlap: the old one goes on counting.
        assertThat(whatsapp(IngestDatabase.WHATSAPP_SECRET).status()).isEqualTo(200);

        // A file that is no list of secrets takes nothing away.
        Files.writeString(DoorDatabase.APP_SECRETS, "not a secret");
        assertThat(withNext.get()).isEqualTo(200);

        Files.writeString(DoorDatabase.APP_SECRETS, "");
        await().until(() -> withNext.get() == 401);
    }

    private Answered whatsapp(String secret) {
        byte[] body = bytes("{\"object\":\"whatsapp_business_account\",\"n\":\"" + UUID.randomUUID() + "\"}");
        return sender.post(
                "/webhooks/whatsapp", body, from(anybody(), WhatsAppAndChatwootIT.metaHeaders(body, secret)));
    }

    // --- equal answers

    private record Stranger(String what, Supplier<Answered> asks) {}

    private List<Stranger> strangers(Client tenant) {
        byte[] body = bytes("{\"type\":\"message.received\"}");
        Map<String, String> missing = Map.of("Content-Type", "application/json");
        Map<String, String> wrong = standardHeaders("whsec_" + "B".repeat(32), "m", Instant.now(), body);
        Map<String, String> wrongGhl = Map.of("X-GHL-Signature", new TestKey(99).sign(body));
        Map<String, String> right = ghlHeaders(body);
        Map<String, String> form = Map.of("Content-Type", "application/x-www-form-urlencoded");
        List<Stranger> strangers = new ArrayList<>();
        for (Map<String, String> headers : List.of(missing, wrong, wrongGhl)) {
            for (String path : List.of(
                    "/webhooks/standard-webhooks/" + tenant.slug(),
                    "/webhooks/standard-webhooks/nobody",
                    "/webhooks/standard-webhooks",
                    // GoHighLevel: one URL for all, and one for each tenant.
                    "/webhooks/ghl",
                    "/webhooks/ghl/" + tenant.slug(),
                    "/webhooks/ghl/nobody",
                    "/webhooks/whatsapp",
                    "/webhooks/signed.stripe/" + tenant.slug(),
                    // Switched off.
                    "/webhooks/ghl-workflow/" + tenant.slug(),
                    "/webhooks/ghl-workflow/nobody",
                    "/webhooks/twilio/" + tenant.slug(),
                    "/webhooks/unknown/" + tenant.slug(),
                    "/webhooks/a/b/c")) {
                strangers.add(new Stranger(path, () -> sender.post(path, body, from(anybody(), headers))));
            }
        }
        // Genuine, but what comes after that is nobody's business either.
        strangers.add(new Stranger(
                "genuine to nobody", () -> sender.post("/webhooks/ghl/nobody", body, from(anybody(), right))));
        // A provider that takes forms takes them when it is switched off too.
        strangers.add(new Stranger(
                "form to one that is off",
                () -> sender.post("/webhooks/twilio/" + tenant.slug(), bytes("a=b"), from(anybody(), form))));
        return strangers;
    }

    @Test
    void attack_17_status_body_and_headers_of_every_refusal_are_the_same() {
        Map<String, Answered> answers = new LinkedHashMap<>();
        strangers(tenant())
                .forEach(stranger -> answers.put(
                        stranger.what() + " " + answers.size(), stranger.asks().get()));

        assertThat(answers).allSatisfy((what, answer) -> {
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body()).isEqualTo(new JsonObject().put("status", "refused"));
        });
        assertThat(answers.values().stream().map(Answered::headers).distinct()).hasSize(1);
    }

    /** What the times are like in fact, {@code ./parley bench equal-answers} measures. */
    @Test
    void attack_17_nobody_is_refused_before_the_age_at_which_all_are() {
        assertThat(strangers(tenant()))
                .allSatisfy(stranger -> assertThat(stranger.asks().get().took())
                        .as(stranger.what())
                        .isGreaterThanOrEqualTo(DoorDatabase.REFUSAL_DELAY));
    }

    @Test
    void attack_17_whoever_is_refused_was_verified_once() {
        Client tenant = tenant();
        List<String> paths = List.of(
                "/webhooks/a-counting/" + tenant.slug(),
                "/webhooks/a-counting/nobody",
                "/webhooks/a-counting",
                "/webhooks/a-counting-app",
                "/webhooks/a-counting-app/" + tenant.slug(),
                "/webhooks/a-counting-app/nobody",
                "/webhooks/a-counting-off/" + tenant.slug(),
                "/webhooks/a-counting-off/nobody",
                "/webhooks/unknown",
                "/webhooks/unknown/" + tenant.slug(),
                "/webhooks/a/b/c/d",
                "/");
        for (String path : paths) {
            int before = CountingWebhooks.VERIFICATIONS.get();

            assertThat(sender.post(path, bytes("{}"), from(anybody(), Map.of())).status())
                    .isEqualTo(401);

            assertThat(CountingWebhooks.VERIFICATIONS.get() - before).as(path).isOne();
        }
    }

    // --- the vendor's circuit breaker

    @Test
    void the_share_of_deliveries_that_succeed_is_a_gauge_per_vendor_with_a_breaker() {
        ghl(anybody(), sms(tenant().location())).join();

        assertThat(manage("/q/metrics"))
                .containsPattern(
                        "parley_ingest_success_percent\\{app=\"" + IngestDatabase.APP + "\",provider=\"ghl\"} [0-9.]+")
                .contains("parley_ingest_success_alert{app=\"" + IngestDatabase.APP + "\",provider=\"ghl\"}")
                .doesNotContainPattern("parley_ingest_success_percent\\{[^}]*standard-webhooks");
        JsonObject shown = new JsonObject(manage("/q/success"));
        assertThat(shown.fieldNames()).containsExactly("ghl");
        assertThat(shown.getJsonObject("ghl").fieldNames()).containsExactly(IngestDatabase.APP);
        assertThat(shown.getJsonObject("ghl").getJsonObject(IngestDatabase.APP).getLong("deliveries"))
                .isPositive();
    }
}
