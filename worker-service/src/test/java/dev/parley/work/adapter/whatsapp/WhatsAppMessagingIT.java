package dev.parley.work.adapter.whatsapp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.Sent;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is Meta's own; the rest is in the contract. */
class WhatsAppMessagingIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private WhatsAppAccount account;

    @BeforeEach
    void a_tenant_with_a_number() {
        account = new WhatsAppAccount(db);
    }

    @AfterEach
    void nothing_unexpected_was_asked() {
        account.vendor().assertScriptPlayed();
        account.close();
    }

    private Sent send() {
        return account.adapter()
                .send(account.tenant(), account.message())
                .await()
                .atMost(PATIENCE);
    }

    private AdapterException failure() {
        return catchThrowableOfType(AdapterException.class, this::send);
    }

    private JsonObject request() {
        return account.vendor().requests(WhatsAppAccount.SEND).get(0).json();
    }

    @Test
    void a_reply_goes_to_the_number_and_bears_our_id() {
        account.vendor().on(WhatsAppAccount.SEND, account.accepted("wamid.1"));

        send();

        assertThat(request())
                .isEqualTo(new JsonObject()
                        .put("messaging_product", "whatsapp")
                        .put("recipient_type", "individual")
                        .put("to", "16505551234")
                        .put("type", "text")
                        .put("text", new JsonObject().put("preview_url", false).put("body", account.text))
                        .put(
                                "biz_opaque_callback_data",
                                account.message().messageId().toString()));
        assertThat(account.vendor().requests(WhatsAppAccount.SEND).get(0).headers())
                .containsEntry("authorization", "Bearer " + WhatsAppAccount.TOKEN);
    }

    @Test
    void metas_own_way_to_write_a_number_is_preferred() {
        account.refs = new JsonObject().put("whatsapp", new JsonObject().put("wa_id", "5215512345678"));
        account.address = "+525512345678";
        account.vendor().on(WhatsAppAccount.SEND, account.accepted("wamid.1"));

        send();

        assertThat(request().getString("to")).isEqualTo("5215512345678");
    }

    @Test
    void people_without_a_number_are_reached_by_metas_id() {
        account.address = "CO.1047385771169864";
        account.vendor().on(WhatsAppAccount.SEND, account.accepted("wamid.1"));

        send();

        assertThat(request().getString("recipient")).isEqualTo("CO.1047385771169864");
        assertThat(request().containsKey("to")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "400, 131047, BLOCKED, window: ",
        "400, 131026, REFUSED, Meta answered 400",
        "400, 100,    REFUSED, Meta answered 400",
        "401, 190,    UNAUTHORIZED, token: ",
        "403, 10,     UNAUTHORIZED, permission: ",
        "403, 200,    UNAUTHORIZED, permission: ",
        "403, 368,    UNAUTHORIZED, account: ",
        "400, 131042, UNAUTHORIZED, account: ",
        "403, 131031, UNAUTHORIZED, account: ",
        "503, 131016, TRANSIENT, Meta answered 503",
        "503, 2,      TRANSIENT, Meta answered 503",
        "500, 131000, AMBIGUOUS, Meta answered 500",
        "500, 1,      AMBIGUOUS, Meta answered 500",
        "400, 131056, TRANSIENT, Meta answered 400",
        "429, 130429, THROTTLED, Meta answered 429",
        "400, 80007,  THROTTLED, Meta answered 400",
        "400, 131048, THROTTLED, Meta answered 400",
        "400, 131050, REFUSED, dnd: "
    })
    void metas_numbers_say_what_may_be_done_next(int status, int code, Kind kind, String reason) {
        account.vendor().on(WhatsAppAccount.SEND, WhatsAppAccount.refusal(status, code, "(#" + code + ") Some title"));

        AdapterException failure = failure();

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageStartingWith(reason).hasMessageContaining("(#" + code + ")");
        assertThat(failure.getMessage()).contains("\"Some title\"");
    }

    @Test
    void too_much_for_one_recipient_concerns_that_one_alone() {
        account.vendor()
                .on(WhatsAppAccount.SEND, WhatsAppAccount.refusal(400, 131056, "(#131056) Pair rate limit hit"))
                .on(WhatsAppAccount.SEND, account.accepted("wamid.2"));

        assertThat(failure().retryAfter()).isEqualTo(Duration.ofSeconds(20));
        account.address = "+491700000000";
        assertThat(send().providerMessageId()).isEqualTo("wamid.2");
    }

    @Test
    void where_meta_says_how_long_the_number_rests_so_long() {
        String usage = "{\"1\":[{\"type\":\"messages\",\"estimated_time_to_regain_access\":7}]}";
        account.vendor()
                .on(
                        WhatsAppAccount.SEND,
                        Behaviour.answer(
                                400,
                                Map.of("X-Business-Use-Case-Usage", usage),
                                "{\"error\":{\"code\":80007,\"message\":\"(#80007) Rate limit issues\"}}"));

        assertThat(failure().retryAfter()).isEqualTo(Duration.ofMinutes(7));
        assertThat(failure().kind()).as("not asked again").isEqualTo(Kind.THROTTLED);
    }

    @Test
    void a_number_that_people_blocked_rests_longer() {
        account.vendor()
                .on(WhatsAppAccount.SEND, WhatsAppAccount.refusal(400, 131048, "(#131048) Spam rate limit hit"));

        assertThat(failure().retryAfter()).isEqualTo(Duration.ofMinutes(15));
    }

    @Test
    void what_is_missing_is_named_and_nothing_is_asked() {
        account.settings = new JsonObject();
        assertThat(failure()).hasMessageContaining("settings.whatsapp.phone_number_id");

        account.settings = new JsonObject().put("whatsapp", new JsonObject().put("phone_number_id", "../1/x"));
        assertThat(failure()).hasMessageContaining("settings.whatsapp.phone_number_id");

        account.settings = new JsonObject().put("whatsapp", new JsonObject().put("phone_number_id", "1"));
        account.seal(new JsonObject().put("token", "misnamed"));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure()).hasMessageContaining("access_token");

        account.channel = "sms";
        assertThat(failure().kind()).isEqualTo(Kind.REFUSED);
        account.channel = "whatsapp";
        account.text = "x".repeat(4097);
        assertThat(failure()).hasMessageContaining("4096");
    }

    @Test
    void metas_report_is_waited_for_and_then_a_person_decides() {
        AdapterException early = lookUp(Instant.now());
        assertThat(early.kind()).isEqualTo(Kind.AMBIGUOUS);
        assertThat(early.retryAfter()).isEqualTo(Duration.ofSeconds(20));

        AdapterException late = lookUp(Instant.now().minusSeconds(121));
        assertThat(late.kind()).isEqualTo(Kind.REFUSED);
        assertThat(late).hasMessageContaining("not sent again");
    }

    private AdapterException lookUp(Instant attemptedAt) {
        return catchThrowableOfType(
                AdapterException.class,
                () -> account.adapter()
                        .lookUp(account.tenant(), account.message(), attemptedAt)
                        .await()
                        .atMost(PATIENCE));
    }
}
