package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.Sender.Answered;
import dev.parley.ingest.provider.Hmac;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Meta and Chatwoot send, over HTTP, on a real database. */
@QuarkusTest
@QuarkusTestResource(value = IngestDatabase.class, restrictToAnnotatedClass = true)
@Timeout(60)
class WhatsAppAndChatwootIT {
    private static final String CHATWOOT_SECRET = "fVh3YkzVmDzB1F5wKq3cUo7A";

    TestDatabase db;

    @TestHTTPResource
    URI port;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    private Sender sender;
    private Fixtures given;
    private TenantId one;
    private TenantId other;
    private String slug;
    private String number;
    private String otherNumber;

    @BeforeEach
    void two_tenants_with_a_number_each() {
        sender = new Sender(port);
        given = new Fixtures(db);
        number = "pn-" + UUID.randomUUID();
        otherNumber = "pn-" + UUID.randomUUID();
        slug = "tenant-" + UUID.randomUUID();
        one = given.tenant(slug, "{\"whatsapp\":{\"phone_number_id\":\"" + number + "\"}}");
        other = given.tenant(
                "tenant-" + UUID.randomUUID(), "{\"whatsapp\":{\"phone_number_id\":\"" + otherNumber + "\"}}");
        JsonObject secrets = new JsonObject()
                .put("secrets", new JsonArray().add(CHATWOOT_SECRET).add("url:pass"));
        given.credentials(
                one, "webhook:chatwoot", Vault.of(IngestDatabase.VAULT_KEY).seal(one, "webhook:chatwoot", secrets), 1);
        for (String each : List.of(number, otherNumber)) {
            await().until(() -> meta(new JsonObject()
                            .put("object", "whatsapp_business_account")
                            .put(
                                    "entry",
                                    new JsonArray()
                                            .add(new JsonObject()
                                                    .put(
                                                            "changes",
                                                            new JsonArray()
                                                                    .add(new JsonObject()
                                                                            .put("field", "known")
                                                                            .put("value", metadata(each)))))))
                    .outcome()
                    .matches("ignored|duplicate"));
        }
    }

    private static JsonObject metadata(String number) {
        return new JsonObject().put("metadata", new JsonObject().put("phone_number_id", number));
    }

    private Answered meta(JsonObject body) {
        return meta(body.encode().getBytes(StandardCharsets.UTF_8), IngestDatabase.WHATSAPP_SECRET);
    }

    private Answered meta(byte[] body, String secret) {
        return sender.post("/webhooks/whatsapp", body, metaHeaders(body, secret));
    }

    static Map<String, String> metaHeaders(byte[] body, String secret) {
        byte[] code = Hmac.of(Hmac.SHA256, secret.getBytes(StandardCharsets.UTF_8), body);
        return Map.of(
                "Content-Type",
                "application/json",
                "X-Hub-Signature-256",
                "sha256=" + HexFormat.of().formatHex(code));
    }

    private static JsonObject message(String number, String id, String words) {
        JsonObject sample = Samples.json("metawhatsapp-messages-text.json");
        JsonObject value = value(sample);
        value.getJsonObject("metadata").put("phone_number_id", number);
        value.getJsonArray("messages")
                .getJsonObject(0)
                .put("id", id)
                .getJsonObject("text")
                .put("body", words);
        return sample;
    }

    private static JsonObject value(JsonObject body) {
        return body.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value");
    }

    private List<Map<String, Object>> events(TenantId tenant) {
        return db.rows("""
                SELECT e.event_type, e.provider_msg_id, e.channel_address, e.payload::text AS payload, j.job_type
                FROM bot.inbound_events e LEFT JOIN bot.job_queue j USING (inbound_event_id)
                WHERE e.tenant_id = ? AND e.event_type <> 'other:known'
                ORDER BY j.created_at, e.received_at
                """, tenant.value());
    }

    @Test
    void attack_32_meta_checks_the_url_and_gets_its_challenge_as_plain_text() throws Exception {
        try (Sender.Wire wire = sender.wire()) {
            wire.write("GET /webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
                    + IngestDatabase.WHATSAPP_TOKEN + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            assertThat(wire.readToEnd())
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("content-type: text/plain")
                    .containsIgnoringCase("x-content-type-options: nosniff")
                    .endsWith("\r\n\r\n1158201444");
        }
        assertThat(new Sender(management).get("/q/metrics")).contains("outcome=\"handshake\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
                "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
                "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=%zz&hub.verify_token=%",
                "/webhooks/whatsapp",
                "/webhooks/chatwoot?hub.mode=subscribe&hub.challenge=1&hub.verify_token=a-token-that-meta-shows",
            })
    void attack_32_a_wrong_question_is_answered_like_one_to_nobody(String path) throws Exception {
        String toNobody = path.replace("whatsapp", "unknown").replace("chatwoot", "unknown");

        assertThat(asked(path)).isEqualTo(asked(toNobody)).doesNotContain("200 OK");
    }

    private String asked(String path) throws Exception {
        try (Sender.Wire wire = sender.wire()) {
            wire.write("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            return wire.readToEnd();
        }
    }

    @Test
    void one_post_for_two_tenants_is_divided_between_them_and_each_part_is_stored_once() {
        JsonObject both = message(number, "wamid.1", "first");
        JsonObject second = value(message(number, "wamid.2", "second"))
                .getJsonArray("messages")
                .getJsonObject(0);
        value(both).getJsonArray("messages").add(second);
        both.getJsonArray("entry")
                .add(message(otherNumber, "wamid.3", "third")
                        .getJsonArray("entry")
                        .getJsonObject(0));

        Answered answer = meta(both);

        assertThat(answer.outcome()).isEqualTo("accepted");
        assertThat(answer.body().getJsonArray("events")).hasSize(3);
        assertThat(events(one)).extracting(row -> row.get("provider_msg_id")).containsExactly("wamid.1", "wamid.2");
        assertThat(events(one)).extracting(row -> row.get("job_type")).containsOnly("process_inbound_message");
        assertThat(events(other)).extracting(row -> row.get("provider_msg_id")).containsExactly("wamid.3");
        assertThat((String) events(other).get(0).get("payload")).doesNotContain("first", "second");

        Answered again = meta(message(number, "wamid.2", "second"));
        assertThat(again.outcome())
                .as("the part alone, after it came in company")
                .isEqualTo("duplicate");
        assertThat(again.body().getString("trace_id"))
                .isEqualTo(answer.body().getJsonArray("events").getJsonObject(1).getString("trace_id"));
        assertThat(events(one)).hasSize(2);
    }

    @Test
    void the_older_app_secret_still_verifies_and_a_third_does_not() {
        byte[] body = message(number, "wamid.old", "hi").encode().getBytes(StandardCharsets.UTF_8);

        assertThat(meta(body, "older-app-secret").outcome()).isEqualTo("accepted");
        assertThat(meta(body, "another-secret").status()).isEqualTo(401);
        assertThat(sender.post("/webhooks/whatsapp", body, Map.of()).status()).isEqualTo(401);
    }

    @Test
    void a_number_of_no_tenant_is_kept_for_a_person() {
        String id = "wamid." + UUID.randomUUID();

        Answered answer = meta(message("pn-of-nobody", id, "hello?"));

        assertThat(answer.outcome()).isEqualTo("quarantined");
        assertThat(events(TenantDirectory.UNROUTED))
                .extracting(row -> row.get("provider_msg_id"))
                .contains(id);
    }

    @Test
    void bytes_that_had_to_be_mended_are_in_the_database_whatever_company_they_came_in() {
        JsonObject both = message(number, "wamid.nul", "zero");
        both.getJsonArray("entry")
                .add(message(otherNumber, "wamid.clean", "clean")
                        .getJsonArray("entry")
                        .getJsonObject(0));
        byte[] body = both.encode().replace("zero", "ze\\u0000ro").getBytes(StandardCharsets.UTF_8);

        Answered answer = meta(body, IngestDatabase.WHATSAPP_SECRET);

        assertThat(answer.status()).isEqualTo(200);
        assertThat((String) events(one).get(0).get("payload")).contains("ze\uFFFDro");
        String trace = answer.body().getJsonArray("events").getJsonObject(2).getString("trace_id");
        String raw = db.value(
                String.class,
                "SELECT payload ->> '$raw' FROM bot.inbound_events WHERE trace_id = ?",
                UUID.fromString(trace));
        assertThat(java.util.Base64.getDecoder().decode(raw)).isEqualTo(body);
    }

    // --- Chatwoot

    private Answered chatwoot(JsonObject json, Map<String, String> headers) {
        return sender.post("/webhooks/chatwoot/" + slug, json.toBuffer().getBytes(), headers);
    }

    private static Map<String, String> chatwootHeaders(JsonObject json) {
        String time = String.valueOf(Instant.now().getEpochSecond());
        byte[] code = Hmac.of(
                Hmac.SHA256,
                CHATWOOT_SECRET.getBytes(StandardCharsets.UTF_8),
                (time + ".").getBytes(StandardCharsets.UTF_8),
                json.toBuffer().getBytes());
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", "application/json");
        headers.put("X-Chatwoot-Timestamp", time);
        headers.put("X-Chatwoot-Signature", "sha256=" + HexFormat.of().formatHex(code));
        headers.put("X-Chatwoot-Delivery", UUID.randomUUID().toString());
        return headers;
    }

    @Test
    void a_message_of_chatwoot_is_stored_once_signed_or_by_the_urls_password() {
        JsonObject message = Samples.json("chatwoot-message_created-live.json");
        Map<String, String> login = Map.of(
                "Authorization",
                "Basic "
                        + java.util.Base64.getEncoder().encodeToString("parley:pass".getBytes(StandardCharsets.UTF_8)));

        Answered first = chatwoot(message, chatwootHeaders(message));
        Answered second = chatwoot(message.copy().put("updated", "unsigned"), login);

        assertThat(first.outcome()).isEqualTo("accepted");
        assertThat(second.outcome()).isEqualTo("duplicate");
        assertThat(second.trace()).isEqualTo(first.trace());
        assertThat(events(one))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("event_type", "inbound_message")
                        .containsEntry("channel_address", "17/3")
                        .containsEntry("provider_msg_id", "4711"));
    }

    @Test
    void attack_14_a_forged_message_of_chatwoot_is_refused_with_a_good_password_too() {
        JsonObject message = Samples.json("chatwoot-message_created-live.json");
        Map<String, String> headers = chatwootHeaders(message);
        headers.put(
                "Authorization",
                "Basic "
                        + java.util.Base64.getEncoder().encodeToString("parley:pass".getBytes(StandardCharsets.UTF_8)));

        assertThat(chatwoot(message.copy().put("content", "tampered"), headers).status())
                .isEqualTo(401);
        assertThat(chatwoot(message, Map.of()).status()).isEqualTo(401);
        assertThat(events(one)).isEmpty();
    }
}
