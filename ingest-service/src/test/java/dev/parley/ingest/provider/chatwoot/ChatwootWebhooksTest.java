package dev.parley.ingest.provider.chatwoot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ingest.Samples;
import dev.parley.ingest.provider.Hmac;
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
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatwootWebhooksTest extends WebhookProviderContract {
    private static final String SECRET = "fVh3YkzVmDzB1F5wKq3cUo7A";
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    private final ChatwootWebhooks provider = new ChatwootWebhooks(Duration.ofMinutes(5));

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
        return List.of(Secret.of("another-tenants-secret"));
    }

    @Override
    protected Map<String, String> signed(byte[] body, Instant at) {
        return signedBy(SECRET, body, String.valueOf(at.getEpochSecond()));
    }

    private static Map<String, String> signedBy(String secret, byte[] body, String timestamp) {
        byte[] code = Hmac.of(
                Hmac.SHA256,
                secret.getBytes(StandardCharsets.UTF_8),
                (timestamp + ".").getBytes(StandardCharsets.UTF_8),
                body);
        return Map.of(
                "X-Chatwoot-Signature", "sha256=" + HexFormat.of().formatHex(code), "X-Chatwoot-Timestamp", timestamp);
    }

    @Override
    protected byte[] body() {
        return Samples.bytes("chatwoot-message_created.json");
    }

    @Override
    protected byte[] otherBody() {
        return Samples.bytes("chatwoot-message_created-live.json");
    }

    private static JsonObject live() {
        return Samples.json("chatwoot-message_created-live.json");
    }

    private Reading.Event event(JsonObject json) {
        return event(json.toBuffer().getBytes());
    }

    // --- who sent it

    @ParameterizedTest
    @CsvSource({"-301, false", "-300, true", "300, true", "301, false"})
    void an_attempt_of_another_time_is_stale(long seconds, boolean genuine) {
        Map<String, String> headers = signed(body(), NOW.plusSeconds(seconds));

        assertThat(verdict(body(), headers)).isInstanceOf(genuine ? Verdict.Genuine.class : Verdict.Stale.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-5", "1e9", "99999999999999"})
    void a_time_that_is_none_is_forged_even_when_it_is_signed(String timestamp) {
        assertThat(verdict(body(), signedBy(SECRET, body(), timestamp))).isInstanceOf(Verdict.Forged.class);
    }

    private static Map<String, String> login(String userAndPassword) {
        return Map.of(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8)));
    }

    private Verdict verdictWith(List<String> secrets, Map<String, String> headers) {
        return provider.verify(
                delivery(body(), headers), secrets.stream().map(Secret::of).toList());
    }

    @Test
    void a_version_that_cannot_sign_logs_in_by_its_url() {
        List<String> secrets = List.of("url:p4ss:w0rd", "url:older");

        assertThat(verdictWith(secrets, login("parley:p4ss:w0rd"))).isInstanceOf(Verdict.Genuine.class);
        assertThat(verdictWith(secrets, login("anybody:older"))).isInstanceOf(Verdict.Genuine.class);
        for (String wrong : List.of("parley:", "parley:wrong", "", "p4ss:w0rd:", "parley:url:p4ss:w0rd")) {
            assertThat(verdictWith(secrets, login(wrong))).as(wrong).isInstanceOf(Verdict.Forged.class);
        }
        assertThat(verdictWith(List.of("url:"), login("parley:"))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdictWith(secrets, Map.of("Authorization", "Basic %%%"))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdictWith(secrets, Map.of("Authorization", "Bearer p4ss:w0rd")))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_bad_signature_is_never_rescued_by_a_good_password() {
        List<String> secrets = List.of(SECRET, "url:password");
        Map<String, String> both = new HashMap<>(login("parley:password"));
        assertThat(verdictWith(secrets, both)).isInstanceOf(Verdict.Genuine.class);

        for (String bad : List.of("sha256=00", "", "N/A")) {
            both.put("X-Chatwoot-Signature", bad);
            assertThat(verdictWith(secrets, both)).as("'%s'", bad).isInstanceOf(Verdict.Forged.class);
        }
        both.remove("X-Chatwoot-Signature");
        both.put("X-Chatwoot-Timestamp", "1");
        assertThat(verdictWith(secrets, both)).as("half a signature").isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_signing_secret_is_no_password_and_a_password_signs_nothing() {
        assertThat(verdictWith(List.of(SECRET), login("parley:" + SECRET))).isInstanceOf(Verdict.Forged.class);
        String time = String.valueOf(NOW.getEpochSecond());
        for (String key : List.of("password", "url:password")) {
            assertThat(verdictWith(List.of("url:password"), signedBy(key, body(), time)))
                    .as(key)
                    .isInstanceOf(Verdict.Forged.class);
        }
        String decoy = "nobody has this secret, comparing with it only takes time";
        assertThat(verdictWith(List.of(SECRET), login("parley:" + decoy))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdictWith(List.of(), signedBy(decoy, body(), time))).isInstanceOf(Verdict.Forged.class);
    }

    // --- what it says

    @Test
    void the_documentations_sample_is_a_message() {
        Reading.Event event = event(body());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo("custom");
        assertThat(event.address()).isEqualTo("1");
        assertThat(event.messageId()).isEqualTo("1");
        assertThat(event.key().value()).isEqualTo("chatwoot:message_created:1:1");
    }

    @Test
    void a_message_as_it_really_comes_is_known_by_contact_and_inbox() {
        Reading.Event event = event(live());

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.channel()).isEqualTo("webchat");
        assertThat(event.address()).isEqualTo("17/3");
        assertThat(event.messageId()).isEqualTo("4711");
        assertThat(event.key().value()).isEqualTo("chatwoot:message_created:2:4711");
    }

    @Test
    void the_account_webhook_and_the_bots_tell_of_one_message_once() {
        JsonObject fromBot = live().put("inbox", new JsonObject().put("id", 3).put("name", "of the bot"));

        assertThat(event(fromBot).key()).isEqualTo(event(live()).key());
    }

    @ParameterizedTest
    @CsvSource({
        "Channel::WebWidget,webchat",
        "Channel::Whatsapp,whatsapp",
        "Channel::TwilioSms,sms",
        "Channel::Sms,sms",
        "Channel::Email,email",
        "Channel::FacebookPage,facebook",
        "Channel::Instagram,instagram",
        "Channel::Api,custom",
        "Channel::Line,custom"
    })
    void channels_have_our_words(String theirs, String ours) {
        JsonObject json = live();
        json.getJsonObject("conversation").put("channel", theirs);

        assertThat(event(json).channel()).isEqualTo(ours);
    }

    @Test
    void what_went_out_is_an_echo_on_the_contacts_thread_whoever_wrote_it() {
        JsonObject agent = live().put("message_type", "outgoing")
                .put("sender", new JsonObject().put("id", 5).put("type", "user"));

        for (Object type : List.of("outgoing", "template", 1, 3)) {
            Reading.Event event = event(agent.put("message_type", type));
            assertThat(event.type()).isEqualTo("outbound_message");
            assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
            assertThat(event.address()).isEqualTo("17/3");
        }
    }

    @Test
    void a_colleagues_note_is_not_for_the_customer() {
        Reading.Event event = event(live().put("private", true).put("message_type", "outgoing"));

        assertThat(event.type()).isEqualTo("other:private_note");
        assertThat(event.job()).isNull();
    }

    @Test
    void activities_contacts_and_the_rest_are_kept_and_ignored() {
        assertThat(event(live().put("message_type", "activity")).type()).isEqualTo("other:activity");
        assertThat(event(live().put("event", "contact_updated")).type()).isEqualTo("other:contact_updated");
        assertThat(event(live().put("event", "webwidget_triggered")).job()).isNull();
        assertThat(event(new JsonObject().put("id", 1)).quarantine()).isEqualTo("no event type");
    }

    @Test
    void a_message_without_a_contact_is_quarantined() {
        JsonObject json = live();
        json.remove("conversation");
        json.remove("sender");

        assertThat(event(json).quarantine()).contains("nobody");
    }

    @Test
    void changes_of_ours_are_statuses_and_each_is_an_event() {
        JsonObject update = live().put("event", "message_updated").put("message_type", "outgoing");

        Reading.Event first = event(update.copy().put("status", "delivered"));
        Reading.Event second = event(update.copy().put("status", "read"));

        assertThat(first.type()).isEqualTo("delivery_status");
        assertThat(first.messageId()).isEqualTo("4711");
        assertThat(first.key()).isNotEqualTo(second.key());
        assertThat(event(update.put("message_type", "incoming")).type()).isEqualTo("other:message_updated");
    }

    @ParameterizedTest
    @ValueSource(strings = {"conversation_status_changed", "conversation_resolved", "conversation_opened"})
    void whose_turn_it_is_belongs_to_the_same_contact(String name) {
        JsonObject conversation = live().getJsonObject("conversation").put("event", name);

        Reading.Event event = event(conversation);

        assertThat(event.type()).isEqualTo("conversation_status");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event.address()).isEqualTo("17/3");
        assertThat(event.channel()).isEqualTo("webchat");
        assertThat(event.messageId()).isNull();
    }

    @Test
    void an_unsigned_delivery_id_changes_nothing() {
        Delivery one = delivery(body(), signed(body(), NOW));
        Map<String, String> headers = new HashMap<>(signed(body(), NOW));
        headers.put("X-Chatwoot-Delivery", "fresh");
        Delivery other = delivery(body(), headers);

        assertThat(keyOf(one)).isEqualTo(keyOf(other));
    }

    private String keyOf(Delivery delivery) {
        return ((Reading.Events) provider.read(delivery, provider.payload(delivery)))
                .events()
                .get(0)
                .key()
                .value();
    }
}
