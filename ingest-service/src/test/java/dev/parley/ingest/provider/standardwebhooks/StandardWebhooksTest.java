package dev.parley.ingest.provider.standardwebhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.Samples;
import dev.parley.ingest.TestKey;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StandardWebhooksTest extends WebhookProviderContract {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    private final StandardWebhooks provider = new StandardWebhooks(Duration.ofMinutes(5));

    @Override
    protected WebhookProvider provider() {
        return provider;
    }

    @Override
    protected List<Secret> secrets() {
        return List.of(Secret.of(SECRET));
    }

    @Override
    protected List<Secret> somebodyElsesSecrets() {
        return List.of(Secret.of("whsec_" + Base64.getEncoder().encodeToString(new byte[32])));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return signed("msg_1", String.valueOf(at.getEpochSecond()), body);
    }

    @Override
    protected Map<String, String> signedAsAnother(byte[] body) {
        return signed("msg_2", String.valueOf(NOW.getEpochSecond()), body);
    }

    @Override
    protected byte[] body() {
        return """
                {"type":"message.received","data":{"message_id":"m1","channel":"sms","address":"+15550100",\
                "name":"Ada","text":"hello","sent_at":"2026-11-21T10:15:29Z"}}""".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected byte[] otherBody() {
        return "{\"type\":\"message.status\",\"data\":{}}".getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, String> signed(String id, String timestamp, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("webhook-id", id);
        headers.put("webhook-timestamp", timestamp);
        headers.put("webhook-signature", "v1," + hmac(id, timestamp, body));
        return headers;
    }

    private static String hmac(String id, String timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(SECRET.substring(6)), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Verdict verdict(Map<String, String> headers, Secret... secrets) {
        return provider.verify(delivery(body(), headers), List.of(secrets));
    }

    // --- published vectors

    private static Verdict ofVector(String version, String key) {
        JsonObject vector = Samples.json("standardwebhooks-vectors.json").getJsonObject(version);
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (String name : List.of("webhook-id", "webhook-timestamp", "webhook-signature")) {
            headers.put(name, List.of(vector.getString(name)));
        }
        Instant then = Instant.ofEpochSecond(Long.parseLong(vector.getString("webhook-timestamp")));
        Delivery delivery = new Delivery(vector.getString("body").getBytes(StandardCharsets.UTF_8), headers, then, 0);
        return new StandardWebhooks(Duration.ofMinutes(5)).verify(delivery, List.of(Secret.of(vector.getString(key))));
    }

    @Test
    void the_published_v1_vector_is_genuine() {
        assertThat(ofVector("v1", "secret")).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void the_published_v1a_vector_is_genuine() {
        assertThat(ofVector("v1a", "public_key")).isInstanceOf(Verdict.Genuine.class);
    }

    // --- signatures

    @Test
    void any_good_signature_in_the_list_is_enough() {
        Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW));
        headers.compute("webhook-signature", (name, good) -> "v1,bm90IGl0 v2,c29tZXRoaW5n " + good + " v1a,bm90IGl0");

        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void symmetric_and_asymmetric_secrets_can_be_rotated_into_each_other() {
        TestKey key = new TestKey(7);
        byte[] body = body();
        String prefix = "msg_1." + NOW.getEpochSecond() + ".";
        byte[] message = (prefix + new String(body, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new LinkedHashMap<>(signed(body, NOW));
        headers.put("webhook-signature", "v1a," + key.sign(message));
        Secret asymmetric = Secret.of("whpk_" + Base64.getEncoder().encodeToString(key.publicKey()));

        assertThat(verdict(headers, asymmetric, Secret.of(SECRET))).isInstanceOf(Verdict.Genuine.class);
        assertThat(verdict(signed(body, NOW), asymmetric, Secret.of(SECRET))).isInstanceOf(Verdict.Genuine.class);
        assertThat(verdict(headers, Secret.of(SECRET))).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_v1a_label_does_not_make_an_hmac_of_the_public_key_genuine() {
        TestKey key = new TestKey(7);
        String publicKey = Base64.getEncoder().encodeToString(key.publicKey());
        Map<String, String> headers = signed(body(), NOW);

        assertThat(verdict(headers, Secret.of("whpk_" + publicKey))).isInstanceOf(Verdict.Forged.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "whsec_", "whsec_AAAA", "whsec_not base64", "whpk_AAAA", "whsk_AAAA", "plain", "whpk_!"})
    void a_malformed_secret_verifies_nothing_and_harms_no_other(String malformed) {
        assertThat(verdict(signed(body(), NOW), Secret.of(malformed))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(signed(body(), NOW), Secret.of(malformed), Secret.of(SECRET)))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void id_and_timestamp_without_dots_so_that_nothing_can_be_cut_elsewhere() {
        String time = String.valueOf(NOW.getEpochSecond());

        assertThat(verdict(body(), signed("msg.1", time, body()))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), signed("msg_1", time + ".0", body()))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), signed("msg_1", "+" + time, body()))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), signed("msg_1", "9".repeat(30), body()))).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void bytes_are_signed_not_text() {
        byte[] invalidUtf8 = {'{', (byte) 0xFF, '}'};
        byte[] otherInvalidUtf8 = {'{', (byte) 0xFE, '}'};

        assertThat(verdict(invalidUtf8, signed(invalidUtf8, NOW))).isInstanceOf(Verdict.Genuine.class);
        assertThat(verdict(otherInvalidUtf8, signed(invalidUtf8, NOW))).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_flood_of_signatures_costs_no_more_than_a_few() {
        Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW));
        headers.compute("webhook-signature", (name, good) -> "v1,AAAA ".repeat(100) + good);

        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Forged.class);
    }

    // --- time

    @ParameterizedTest
    @CsvSource({"-300,true", "300,true", "-301,false", "301,false", "-86400,false"})
    void five_minutes_either_way_are_tolerated(long seconds, boolean genuine) {
        Verdict verdict = verdict(body(), signed(body(), NOW.plusSeconds(seconds)));

        assertThat(verdict).isInstanceOf(genuine ? Verdict.Genuine.class : Verdict.Stale.class);
    }

    @Test
    void a_changed_timestamp_is_forged_not_stale() {
        Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW.minusSeconds(3600)));
        headers.put("webhook-timestamp", String.valueOf(NOW.getEpochSecond()));

        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Forged.class);
    }

    // --- meaning

    @Test
    void a_received_message_is_a_message() {
        Reading.Event event = event(body());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo("sms");
        assertThat(event.address()).isEqualTo("+15550100");
        assertThat(event.messageId()).isEqualTo("m1");
        assertThat(event.eventId()).isEqualTo("msg_1");
        assertThat(event.key().value()).isEqualTo("standard-webhooks:wh:msg_1");
    }

    @Test
    void sent_messages_and_statuses_go_to_the_status_job() {
        assertThat(event("{\"type\":\"message.sent\",\"data\":{\"message_id\":\"m\"}}")
                        .type())
                .isEqualTo("outbound_message");
        assertThat(event("{\"type\":\"message.status\",\"data\":{\"message_id\":\"m\",\"status\":\"read\"}}")
                        .type())
                .isEqualTo("delivery_status");
        assertThat(event("{\"type\":\"message.status\",\"data\":{}}").job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event("{\"type\":\"invoice.paid\"}").type()).isEqualTo("other:invoice.paid");
    }

    @ParameterizedTest
    @CsvSource({
        "SMS,+1 555 0100,sms,+15550100",
        "email,Ada <Ada@Example.com>,email,ada@example.com",
        "webchat, visitor-7,webchat,visitor-7",
        "pigeon,Loft 3,custom,Loft 3"
    })
    void addresses_are_written_one_way(String channel, String address, String stored, String normal) {
        Reading.Event event = event(new JsonObject()
                .put("type", "message.received")
                .put("data", new JsonObject().put("channel", channel).put("address", address))
                .encode());

        assertThat(event.channel()).isEqualTo(stored);
        assertThat(event.address()).isEqualTo(normal);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"message.received\"}",
                "{\"type\":\"message.received\",\"data\":[]}",
                "{\"type\":\"message.received\",\"data\":{\"channel\":\"sms\"}}",
                "{\"type\":\"message.received\",\"data\":{\"address\":\"+1555\"}}",
                "{\"type\":7}",
                "{}"
            })
    void what_cannot_be_answered_is_for_a_person_to_look_at(String body) {
        assertThat(event(body).quarantine()).isNotNull();
        assertThat(event(body).job()).isNull();
    }

    // --- the specification's own library, com.standardwebhooks, and Svix's

    /** A library that is not ours. */
    private record Library(Signer signer, Verifier verifier) {
        interface Signer {
            String sign(String id, long seconds, String text) throws Exception;
        }

        interface Verifier {
            void verify(String text, Map<String, List<String>> headers) throws Exception;
        }
    }

    private static Library library(String whose) throws Exception {
        if (whose.equals("svix")) {
            com.svix.Webhook webhook = new com.svix.Webhook(SECRET);
            return new Library(webhook::sign, webhook::verify);
        }
        com.standardwebhooks.Webhook webhook = new com.standardwebhooks.Webhook(SECRET);
        return new Library(webhook::sign, webhook::verify);
    }

    @ParameterizedTest
    @ValueSource(strings = {"standardwebhooks", "svix"})
    void what_their_own_libraries_sign_is_genuine(String whose) throws Exception {
        String text = new String(body(), StandardCharsets.UTF_8);
        String signature = library(whose).signer().sign("msg_lib", NOW.getEpochSecond(), text);
        Map<String, String> headers = Map.of(
                "webhook-id",
                "msg_lib",
                "webhook-timestamp",
                String.valueOf(NOW.getEpochSecond()),
                "webhook-signature",
                signature);

        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Genuine.class);
        assertThat(verdict(otherBody(), headers)).isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(delivery(body(), headers), somebodyElsesSecrets()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"standardwebhooks", "svix"})
    void what_our_senders_sign_their_own_libraries_verify(String whose) throws Exception {
        // Their clock is the real one.
        Instant now = Instant.now();
        String text = new String(body(), StandardCharsets.UTF_8);
        Map<String, List<String>> headers = new LinkedHashMap<>();
        signed(body(), now).forEach((name, value) -> headers.put(name, List.of(value)));
        Library library = library(whose);

        assertThatCode(() -> library.verifier().verify(text, headers)).doesNotThrowAnyException();
        assertThatThrownBy(() -> library.verifier().verify(text + " ", headers))
                .hasMessageContaining("atching signature");
    }
}
