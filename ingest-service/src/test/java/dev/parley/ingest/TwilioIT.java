package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.twilio.security.RequestValidator;
import dev.parley.ingest.provider.Hmac;
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
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twilio's webhooks by GET, over HTTP, on a real database; Twilio's own library says that they are signed as it does. */
@QuarkusTest
@QuarkusTestResource(value = IngestDatabase.class, restrictToAnnotatedClass = true)
@Timeout(60)
class TwilioIT {
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    TestDatabase db;

    @TestHTTPResource
    URI port;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private TenantId tenant;
    private String path;

    @BeforeEach
    void a_tenant_with_twilio() {
        String slug = "tenant-" + UUID.randomUUID();
        Fixtures given = new Fixtures(db);

        tenant = given.tenant(slug, "{\"twilio\": {\"public_url\": \"https://hooks.example.com\"}}");
        path = "/webhooks/twilio/" + slug;
        given.credentials(
                tenant,
                "webhook:twilio",
                Vault.of(IngestDatabase.VAULT_KEY)
                        .seal(tenant, "webhook:twilio", new JsonObject().put("secrets", new JsonArray().add(TOKEN))),
                1);
        String probe = path + "?CallSid=CA-" + UUID.randomUUID();
        await().until(() -> get(probe, signed(probe)).statusCode() == 200);
    }

    private static String signed(String target) {
        String url = "https://hooks.example.com" + target;
        String signature = Base64.getEncoder()
                .encodeToString(Hmac.of(
                        Hmac.SHA1, TOKEN.getBytes(StandardCharsets.UTF_8), url.getBytes(StandardCharsets.UTF_8)));
        assertThat(new RequestValidator(TOKEN).validate(url, Map.of(), signature))
                .isTrue();
        return signature;
    }

    private HttpResponse<String> get(String target, String signature) throws Exception {
        return send("GET", target, signature, HttpRequest.BodyPublishers.noBody());
    }

    private HttpResponse<String> send(String method, String target, String signature, HttpRequest.BodyPublisher body)
            throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://" + port.getAuthority() + target))
                        .header("X-Twilio-Signature", signature)
                        .method(method, body)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String message(String sid, String words) {
        return path + "?MessageSid=" + sid
                + "&SmsStatus=received&From=%2B15550100001&To=%2B15559876543&NumMedia=0&Body="
                + URLEncoder.encode(words, StandardCharsets.UTF_8);
    }

    private long events() {
        return db.count("bot.inbound_events WHERE tenant_id = '" + tenant + "' AND event_type NOT LIKE 'other:%'");
    }

    @Test
    void a_message_by_get_is_stored_once_and_answered_with_nothing_to_say() throws Exception {
        String target = message("SM1", "Hi 👋 & is 9=nine ok? + 100%");

        HttpResponse<String> first = get(target, signed(target));
        HttpResponse<String> again = get(target, signed(target));

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.body()).contains("<Response/>");
        assertThat(first.headers().firstValue("Parley-Status")).contains("accepted");
        assertThat(again.headers().firstValue("Parley-Status")).contains("duplicate");
        assertThat(again.headers().firstValue("Parley-Trace-Id"))
                .isEqualTo(first.headers().firstValue("Parley-Trace-Id"));
        assertThat(db.rows(
                        "SELECT channel_address, payload ->> 'Body' AS body FROM bot.inbound_events"
                                + " WHERE tenant_id = ? AND event_type = 'inbound_message'",
                        tenant.value()))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("channel_address", "+15550100001")
                        .containsEntry("body", "Hi 👋 & is 9=nine ok? + 100%"));
    }

    @Test
    void the_longest_message_there_is_fits_into_a_get() throws Exception {
        String target = message("SM2", "好".repeat(1600));

        assertThat(get(target, signed(target)).statusCode()).isEqualTo(200);
        assertThat(db.value(
                        Integer.class,
                        "SELECT length(payload ->> 'Body') FROM bot.inbound_events WHERE tenant_id = ?"
                                + " AND event_type = 'inbound_message'",
                        tenant.value()))
                .isEqualTo(1600);
    }

    @Test
    void a_get_that_is_not_signed_or_signed_for_something_else_is_401_and_stored_nowhere() throws Exception {
        String target = message("SM3", "hello");

        assertThat(get(target, signed(message("SM4", "hello"))).statusCode()).isEqualTo(401);
        assertThat(get(target, "x").statusCode()).isEqualTo(401);
        assertThat(get(target + "&Body=evil", signed(target)).statusCode()).isEqualTo(401);
        String stranger = "/webhooks/twilio/nobody" + target.substring(target.indexOf('?'));
        assertThat(get(stranger, signed(stranger)).statusCode()).isEqualTo(401);
        assertThat(events()).isZero();
    }

    @Test
    void a_get_with_a_body_is_405_because_nobody_can_have_signed_that() throws Exception {
        String target = message("SM5", "hello");

        HttpResponse<String> answer =
                send("GET", target, signed(target), HttpRequest.BodyPublishers.ofString("Body=evil"));

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("POST, GET");
        assertThat(events()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ghl", "chatwoot", "telegram", "standard-webhooks", "whatsapp", "signed.stripe", "unknown"})
    void a_get_to_any_other_provider_is_405_as_ever(String provider) throws Exception {
        HttpResponse<String> answer = get("/webhooks/" + provider + "/nobody?MessageSid=SM6", "x");

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("POST");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS"})
    void other_methods_are_405_here_too(String method) throws Exception {
        String target = message("SM7", "hello");

        assertThat(send(method, target, signed(target), HttpRequest.BodyPublishers.noBody())
                        .statusCode())
                .isEqualTo(405);
    }
}
