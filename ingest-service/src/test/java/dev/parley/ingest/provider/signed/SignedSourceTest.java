package dev.parley.ingest.provider.signed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.inbound.Payload;
import dev.parley.ingest.TestKey;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Reply;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignedSourceTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");
    private static final byte[] BODY = "{\"id\":\"e1\",\"type\":\"note\"}".getBytes(StandardCharsets.UTF_8);

    static String hmac(String algorithm, byte[] key, String before, byte[] body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(algorithm);
        mac.init(new SecretKeySpec(key, algorithm));
        mac.update(before.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(mac.doFinal(body));
    }

    private static WebhookProvider source(String described) {
        return found(described).orElseThrow();
    }

    private static Optional<WebhookProvider> found(String described) {
        return new SignedWebhooks()
                .forTenant(new Settings(new JsonObject("{\"signed\":{\"crm\":" + described + "}}")), "crm");
    }

    private static Delivery delivery(byte[] body, Instant at, Map<String, String> headers) {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        headers.forEach((name, value) -> lists.put(name, List.of(value)));
        return new Delivery(body, lists, at, 0);
    }

    private static boolean isGenuine(WebhookProvider source, Delivery delivery, String... secrets) {
        return source.verify(
                        delivery,
                        java.util.Arrays.stream(secrets).map(Secret::of).toList())
                instanceof Verdict.Genuine;
    }

    // --- documented vectors

    /** From GitHub's guide "Validating webhook deliveries: testing the webhook payload validation". */
    @Test
    void githubs_documented_vector_is_genuine() {
        WebhookProvider github = source("{\"preset\":\"github\"}");
        Map<String, String> headers = Map.of(
                "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
        byte[] body = "Hello, World!".getBytes(StandardCharsets.UTF_8);

        assertThat(isGenuine(github, delivery(body, NOW, headers), "It's a Secret to Everybody"))
                .isTrue();
        assertThat(isGenuine(github, delivery(body, NOW, headers), "It's a Secret to Nobody"))
                .isFalse();
    }

    /** From Slack's guide "Verifying requests from Slack". */
    @Test
    void slacks_documented_vector_is_genuine_in_its_time() {
        WebhookProvider slack = source("{\"preset\":\"slack\",\"body\":\"form\"}");
        Map<String, String> headers = Map.of(
                "X-Slack-Request-Timestamp", "1531420618",
                "X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
        byte[] body = ("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
                        + "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
                        + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmib"
                        + "IGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
                .getBytes(StandardCharsets.UTF_8);
        Delivery delivery = delivery(body, Instant.ofEpochSecond(1531420618), headers);
        String secret = "8f742231b10e8888abcd99yyyzzz85a5";

        assertThat(isGenuine(slack, delivery, secret)).isTrue();
        assertThat(slack.payload(delivery).content().getString("command")).isEqualTo("/webhook-collect");
        assertThat(slack.verify(delivery(body, NOW, headers), List.of(Secret.of(secret))))
                .isInstanceOf(Verdict.Stale.class);
    }

    /** Shopify publishes the rule and no vector; this one was made by another implementation (SQLPage's). */
    @Test
    void shopifys_rule_agrees_with_another_implementation() {
        Map<String, String> headers = Map.of(
                "X-Shopify-Hmac-Sha256", "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=",
                "X-Shopify-Topic", "orders/create");
        byte[] body = "{\"id\":1234567890,\"email\":\"customer@example.com\",\"total_price\":\"123.45\"}"
                .getBytes(StandardCharsets.UTF_8);
        WebhookProvider shopify = source("{\"preset\":\"shopify\"}");
        Delivery delivery = delivery(body, NOW, headers);

        assertThat(isGenuine(shopify, delivery, "test-webhook-secret")).isTrue();
        assertThat(event(shopify, delivery).type()).isEqualTo("other:orders/create");
        assertThat(event(shopify, delivery).key().value()).startsWith("signed.crm:sha256:");
    }

    // --- algorithms and encodings

    @ParameterizedTest
    @CsvSource({
        "sha1, HmacSHA1, hex",
        "sha1, HmacSHA1, base64",
        "sha256, HmacSHA256, base64url",
        "sha512, HmacSHA512, hex",
        "sha512, HmacSHA512, base64",
    })
    void every_algorithm_and_encoding_verifies(String algorithm, String mac, String encoding) throws Exception {
        byte[] signature = HexFormat.of().parseHex(hmac(mac, "key".getBytes(StandardCharsets.UTF_8), "", BODY));
        String shown = switch (encoding) {
            case "hex" -> HexFormat.of().formatHex(signature);
            case "base64" -> Base64.getEncoder().encodeToString(signature);
            default -> Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        };
        WebhookProvider source = source("{\"header\":\"X-Sig\",\"template\":\"{body}\",\"algorithm\":\"" + algorithm
                + "\",\"encoding\":\"" + encoding + "\"}");

        assertThat(isGenuine(source, delivery(BODY, NOW, Map.of("X-Sig", shown)), "key"))
                .isTrue();
        assertThat(isGenuine(source, delivery(new byte[0], NOW, Map.of("X-Sig", shown)), "key"))
                .isFalse();
    }

    @Test
    void a_public_key_verifies_ed25519() {
        TestKey key = new TestKey(7);
        byte[] signed = "17.e1.{}".getBytes(StandardCharsets.UTF_8);
        String raw = HexFormat.of().formatHex(key.publicKey());
        WebhookProvider source = source("""
                {"header": "X-Sig", "algorithm": "ed25519", "encoding": "base64", "template": "{timestamp}.{id}.{body}",
                 "timestamp_header": "X-Time", "id_header": "X-Id"}""");
        Map<String, String> headers =
                new LinkedHashMap<>(Map.of("X-Sig", key.sign(signed), "X-Time", "17", "X-Id", "e1"));
        byte[] body = "{}".getBytes(StandardCharsets.UTF_8);

        Delivery delivery = delivery(body, Instant.ofEpochSecond(17), headers);
        assertThat(isGenuine(source, delivery, "not-hex", "00", raw)).isTrue();
        assertThat(isGenuine(source, delivery, "not-hex", "00")).isFalse();
        assertThat(event(source, delivery).key().value()).isEqualTo("signed.crm:id:e1");

        headers.put("X-Id", "e2");
        assertThat(isGenuine(source, delivery(body, Instant.ofEpochSecond(17), headers), raw))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b", "", "e 1", "é"})
    void ids_that_could_be_cut_elsewhere_are_refused(String id) throws Exception {
        WebhookProvider source = source("""
                {"header": "X-Sig", "algorithm": "sha256", "encoding": "hex", "template": "{id}.{body}",
                 "id_header": "X-Id"}""");
        String signature = hmac("HmacSHA256", "key".getBytes(StandardCharsets.UTF_8), id + ".", BODY);

        assertThat(isGenuine(source, delivery(BODY, NOW, Map.of("X-Sig", signature, "X-Id", id)), "key"))
                .isFalse();
    }

    @Test
    void a_secret_may_be_bytes_in_hex() throws Exception {
        WebhookProvider source = source("""
                {"header": "X-Sig", "algorithm": "sha256", "encoding": "hex", "template": "{body}",
                 "secret_encoding": "hex"}""");
        String signature = hmac("HmacSHA256", new byte[] {1, 2, 3}, "", BODY);

        assertThat(isGenuine(source, delivery(BODY, NOW, Map.of("X-Sig", signature)), "zz", "010203"))
                .isTrue();
    }

    @Test
    void without_the_prefix_a_good_signature_is_none() throws Exception {
        String good = hmac("HmacSHA256", "key".getBytes(StandardCharsets.UTF_8), "", BODY);
        WebhookProvider github = source("{\"preset\":\"github\"}");

        for (String shown :
                List.of(good, "sha1=" + good, "SHA256=" + good, "sha256= " + good, "sha256=" + good + "00")) {
            assertThat(isGenuine(github, delivery(BODY, NOW, Map.of("X-Hub-Signature-256", shown)), "key"))
                    .as(shown)
                    .isFalse();
        }
        assertThat(isGenuine(github, delivery(BODY, NOW, Map.of("X-Hub-Signature-256", "sha256=" + good)), "key"))
                .isTrue();
    }

    // --- set-up

    @ParameterizedTest
    @ValueSource(strings = {"5", "[]", "\"stripe\"", "{}", "{\"preset\":\"none\"}", "{\"preset\":\"stripe\",\"x\":1}"})
    void a_description_that_is_not_understood_is_no_source(String described) {
        assertThat(found(described)).isEmpty();
    }

    @Test
    void a_change_of_the_description_counts_at_once() {
        SignedWebhooks webhooks = new SignedWebhooks();
        Settings before = new Settings(new JsonObject("{\"signed\":{\"crm\":{\"preset\":\"github\"}}}"));
        Settings after = new Settings(new JsonObject("{\"signed\":{\"crm\":{\"preset\":\"gitlab\"}}}"));

        assertThat(webhooks.forTenant(before, "crm")).isPresent();
        assertThat(webhooks.forTenant(after, "crm")).isEmpty();
        assertThat(webhooks.forTenant(before, "crm")).isPresent();
    }

    @Test
    void a_source_that_is_not_described_is_none() {
        Settings settings = new Settings(new JsonObject("{\"signed\":{\"crm\":{\"preset\":\"github\"}}}"));
        for (String source : new String[] {null, "", "other", "crm.x", "../crm", "CRM", "x".repeat(300)}) {
            assertThat(new SignedWebhooks().forTenant(settings, source))
                    .as(source)
                    .isEmpty();
        }
    }

    @Test
    void without_a_source_nothing_is_genuine() throws Exception {
        String good = "sha256=" + hmac("HmacSHA256", "0".repeat(64).getBytes(StandardCharsets.UTF_8), "", BODY);
        Delivery delivery = delivery(BODY, NOW, Map.of("X-Hub-Signature-256", good));

        assertThat(isGenuine(new SignedWebhooks(), delivery, "0".repeat(64))).isFalse();
        assertThat(isGenuine(new SignedWebhooks(), delivery)).isFalse();
        assertThat(isGenuine(source("{\"preset\":\"github\"}"), delivery)).isFalse();
    }

    // --- reading

    private static Reading.Event event(WebhookProvider source, Delivery delivery) {
        return ((Reading.Events) source.read(delivery, source.payload(delivery)))
                .events()
                .get(0);
    }

    private static Reading read(WebhookProvider source, String body) {
        Delivery delivery = delivery(body.getBytes(StandardCharsets.UTF_8), NOW, Map.of());
        return source.read(delivery, Payload.json(delivery.body()));
    }

    private static final String SLACK = """
            {"preset": "slack", "message": {"when": {"/event/type": "message"}, "unless": ["/event/bot_id", "/event/subtype"],
             "address": "/event/user", "text": "/event/text", "id": "/event/client_msg_id"}}""";

    @Test
    void what_has_an_address_and_a_text_is_a_message() {
        Reading.Event event =
                ((Reading.Events) read(source(SLACK), """
                        {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "user": "U1",
                         "text": "hi", "client_msg_id": "m1"}}""")).events().get(0);

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.channel()).isEqualTo("custom");
        assertThat(event.address()).isEqualTo("U1");
        assertThat(event.messageId()).isEqualTo("m1");
        assertThat(event.key().value()).isEqualTo("signed.crm:event:Ev1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"event\":{\"type\":\"message\",\"user\":\"U1\",\"text\":\"hi\",\"bot_id\":\"B1\"}}",
                "{\"event\":{\"type\":\"message\",\"user\":\"U1\",\"text\":\"hi\",\"subtype\":\"message_changed\"}}",
                "{\"event\":{\"type\":\"message\",\"text\":\"hi\"}}",
                "{\"event\":{\"type\":\"message\",\"user\":\"U1\",\"text\":\" \"}}",
                "{\"event\":{\"type\":\"message\",\"user\":{},\"text\":\"hi\"}}",
                "{\"event\":{\"type\":\"reaction_added\",\"user\":\"U1\",\"text\":\"hi\"}}",
                "{\"event\":[]}",
                "{}",
            })
    void everything_else_is_stored_and_ignored(String body) {
        Reading.Event event =
                ((Reading.Events) read(source(SLACK), body)).events().get(0);

        assertThat(event.type()).startsWith("other:");
        assertThat(event.job()).isNull();
    }

    @Test
    void slacks_question_is_answered_and_nothing_happened() {
        Reading reading = read(
                source("{\"preset\":\"slack\"}"),
                "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P\"}");

        assertThat(reading)
                .isEqualTo(new Reading.Question(new Reply(
                        "text/plain; charset=utf-8", "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<script>", "a b", "a\\nb", ""})
    void a_question_whose_answer_is_more_than_a_word_is_an_event(String challenge) {
        assertThat(read(
                        source("{\"preset\":\"slack\"}"),
                        "{\"type\":\"url_verification\",\"challenge\":\"" + challenge + "\"}"))
                .isInstanceOf(Reading.Events.class);
    }

    @Test
    void numbers_are_ids_and_addresses_too_and_phones_are_written_in_one_way() {
        WebhookProvider source = source("""
                {"header": "X-Sig", "algorithm": "sha256", "encoding": "hex", "template": "{body}", "event_id": "/id",
                 "message": {"channel": "sms", "address": "/from", "text": "/text"}}""");

        Reading.Event event = ((Reading.Events) read(source, "{\"id\":17,\"from\":\"+1 (555) 0100-001\",\"text\":5}"))
                .events()
                .get(0);

        assertThat(event.key().value()).isEqualTo("signed.crm:event:17");
        assertThat(event.address()).isEqualTo("+15550100001");
    }

    @Test
    void a_type_that_is_no_word_becomes_a_plain_one() {
        WebhookProvider github = source("{\"preset\":\"github\"}");

        assertThat(event(github, delivery(BODY, NOW, Map.of("X-GitHub-Event", "push")))
                        .type())
                .isEqualTo("other:push");
        assertThat(event(github, delivery(BODY, NOW, Map.of("X-GitHub-Event", "<b>")))
                        .type())
                .isEqualTo("other:event");
    }
}
