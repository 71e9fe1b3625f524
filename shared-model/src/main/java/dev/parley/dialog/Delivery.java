package dev.parley.dialog;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What became of an outbound message: {@code delivery} of {@code bot.messages.payload}. A value; unknown keys are
 * preserved. The life is drawn in {@code docs/state-machine.md}.
 */
public record Delivery(JsonObject json) {
    /** In the order of progress: reports only move a message to a later one. */
    public enum State {
        /** Will be sent. */
        PLANNED,
        /** Never left us, on purpose; {@code error} says why. */
        BLOCKED,
        /** An attempt is being made: from here on it may have left. */
        SENDING,
        /** An attempt ended without a clear answer; the provider has to be asked. */
        UNKNOWN,
        /** The provider has it. */
        SENT,
        /** The provider will not deliver it. Before DELIVERED, because proof of delivery outweighs a report of failure. */
        FAILED,
        DELIVERED,
        READ;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int HISTORY_KEPT = 20;

    public static Delivery planned(Instant at) {
        return new Delivery(new JsonObject()).to(State.PLANNED, null, at);
    }

    /** Decided not to send. */
    public static Delivery blocked(String reason, Instant at) {
        return new Delivery(new JsonObject()).to(State.BLOCKED, reason, at);
    }

    /** A message that somebody else sent and the provider told us about. */
    public static Delivery reported(State state, @Nullable String error, Instant at) {
        return new Delivery(new JsonObject()).to(state, error, at);
    }

    public State state() {
        String word = Lenient.text(json, "state");
        for (State state : State.values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        // Written by hand or by a later version: ask before sending.
        return State.UNKNOWN;
    }

    public int attempts() {
        return Lenient.integer(json, "attempts", 0);
    }

    /** When the last attempt began; null = none was made. */
    public @Nullable Instant attemptedAt() {
        return Lenient.instant(json, "attempted_at");
    }

    /** How often, since that attempt, the provider answered that it does not have the message. */
    public int misses() {
        return Lenient.integer(json, "misses", 0);
    }

    public Delivery block(String reason, Instant at) {
        return to(State.BLOCKED, reason, at);
    }

    /** An attempt begins. */
    public Delivery sending(Instant at) {
        JsonObject next = json.copy();
        next.put("attempts", attempts() + 1).put("attempted_at", at.toString());
        next.remove("misses");
        next.remove("missed_at");
        return new Delivery(next).to(State.SENDING, null, at);
    }

    /** The attempt certainly failed and another may be made. */
    public Delivery notSent(String reason, Instant at) {
        return to(State.PLANNED, reason, at);
    }

    public Delivery failed(String reason, Instant at) {
        return to(State.FAILED, reason, at);
    }

    public Delivery unknown(String reason, Instant at) {
        return state() == State.UNKNOWN ? this : to(State.UNKNOWN, reason, at);
    }

    /** The provider has it, {@code status} in its words. What a report said meanwhile (delivered, read) stays. */
    public Delivery sent(@Nullable String status, Instant at) {
        Delivery next = state().compareTo(State.SENT) < 0 ? to(State.SENT, null, at) : this;
        return status == null || status.isBlank()
                ? next
                : new Delivery(next.json.copy().put("provider_status", status));
    }

    /** An unclear attempt was cleared up. */
    public Delivery reconciled(String finding, Instant at) {
        return noted("reconciled", finding, at);
    }

    /**
     * The provider answered that it does not have the message. Counts once per {@code spacing}: two answers in one breath
     * are one piece of evidence.
     */
    public Delivery missed(Duration spacing, Instant at) {
        Instant last = Lenient.instant(json, "missed_at");
        if (last != null && at.isBefore(last.plus(spacing))) {
            return this;
        }
        return new Delivery(json.copy().put("misses", misses() + 1).put("missed_at", at.toString()));
    }

    /**
     * What the provider reported. Moves forward only; a failure reported after proof of delivery is noted in the history
     * and not applied, anything else that is old news changes nothing.
     */
    public Delivery report(State reported, @Nullable String error, Instant at) {
        if (state() == State.BLOCKED) {
            return this;
        }
        if (reported.compareTo(state()) > 0) {
            return to(reported, error, at);
        }
        return reported == State.FAILED && state() != State.FAILED && !history(reported, error)
                ? noted(reported.word(), error, at)
                : this;
    }

    private boolean history(State state, @Nullable String error) {
        return Lenient.array(json, "history").stream()
                .anyMatch(entry -> entry instanceof JsonObject seen
                        && state.word().equals(seen.getValue("state"))
                        && java.util.Objects.equals(error, seen.getValue("error")));
    }

    private Delivery to(State state, @Nullable String error, Instant at) {
        JsonObject next = json.copy();
        next.put("state", state.word()).put("attempts", attempts()).put("at", at.toString());
        if (error == null) {
            next.remove("error");
        } else {
            next.put("error", error);
        }
        return new Delivery(next).noted(state.word(), error, at);
    }

    private Delivery noted(String word, @Nullable String error, Instant at) {
        JsonObject entry = new JsonObject().put("state", word).put("at", at.toString());
        if (error != null) {
            entry.put("error", error);
        }
        JsonArray history = Lenient.array(json, "history").copy().add(entry);
        while (history.size() > HISTORY_KEPT) {
            history.remove(0);
        }
        return new Delivery(json.copy().put("history", history));
    }
}
