package dev.parley.ingest.provider.signed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.stripe.exception.SignatureVerificationException;
import com.stripe.net.Webhook;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Signed by Stripe's own library. */
class StripePresetTest extends WebhookProviderContract {
    private static final String SECRET = "whsec_test_secret";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");
    private static final Settings SETTINGS =
            new Settings(new JsonObject("{\"signed\":{\"stripe\":{\"preset\":\"stripe\"}}}"));

    private final WebhookProvider provider =
            new SignedWebhooks().forTenant(SETTINGS, "stripe").orElseThrow();

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
        return List.of(Secret.of("whsec_another"));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return header("t=" + at.getEpochSecond() + ",v1=" + hex(SECRET, at.getEpochSecond(), body) + ",v0=6ffbb59b");
    }

    private static Map<String, String> header(String value) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Stripe-Signature", value);
        return headers;
    }

    /** Stripe's library takes text; ISO-8859-1 there and back would not be what it signs, so other bytes go by ours. */
    private static String hex(String secret, long at, byte[] body) {
        try {
            String text = new String(body, StandardCharsets.UTF_8);
            if (java.util.Arrays.equals(text.getBytes(StandardCharsets.UTF_8), body)) {
                return Webhook.Util.computeHmacSha256(secret, at + "." + text);
            }
            return SignedSourceTest.hmac("HmacSHA256", secret.getBytes(StandardCharsets.UTF_8), at + ".", body);
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected byte[] body() {
        return """
                {"id":"evt_1NG8Du2eZvKYlo2CUI79vXWy","object":"event","type":"customer.created","data":{"object":{}}}""".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected byte[] otherBody() {
        return "{\"id\":\"evt_2\",\"type\":\"charge.failed\"}".getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void stripes_own_library_agrees_with_us_about_forgery_and_truth() throws Exception {
        long now = Instant.now().getEpochSecond();
        String text = new String(body(), StandardCharsets.UTF_8);
        String header = "t=" + now + ",v1=" + hex(SECRET, now, body());

        assertThat(Webhook.Signature.verifyHeader(text, header, SECRET, 300)).isTrue();
        assertThat(provider.verify(deliveryAt(body(), header(header), Instant.now()), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
        assertThatThrownBy(() -> Webhook.Signature.verifyHeader(text + " ", header, SECRET, 300))
                .isInstanceOf(SignatureVerificationException.class);
    }

    @ParameterizedTest
    @CsvSource({"-300, true", "-301, false", "300, true", "301, false"})
    void five_minutes_either_way_are_believed(int seconds, boolean isGenuine) {
        Verdict verdict = provider.verify(deliveryAt(body(), signed(body(), NOW.plusSeconds(seconds)), NOW), secrets());

        assertThat(verdict).isInstanceOf(isGenuine ? Verdict.Genuine.class : Verdict.Stale.class);
    }

    @Test
    void one_good_signature_of_several_is_enough() {
        long at = NOW.getEpochSecond();
        String header = "t=" + at + ",v1=" + "0".repeat(64) + ",v1=" + hex(SECRET, at, body());

        assertThat(verdict(body(), header(header))).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void a_good_signature_of_another_scheme_or_with_two_times_is_none() {
        long at = NOW.getEpochSecond();
        String good = hex(SECRET, at, body());

        for (String header : List.of(
                "t=" + at + ",v0=" + good,
                "t=" + at + ",t=" + at + ",v1=" + good,
                "v1=" + good,
                "t=" + at + ",v1=",
                "t=x,v1=" + good,
                "t=" + at + ";v1=" + good)) {
            assertThat(verdict(body(), header(header))).as(header).isInstanceOf(Verdict.Forged.class);
        }
    }

    @Test
    void an_event_is_known_by_its_id_and_ignored_by_its_type() {
        assertThat(event(body()).type()).isEqualTo("other:customer.created");
        assertThat(event(body()).key().value()).isEqualTo("signed.stripe:event:evt_1NG8Du2eZvKYlo2CUI79vXWy");
        assertThat(event(body()).job()).isNull();
    }
}
