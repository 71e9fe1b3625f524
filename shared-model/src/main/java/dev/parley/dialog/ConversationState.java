package dev.parley.dialog;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a conversation stands: {@code last_step}, {@code last_intent} and {@code context}
 * ({@code {"offers": […], "bookings": […], "flags": {…}}}, documented in {@code docs/settings.md}). A value: every change
 * is a new one. Keys that Parley does not know stay where they are.
 */
public record ConversationState(
        @Nullable String step, @Nullable String intent, JsonObject context) {
    private static final String FLAGS = "flags";
    private static final String PAUSED_UNTIL = "paused_until";
    private static final String HANDOFF = "handoff";
    private static final String HUMAN = "human";

    /** The state of a conversation in which nothing has happened. */
    public static ConversationState start() {
        return new ConversationState(
                null,
                null,
                new JsonObject()
                        .put("offers", new JsonArray())
                        .put("bookings", new JsonArray())
                        .put(FLAGS, new JsonObject()));
    }

    public ConversationState at(@Nullable String step, @Nullable String intent) {
        return new ConversationState(step, intent, context);
    }

    public JsonObject flags() {
        return Lenient.object(context, FLAGS);
    }

    public ConversationState withFlag(String name, Object value) {
        return new ConversationState(
                step, intent, context.copy().put(FLAGS, flags().copy().put(name, value)));
    }

    public ConversationState withoutFlags(String... names) {
        JsonObject flags = flags().copy();
        for (String name : names) {
            flags.remove(name);
        }
        return new ConversationState(step, intent, context.copy().put(FLAGS, flags));
    }

    /** Is there an appointment, or an offer of one, that a word like "cancel" could be about? */
    public boolean hasSomethingToCancel() {
        return !Lenient.array(context, "bookings").isEmpty()
                || !Lenient.array(context, "offers").isEmpty();
    }

    /** Until when the bot leaves this conversation to people; empty = it answers. */
    public Optional<Instant> pausedUntil(Instant now) {
        Instant until = Lenient.instant(flags(), PAUSED_UNTIL);
        return until != null && until.isAfter(now) ? Optional.of(until) : Optional.empty();
    }

    /** Paused because a person answered (not merely because the contact asked for one)? */
    public boolean isPausedByHuman(Instant now) {
        return flags().containsKey(HUMAN) && pausedUntil(now).isPresent();
    }

    /** The contact asked for a person. */
    public ConversationState handedOff(String reason, Instant at, Instant until) {
        return withFlag(HANDOFF, new JsonObject().put("at", at.toString()).put("reason", reason))
                .pausedAtLeast(until);
    }

    /** A person wrote at {@code at}. */
    public ConversationState takenOver(Instant at, Instant until) {
        return withFlag(HUMAN, new JsonObject().put("at", at.toString())).pausedAtLeast(until);
    }

    /** The pause is over, or the conversation starts anew: the bot answers again. */
    public ConversationState resumed() {
        return flags().containsKey(PAUSED_UNTIL) || flags().containsKey(HANDOFF) || flags().containsKey(HUMAN)
                ? withoutFlags(PAUSED_UNTIL, HANDOFF, HUMAN)
                : this;
    }

    private ConversationState pausedAtLeast(Instant until) {
        Instant known = Lenient.instant(flags(), PAUSED_UNTIL);
        return known != null && known.isAfter(until) ? this : withFlag(PAUSED_UNTIL, until.toString());
    }
}
