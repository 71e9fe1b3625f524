package dev.parley.work.adapter.chatwoot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.kit.VendorServer.Request;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.Sent;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is Chatwoot's own; the rest is in the contract. */
class ChatwootMessagingIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private ChatwootAccount account;

    @BeforeEach
    void a_tenant_with_an_account() {
        account = new ChatwootAccount(db);
    }

    @AfterEach
    void everything_planned_was_asked_and_nothing_else() {
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

    private Optional<Sent> lookUp(Instant attemptedAt) {
        return account.adapter()
                .lookUp(account.tenant(), account.message(), attemptedAt)
                .await()
                .atMost(PATIENCE);
    }

    private AdapterException lookUpFailure() {
        return catchThrowableOfType(AdapterException.class, () -> lookUp(Instant.now()));
    }

    @Test
    void a_reply_is_written_into_the_conversation_with_our_id() {
        account.vendor().on(ChatwootAccount.SEND, account.accepted("4712"));

        assertThat(send().providerMessageId()).isEqualTo("4712");

        Request request = account.vendor().requests(ChatwootAccount.SEND).get(0);
        assertThat(request.json())
                .isEqualTo(new JsonObject()
                        .put("content", account.text)
                        .put("message_type", "outgoing")
                        .put("private", false)
                        .put(
                                "content_attributes",
                                new JsonObject().put("parley_message_id", account.messageId.toString())));
        assertThat(request.headers()).containsEntry("api_access_token", ChatwootAccount.TOKEN);
    }

    @Test
    void a_hand_over_opens_the_conversation_for_people() {
        account.handsOff = true;
        account.vendor()
                .on(ChatwootAccount.SEND, account.accepted("4712"))
                .on(ChatwootAccount.TOGGLE, Behaviour.json(200, new JsonObject()));

        send();

        assertThat(account.vendor().requests(ChatwootAccount.TOGGLE).get(0).json())
                .isEqualTo(new JsonObject().put("status", "open"));
    }

    @Test
    void a_hand_over_that_fails_does_not_make_the_message_unsent() {
        account.handsOff = true;
        for (Behaviour trouble : new Behaviour[] {
            Behaviour.json(500, new JsonObject()), Behaviour.cut(), Behaviour.silence(), account.expiredToken()
        }) {
            account.vendor().on(ChatwootAccount.SEND, account.accepted("4712")).on(ChatwootAccount.TOGGLE, trouble);

            assertThat(send().providerMessageId()).isEqualTo("4712");
        }
    }

    @Test
    void what_is_missing_is_named_and_nothing_is_asked() {
        account.refs = new JsonObject();
        assertThat(failure()).hasMessageContaining("settings.chatwoot.account_id");

        account.settings = new JsonObject().put("chatwoot", new JsonObject().put("account_id", "2"));
        assertThat(failure()).hasMessageContaining("refs.chatwoot.conversation_id");

        account.refs = new JsonObject().put("chatwoot", new JsonObject().put("conversation_id", "99/../../x"));
        assertThat(failure().kind()).isEqualTo(Kind.REFUSED);

        account.refs = new JsonObject().put("chatwoot", new JsonObject().put("conversation_id", "99"));
        account.seal(new JsonObject().put("token", "misnamed"));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure()).hasMessageContaining("access_token");
    }

    @Test
    void a_limit_without_a_time_is_waited_out_for_a_minute() {
        account.vendor().on(ChatwootAccount.SEND, Behaviour.answer(429, Map.of(), "Retry later"));

        assertThat(failure().retryAfter()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void a_look_up_reads_with_the_users_token_and_goes_by_our_id() {
        Instant now = Instant.now();
        account.page(new JsonArray()
                .add(ChatwootAccount.message("1", account.text, now, UUID.randomUUID()))
                .add(ChatwootAccount.message("2", "anything", now, account.messageId))
                .add(ChatwootAccount.message("3", account.text, now, null)));

        assertThat(lookUp(now)).map(Sent::providerMessageId).contains("2");
        assertThat(account.vendor().requests(ChatwootAccount.LIST).get(0).headers())
                .containsEntry("api_access_token", ChatwootAccount.READ_TOKEN);
    }

    @Test
    void where_no_attributes_are_kept_words_and_time_decide() {
        Instant now = Instant.now();
        account.page(new JsonArray()
                .add(ChatwootAccount.message("1", account.text, now.minusSeconds(60), null))
                .add(ChatwootAccount.message("2", " Hello, how can\n I help you today? ", now, null)));
        assertThat(lookUp(now)).map(Sent::providerMessageId).contains("2");

        account.page(new JsonArray()
                .add(ChatwootAccount.message("1", account.text, now.minusSeconds(60), null))
                .add(ChatwootAccount.message("2", account.text, now, UUID.randomUUID()))
                .add(ChatwootAccount.message("3", account.text, now, null).put("message_type", 0))
                .add(ChatwootAccount.message("4", account.text, now, null).put("private", true))
                .add(ChatwootAccount.message("5", "other words", now, null)));
        assertThat(lookUp(now)).isEmpty();
    }

    @Test
    void older_pages_are_read_until_the_attempt_is_behind_us() {
        Instant now = Instant.now();
        account.page(new JsonArray().add(ChatwootAccount.message("30", "newest", now, null)));
        account.page(new JsonArray().add(ChatwootAccount.message("20", account.text, now, account.messageId)));

        assertThat(lookUp(now)).map(Sent::providerMessageId).contains("20");
        assertThat(account.vendor().requests(ChatwootAccount.LIST).get(1).query())
                .isEqualTo("before=30");
    }

    @Test
    void a_conversation_too_busy_to_be_read_is_undecided() {
        Instant now = Instant.now();
        for (String id : new String[] {"30", "20", "10"}) {
            account.page(new JsonArray().add(ChatwootAccount.message(id, "busy", now, null)));
        }

        assertThat(lookUpFailure().kind()).isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void pages_that_lead_nowhere_are_undecided_and_never_taken_for_nothing_there() {
        Instant now = Instant.now();
        account.page(new JsonArray().add(ChatwootAccount.message("30", "newest", now, null)));
        account.page(new JsonArray().add(ChatwootAccount.message("30", "the same again", now, null)));
        assertThat(lookUpFailure().kind()).isEqualTo(Kind.AMBIGUOUS);

        account.page(new JsonArray().add(ChatwootAccount.message("1&x=/../", "odd id", now, null)));
        assertThat(lookUpFailure().kind()).isEqualTo(Kind.AMBIGUOUS);
    }

    @Test
    void a_bot_that_may_not_look_says_what_is_missing_and_is_never_taken_for_nothing_there() {
        account.seal(new JsonObject().put("access_token", ChatwootAccount.TOKEN));
        account.vendor()
                .on(
                        ChatwootAccount.LIST,
                        Behaviour.json(
                                401,
                                new JsonObject().put("error", "Access to this endpoint is not authorized for bots")))
                .on(ChatwootAccount.LIST, Behaviour.json(404, new JsonObject().put("error", "not found")));

        AdapterException failure = lookUpFailure();
        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("read_token");
        assertThat(lookUpFailure().kind()).isEqualTo(Kind.REFUSED);
    }
}
