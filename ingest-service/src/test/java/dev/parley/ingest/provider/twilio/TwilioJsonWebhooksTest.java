package dev.parley.ingest.provider.twilio;

import static org.assertj.core.api.Assertions.assertThat;

import com.twilio.security.RequestValidator;
import dev.parley.inbound.Form;
import dev.parley.ingest.Samples;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Bodies that are no forms: the URL bears their hash and is signed alone. */
class TwilioJsonWebhooksTest extends WebhookProviderContract {
    private static final String TOKEN = TwilioWebhooksTest.TOKEN;
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");
    private static final Form NOTHING = new Form(List.of());

    private final TwilioWebhooks provider = new TwilioWebhooks(TwilioWebhooksTest.BASE);

    @Override
    protected WebhookProvider provider() {
        return provider;
    }

    @Override
    protected List<Secret> secrets() {
        return List.of(Secret.of(TOKEN));
    }

    @Override
    protected List<Secret> somebodyElsesSecrets() {
        return List.of(Secret.of("00000000000000000000000000000000"));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return signed("/webhooks/twilio/smile-dental?x=1&bodySHA256=" + sha256(body));
    }

    private static Map<String, String> signed(String target) {
        byte[] signature =
                TwilioSignature.of(TOKEN.getBytes(StandardCharsets.UTF_8), TwilioWebhooksTest.BASE + target, NOTHING);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-Twilio-Signature", Base64.getEncoder().encodeToString(signature));
        headers.put(TARGET, target);
        return headers;
    }

    private static String sha256(byte[] body) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected byte[] body() {
        return """
                {"MessageSid":"SM1","SmsStatus":"received","From":"whatsapp:+15550100001","To":"whatsapp:+15559876543",\
                "Body":"hi","NumMedia":"0"}""".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected byte[] otherBody() {
        return "{\"MessageSid\":\"SM2\",\"MessageStatus\":\"sent\"}".getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void twilios_own_library_agrees() throws java.net.URISyntaxException {
        Map<String, String> headers = signed(body(), NOW);
        String url = TwilioWebhooksTest.BASE + headers.get(TARGET);

        assertThat(new RequestValidator(TOKEN)
                        .validate(url, new String(body(), StandardCharsets.UTF_8), headers.get("X-Twilio-Signature")))
                .isTrue();
        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void the_published_vector_is_genuine() {
        JsonObject vector = Samples.json("twilio-signature-vector.json").getJsonObject("json_body_variant");
        Delivery delivery = new Delivery(
                vector.getString("body").getBytes(StandardCharsets.UTF_8),
                vector.getString("url").substring("https://mycompany.com".length()),
                Map.of("X-Twilio-Signature", List.of(vector.getString("X-Twilio-Signature"))),
                NOW,
                0);

        assertThat(new TwilioWebhooks("https://mycompany.com").verify(delivery, List.of(Secret.of("12345"))))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void a_captured_signature_of_a_url_does_not_open_it_to_other_bodies() {
        Map<String, String> captured = signed(body(), NOW);

        // The signature covers the URL alone; as a form without fields the body would not be covered at all.
        assertThat(verdict(new byte[0], captured)).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict("MessageSid=SM3&From=%2B1".getBytes(StandardCharsets.UTF_8), captured))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void two_hashes_in_a_url_are_none() {
        String twice = "/webhooks/twilio/a?bodySHA256=" + sha256(body()) + "&bodySHA256=" + sha256(otherBody());

        assertThat(verdict(body(), signed(twice))).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void the_content_type_decides_nothing() {
        Map<String, String> headers = signed(body(), NOW);
        headers.put("Content-Type", "application/x-www-form-urlencoded");

        assertThat(verdict(body(), headers)).isInstanceOf(Verdict.Genuine.class);
        assertThat(event(body()).type()).isEqualTo("inbound_message");
        assertThat(event(body()).channel()).isEqualTo("whatsapp");
    }
}
