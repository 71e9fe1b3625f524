package dev.parley.work.adapter.ghl;

import static dev.parley.work.adapter.ghl.GhlAccount.SEARCH;
import static dev.parley.work.adapter.ghl.GhlAccount.SEND;
import static dev.parley.work.adapter.ghl.GhlAccount.TOKEN;
import static dev.parley.work.adapter.ghl.GhlAccount.outbound;
import static dev.parley.work.adapter.ghl.GhlAccount.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.kit.VendorServer.Request;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GoHighLevel's own ways; what every adapter promises is in {@link GhlMessagingContractIT}. */
class GhlMessagingIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Instant ATTEMPT = Instant.now();

    private final GhlAccount ghl = new GhlAccount(db);

    @AfterEach
    void close() {
        ghl.vendor.assertNothingUnexpected();
        ghl.close();
    }

    @Test
    void a_text_message_is_asked_for_in_the_vendors_words_and_no_others() {
        ghl.vendor.on(SEND, ghl.accepted("m1"));

        Sent sent = succeed(send());

        assertThat(sent).isEqualTo(new Sent("m1", "pending"));
        Request request = ghl.vendor.requests().get(0);
        assertThat(request.json())
                .isEqualTo(new JsonObject()
                        .put("type", "SMS")
                        .put("contactId", GhlAccount.CONTACT)
                        .put("message", "Hello, how can I help you today?"));
        assertThat(request.headers())
                .containsEntry("authorization", "Bearer access-secret-one")
                .containsEntry("version", "2021-04-15")
                .containsEntry("content-type", "application/json")
                .containsEntry("accept", "application/json");
    }

    @Test
    void numbers_are_named_where_the_settings_say_so() {
        ghl.settings(new JsonObject()
                .put("ghl", new JsonObject().put("from_number", "+14994992990").put("send_to_number", true)));
        ghl.vendor.on(SEND, ghl.accepted("m1"));

        succeed(send());

        assertThat(ghl.vendor.requests().get(0).json().getMap())
                .containsEntry("fromNumber", "+14994992990")
                .containsEntry("toNumber", "+14394992990");
    }

    @ParameterizedTest
    @CsvSource({"sms,SMS", "whatsapp,WhatsApp", "instagram,IG", "facebook,FB", "webchat,Live_Chat", "email,Email"})
    void each_channel_has_the_vendors_word(String channel, String type) {
        ghl.channel(channel);
        ghl.vendor.on(SEND, ghl.accepted("m1"));

        succeed(send());

        assertThat(ghl.vendor.requests().get(0).json().getString("type")).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"google", "call", "voicemail", "carrier pigeon"})
    void a_channel_the_vendor_cannot_send_on_is_refused_without_asking(String channel) {
        ghl.channel(channel);

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining(channel);
        assertThat(ghl.vendor.requests()).isEmpty();
    }

    @Test
    void an_e_mail_has_a_subject_and_harmless_html() {
        ghl.channel("email").text("a < b & c\nsecond line");
        ghl.vendor.on(SEND, ghl.accepted("m1"));

        succeed(send());

        assertThat(ghl.vendor.requests().get(0).json().getMap())
                .containsEntry("html", "a &lt; b &amp; c<br>second line")
                .containsEntry("subject", "Acme Dental");
    }

    @Test
    void a_custom_channel_needs_its_provider_id() {
        ghl.channel("custom");
        assertThat(fail(send()).kind()).isEqualTo(Kind.REFUSED);
        assertThat(ghl.vendor.requests()).isEmpty();

        ghl.settings(new JsonObject().put("ghl", new JsonObject().put("conversation_provider_id", "cp1")));
        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());

        assertThat(ghl.vendor.requests().get(0).json().getString("conversationProviderId"))
                .isEqualTo("cp1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"ghl\":{}}",
                "{\"ghl\":{\"contact_id\":\" \"}}",
                "{\"ghl\":{\"contact_id\":7}}",
                "{\"ghl\":1}"
            })
    void a_contact_without_a_vendor_id_is_refused_without_asking(String refs) {
        ghl.refs(new JsonObject(refs));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("refs.ghl.contact_id");
        assertThat(ghl.vendor.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | The token is not authorized for this scope.                    | scope:",
                "403 | The token is not authorized for this scope.                    | scope:",
                "401 | Token's user type mismatch!                                    | user-type:",
                "401 | This authClass type is not allowed to access this scope.       | auth-class:",
                "403 | The token does not have access to this location.               | location:",
                "401 | version header was not found.                                  | version:",
                "403 | Forbidden resource                                             | GoHighLevel answered 403",
                "401 | No conversation provider found for this message                | GoHighLevel answered 401"
            })
    void the_kinds_of_not_allowed_are_told_apart_and_trigger_no_refresh(int status, String text, String prefix) {
        ghl.vendor.on(SEND, refusal(status, text));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageStartingWith(prefix);
        assertThat(ghl.vendor.requests(TOKEN)).isEmpty();
        assertThat(ghl.vendor.requests(SEND)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400 | Cannot send message as DND is active for SMS.        | dnd:",
                "422 | Contact has opted out                                | dnd:",
                "403 | Contact has unsubscribed; Do Not Disturb             | dnd:",
                "400 | Missing phone number                                 | GoHighLevel answered 400 \"Missing phone number\"",
                "404 | Contact not found                                    | GoHighLevel answered 404",
                "422 | message must be a string                             | GoHighLevel answered 422"
            })
    void a_refusal_for_good_says_why(int status, String text, String prefix) {
        ghl.vendor.on(SEND, refusal(status, text));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageStartingWith(prefix);
    }

    @Test
    void several_complaints_in_one_answer_are_all_told() {
        ghl.vendor.on(
                SEND,
                Behaviour.json(
                        422,
                        new JsonObject()
                                .put(
                                        "message",
                                        new JsonArray().add("type is wrong").add("contactId is wrong"))));

        assertThat(fail(send())).hasMessageContaining("type is wrong; contactId is wrong");
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 408, 425})
    void what_was_turned_away_unread_may_be_tried_again(int status) {
        ghl.vendor.on(SEND, Behaviour.answer(status, Map.of(), ""));

        assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);
    }

    @Test
    void only_an_unavailable_vendor_that_says_when_to_come_back_did_certainly_nothing() {
        ghl.vendor.on(SEND, Behaviour.answer(503, Map.of("Retry-After", "30"), ""));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void a_private_token_is_used_as_it_is_and_never_refreshed() {
        ghl.seal(new JsonObject().put("private_token", "pit-secret-one"));
        ghl.vendor.on(SEND, ghl.accepted("m1")).on(SEND, refusal(401, "Invalid Private Integration token"));

        succeed(send());
        AdapterException failure = fail(send());

        assertThat(ghl.vendor.requests(SEND).get(0).headers()).containsEntry("authorization", "Bearer pit-secret-one");
        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(ghl.vendor.requests()).hasSize(2);
    }

    @Test
    void too_fast_without_a_time_waits_for_the_window_the_headers_name_or_the_documented_one() {
        ghl.vendor.on(SEND, Behaviour.answer(429, Map.of("X-RateLimit-Interval-Milliseconds", "4000"), ""));
        assertThat(fail(send()).retryAfter()).isEqualTo(Duration.ofSeconds(4));

        GhlMessaging other = ghl.anotherAdapter();
        ghl.vendor.on(SEND, Behaviour.answer(429, Map.of(), ""));
        assertThat(fail(other.send(ghl.tenant(), ghl.message())).retryAfter()).isEqualTo(Duration.ofSeconds(10));

        GhlMessaging third = ghl.anotherAdapter();
        ghl.vendor.on(SEND, Behaviour.answer(429, Map.of("X-RateLimit-Daily-Remaining", "0"), ""));
        assertThat(fail(third.send(ghl.tenant(), ghl.message())).retryAfter()).isEqualTo(Duration.ofMinutes(15));
    }

    @Test
    void an_account_that_has_nothing_left_is_not_asked_and_its_neighbour_is() {
        ghl.vendor.on(
                SEND,
                Behaviour.answer(
                        201,
                        Map.of("X-RateLimit-Remaining", "0", "X-RateLimit-Interval-Milliseconds", "600000"),
                        "{\"messageId\":\"m1\"}"));
        succeed(send());

        AdapterException second = fail(send());

        assertThat(second.kind()).isEqualTo(Kind.THROTTLED);
        assertThat(second.retryAfter()).isBetween(Duration.ofSeconds(500), Duration.ofSeconds(600));
        assertThat(ghl.vendor.requests(SEND)).hasSize(1);

        TenantId neighbour = new Fixtures(db).tenant();
        ghl.store
                .put(
                        db.pool(),
                        neighbour,
                        "ghl",
                        ghl.vault.seal(neighbour, "ghl", new JsonObject().put("private_token", "pit-neighbour")),
                        1)
                .await()
                .atMost(PATIENCE);
        ghl.vendor.on(SEND, ghl.accepted("m2"));
        Tenant tenant = new Tenant(neighbour, "n", "N", true, "ghl", null, Settings.empty());
        assertThat(succeed(ghl.adapter().send(tenant, ghl.message())).providerMessageId())
                .isEqualTo("m2");
    }

    @Test
    void a_day_without_requests_left_pauses_before_the_vendor_has_to_say_no() {
        ghl.vendor.on(
                SEND, Behaviour.answer(201, Map.of("X-RateLimit-Daily-Remaining", "0"), "{\"messageId\":\"m1\"}"));
        succeed(send());

        assertThat(fail(send()).retryAfter()).isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
    }

    @Test
    void a_tenant_without_credentials_is_unauthorized() {
        Tenant nobody = new Tenant(new Fixtures(db).tenant(), "x", "X", true, "ghl", null, Settings.empty());

        AdapterException failure = fail(ghl.adapter().send(nobody, ghl.message()));

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageStartingWith("credentials:");
    }

    @Test
    void credentials_pasted_from_another_tenant_are_not_used() {
        TenantId thief = new Fixtures(db).tenant();
        byte[] stolen = ghl.store
                .find(db.pool(), ghl.id, "ghl")
                .await()
                .atMost(PATIENCE)
                .orElseThrow()
                .token();
        new Fixtures(db).credentials(thief, "ghl", stolen, 1);

        AdapterException failure = fail(
                ghl.adapter().send(new Tenant(thief, "x", "X", true, "ghl", null, Settings.empty()), ghl.message()));

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("another tenant");
        assertThat(ghl.vendor.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"access_token\":\"\"}", "{\"access_token\":17}", "{\"refresh_token\":\"r\"}"})
    void credentials_without_a_token_say_so(String json) {
        ghl.seal(new JsonObject(json));

        assertThat(fail(send())).hasMessageContaining("neither private_token nor access_token");
    }

    @Test
    void credentials_under_a_key_nobody_has_say_so() {
        ghl.store
                .put(db.pool(), ghl.id, "ghl", Vault.of(Vault.newKey()).seal(ghl.id, "ghl", new JsonObject()), 1)
                .await()
                .atMost(PATIENCE);

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("TENANT_ENCRYPTION_KEY");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://services.example.com",
                "http://127.0.0.1.example.com",
                "ftp://localhost",
                "services.example.com",
                "https://user:pw@example.com",
                "https://example.com?x=1",
                "not a url"
            })
    void tokens_travel_encrypted_or_not_beyond_this_machine(String url) {
        GhlAccount.Config config = new GhlAccount.Config(url);

        assertThatThrownBy(() -> new GhlMessaging(
                        config,
                        io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()),
                        db.pool(),
                        Vault.of(GhlAccount.KEY)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("parley.ghl.base-url");
    }

    @Test
    void a_name_that_does_not_resolve_is_transient() {
        GhlAccount.Config config = new GhlAccount.Config("https://parley-test.invalid");
        try (GhlMessaging lost = new GhlMessaging(
                config,
                io.vertx.mutiny.core.Vertx.newInstance(db.vertx().getDelegate()),
                db.pool(),
                Vault.of(GhlAccount.KEY))) {
            assertThat(fail(lost.send(ghl.tenant(), ghl.message())).kind()).isEqualTo(Kind.TRANSIENT);
        }
    }

    // Look-up

    private JsonArray media(String messageId) {
        return succeed(ghl.adapter().media(ghl.tenant(), messageId));
    }

    private void answers(JsonObject message) {
        ghl.vendor.on("GET /conversations/messages/m%201", Behaviour.json(200, message));
    }

    @Test
    void media_of_a_message_are_those_it_shows_when_asked_again() {
        // A user's real answer for a voice note, before GoHighLevel has it.
        answers(new JsonObject("""
                {"message": {"id": "etEcTveKAAqZ5gBFQniH", "direction": "inbound", "status": "delivered", "type": 19,
                  "locationId": "TestxUuCe0YgXEnapiXXh", "body": "", "contentType": "text/plain",
                  "messageType": "TYPE_WHATSAPP", "altId": "wamid.HBgLNTAzNzI5NDc1NjEVAgAS"}}"""));
        answers(new JsonObject("""
                {"message": {"id": "m 1", "attachments": ["https://cdn.example.com/voice.ogg", 5, " "]}}"""));

        assertThat(media("m 1")).isEmpty();
        assertThat(media("m 1"))
                .isEqualTo(new JsonArray("[{\"kind\":\"file\",\"url\":\"https://cdn.example.com/voice.ogg\"}]"));

        assertThat(ghl.vendor.requests().get(0).headers())
                .containsEntry("authorization", "Bearer access-secret-one")
                .containsEntry("version", "2021-04-15");
    }

    @ParameterizedTest
    @CsvSource({"400,REFUSED", "404,REFUSED", "403,UNAUTHORIZED", "429,THROTTLED", "500,TRANSIENT", "200,TRANSIENT"})
    void asking_for_media_fails_in_the_ways_of_an_adapter_and_never_in_doubt(int status, Kind kind) {
        ghl.vendor.on("GET /conversations/messages/m1", Behaviour.answer(status, Map.of(), "not json"));

        assertThat(fail(ghl.adapter().media(ghl.tenant(), "m1")).kind()).isEqualTo(kind);
    }

    @Test
    void a_look_up_asks_for_the_contacts_conversation_and_reads_it() {
        ghl.conversations("conv 1/x");
        ghl.vendor.on(
                "GET /conversations/conv%201%2Fx/messages",
                Behaviour.json(
                        200,
                        new JsonObject()
                                .put(
                                        "messages",
                                        new JsonArray()
                                                .add(outbound(
                                                        "m1", ghl.message().text(), ATTEMPT)))
                                .put("nextPage", false)));

        assertThat(lookUp()).contains(new Sent("m1", "delivered"));

        assertThat(ghl.vendor.requests(SEARCH).get(0).query())
                .contains("locationId=" + GhlAccount.LOCATION, "contactId=" + GhlAccount.CONTACT);
        assertThat(ghl.vendor.requests(SEARCH).get(0).headers()).containsEntry("version", "2021-04-15");
    }

    @Test
    void a_known_conversation_is_not_searched_for() {
        ghl.refs(new JsonObject()
                .put(
                        "ghl",
                        new JsonObject().put("contact_id", GhlAccount.CONTACT).put("conversation_id", "c9")));
        ghl.messages("c9", new JsonArray().add(outbound("m1", ghl.message().text(), ATTEMPT)), false);

        assertThat(lookUp()).isPresent();
        assertThat(ghl.vendor.requests(SEARCH)).isEmpty();
    }

    @Test
    void a_conversation_that_is_gone_is_searched_for() {
        ghl.refs(new JsonObject()
                .put(
                        "ghl",
                        new JsonObject().put("contact_id", GhlAccount.CONTACT).put("conversation_id", "c9")));
        ghl.vendor.on("GET /conversations/c9/messages", refusal(404, "Conversation not found"));
        ghl.conversations("c10");
        ghl.messages("c10", new JsonArray().add(outbound("m1", ghl.message().text(), ATTEMPT)), false);

        assertThat(lookUp()).contains(new Sent("m1", "delivered"));
    }

    @Test
    void a_contact_without_a_conversation_got_nothing() {
        ghl.conversations();

        assertThat(lookUp()).isEmpty();
    }

    @Test
    void every_conversation_of_the_contact_is_read() {
        ghl.conversations("c1", "c2");
        ghl.messages("c1", new JsonArray(), false);
        ghl.messages("c2", new JsonArray().add(outbound("m1", ghl.message().text(), ATTEMPT)), false);

        assertThat(lookUp()).contains(new Sent("m1", "delivered"));
    }

    @Test
    void of_two_with_the_same_words_the_newer_is_ours() {
        ghl.conversations("c1");
        ghl.messages(
                "c1",
                new JsonArray()
                        .add(outbound("before", ghl.message().text(), ATTEMPT.minusSeconds(3)))
                        .add(outbound("ours", ghl.message().text(), ATTEMPT.plusSeconds(1))),
                false);

        assertThat(lookUp()).contains(new Sent("ours", "delivered"));
    }

    @Test
    void the_same_words_long_before_the_attempt_or_from_a_person_or_to_us_are_not_ours() {
        String words = ghl.message().text();
        ghl.conversations("c1");
        ghl.messages(
                "c1",
                new JsonArray()
                        .add(outbound("human", words, ATTEMPT).put("source", "app"))
                        .add(outbound("campaign", words, ATTEMPT).put("source", "workflow"))
                        .add(outbound("inbound", words, ATTEMPT).put("direction", "inbound"))
                        .add(outbound("other", "Something else", ATTEMPT))
                        .add(outbound("longer", words + "!", ATTEMPT))
                        .add(outbound("old", words, ATTEMPT.minusSeconds(60))),
                false);

        assertThat(lookUp()).isEmpty();
    }

    @Test
    void white_space_and_words_the_vendor_adds_behind_ours_do_not_hide_a_message() {
        ghl.text("Hello,\n how can I  help?");
        ghl.conversations("c1");
        ghl.messages(
                "c1",
                new JsonArray().add(outbound("m1", " Hello, how can I help?\r\nReply STOP to unsubscribe.", ATTEMPT)),
                false);

        assertThat(lookUp()).isPresent();
    }

    @Test
    void an_e_mail_is_recognised_in_its_html() {
        ghl.channel("email").text("a < b & c\nsecond line");
        ghl.conversations("c1");
        ghl.messages(
                "c1", new JsonArray().add(outbound("m1", "<p>a &lt; b &amp; c<br>second line</p>", ATTEMPT)), false);

        assertThat(lookUp()).isPresent();
    }

    @Test
    void pages_are_read_until_they_are_older_than_the_attempt() {
        ghl.conversations("c1");
        ghl.messages("c1", new JsonArray().add(outbound("x1", "other", ATTEMPT.plusSeconds(9))), true);
        ghl.messages("c1", new JsonArray().add(outbound("x2", "other", ATTEMPT.minusSeconds(60))), true);

        assertThat(lookUp()).isEmpty();

        assertThat(ghl.vendor.requests("GET /conversations/c1/messages"))
                .extracting(Request::query)
                .containsExactly("limit=100", "limit=100&lastMessageId=x1");
    }

    @Test
    void a_message_on_the_second_page_is_found() {
        ghl.conversations("c1");
        ghl.messages("c1", new JsonArray().add(outbound("x1", "other", ATTEMPT.plusSeconds(9))), true);
        ghl.messages("c1", new JsonArray().add(outbound("m1", ghl.message().text(), ATTEMPT)), true);

        assertThat(lookUp()).contains(new Sent("m1", "delivered"));
    }

    @Test
    void what_was_not_read_to_the_end_is_undecided_and_not_absent() {
        ghl.conversations("c1");
        for (int page = 0; page < 3; page++) {
            ghl.messages("c1", new JsonArray().add(outbound("x" + page, "other", ATTEMPT.plusSeconds(9))), true);
        }

        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void a_matching_message_without_a_time_is_undecided() {
        JsonObject timeless = outbound("m1", ghl.message().text(), ATTEMPT);
        timeless.remove("dateAdded");
        ghl.conversations("c1");
        ghl.messages("c1", new JsonArray().add(timeless), false);

        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void a_location_that_nobody_names_cannot_be_searched() {
        ghl.seal(new JsonObject().put("private_token", "pit-secret-one"));
        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.REFUSED);

        ghl.settings(new JsonObject().put("ghl", new JsonObject().put("location_id", "fromsettings")));
        ghl.conversations();

        assertThat(lookUp()).isEmpty();
        assertThat(ghl.vendor.requests(SEARCH).get(0).query()).contains("locationId=fromsettings");
    }

    @Test
    void trouble_during_a_look_up_is_never_an_absent_message() {
        ghl.vendor.on(SEARCH, Behaviour.answer(500, Map.of(), ""));
        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.TRANSIENT);

        ghl.vendor.on(SEARCH, Behaviour.answer(200, Map.of(), "<html>"));
        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.TRANSIENT);

        ghl.vendor.on(SEARCH, ghl.tooFast(Duration.ofSeconds(3)));
        assertThat(fail(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT))
                        .kind())
                .isEqualTo(Kind.THROTTLED);
    }

    private Uni<Sent> send() {
        return ghl.adapter().send(ghl.tenant(), ghl.message());
    }

    private Optional<Sent> lookUp() {
        return succeed(ghl.adapter().lookUp(ghl.tenant(), ghl.message(), ATTEMPT));
    }

    private static <T> T succeed(Uni<T> call) {
        return call.await().atMost(PATIENCE);
    }

    private static AdapterException fail(Uni<?> call) {
        Throwable failure = call.onItem()
                .<Throwable>transform(item -> new AssertionError("expected a failure, got " + item))
                .onFailure()
                .recoverWithItem(thrown -> thrown)
                .await()
                .atMost(PATIENCE);
        assertThat(failure).isInstanceOf(AdapterException.class);
        return (AdapterException) failure;
    }
}
