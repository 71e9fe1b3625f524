package dev.parley.ingest.provider.whatsapp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.parley.ingest.Samples;
import dev.parley.ingest.provider.Hmac;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WhatsAppWebhooksTest extends WebhookProviderContract {
    private static final String SECRET = "0123456789abcdef0123456789abcdef";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    private final WhatsAppWebhooks provider = new WhatsAppWebhooks(List.of(SECRET), List.of("verify-me", "older"));

    @Override
    protected WebhookProvider provider() {
        return provider;
    }

    @Override
    protected List<Secret> secrets() {
        return List.of();
    }

    @Override
    protected List<Secret> somebodyElsesSecrets() {
        return List.of();
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return signedBy(SECRET, body);
    }

    private static Map<String, String> signedBy(String secret, byte[] body) {
        return Map.of("X-Hub-Signature-256", "sha256=" + hex(secret, body));
    }

    private static String hex(String secret, byte[] body) {
        return HexFormat.of().formatHex(Hmac.of(Hmac.SHA256, secret.getBytes(StandardCharsets.UTF_8), body));
    }

    @Override
    protected byte[] body() {
        return Samples.bytes("metawhatsapp-messages-text.json");
    }

    @Override
    protected byte[] otherBody() {
        return Samples.bytes("metawhatsapp-messages-usernameonly.json");
    }

    private List<Reading.Event> events(JsonObject body) {
        return events(body.toBuffer().getBytes());
    }

    private List<Reading.Event> events(byte[] body) {
        Delivery delivery = delivery(body, signed(body, NOW));
        return ((Reading.Events) provider.read(delivery, provider.payload(delivery))).events();
    }

    // --- the signature

    @Test
    void metas_own_algorithm_is_checked_by_a_value_computed_elsewhere() {
        // printf %s '{"object":"whatsapp_business_account"}' | openssl dgst -sha256 -hmac <secret>
        byte[] body = "{\"object\":\"whatsapp_business_account\"}".getBytes(StandardCharsets.UTF_8);
        String openssl = "e3d59d231b02104529f72ed309769c75fdbc42fc9cb15257538b2012f031af65";

        assertThat(verdict(body, Map.of("X-Hub-Signature-256", "sha256=" + openssl)))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void while_the_secret_is_being_replaced_either_signs() {
        WhatsAppWebhooks rotating = new WhatsAppWebhooks(List.of("new-secret", " " + SECRET + " ", ""), List.of("t"));

        for (String each : List.of("new-secret", SECRET)) {
            assertThat(rotating.verify(delivery(body(), signedBy(each, body())), List.of()))
                    .isInstanceOf(Verdict.Genuine.class);
        }
        assertThat(rotating.verify(delivery(body(), signedBy("third", body())), List.of()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void secrets_of_a_file_count_beside_the_configured_one_until_they_are_gone_from_it() {
        AppSecrets secrets = new AppSecrets(List.of(SECRET));
        WhatsAppWebhooks rotating = new WhatsAppWebhooks(secrets, List.of("t"));
        secrets.fromFile("# announced for Friday\nnew-secret # of Meta\n\nnewer-secret\n");

        for (String each : List.of(SECRET, "new-secret", "newer-secret")) {
            assertThat(rotating.verify(delivery(body(), signedBy(each, body())), List.of()))
                    .isInstanceOf(Verdict.Genuine.class);
        }
        assertThatThrownBy(() -> secrets.fromFile("newest-secret\ntwo words\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line 2")
                .hasMessageNotContaining("two words");
        assertThat(rotating.verify(delivery(body(), signedBy("newer-secret", body())), List.of()))
                .isInstanceOf(Verdict.Genuine.class);

        secrets.fromFile("");

        assertThat(rotating.verify(delivery(body(), signedBy(SECRET, body())), List.of()))
                .isInstanceOf(Verdict.Genuine.class);
        assertThat(rotating.verify(delivery(body(), signedBy("newer-secret", body())), List.of()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void without_a_secret_of_ours_nothing_of_meta_is_genuine() {
        WhatsAppWebhooks unset = new WhatsAppWebhooks(List.of(), List.of());
        String decoy = "nobody has this secret, comparing with it only takes time";

        for (String each : List.of(SECRET, decoy)) {
            assertThat(unset.verify(delivery(body(), signedBy(each, body())), List.of()))
                    .isInstanceOf(Verdict.Forged.class);
        }
        assertThat(unset.handshake(question("subscribe", decoy, "1"))).isEmpty();
        assertThat(unset.handshake(question("subscribe", "", "1"))).isEmpty();
    }

    @Test
    void the_old_sha1_header_and_other_schemes_prove_nothing() {
        String good = hex(SECRET, body());

        for (String bad :
                List.of(good, "sha1=" + good, "sha256=" + good + " ,", "sha256=" + good + "00", "SHA256=" + good)) {
            assertThat(verdict(body(), Map.of("X-Hub-Signature-256", bad)))
                    .as(bad)
                    .isInstanceOf(Verdict.Forged.class);
        }
        assertThat(verdict(body(), Map.of("X-Hub-Signature", "sha256=" + good))).isInstanceOf(Verdict.Forged.class);
    }

    // --- the handshake

    private static Map<String, List<String>> question(String mode, String token, String challenge) {
        return Map.of(
                "hub.mode", List.of(mode), "hub.verify_token", List.of(token), "hub.challenge", List.of(challenge));
    }

    @Test
    void whoever_knows_the_token_gets_the_challenge() {
        assertThat(provider.handshake(question("subscribe", "verify-me", "1158201444")))
                .contains("1158201444");
        assertThat(provider.handshake(question("subscribe", "older", "1"))).contains("1");
    }

    @ParameterizedTest
    @CsvSource({
        "subscribe,wrong,1",
        "subscribe,'',1",
        "unsubscribe,verify-me,1",
        "'',verify-me,1",
        "subscribe,verify-me,''",
        "subscribe,verify-me,<script>",
        "subscribe,verify-me,a b",
        "subscribe,verify-mee,1",
        "subscribe,verify-m,1"
    })
    void any_other_question_gets_no_answer(String mode, String token, String challenge) {
        assertThat(provider.handshake(question(mode, token, challenge))).isEmpty();
    }

    @Test
    void an_ambiguous_or_endless_question_gets_no_answer() {
        assertThat(provider.handshake(Map.of())).isEmpty();
        assertThat(provider.handshake(question("subscribe", "verify-me", "1".repeat(257))))
                .isEmpty();
        assertThat(provider.handshake(Map.of(
                        "hub.mode", List.of("subscribe"),
                        "hub.verify_token", List.of("wrong", "verify-me"),
                        "hub.challenge", List.of("1"))))
                .isEmpty();
    }

    // --- what it says

    @Test
    void a_message_is_its_number_its_sender_and_its_id() {
        Reading.Event event = event(body());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.account()).isEqualTo("106540352242922");
        assertThat(event.channel()).isEqualTo("whatsapp");
        assertThat(event.address()).isEqualTo("+16505551234");
        assertThat(event.messageId()).isEqualTo("wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=");
        assertThat(event.key().value()).startsWith("whatsapp:msg:wamid.HBgL");
        assertThat(event.payload().stored())
                .as("alone, it is stored as it was sent")
                .isEqualTo(new String(body(), StandardCharsets.UTF_8));
    }

    @Test
    void people_who_hide_their_number_are_known_by_metas_id() {
        Reading.Event event = event(otherBody());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.address()).isEqualTo("CO.1047385771169864");
    }

    @Test
    void a_status_is_a_key_for_each_step() {
        Reading.Event failed = event(Samples.bytes("metawhatsapp-statuses-failed.json"));

        assertThat(failed.type()).isEqualTo("delivery_status");
        assertThat(failed.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(failed.address()).isEqualTo("CO.1047385771169864");
        assertThat(failed.messageId()).isEqualTo("wamid.username-only-failed");
        assertThat(failed.key().value()).isEqualTo("whatsapp:status:wamid.username-only-failed:failed:1784232500");
        Reading.Event sent = event(Samples.bytes("metawhatsapp-statuses-sent.json"));
        assertThat(sent.address()).as("a placeholder is no number").isNull();
    }

    /** Two tenants' numbers, two messages of one and one of the other, a status, and news of an account. */
    private static JsonObject mixed() {
        JsonObject first = Samples.json("metawhatsapp-messages-text.json");
        JsonObject value = first.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value");
        value.getJsonArray("messages")
                .add(value.getJsonArray("messages").getJsonObject(0).copy().put("id", "wamid.second"))
                .add(value.getJsonArray("messages")
                        .getJsonObject(0)
                        .copy()
                        .put("id", "wamid.third")
                        .put("from", "491700000000"));
        value.getJsonArray("contacts")
                .add(new JsonObject().put("wa_id", "491700000000").put("profile", new JsonObject().put("name", "Kim")));
        JsonObject other = Samples.json("metawhatsapp-messages-usernameonly.json")
                .getJsonArray("entry")
                .getJsonObject(0);
        JsonObject status = Samples.json("metawhatsapp-statuses-failed.json")
                .getJsonArray("entry")
                .getJsonObject(0);
        other.getJsonArray("changes").add(status.getJsonArray("changes").getJsonObject(0));
        first.getJsonArray("entry")
                .add(other)
                .add(new JsonObject()
                        .put("id", "waba")
                        .put(
                                "changes",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("field", "account_update")
                                                .put("value", new JsonObject().put("event", "VERIFIED_ACCOUNT")))));
        return first;
    }

    @Test
    void every_entry_change_message_and_status_is_an_event_of_its_own() {
        assertThat(events(mixed()))
                .extracting(Reading.Event::type, Reading.Event::account, Reading.Event::address)
                .containsExactly(
                        tuple("inbound_message", "106540352242922", "+16505551234"),
                        tuple("inbound_message", "106540352242922", "+16505551234"),
                        tuple("inbound_message", "106540352242922", "+491700000000"),
                        tuple("inbound_message", "business-phone-id", "CO.1047385771169864"),
                        tuple("delivery_status", "business-phone-id", "CO.1047385771169864"),
                        tuple("other:account_update", null, null));
        assertThat(events(mixed())).extracting(event -> event.key().value()).doesNotHaveDuplicates();
    }

    @Test
    void a_part_has_the_same_key_and_meaning_alone_as_in_company() {
        Reading.Event alone = event(body());
        Reading.Event inCompany = events(mixed()).get(0);

        assertThat(inCompany.key()).isEqualTo(alone.key());
        assertThat(new JsonObject(inCompany.payload().stored()))
                .isEqualTo(Samples.json("metawhatsapp-messages-text.json"));
    }

    @Test
    void nothing_of_one_tenant_is_in_the_part_of_another() {
        List<Reading.Event> events = events(mixed());

        assertThat(events.get(2).payload().stored()).contains("Kim").doesNotContain("Sheena", "Julian");
        assertThat(events.get(0).payload().stored()).contains("Sheena").doesNotContain("Kim", "Julian", "wamid.second");
        assertThat(events.get(3).payload().stored()).contains("Julian").doesNotContain("Kim", "Sheena", "failed");
    }

    @Test
    void a_thousand_messages_in_one_post_are_divided_in_no_time() {
        JsonObject body = Samples.json("metawhatsapp-messages-text.json");
        JsonArray messages = body.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value")
                .getJsonArray("messages");
        for (int i = 0; i < 4_000; i++) {
            messages.add(messages.getJsonObject(0).copy().put("id", "wamid." + i));
        }
        byte[] bytes = body.encode().getBytes(StandardCharsets.UTF_8);
        long start = System.nanoTime();

        List<Reading.Event> events = events(bytes);

        assertThat(events).hasSize(4_001);
        assertThat(events.stream().mapToInt(event -> event.payload().size()).sum())
                .isLessThan(4 * bytes.length);
        assertThat(java.time.Duration.ofNanos(System.nanoTime() - start)).isLessThan(java.time.Duration.ofSeconds(5));
    }

    @Test
    void what_had_to_be_mended_keeps_its_bytes_beside_the_parts() {
        String body = mixed().encode().replace("Does it come", "Does\\u0000it come");

        List<Reading.Event> events = events(body.getBytes(StandardCharsets.UTF_8));

        assertThat(events).hasSize(7);
        assertThat(events.get(0).payload().stored()).contains("$reason").doesNotContain("$raw");
        Reading.Event bytes = events.get(6);
        assertThat(bytes.quarantine()).isNotNull();
        assertThat(bytes.account())
                .as("it holds messages of two tenants: neither may have it")
                .isNull();
        assertThat(bytes.payload().stored()).contains("$raw");
    }

    @ParameterizedTest
    @CsvSource({"reaction", "system", "edit", "revoke", "request_welcome"})
    void what_nobody_said_is_not_answered(String type) {
        JsonObject body = Samples.json("metawhatsapp-messages-text.json");
        message(body).put("type", type);

        Reading.Event event = events(body).get(0);

        assertThat(event.type()).isEqualTo("other:" + type);
        assertThat(event.job()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"image", "audio", "document", "location", "button", "interactive", "unsupported", "order", "brand_new"})
    void everything_else_that_a_person_sends_is_a_message(String type) {
        JsonObject body = Samples.json("metawhatsapp-messages-text.json");
        message(body).put("type", type);

        assertThat(events(body).get(0).type()).isEqualTo("inbound_message");
    }

    @Test
    void groups_are_left_alone_and_messages_from_nobody_are_quarantined() {
        JsonObject group = Samples.json("metawhatsapp-messages-text.json");
        message(group).put("group_id", "g1");
        assertThat(events(group).get(0).type()).isEqualTo("other:group");

        JsonObject nobody = Samples.json("metawhatsapp-messages-text.json");
        message(nobody).remove("from");
        assertThat(events(nobody).get(0).quarantine()).contains("nobody");
    }

    @Test
    void what_the_business_types_on_its_own_phone_is_an_echo() {
        JsonObject body = Samples.json("metawhatsapp-messages-text.json");
        JsonObject change = body.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0);
        JsonObject value = change.getJsonObject("value");
        JsonObject echo = value.getJsonArray("messages").getJsonObject(0).copy().put("to", "16505551234");
        echo.put("from", "15550783881");
        value.remove("messages");
        value.put("message_echoes", new JsonArray().add(echo));
        change.put("field", "smb_message_echoes");

        Reading.Event event = events(body).get(0);

        assertThat(event.type()).isEqualTo("outbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event.address()).isEqualTo("+16505551234");
    }

    @Test
    void a_post_that_says_nothing_is_one_ignored_event() {
        assertThat(events(new JsonObject().put("object", "whatsapp_business_account")))
                .extracting(Reading.Event::type)
                .containsExactly("other:empty");
    }

    private static JsonObject message(JsonObject body) {
        return body.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value")
                .getJsonArray("messages")
                .getJsonObject(0);
    }
}
