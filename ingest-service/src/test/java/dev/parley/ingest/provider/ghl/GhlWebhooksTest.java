package dev.parley.ingest.provider.ghl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.Samples;
import dev.parley.ingest.TestKey;
import dev.parley.ingest.provider.Ed25519Key;
import dev.parley.kit.WebhookProviderContract;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.AbstractList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GhlWebhooksTest extends WebhookProviderContract {
    private static final TestKey KEY = new TestKey(1);
    private static final String APP = "6878cec452e7c8d29d4dd3d9";

    private final GhlWebhooks provider = new GhlWebhooks(List.of(APP, "another-of-ours"), List.of(KEY.spki()));

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
        return Map.of("X-GHL-Signature", KEY.sign(body));
    }

    @Override
    protected byte[] body() {
        return Samples.bytes("ghl-inboundmessage-sms.json");
    }

    @Override
    protected byte[] otherBody() {
        return Samples.bytes("ghl-inboundmessage-email.json");
    }

    private Reading.Event sample(String name) {
        return event(Samples.bytes(name));
    }

    private static JsonObject sms() {
        return Samples.json("ghl-inboundmessage-sms.json");
    }

    private Reading.Event event(JsonObject json) {
        return event(json.encode());
    }

    private Reading read(JsonObject json) {
        byte[] body = json.toBuffer().getBytes();
        Delivery delivery = delivery(body, signed(body, Instant.EPOCH));
        return provider.read(delivery, provider.payload(delivery));
    }

    // --- keys and signatures

    @Test
    void the_published_key_is_built_in_and_the_jdk_reads_it_too() throws Exception {
        String published = Samples.json("ghl-public-keys.json")
                .getJsonObject("X-GHL-Signature")
                .getString("spki_base64");

        assertThat(GhlKeys.GHL_PUBLIC_KEY).isEqualTo(published);
        assertThat(Ed25519Key.ofSpki(published)).isNotNull();
        assertThat(KeyFactory.getInstance("Ed25519")
                        .generatePublic(
                                new X509EncodedKeySpec(Base64.getDecoder().decode(published))))
                .isNotNull();
    }

    @Test
    void a_signature_made_by_the_jdk_is_genuine() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        GhlWebhooks trusting = new GhlWebhooks(
                List.of(),
                List.of(Base64.getEncoder().encodeToString(pair.getPublic().getEncoded())));
        Signature jdk = Signature.getInstance("Ed25519");
        jdk.initSign(pair.getPrivate());
        jdk.update(body());

        assertThat(trusting.verify(
                        delivery(
                                body(),
                                Map.of("X-GHL-Signature", Base64.getEncoder().encodeToString(jdk.sign()))),
                        List.of()))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void without_configuration_only_gohighlevel_itself_is_trusted() {
        assertThat(new GhlWebhooks(List.of(), List.of())
                        .verify(delivery(body(), signed(body(), Instant.EPOCH)), List.of()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_good_legacy_signature_never_rescues_a_bad_one() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        Signature rsa = Signature.getInstance("SHA256withRSA");
        rsa.initSign(generator.generateKeyPair().getPrivate());
        rsa.update(body());
        String legacy = Base64.getEncoder().encodeToString(rsa.sign());

        assertThat(verdict(body(), Map.of("X-WH-Signature", legacy))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-WH-Signature", legacy, "X-GHL-Signature", "N/A")))
                .isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-WH-Signature", legacy, "X-GHL-Signature", KEY.sign(otherBody()))))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void a_bad_legacy_signature_does_not_harm_a_good_one() {
        assertThat(verdict(body(), Map.of("X-WH-Signature", "N/A", "X-GHL-Signature", KEY.sign(body()))))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @ParameterizedTest
    @CsvSource({
        "MCowBQYDK2VwAyEA, not the SubjectPublicKeyInfo",
        "!!!, not base64",
        "AAAA, not the SubjectPublicKeyInfo"
    })
    void a_malformed_configured_key_stops_the_start_and_is_named(String key, String complaint) {
        assertThatThrownBy(() -> new GhlWebhooks(List.of(), List.of(KEY.spki(), key)))
                .hasMessageStartingWith("PARLEY_GHL_PUBLIC_KEYS: key 2 is " + complaint);
    }

    @Test
    void the_legacy_rsa_key_is_no_ed25519_key() {
        String rsa = Samples.json("ghl-public-keys.json")
                .getJsonObject("X-WH-Signature")
                .getString("spki_base64");

        assertThatThrownBy(() -> Ed25519Key.ofSpki(rsa)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void it_is_sent_away_with_429_because_nothing_else_is_always_retried() {
        assertThat(provider.retryLaterStatus()).isEqualTo(429);
    }

    // --- whose event it is

    @Test
    void the_account_is_the_location() {
        assertThat(sample("ghl-inboundmessage-sms.json").account()).isEqualTo("l1C08ntBrFjLS0elLIYU");
        assertThat(event(sms().putNull("locationId")).account()).isNull();
        assertThat(event(sms().put("locationId", new JsonObject())).account()).isNull();
    }

    @Test
    void an_event_of_a_foreign_app_is_not_ours() {
        assertThat(read(sms().put("appId", "somebody-elses"))).isInstanceOf(Reading.NotOurs.class);
    }

    @Test
    void events_of_any_of_our_apps_are_ours() {
        assertThat(event(sms().put("appId", APP)).quarantine()).isNull();
        assertThat(event(sms().put("appId", "another-of-ours")).quarantine()).isNull();
    }

    @Test
    void an_event_without_an_app_goes_by_its_location() {
        assertThat(event(sms()).quarantine()).isNull();
        assertThat(event(sms()).account()).isEqualTo("l1C08ntBrFjLS0elLIYU");
    }

    @Test
    void while_nobody_said_which_apps_are_ours_no_tenant_gets_their_events_and_none_is_lost() {
        GhlWebhooks unconfigured = new GhlWebhooks(List.of(), List.of(KEY.spki()));
        byte[] body = sms().put("appId", APP).toBuffer().getBytes();
        Delivery delivery = delivery(body, signed(body, Instant.EPOCH));

        Reading.Event event = ((Reading.Events) unconfigured.read(delivery, unconfigured.payload(delivery)))
                .events()
                .get(0);

        assertThat(event.account()).isNull();
        assertThat(event.quarantine()).contains("PARLEY_GHL_APP_IDS");
    }

    // --- what it means

    @Test
    void an_sms_is_a_message_for_its_sender() {
        Reading.Event event = sample("ghl-inboundmessage-sms.json");

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_INBOUND_MESSAGE);
        assertThat(event.channel()).isEqualTo("sms");
        assertThat(event.address()).isEqualTo("+15551234567");
        assertThat(event.messageId()).isNull();
        assertThat(event.key().value()).startsWith("ghl:sha256:");
    }

    @Test
    void an_email_is_a_message_for_its_plain_address() {
        Reading.Event event = sample("ghl-inboundmessage-email.json");

        assertThat(event.type()).isEqualTo("inbound_message");
        assertThat(event.channel()).isEqualTo("email");
        assertThat(event.address()).isEqualTo("sample@email.service");
        assertThat(event.messageId()).isEqualTo("sddfDSF3G56GHG");
        assertThat(event.key().value()).isEqualTo("ghl:msg:InboundMessage:sddfDSF3G56GHG");
    }

    @Test
    void an_outbound_message_is_an_echo_for_its_receiver() {
        Reading.Event event = sample("ghl-outboundmessage-sms.json");

        assertThat(event.type()).isEqualTo("outbound_message");
        assertThat(event.job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(event.address()).isEqualTo("+15551234567");
    }

    @Test
    void calls_voicemails_and_internal_comments_are_stored_without_a_job() {
        assertThat(sample("ghl-inboundmessage-call.json").type()).isEqualTo("other:call");
        assertThat(sample("ghl-inboundmessage-voicemail.json").type()).isEqualTo("other:voicemail");
        assertThat(sample("ghl-outboundmessage-internalcomment.json").type()).isEqualTo("other:InternalComment");
        assertThat(sample("ghl-inboundmessage-call.json").job()).isNull();
        assertThat(sample("ghl-outboundmessage-internalcomment.json").job()).isNull();
    }

    @Test
    void an_internal_comment_is_never_a_customers_message() {
        assertThat(event(sms().put("messageType", "InternalComment").putNull("messageTypeString"))
                        .type())
                .isEqualTo("other:InternalComment");
    }

    @ParameterizedTest
    @CsvSource({"InboundMessage,outbound", "OutboundMessage,inbound", "InboundMessage,sideways"})
    void type_and_direction_that_contradict_each_other_start_nothing(String type, String direction) {
        Reading.Event event = event(sms().put("type", type).put("direction", direction));

        assertThat(event.quarantine()).isEqualTo("type and direction contradict each other");
        assertThat(event.job()).isNull();
    }

    @Test
    void a_missing_direction_contradicts_nothing() {
        JsonObject sms = sms();
        sms.remove("direction");

        assertThat(event(sms).type()).isEqualTo("inbound_message");
        assertThat(event(sms).quarantine()).isNull();
    }

    @Test
    void other_events_keep_their_name() {
        assertThat(sample("ghl-contactdndupdate.json").type()).isEqualTo("contact_dnd");
        assertThat(sample("ghl-contactdndupdate.json").job()).isEqualTo(JobType.PROCESS_DELIVERY_STATUS);
        assertThat(sample("ghl-appointmentcreate.json").type()).isEqualTo("other:AppointmentCreate");
        assertThat(sample("ghl-provideroutboundmessage-sms.json").type()).isEqualTo("other:SMS");
        assertThat(event("{\"type\":\"Invented\"}").type()).isEqualTo("other:Invented");
        assertThat(event("{}").quarantine()).isEqualTo("no event type");
    }

    @Test
    void installing_and_uninstalling_our_app_are_known_events() {
        GhlWebhooks publisher = new GhlWebhooks(List.of("ve9EPM428h8vShlRW1KT"), List.of(KEY.spki()));
        for (var expected : Map.of(
                        "ghl-appinstall-location.json",
                        "app_installed",
                        "ghl-appuninstall-location.json",
                        "app_uninstalled")
                .entrySet()) {
            byte[] body = Samples.bytes(expected.getKey());
            Delivery delivery = delivery(body, signed(body, Instant.EPOCH));
            Reading.Event event = ((Reading.Events) publisher.read(delivery, publisher.payload(delivery)))
                    .events()
                    .get(0);
            assertThat(event.type()).isEqualTo(expected.getValue());
            assertThat(event.job()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            SMS,       TYPE_SMS,                 sms
            WhatsApp,  -,                        whatsapp
            WhatsApp,  TYPE_WHATSAPP,            whatsapp
            Email,     TYPE_EMAIL,               email
            IG,        TYPE_INSTAGRAM,           instagram
            IG,        -,                        instagram
            FB,        TYPE_FACEBOOK,            facebook
            GMB,       -,                        google
            Live Chat, TYPE_LIVE_CHAT,           webchat
            Live Chat, -,                        webchat
            Custom,    TYPE_CUSTOM_PROVIDER_SMS, sms
            Custom,    -,                        custom
            Pigeon,    TYPE_PIGEON,              custom
            """)
    void each_message_type_has_its_channel(String type, String typeString, String channel) {
        assertThat(event(sms().put("messageType", type).put("messageTypeString", typeString))
                        .channel())
                .isEqualTo(channel);
    }

    @Test
    void custom_providers_whose_from_is_an_empty_object_go_by_the_contact() {
        Reading.Event event = event(sms().put("messageType", "Custom")
                .putNull("messageTypeString")
                .put("from", new JsonObject())
                .put("to", new JsonObject()));

        assertThat(event.channel()).isEqualTo("custom");
        assertThat(event.address()).isEqualTo("cI08i1Bls3iTB9bKgFJh");
    }

    @Test
    void channels_without_numbers_go_by_the_contact_whatever_from_says() {
        assertThat(event(sms().put("messageType", "IG").putNull("messageTypeString"))
                        .address())
                .isEqualTo("cI08i1Bls3iTB9bKgFJh");
    }

    @Test
    void one_number_is_one_address_however_it_is_written() {
        assertThat(event(sms().put("from", "+1 (555) 123-4567")).address()).isEqualTo("+15551234567");
    }

    @Test
    void a_message_from_nobody_is_for_a_person_to_look_at() {
        assertThat(event(sms().putNull("contactId").put("from", "ACME")).quarantine())
                .contains("from nobody");
    }

    // --- the ladder

    @Test
    void the_delivery_id_inside_the_signed_body_is_the_first_rung() {
        assertThat(sample("ghl-opportunitycreate-live-envelope.json").key().value())
                .isEqualTo("ghl:wh:881b9415-5d35-4ff1-a667-0545b80b96c0");
        assertThat(event(sms().put("webhookId", "w1").put("messageId", "m1")).eventId())
                .isEqualTo("w1");
    }

    @Test
    void message_and_type_are_the_second_rung() {
        assertThat(event(sms().put("messageId", "m:1")).key().value()).isEqualTo("ghl:msg:InboundMessage:m%3A1");
    }

    @Test
    void each_step_of_an_outbound_message_is_an_event_of_its_own() {
        JsonObject sent = Samples.json("ghl-outboundmessage-sms.json").put("messageId", "m1");

        assertThat(event(sent.copy().put("status", "sent")).key())
                .isNotEqualTo(event(sent.copy().put("status", "delivered")).key());
    }

    @Test
    void an_id_that_is_no_text_is_no_id() {
        assertThat(event(sms().put("webhookId", 5).put("messageId", new JsonObject()))
                        .key()
                        .value())
                .startsWith("ghl:sha256:");
    }

    @Test
    void an_unreadable_body_has_no_account_where_the_key_stands_twice() {
        assertThat(event("{\"locationId\":\"A\",\"locationId\":\"B\"}").account())
                .isNull();
        assertThat(event("{\"locationId\":\"A\",\"n\":1e999}".getBytes(StandardCharsets.UTF_8))
                        .account())
                .isEqualTo("A");
    }

    // --- rotation and equal work

    @Test
    void during_a_rotation_both_keys_sign_and_afterwards_only_the_new_one() {
        TestKey old = new TestKey(2);
        GhlKeys keys = new GhlKeys(List.of());
        GhlWebhooks rotating = new GhlWebhooks(List.of(APP), keys::all);
        Delivery byOld = delivery(body(), Map.of("X-GHL-Signature", old.sign(body())));
        Delivery byNew = delivery(body(), Map.of("X-GHL-Signature", KEY.sign(body())));

        keys.fromFile(old.spki());
        assertThat(rotating.verify(byOld, List.of())).isInstanceOf(Verdict.Genuine.class);
        assertThat(rotating.verify(byNew, List.of())).isInstanceOf(Verdict.Forged.class);

        keys.fromFile(KEY.spki() + "\n" + old.spki() + " # until Friday\n");
        assertThat(rotating.verify(byOld, List.of())).isInstanceOf(Verdict.Genuine.class);
        assertThat(rotating.verify(byNew, List.of())).isInstanceOf(Verdict.Genuine.class);

        keys.fromFile(KEY.spki());
        assertThat(rotating.verify(byOld, List.of())).isInstanceOf(Verdict.Forged.class);
        assertThat(rotating.verify(byNew, List.of())).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void a_file_with_a_bad_line_changes_nothing_and_says_which_line() {
        GhlKeys keys = new GhlKeys(List.of());
        keys.fromFile(KEY.spki());

        assertThatThrownBy(() -> keys.fromFile(KEY.spki() + "\n\nnonsense"))
                .hasMessageContaining("PARLEY_GHL_PUBLIC_KEYS_FILE: key 3");

        assertThat(keys.all()).hasSize(2);
    }

    @Test
    void a_good_old_signature_does_not_rescue_a_bad_new_one() {
        // The old header carries what would be good in the new one: not even that is looked at.
        String good = KEY.sign(body());
        String bad = KEY.sign(otherBody());

        assertThat(verdict(body(), Map.of("X-GHL-Signature", bad, "X-WH-Signature", good)))
                .isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-WH-Signature", good))).isInstanceOf(Verdict.Forged.class);
        assertThat(verdict(body(), Map.of("X-GHL-Signature", good, "X-WH-Signature", bad)))
                .isInstanceOf(Verdict.Genuine.class);
    }

    /** Without the work a refusal takes a hundredth of the time, so half is far from both noise and negligence. */
    @Test
    void what_lacks_a_signature_is_verified_with_every_key_as_what_has_a_wrong_one() {
        AtomicInteger verified = new AtomicInteger();
        List<Ed25519Key> keys = new AbstractList<>() {
            @Override
            public Ed25519Key get(int at) {
                verified.incrementAndGet();
                return Ed25519Key.ofSpki(KEY.spki());
            }

            @Override
            public int size() {
                return 3;
            }
        };
        WebhookProvider counted = new GhlWebhooks(List.of(), () -> keys);
        List<Map<String, String>> refused = List.of(
                Map.of("X-GHL-Signature", KEY.sign(otherBody())),
                Map.of(),
                Map.of("X-GHL-Signature", ""),
                Map.of("X-GHL-Signature", "N/A"),
                Map.of("X-GHL-Signature", "####"),
                Map.of("X-GHL-Signature", "AAAA"));
        for (Map<String, String> headers : refused) {
            verified.set(0);

            assertThat(counted.verify(delivery(body(), headers), List.of())).isInstanceOf(Verdict.Forged.class);

            assertThat(verified).as("%s", headers).hasValue(keys.size());
        }
    }
}
