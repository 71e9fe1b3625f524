package dev.parley.dialog;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to answer to one message. Pure: no I/O, no clock of its own, the same turn always gives the same move.
 *
 * <p>Order of what counts: the law (stop, start), silence for who opted out, a person who took over, machines, a wish for
 * a person, then whatever {@code last_step} is waiting for, then greeting or fallback. Loop guards have the last word.
 *
 * <p>The seam for longer dialogs: a {@link Step} per value of {@code last_step}.
 */
public final class FirstDialog {
    /**
     * One message in its situation.
     *
     * @param text as the contact wrote it; empty = no words
     * @param hasSpoken has this contact ever got a message in this conversation?
     * @param now database clock
     */
    public record Turn(
            DialogSettings settings,
            ConversationState state,
            Consent consent,
            String channel,
            String text,
            @Nullable String displayName,
            boolean hasSpoken,
            Instant now) {}

    /** Why a reply is sent; decides which later events still stop it. */
    public enum Purpose {
        CONVERSATION,
        HELP,
        HANDOFF,
        /** The one confirmation after an opt-out; the only thing an opted-out contact still gets. */
        OPT_OUT,
        OPT_IN
    }

    public record Reply(String text, Purpose purpose) {}

    /**
     * What happens next.
     *
     * @param intent what the message was taken for
     * @param reply null = say nothing
     * @param silence why nothing is said; null where there is a reply
     */
    public record Move(
            ConversationState state,
            Consent consent,
            String intent,
            @Nullable Reply reply,
            @Nullable String silence) {}

    /** What to do when {@code last_step} is the one this is registered for. Pure, like everything here. */
    @FunctionalInterface
    public interface Step {
        /** @param plain the words without case, accents and punctuation; empty = not for this step, go on as usual */
        Optional<Answer> answer(Turn turn, String plain);
    }

    /**
     * A step's answer.
     *
     * @param state step, intent and context from now on
     * @param reply null = say nothing
     */
    public record Answer(ConversationState state, @Nullable Reply reply) {}

    public static final String GREETING = "greeting";
    public static final String FALLBACK = "fallback";
    public static final String HANDOFF = "handoff";
    public static final String OPT_OUT = "opt_out";
    public static final String OPT_IN = "opt_in";
    public static final String CONFIRM_CANCEL = "confirm_cancel";

    private static final String REPLIES = "replies";
    /** On these nothing can be answered: they are calls. */
    private static final Set<String> WITHOUT_REPLIES = Set.of("call", "voicemail");

    private final Map<String, Step> steps;

    public FirstDialog() {
        this(Map.of());
    }

    /** @param steps by {@code last_step}; may replace those built in */
    public FirstDialog(Map<String, Step> steps) {
        Map<String, Step> all = new HashMap<>();
        all.put(CONFIRM_CANCEL, FirstDialog::afterCancel);
        all.putAll(steps);
        this.steps = Map.copyOf(all);
    }

    public Move answer(Turn turn) {
        DialogSettings settings = turn.settings();
        String plain = Words.plain(turn.text());

        if (Words.isOptOut(plain, settings.optOutWords()) || meansOptOutByCancel(turn, plain)) {
            return optOut(turn, plain);
        }
        boolean yesAgain = plain.equals(Words.YES) && turn.consent().isOptedOut();
        if (yesAgain
                || (Words.isOptIn(plain, settings.optInWords())
                        && turn.consent().objection().isPresent())) {
            return optIn(turn, plain);
        }
        Optional<String> objection = turn.consent().objection();
        if (objection.isPresent()) {
            return silent(
                    turn,
                    turn.state().intent() == null ? FALLBACK : turn.state().intent(),
                    objection.get());
        }
        Optional<Instant> pause = turn.state().pausedUntil(turn.now());
        if (pause.isPresent()) {
            return silent(turn, HANDOFF, "left to a person until " + pause.get());
        }
        return conversation(resumed(turn), plain);
    }

    /** "cancel" alone revokes consent, unless there is something else it could be about; then we ask, once. */
    private static boolean meansOptOutByCancel(Turn turn, String plain) {
        return plain.equals(Words.CANCEL)
                && (!turn.state().hasSomethingToCancel()
                        || CONFIRM_CANCEL.equals(turn.state().step()));
    }

    private static Move optOut(Turn turn, String plain) {
        if (turn.consent().isOptedOut()) {
            return silent(turn, OPT_OUT, "contact opted out");
        }
        Consent consent = turn.consent().optOut(plain, turn.now());
        ConversationState state = turn.state().at(OPT_OUT, OPT_OUT);
        if (turn.consent().isDoNotDisturb()) {
            return new Move(state, consent, OPT_OUT, null, "do not disturb is set at the provider");
        }
        return guarded(turn, state, consent, OPT_OUT, OPT_OUT, Purpose.OPT_OUT);
    }

    private static Move optIn(Turn turn, String plain) {
        Consent consent = turn.consent().optIn(plain, turn.now());
        ConversationState state = turn.state().at(OPT_IN, OPT_IN);
        Optional<String> objection = consent.objection();
        return objection.isPresent()
                ? new Move(state, consent, OPT_IN, null, objection.get())
                : guarded(turn, state, consent, OPT_IN, OPT_IN, Purpose.OPT_IN);
    }

    private Move conversation(Turn turn, String plain) {
        ConversationState state = turn.state();
        Consent consent = turn.consent();
        if (WITHOUT_REPLIES.contains(turn.channel())) {
            return silent(turn, turn.channel(), "nothing can be answered on channel " + turn.channel());
        }
        if (!plain.isEmpty() && plain.equals(Lenient.text(replies(state), "last"))) {
            return silent(turn, "echo", "the contact repeats our own words: another machine?");
        }
        if (Words.isAutoReply(plain)) {
            return silent(turn, "auto_reply", "the message is an automatic reply");
        }
        if (Words.isHelp(plain, turn.settings().helpWords())) {
            return guarded(turn, state.at(state.step(), "help"), consent, "help", "help", Purpose.HELP);
        }
        if (plain.equals(Words.CANCEL)) {
            return guarded(turn, state.at(CONFIRM_CANCEL, "cancel"), consent, "cancel", "cancel", Purpose.CONVERSATION);
        }
        if (Words.asksForAPerson(plain, turn.settings().handoffPhrases())) {
            return handOff(turn, "asked for a person");
        }
        Step step = state.step() == null ? null : steps.get(state.step());
        if (step != null) {
            Optional<Answer> answer = step.answer(turn, plain);
            if (answer.isPresent()) {
                return guarded(turn, answer.get(), FALLBACK);
            }
        }
        if (state.step() == null && !turn.hasSpoken()) {
            return guarded(turn, state.at(GREETING, GREETING), consent, GREETING, GREETING, Purpose.CONVERSATION);
        }
        if (plain.isEmpty()) {
            return guarded(turn, state.at(state.step(), "media"), consent, "media", "media", Purpose.CONVERSATION);
        }
        return guarded(turn, state.at(FALLBACK, FALLBACK), consent, FALLBACK, FALLBACK, Purpose.CONVERSATION);
    }

    private static Move handOff(Turn turn, String reason) {
        ConversationState state = handedOff(turn, reason).at(HANDOFF, HANDOFF);
        return guarded(turn, state, turn.consent(), HANDOFF, HANDOFF, Purpose.HANDOFF);
    }

    private static ConversationState handedOff(Turn turn, String reason) {
        return turn.state()
                .handedOff(reason, turn.now(), turn.now().plus(turn.settings().humanPause()));
    }

    /** After "cancel: your appointment, or our messages?" ("stop" and a second "cancel" were dealt with before). */
    private static Optional<Answer> afterCancel(Turn turn, String plain) {
        if (!(" " + plain + " ").contains(" appointment ")) {
            return Optional.empty();
        }
        ConversationState state = handedOff(turn, "cancel an appointment").at(HANDOFF, "cancel");
        return Optional.of(new Answer(
                state,
                turn.settings()
                        .say(HANDOFF, name(turn))
                        .map(text -> new Reply(text, Purpose.HANDOFF))
                        .orElse(null)));
    }

    private static Turn resumed(Turn turn) {
        ConversationState state = turn.state().resumed();
        return new Turn(
                turn.settings(),
                state,
                turn.consent(),
                turn.channel(),
                turn.text(),
                turn.displayName(),
                turn.hasSpoken(),
                turn.now());
    }

    private static String name(Turn turn) {
        return turn.displayName() == null ? "" : Phrase.firstName(turn.displayName());
    }

    private static Move silent(Turn turn, String intent, String why) {
        return new Move(turn.state().at(turn.state().step(), intent), turn.consent(), intent, null, why);
    }

    private static Move guarded(
            Turn turn, ConversationState state, Consent consent, String intent, String textName, Purpose purpose) {
        Optional<String> text = turn.settings().say(textName, name(turn));
        return text.isEmpty()
                ? new Move(state, consent, intent, null, "texts." + textName + " is switched off")
                : guarded(turn, state, consent, intent, new Reply(text.get(), purpose));
    }

    private static Move guarded(Turn turn, Answer answer, String otherwise) {
        String intent =
                answer.state().intent() == null ? otherwise : answer.state().intent();
        return answer.reply() == null
                ? new Move(answer.state(), turn.consent(), intent, null, "the step says nothing")
                : guarded(turn, answer.state(), turn.consent(), intent, answer.reply());
    }

    /**
     * The last word: two machines must not talk to each other at the tenant's expense. Consent and state change all the
     * same; only the reply is kept back.
     */
    private static Move guarded(Turn turn, ConversationState state, Consent consent, String intent, Reply reply) {
        DialogSettings settings = turn.settings();
        if (!settings.isOn()) {
            return new Move(state, consent, intent, null, "the bot is switched off");
        }
        JsonObject known = replies(state);
        Instant since = Lenient.instant(known, "since");
        Duration window = settings.repliesWindow();
        boolean isOver = since == null || !turn.now().isBefore(since.plus(window));
        Instant from = since == null || isOver ? turn.now() : since;
        int count = isOver ? 0 : Lenient.integer(known, "count", 0);
        int same = isOver ? 0 : Lenient.integer(known, "same", 0);
        String plainReply = Words.plain(reply.text());
        boolean isSame = plainReply.equals(Lenient.text(known, "last"));

        if (count >= settings.maxReplies()) {
            return new Move(state, consent, intent, null, count + " replies within " + window + ": a loop?");
        }
        boolean mayRepeat = reply.purpose() == Purpose.OPT_OUT || reply.purpose() == Purpose.OPT_IN;
        if (isSame && same >= settings.maxSameReply() && !mayRepeat) {
            return new Move(state, consent, intent, null, "the same reply " + same + " times in a row: a loop?");
        }
        JsonObject next = known.copy()
                .put("since", from.toString())
                .put("count", count + 1)
                .put("same", isSame ? same + 1 : 1)
                .put("last", plainReply);
        return new Move(state.withFlag(REPLIES, next), consent, intent, reply, null);
    }

    private static JsonObject replies(ConversationState state) {
        return Lenient.object(state.flags(), REPLIES);
    }
}
