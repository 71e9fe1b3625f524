package dev.parley.work.adapter.twilio;

import static dev.parley.work.adapter.twilio.TwilioSubject.LIST;
import static dev.parley.work.adapter.twilio.TwilioSubject.PATH;
import static dev.parley.work.adapter.twilio.TwilioSubject.SEND;
import static dev.parley.work.adapter.twilio.TwilioSubject.listed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.parley.kit.MessagingAdapterContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract of all adapters, and what is Twilio's own. */
class TwilioMessagingContractIT extends MessagingAdapterContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private TwilioSubject twilio;

    @Override
    protected Subject subject() {
        twilio = new TwilioSubject(db);
        return twilio;
    }

    private static AdapterException failure(CompletableFuture<?> call) {
        Throwable thrown = catchThrowable(
                () -> call.orTimeout(20, java.util.concurrent.TimeUnit.SECONDS).join());
        assertThat(thrown).isInstanceOf(CompletionException.class).hasCauseInstanceOf(AdapterException.class);
        return (AdapterException) thrown.getCause();
    }

    private VendorServer.Request sentOnce() {
        twilio.vendor.on(SEND, twilio.accepted("SM1"));
        assertThat(send().orTimeout(20, java.util.concurrent.TimeUnit.SECONDS)
                        .join()
                        .providerMessageId())
                .isEqualTo("SM1");
        return twilio.vendor.requests(SEND).get(0);
    }

    @Test
    void a_message_is_one_form_with_the_accounts_password_and_where_to_report() {
        VendorServer.Request request = sentOnce();

        assertThat(request.body())
                .isEqualTo("To=%2B14394992990&From=%2B15559876543&Body=Hello%2C%20how%20can%20I%20help%20you%20today%3F"
                        + "&StatusCallback=https%3A%2F%2Fhooks.example.com%2Fwebhooks%2Ftwilio%2Facme");
        assertThat(request.headers().get("authorization"))
                .isEqualTo("Basic "
                        + Base64.getEncoder()
                                .encodeToString((TwilioSubject.SID + ":" + TwilioSubject.TOKEN).getBytes()));
    }

    @Test
    void an_api_key_is_preferred_to_the_accounts_token() {
        twilio.sealed.put(
                "twilio",
                new JsonObject()
                        .put("account_sid", TwilioSubject.SID)
                        .put("auth_token", TwilioSubject.TOKEN)
                        .put("api_key", "SK1")
                        .put("api_secret", "api-secret-0123"));

        assertThat(sentOnce().headers().get("authorization"))
                .isEqualTo("Basic " + Base64.getEncoder().encodeToString("SK1:api-secret-0123".getBytes()));
    }

    @Test
    void a_messaging_service_chooses_the_sender() {
        twilio.settings(new JsonObject().put("messaging_service_sid", "MG1").put("from", "+1"));

        assertThat(sentOnce().body()).contains("&MessagingServiceSid=MG1&").doesNotContain("From=");
    }

    @Test
    void without_settings_the_customer_is_answered_from_the_number_that_he_wrote_to() {
        twilio.settings(new JsonObject()).refs(new JsonObject().put("to", "+15550009999"));

        assertThat(sentOnce().body()).contains("&From=%2B15550009999&");
    }

    @Test
    void whatsapp_numbers_say_so() {
        twilio.channel("whatsapp").settings(new JsonObject().put("whatsapp_from", "+15559876543"));

        assertThat(sentOnce().body()).startsWith("To=whatsapp%3A%2B14394992990&From=whatsapp%3A%2B15559876543&");
    }

    @Test
    void without_any_sender_nothing_is_asked_and_the_reason_says_what_to_set() {
        twilio.settings(new JsonObject());

        assertThat(failure(send()))
                .hasMessageContaining("settings.twilio.messaging_service_sid")
                .extracting(AdapterException::kind)
                .isEqualTo(Kind.REFUSED);
        assertThat(twilio.vendor.requests()).isEmpty();
    }

    @Test
    void another_channel_is_refused() {
        twilio.channel("email");

        assertThat(failure(send()).kind()).isEqualTo(Kind.REFUSED);
    }

    @ParameterizedTest
    @CsvSource({
        "{}, account_sid",
        "{\"account_sid\":\"../../x\"}, AC and 32 hex digits",
        "{\"account_sid\":\"AC0123456789abcdef0123456789abcdef\"}, auth_token",
    })
    void credentials_of_another_shape_are_named(String json, String named) {
        twilio.sealed.put("twilio", new JsonObject(json));

        AdapterException failure = failure(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining(named);
        assertThat(twilio.vendor.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "400, 21610, REFUSED, dnd:",
        "400, 63016, BLOCKED, window:",
        "400, 63032, REFUSED, dnd:",
        "400, 21211, REFUSED, Twilio answered 400 (error 21211)",
        "400, 21617, REFUSED, Twilio answered 400 (error 21617)",
        "404, 20404, REFUSED, Twilio answered 404",
        "401, 20003, UNAUTHORIZED, Twilio answered 401",
        "403, 20003, UNAUTHORIZED, Twilio answered 403",
        "429, 20429, THROTTLED, Twilio answered 429",
        "400, 21611, THROTTLED, Twilio answered 400",
        "503, 20503, AMBIGUOUS, Twilio answered 503",
    })
    void every_error_has_its_meaning(int status, int code, Kind kind, String reason) {
        twilio.vendor.on(SEND, TwilioSubject.error(status, code, "about +14394992990"));

        AdapterException failure = failure(send());

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageStartingWith(reason);
    }

    @Test
    void a_pause_without_a_time_is_the_configured_one() {
        twilio.vendor.on(SEND, TwilioSubject.error(429, 20429, "Too Many Requests"));

        assertThat(failure(send()).retryAfter()).isEqualTo(Duration.ofSeconds(5));
        assertThat(failure(send()).kind()).isEqualTo(Kind.THROTTLED);
        assertThat(twilio.vendor.requests(SEND)).hasSize(1);
    }

    @Test
    void a_503_that_says_when_to_come_again_did_nothing() {
        twilio.vendor.on(SEND, Behaviour.answer(503, java.util.Map.of("Retry-After", "4"), ""));

        AdapterException failure = failure(send());

        assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(4));
    }

    // --- look-up

    private String foundIn(JsonArray messages) {
        twilio.planPage(messages, null);
        return lookUp().orTimeout(20, java.util.concurrent.TimeUnit.SECONDS)
                .join()
                .map(sent -> sent.providerMessageId())
                .orElse("nothing");
    }

    private static final String WORDS = "Hello, how can I help you today?";

    @Test
    void a_look_up_asks_for_messages_to_this_customer_without_a_date_that_queued_ones_lack() {
        foundIn(new JsonArray());

        assertThat(twilio.vendor.requests(LIST).get(0).query()).isEqualTo("To=%2B14394992990&PageSize=50");
    }

    @Test
    void an_older_message_with_the_same_words_is_another() {
        assertThat(foundIn(
                        new JsonArray().add(listed("SMold", WORDS, Instant.now().minusSeconds(60)))))
                .isEqualTo("nothing");
    }

    @Test
    void other_words_and_the_customers_own_are_not_it() {
        assertThat(foundIn(new JsonArray()
                        .add(listed("SM1", "Hello", Instant.now()))
                        .add(listed("SM2", WORDS, Instant.now()).put("direction", "inbound"))))
                .isEqualTo("nothing");
    }

    @Test
    void what_a_trial_account_puts_before_the_words_does_not_hide_them() {
        assertThat(foundIn(new JsonArray()
                        .add(listed("SM1", "Sent from your Twilio trial account - " + WORDS, Instant.now()))))
                .isEqualTo("SM1");
    }

    @Test
    void a_look_up_reads_on_until_it_is_older_than_the_attempt() {
        JsonArray others = new JsonArray();
        IntStream.range(0, 50).forEach(at -> others.add(listed("SMx" + at, "other", Instant.now())));
        twilio.planPage(others, PATH + "?PageSize=50&Page=1&PageToken=PASM1");

        assertThat(foundIn(new JsonArray().add(listed("SM1", WORDS, Instant.now()))))
                .isEqualTo("SM1");
        assertThat(twilio.vendor.requests(LIST).get(1).query()).contains("PageToken=PASM1");
    }

    @Test
    void more_pages_than_anybody_reads_leave_it_undecided() {
        JsonArray others = new JsonArray().add(listed("SMx", "other", Instant.now()));
        twilio.planPage(others, PATH + "?Page=1");
        twilio.planPage(others, PATH + "?Page=2");

        assertThat(failure(lookUp()).kind()).isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void a_next_page_elsewhere_is_not_followed() {
        twilio.planPage(new JsonArray(), "/2010-04-01/Accounts/ACother/Messages.json?Page=1");

        assertThat(failure(lookUp()).kind()).isEqualTo(Kind.AMBIGUOUS);
        assertThat(twilio.vendor.requests()).hasSize(1);
    }

    @Test
    void a_list_that_is_none_may_be_asked_for_again() {
        twilio.vendor.on(LIST, Behaviour.answer(200, java.util.Map.of(), "<html>"));

        assertThat(failure(lookUp()).kind()).isEqualTo(Kind.TRANSIENT);
    }
}
