package dev.parley.ingest.provider.twilio;

import static org.assertj.core.api.Assertions.assertThat;

import com.twilio.security.RequestValidator;
import dev.parley.inbound.Form;
import dev.parley.inbound.Payload;
import dev.parley.ingest.Samples;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Reply;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Form posts, as Twilio sends messages; {@link TwilioJsonWebhooksTest} has the other kind. */
class TwilioWebhooksTest extends WebhookProviderContract {
    static final String TOKEN = "f3b1c2d4e5f60718293a4b5c6d7e8f90";
    static final String BASE = "https://hooks.example.com";
    private static final String PATH = "/webhooks/twilio/smile-dental";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    private final TwilioWebhooks provider = new TwilioWebhooks(BASE);

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
        Form form = Form.of(body).orElse(new Form(List.of()));
        return signed(
                PATH,
                Base64.getEncoder()
                        .encodeToString(TwilioSignature.of(TOKEN.getBytes(StandardCharsets.UTF_8), BASE + PATH, form)));
    }

    private static Map<String, String> signed(String target, String signature) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-Twilio-Signature", signature);
        headers.put(TARGET, target);
        return headers;
    }

    @Override
    protected byte[] body() {
        return form(message());
    }

    @Override
    protected byte[] otherBody() {
        Map<String, String> other = message();
        other.put("MessageSid", "SM99999999999999999999999999999999");
        return form(other);
    }

    private static Map<String, String> message() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("ToCountry", "US");
        fields.put("MessageSid", "SM11111111111111111111111111111111");
        fields.put("AccountSid", "AC00000000000000000000000000000000");
        fields.put("SmsStatus", "received");
        fields.put("From", "+15550100001");
        fields.put("To", "+15559876543");
        fields.put("Body", " Hi 👋 & is 9=nine ok? + 100% ");
        fields.put("NumMedia", "0");
        return fields;
    }

    private static byte[] form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> URLEncoder.encode(field.getKey(), StandardCharsets.UTF_8) + "="
                        + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"))
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static Delivery delivery(String target, byte[] body, String signature) {
        return new Delivery(body, target, Map.of("X-Twilio-Signature", List.of(signature)), NOW, 0);
    }

    // --- Twilio's own code

    /** Twilio's library validates only; that it accepts what our stand-in signs is tested where the stand-in is. */
    @ParameterizedTest
    @ValueSource(strings = {"", "?foo=1&bar=2", "?q=a%20b+c", "/"})
    void twilios_own_library_and_ours_agree_on_every_signature(String query) {
        String url = BASE + PATH + query;
        String ours = Base64.getEncoder()
                .encodeToString(TwilioSignature.of(
                        TOKEN.getBytes(StandardCharsets.UTF_8),
                        url,
                        Form.of(form(message())).orElseThrow()));

        assertThat(new RequestValidator(TOKEN).validate(url, message(), ours)).isTrue();
        assertThat(provider.verify(delivery(PATH + query, form(message()), ours), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
        assertThat(new RequestValidator("x" + TOKEN).validate(url, message(), ours))
                .isFalse();
    }

    // --- by GET

    private static Delivery get(String target, String signature) {
        return Delivery.ofQuery(target, Map.of("X-Twilio-Signature", List.of(signature)), NOW, 0);
    }

    private static String query(Map<String, String> fields) {
        return new String(form(fields), StandardCharsets.US_ASCII);
    }

    private static String signatureOfUrl(String target) {
        return Base64.getEncoder()
                .encodeToString(
                        TwilioSignature.of(TOKEN.getBytes(StandardCharsets.UTF_8), BASE + target, new Form(List.of())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "?own=1&"})
    void by_get_twilios_own_library_and_ours_agree_that_the_whole_url_is_signed(String before) {
        String target = PATH + before + query(message());
        String ours = signatureOfUrl(target);

        assertThat(new RequestValidator(TOKEN).validate(BASE + target, Map.of(), ours))
                .isTrue();
        assertThat(provider.verify(get(target, ours), secrets())).isInstanceOf(Verdict.Genuine.class);
        assertThat(provider.verify(get(target.replace("Hi", "Ho"), ours), secrets()))
                .isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(get(target + "&x=1", ours), secrets())).isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(get(target, ours), somebodyElsesSecrets())).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_message_by_get_is_read_like_one_by_post_and_is_the_same_one() {
        Delivery delivery = get(PATH + "?" + query(message()), "unused");

        Reading read = provider.read(delivery, provider.payload(delivery));

        Reading.Event byGet = ((Reading.Events) read).events().get(0);
        Reading.Event byPost = ((Reading.Events) provider.read(delivery(PATH, body(), "unused"), Payload.form(body())))
                .events()
                .get(0);
        assertThat(byGet.type()).isEqualTo("inbound_message");
        assertThat(byGet.key().value()).isEqualTo(byPost.key().value());
        assertThat(byGet.payload().content()).isEqualTo(byPost.payload().content());
        assertThat(byGet.address()).isEqualTo("+15550100001");
    }

    @Test
    void what_has_no_id_is_told_apart_by_its_query() {
        Delivery one = get(PATH + "?CallSid=CA1", "unused");
        Delivery other = get(PATH + "?CallSid=CA2", "unused");

        assertThat(((Reading.Events) provider.read(one, provider.payload(one)))
                        .events()
                        .get(0)
                        .key()
                        .value())
                .isNotEqualTo(((Reading.Events) provider.read(other, provider.payload(other)))
                        .events()
                        .get(0)
                        .key()
                        .value());
    }

    @Test
    void what_was_signed_as_a_post_is_not_genuine_by_get_nor_the_other_way_round() {
        String form = query(message());
        String posted = signed(body(), NOW).get("X-Twilio-Signature");
        String gotten = signatureOfUrl(PATH + "?" + form);

        assertThat(provider.verify(get(PATH + "?" + form, posted), secrets())).isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(delivery(PATH, body(), gotten), secrets())).isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(delivery(PATH + "?" + form, body(), gotten), secrets()))
                .isInstanceOf(Verdict.Forged.class);
        assertThat(provider.verify(get(PATH, signatureOfUrl(PATH)), secrets()))
                .as("an empty one is genuine, and says nothing")
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void a_json_bodys_url_is_nothing_that_twilio_sends_by_get() {
        String target = PATH + "?bodySHA256=" + "0".repeat(64);

        assertThat(provider.verify(get(target, signatureOfUrl(target)), secrets()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void the_published_vector_is_genuine() {
        JsonObject vector = Samples.json("twilio-signature-vector.json");
        Map<String, String> fields = new LinkedHashMap<>();
        vector.getJsonObject("params").forEach(field -> fields.put(field.getKey(), (String) field.getValue()));
        Delivery delivery = delivery("/myapp.php?foo=1&bar=2", form(fields), vector.getString("X-Twilio-Signature"));

        assertThat(new TwilioWebhooks("https://mycompany.com")
                        .verify(delivery, List.of(Secret.of(vector.getString("auth_token")))))
                .isInstanceOf(Verdict.Genuine.class);
    }

    // --- the URL

    @ParameterizedTest
    @CsvSource({
        "https://hooks.example.com, https://hooks.example.com:443",
        "https://hooks.example.com:443, https://hooks.example.com",
        "http://hooks.example.com, http://hooks.example.com:80",
        "https://hooks.example.com:8443, https://hooks.example.com:8443",
    })
    void the_port_that_the_scheme_implies_may_be_signed_or_not(String configured, String signed) {
        byte[] signature = TwilioSignature.of(
                TOKEN.getBytes(StandardCharsets.UTF_8),
                signed + PATH,
                Form.of(body()).orElseThrow());

        assertThat(new TwilioWebhooks(configured)
                        .verify(delivery(PATH, body(), Base64.getEncoder().encodeToString(signature)), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void another_path_or_query_than_the_signed_one_is_refused() {
        String signature = signed(body(), NOW).get("X-Twilio-Signature");
        for (String other : List.of(PATH + "?x=1", PATH + "/", "/webhooks/twilio/another", "", PATH + "#f")) {
            assertThat(provider.verify(delivery(other, body(), signature), secrets()))
                    .as(other)
                    .isInstanceOf(Verdict.Forged.class);
        }
    }

    @Test
    void what_the_request_says_about_its_host_is_not_believed() {
        Map<String, List<String>> headers = Map.of(
                "X-Twilio-Signature", List.of(signed(body(), NOW).get("X-Twilio-Signature")),
                "Host", List.of("evil.example"),
                "X-Forwarded-Host", List.of("hooks.example.com"));

        assertThat(provider.verify(new Delivery(body(), PATH, headers, NOW, 0), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
        assertThat(new TwilioWebhooks("https://evil.example")
                        .verify(new Delivery(body(), PATH, headers, NOW, 0), secrets()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void without_a_configured_url_nothing_is_genuine() {
        byte[] signature = TwilioSignature.of(
                TOKEN.getBytes(StandardCharsets.UTF_8),
                "https://not-configured.invalid" + PATH,
                Form.of(body()).orElseThrow());

        for (String unset : new String[] {null, "", " "}) {
            assertThat(new TwilioWebhooks(unset)
                            .verify(delivery(PATH, body(), Base64.getEncoder().encodeToString(signature)), secrets()))
                    .isInstanceOf(Verdict.Forged.class);
        }
    }

    @Test
    void a_tenant_may_be_seen_under_another_url() {
        Settings settings =
                new Settings(new JsonObject().put("twilio", new JsonObject().put("public_url", BASE + "/")));
        WebhookProvider theirs = new TwilioWebhooks("https://elsewhere.example")
                .forTenant(settings, null)
                .orElseThrow();

        assertThat(theirs.verify(delivery(PATH, body(), signed(body(), NOW).get("X-Twilio-Signature")), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void the_primary_and_the_secondary_token_both_verify() {
        List<Secret> both = List.of(Secret.of("another"), Secret.of(TOKEN));

        assertThat(provider.verify(delivery(PATH, body(), signed(body(), NOW).get("X-Twilio-Signature")), both))
                .isInstanceOf(Verdict.Genuine.class);
    }

    // --- what it means

    private List<Reading.Event> events(Map<String, String> fields) {
        Delivery delivery = delivery(PATH, form(fields), "");
        return ((Reading.Events) provider.read(delivery, provider.payload(delivery))).events();
    }

    private Reading.Event event(Map<String, String> fields) {
        assertThat(events(fields)).hasSize(1);
        return events(fields).get(0);
    }

    @Test
    void an_sms_is_an_inbound_message_kept_word_for_word() {
        Reading.Event event = event(message());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo("sms");
        assertThat(event.address()).isEqualTo("+15550100001");
        assertThat(event.messageId()).isEqualTo("SM11111111111111111111111111111111");
        assertThat(event.key().value()).isEqualTo("twilio:message:SM11111111111111111111111111111111");
        assertThat(event.payload().content().getString("Body")).isEqualTo(" Hi 👋 & is 9=nine ok? + 100% ");
    }

    @ParameterizedTest
    @CsvSource({
        "whatsapp:+15550100001, whatsapp, +15550100001",
        "whatsapp:US.13491208655302741918, whatsapp, US.13491208655302741918",
        "messenger:1234, facebook, 1234",
        "rcs:brand_agent, custom, rcs:brand_agent",
        "22395, sms, 22395",
        "ACME, sms, ACME",
    })
    void the_address_names_its_channel(String from, String channel, String address) {
        Map<String, String> fields = message();
        fields.put("From", from);

        assertThat(event(fields).channel()).isEqualTo(channel);
        assertThat(event(fields).address()).isEqualTo(address);
    }

    @ParameterizedTest
    @CsvSource({"STOP, 2", "START, 2", "HELP, 1", "stop, 2", "SOMETHING, 1"})
    void an_opt_out_that_twilio_recognised_is_a_message_and_a_mark(String type, int count) {
        Map<String, String> fields = message();
        fields.put("OptOutType", type);

        List<Reading.Event> events = events(fields);

        assertThat(events).hasSize(count);
        assertThat(events.get(0).type()).isEqualTo("inbound_message");
        if (count == 2) {
            assertThat(events.get(1).type()).isEqualTo("contact_dnd");
            assertThat(events.get(1).job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
            assertThat(events.get(1).address()).isEqualTo("+15550100001");
            assertThat(events.get(1).key()).isNotEqualTo(events.get(0).key());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"queued", "sending", "sent", "delivered", "undelivered", "failed", "read"})
    void a_status_callback_is_about_the_customer_it_was_sent_to(String status) {
        Map<String, String> fields = message();
        fields.remove("Body");
        fields.put("SmsStatus", status);
        fields.put("MessageStatus", status);
        fields.put("From", "+15559876543");
        fields.put("To", "whatsapp:+15550100001");

        Reading.Event event = event(fields);

        assertThat(event.type()).isEqualTo("delivery_status");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event.channel()).isEqualTo("whatsapp");
        assertThat(event.address()).isEqualTo("+15550100001");
        assertThat(event.key().value()).isEqualTo("twilio:status:SM11111111111111111111111111111111:" + status + ":");
    }

    @Test
    void each_state_of_a_message_is_an_event_of_its_own_and_comes_once() {
        Map<String, String> sent = message();
        sent.put("MessageStatus", "sent");
        Map<String, String> failed = message();
        failed.put("MessageStatus", "failed");
        failed.put("ErrorCode", "30003");

        assertThat(event(sent).key())
                .isEqualTo(event(sent).key())
                .isNotEqualTo(event(failed).key());
    }

    @Test
    void a_message_from_nobody_is_quarantined() {
        Map<String, String> fields = message();
        fields.remove("From");

        assertThat(event(fields).quarantine()).contains("no From");
    }

    @Test
    void calls_and_unknown_posts_are_stored_and_ignored() {
        assertThat(event(Map.of("CallSid", "CA1", "CallStatus", "ringing")).type())
                .isEqualTo("other:call");
        assertThat(event(Map.of("Hello", "there")).type()).isEqualTo("other:unknown");
        assertThat(event(Map.of("MessageSid", "SM1")).type()).isEqualTo("other:message");
    }

    @Test
    void twilio_is_answered_in_its_own_language_and_told_to_do_nothing() {
        assertThat(provider.reply())
                .hasValueSatisfying(reply -> assertThat(reply)
                        .extracting(Reply::contentType, Reply::body)
                        .containsExactly("text/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>"));
    }

    @Test
    void a_repeated_name_is_signed_once_for_each_different_value() {
        byte[] body = "MessageSid=SM1&X=b&X=a&X=b&From=%2B15550100&Body=".getBytes(StandardCharsets.US_ASCII);
        byte[] signature = TwilioSignature.of(
                TOKEN.getBytes(StandardCharsets.UTF_8),
                BASE + PATH,
                Form.of("Body=&From=%2B15550100&MessageSid=SM1&X=a&X=b".getBytes(StandardCharsets.US_ASCII))
                        .orElseThrow());

        assertThat(provider.verify(delivery(PATH, body, Base64.getEncoder().encodeToString(signature)), secrets()))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void the_payload_of_a_form_is_an_object_of_strings() {
        Payload payload = provider.payload(delivery(PATH, form(message()), ""));

        assertThat(payload.stored()).startsWith("{\"ToCountry\":\"US\"");
    }
}
