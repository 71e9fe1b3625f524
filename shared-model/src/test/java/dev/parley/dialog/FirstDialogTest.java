package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dialog.FirstDialog.Answer;
import dev.parley.dialog.FirstDialog.Move;
import dev.parley.dialog.FirstDialog.Purpose;
import dev.parley.dialog.FirstDialog.Reply;
import dev.parley.dialog.FirstDialog.Turn;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirstDialogTest {
    private static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

    private final FirstDialog dialog = new FirstDialog();

    /** A conversation of which each message is answered in the state that the one before left. */
    private final class Chat {
        private DialogSettings settings = settings(new JsonObject());
        private ConversationState state = ConversationState.start();
        private Consent consent = Consent.none();
        private Instant now = NOON;
        private boolean hasSpoken;
        private String channel = "sms";
        private Move last;

        Chat with(JsonObject json) {
            settings = settings(json);
            return this;
        }

        Chat wait(Duration time) {
            now = now.plus(time);
            return this;
        }

        Chat says(String text) {
            last = dialog.answer(new Turn(settings, state, consent, channel, text, "Ana Souza", hasSpoken, now));
            state = last.state();
            consent = last.consent();
            hasSpoken |= last.reply() != null;
            now = now.plusSeconds(1);
            return this;
        }

        String reply() {
            return last.reply() == null ? "" : last.reply().text();
        }

        Chat isSilent(String because) {
            assertThat(last.reply()).isNull();
            assertThat(last.silence()).contains(because);
            return this;
        }

        Chat hears(Purpose purpose, String words) {
            assertThat(last.silence()).isNull();
            assertThat(last.reply().purpose()).isEqualTo(purpose);
            assertThat(reply()).contains(words);
            return this;
        }
    }

    private static DialogSettings settings(JsonObject json) {
        return DialogSettings.of(new Tenant(
                new TenantId(UUID.randomUUID()), "smile", "Smile Dental", true, "ghl", null, new Settings(json)));
    }

    private Chat chat() {
        return new Chat();
    }

    @Test
    void the_first_message_is_greeted_by_name() {
        Chat chat = chat().says("hello").hears(Purpose.CONVERSATION, "Hi Ana! Thanks for contacting Smile Dental.");
        assertThat(chat.state.step()).isEqualTo("greeting");
        assertThat(chat.state.intent()).isEqualTo("greeting");
    }

    @Test
    void later_messages_get_the_fallback() {
        chat().says("hello").says("what are your prices").hears(Purpose.CONVERSATION, "get back to you shortly");
    }

    @Test
    void whoever_got_a_message_before_is_not_greeted() {
        Chat chat = chat();
        chat.hasSpoken = true;
        chat.says("hello").hears(Purpose.CONVERSATION, "get back to you shortly");
    }

    @Test
    void opting_out_is_confirmed_once_and_then_there_is_silence() {
        Chat chat = chat().says("hello").says("STOP").hears(Purpose.OPT_OUT, "you are unsubscribed");
        assertThat(chat.consent.isOptedOut()).isTrue();
        chat.says("stop").isSilent("opted out");
        chat.says("hello?").isSilent("opted out");
        chat.says("help").isSilent("opted out");
        chat.says("talk to a person").isSilent("opted out");
        chat.wait(Duration.ofDays(400)).says("hello").isSilent("opted out");
    }

    @Test
    void opting_in_again_is_confirmed_and_the_talk_goes_on() {
        Chat chat = chat().says("stop").says("START").hears(Purpose.OPT_IN, "subscribed again");
        assertThat(chat.consent.objection()).isEmpty();
        chat.says("what now").hears(Purpose.CONVERSATION, "get back to you");
        chat.says("stop").hears(Purpose.OPT_OUT, "unsubscribed");
    }

    @Test
    void yes_opts_in_only_where_there_is_something_to_opt_in_to() {
        chat().says("hello").says("yes").hears(Purpose.CONVERSATION, "get back to you");
        chat().says("stop").says("YES!").hears(Purpose.OPT_IN, "subscribed again");
    }

    @Test
    void start_from_somebody_who_never_left_is_a_message_like_any_other() {
        chat().says("start").hears(Purpose.CONVERSATION, "Hi Ana!");
    }

    @Test
    void the_providers_mark_silences_and_start_lifts_it() {
        Chat chat = chat();
        chat.consent = Consent.none().doNotDisturb(true, false, "ghl", null, NOON);
        chat.says("hello").isSilent("do not disturb");
        chat.says("stop").isSilent("do not disturb");
        chat.says("start").hears(Purpose.OPT_IN, "subscribed again");
        assertThat(chat.consent.objection()).isEmpty();
    }

    @Test
    void a_permanent_mark_is_not_lifted_by_a_word() {
        Chat chat = chat();
        chat.consent = Consent.none().doNotDisturb(true, true, "ghl", null, NOON);
        chat.says("start").isSilent("do not disturb");
        chat.says("hello").isSilent("do not disturb");
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "HELP!", "info", "Aide"})
    void help_is_given(String word) {
        chat().says(word).hears(Purpose.HELP, "Smile Dental");
    }

    @Test
    void cancel_alone_revokes_consent_where_there_is_nothing_else_to_cancel() {
        chat().says("Cancel").hears(Purpose.OPT_OUT, "unsubscribed");
    }

    @Test
    void cancel_in_a_sentence_does_not() {
        Chat chat = chat().says("cancel my appointment");
        assertThat(chat.consent.isOptedOut()).isFalse();
    }

    @Test
    void cancel_with_an_appointment_is_asked_about() {
        Chat chat = chat();
        chat.state = withBooking();
        chat.says("cancel").hears(Purpose.CONVERSATION, "APPOINTMENT or STOP");
        assertThat(chat.consent.isOptedOut()).isFalse();
        assertThat(chat.state.step()).isEqualTo("confirm_cancel");

        chat.says("the appointment").hears(Purpose.HANDOFF, "Someone from our team");
        assertThat(chat.state.flags().getJsonObject("handoff").getString("reason"))
                .isEqualTo("cancel an appointment");
    }

    @Test
    void a_second_cancel_is_meant() {
        Chat chat = chat();
        chat.state = withBooking();
        chat.says("cancel").says("CANCEL").hears(Purpose.OPT_OUT, "unsubscribed");
    }

    private static ConversationState withBooking() {
        ConversationState start = ConversationState.start();
        return new ConversationState(
                "greeting",
                "greeting",
                start.context().copy().put("bookings", new JsonArray().add(new JsonObject().put("id", "b1"))));
    }

    @Test
    void asking_for_a_person_hands_over_and_pauses_the_bot() {
        Chat chat = chat().says("hello").says("can I talk to a person?").hears(Purpose.HANDOFF, "Thanks Ana.");
        assertThat(chat.state.flags().getJsonObject("handoff").getString("reason"))
                .isEqualTo("asked for a person");
        chat.says("are you there?").isSilent("left to a person");
        chat.says("help").isSilent("left to a person");
        chat.wait(Duration.ofHours(25)).says("anybody?").hears(Purpose.CONVERSATION, "get back to you");
        assertThat(chat.state.flags().containsKey("handoff")).isFalse();
        assertThat(chat.state.flags().containsKey("paused_until")).isFalse();
    }

    @Test
    void while_a_person_has_the_conversation_the_bot_is_silent_but_stop_still_counts() {
        Chat chat = chat();
        chat.state = ConversationState.start().takenOver(NOON, NOON.plus(Duration.ofHours(24)));
        chat.says("hello").isSilent("left to a person");
        chat.says("stop").hears(Purpose.OPT_OUT, "unsubscribed");
        chat.says("start").hears(Purpose.OPT_IN, "subscribed");
        chat.says("hello").isSilent("left to a person");
    }

    @Test
    void the_length_of_the_pause_is_a_setting() {
        Chat chat = chat().with(new JsonObject().put("dialog", new JsonObject().put("human_pause", "PT10M")));
        chat.says("agent").wait(Duration.ofMinutes(11)).says("hello").hears(Purpose.CONVERSATION, "get back");
    }

    @Test
    void a_picture_first_is_greeted_and_later_acknowledged() {
        chat().says("").hears(Purpose.CONVERSATION, "Hi Ana!");
        chat().says("hello").says(" \n ").hears(Purpose.CONVERSATION, "we received it");
        chat().says("hello").says("👍").hears(Purpose.CONVERSATION, "we received it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"call", "voicemail"})
    void calls_cannot_be_answered_in_writing(String channel) {
        Chat chat = chat();
        chat.channel = channel;
        chat.says("").isSilent("nothing can be answered");
    }

    @Test
    void automatic_replies_are_not_answered_and_the_next_real_message_is_greeted() {
        chat().says("Automatic reply: out of office")
                .isSilent("automatic")
                .says("hi")
                .hears(Purpose.CONVERSATION, "Hi Ana");
    }

    @Test
    void our_own_words_coming_back_are_not_answered() {
        Chat chat = chat().says("hello");
        chat.says(chat.reply()).isSilent("our own words");
    }

    @Test
    void the_same_reply_is_not_given_for_ever() {
        Chat chat = chat().says("hello");
        for (int i = 0; i < 3; i++) {
            chat.says("ping " + i).hears(Purpose.CONVERSATION, "get back to you");
        }
        chat.says("ping").isSilent("same reply 3 times");
        chat.says("help").hears(Purpose.HELP, "Smile Dental").says("ping").hears(Purpose.CONVERSATION, "get back");
    }

    @Test
    void after_the_window_the_same_reply_is_given_again() {
        Chat chat = chat().says("hello");
        for (int i = 0; i < 5; i++) {
            chat.says("ping " + i);
        }
        chat.isSilent("same reply");
        chat.wait(Duration.ofHours(1)).says("ping").hears(Purpose.CONVERSATION, "get back to you");
    }

    @Test
    void a_contact_gets_so_many_replies_in_a_window_and_no_more() {
        Chat chat = chat().with(new JsonObject().put("dialog", new JsonObject().put("max_replies", 4)));
        chat.says("hello").says("help").says("x").says("help").hears(Purpose.HELP, "Smile");
        chat.says("y").isSilent("4 replies within PT1H");
        chat.says("stop").isSilent("4 replies");
        assertThat(chat.consent.isOptedOut())
                .as("the word counts, even if nothing is said")
                .isTrue();
    }

    @Test
    void a_bot_that_is_switched_off_still_hears_stop() {
        Chat chat = chat().with(new JsonObject().put("dialog", new JsonObject().put("enabled", false)));
        chat.says("hello").isSilent("switched off").says("stop").isSilent("switched off");
        assertThat(chat.consent.isOptedOut()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"greeting,hello", "help,help", "handoff,agent", "opt_out,stop"})
    void each_text_is_a_setting(String name, String message) {
        JsonObject texts = new JsonObject().put(name, "ours: {business}").put("business", "Zahn & Co");
        assertThat(chat().with(new JsonObject().put("texts", texts))
                        .says(message)
                        .reply())
                .isEqualTo("ours: Zahn & Co");
    }

    @ParameterizedTest
    @CsvSource({"greeting,hello", "handoff,agent", "opt_out,stop"})
    void each_text_can_be_switched_off(String name, String message) {
        JsonObject texts = new JsonObject().put(name, false);
        chat().with(new JsonObject().put("texts", texts)).says(message).isSilent("texts." + name + " is switched off");
    }

    @Test
    void unknown_keys_of_the_context_survive_every_move() {
        Chat chat = chat();
        chat.state = new ConversationState(
                null, null, new JsonObject().put("theirs", 1).put("flags", new JsonObject().put("vip", true)));
        chat.says("hello")
                .says("agent")
                .says("stop")
                .says("start")
                .wait(Duration.ofDays(3))
                .says("hello");
        assertThat(chat.state.context().getInteger("theirs")).isEqualTo(1);
        assertThat(chat.state.flags().getBoolean("vip")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"flags\": 1, \"offers\": \"x\", \"bookings\": {}}",
                "{\"flags\": {\"paused_until\": 5, \"handoff\": [], \"replies\": \"many\"}}",
                "{\"flags\": {\"paused_until\": \"never\", \"replies\": {\"since\": \"x\", \"count\": \"y\", \"last\": 3}}}"
            })
    void a_context_that_somebody_broke_is_no_reason_to_stop(String context) {
        Chat chat = chat();
        chat.state = new ConversationState("no such step", null, new JsonObject(context));
        chat.says("hello").hears(Purpose.CONVERSATION, "get back to you");
        chat.says("agent").hears(Purpose.HANDOFF, "Someone");
    }

    @Test
    void a_step_answers_what_it_is_waiting_for_and_leaves_the_rest() {
        FirstDialog booking = new FirstDialog(Map.of(
                "offer",
                (turn, plain) -> plain.equals("2")
                        ? Optional.of(new Answer(
                                turn.state().at("booked", "book"), new Reply("Booked.", Purpose.CONVERSATION)))
                        : Optional.empty()));
        ConversationState offer = ConversationState.start().at("offer", "book");

        assertThat(booking.answer(turn(offer, "2")).state().step()).isEqualTo("booked");
        assertThat(booking.answer(turn(offer, "2")).reply().text()).isEqualTo("Booked.");
        assertThat(booking.answer(turn(offer, "stop")).reply().purpose()).isEqualTo(Purpose.OPT_OUT);
        assertThat(booking.answer(turn(offer, "hm")).state().step()).isEqualTo("fallback");
    }

    private static Turn turn(ConversationState state, String text) {
        return new Turn(settings(new JsonObject()), state, Consent.none(), "sms", text, null, true, NOON);
    }

    @Test
    void a_very_long_message_is_decided_in_no_time() {
        String essay = "talk to " + "a ".repeat(200_000) + "automatic";
        Instant start = Instant.now();
        chat().says(essay).hears(Purpose.CONVERSATION, "Hi Ana");
        assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(5));
    }
}
