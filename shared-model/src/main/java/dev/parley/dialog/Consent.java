package dev.parley.dialog;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a contact allows on this channel: {@code consent} of {@code bot.contacts.metadata}, documented in
 * {@code docs/settings.md}. Two independent objections: the contact's own word ({@code opted_out}) and the provider's
 * do-not-disturb mark ({@code dnd}). Either one silences us. Unknown keys are preserved.
 */
public record Consent(JsonObject json) {
    private static final String OPTED_OUT = "opted_out";
    private static final String OPTED_IN = "opted_in";
    private static final String DND = "dnd";

    public static Consent none() {
        return new Consent(new JsonObject());
    }

    /** Anything but absent, null or false counts: a hand-written {@code true} must not be overlooked. */
    public boolean isOptedOut() {
        Object value = json.getValue(OPTED_OUT);
        return value != null && !Boolean.FALSE.equals(value);
    }

    public boolean isDoNotDisturb() {
        Object value = json.getValue(DND);
        if (value instanceof JsonObject dnd) {
            return !Boolean.FALSE.equals(dnd.getValue("on"));
        }
        return value != null && !Boolean.FALSE.equals(value);
    }

    /** Why nothing may be sent to this contact; empty = it may. */
    public Optional<String> objection() {
        if (isOptedOut()) {
            return Optional.of("contact opted out");
        }
        return isDoNotDisturb() ? Optional.of("do not disturb is set at the provider") : Optional.empty();
    }

    /** The contact said stop. The first time counts: saying it again changes nothing. */
    public Consent optOut(String word, Instant at) {
        if (isOptedOut()) {
            return this;
        }
        JsonObject next = json.copy();
        next.remove(OPTED_IN);
        return new Consent(
                next.put(OPTED_OUT, new JsonObject().put("at", at.toString()).put("word", word)));
    }

    /**
     * The contact said start. Lifts the provider's mark too, unless that is permanent: it may be out of date, and where
     * it is not the provider refuses the next send and so sets it again.
     */
    public Consent optIn(String word, Instant at) {
        JsonObject next = json.copy();
        next.remove(OPTED_OUT);
        if (json.getValue(DND) instanceof JsonObject dnd && !Boolean.TRUE.equals(dnd.getValue("permanent"))) {
            next.remove(DND);
        }
        return new Consent(
                next.put(OPTED_IN, new JsonObject().put("at", at.toString()).put("word", word)));
    }

    /** The provider's mark as of {@code at}; older news than what is known, and what is known already, change nothing. */
    public Consent doNotDisturb(boolean on, boolean permanent, String by, @Nullable String reason, Instant at) {
        JsonObject known = Lenient.object(json, DND);
        Instant knownAt = Lenient.instant(known, "at");
        boolean same = on == isDoNotDisturb() && permanent == Boolean.TRUE.equals(known.getValue("permanent"));
        if (same || (knownAt != null && at.isBefore(knownAt))) {
            return this;
        }
        JsonObject dnd = new JsonObject().put("on", on).put("at", at.toString()).put("by", by);
        if (permanent) {
            dnd.put("permanent", true);
        }
        if (reason != null) {
            dnd.put("reason", reason);
        }
        return new Consent(json.copy().put(DND, dnd));
    }
}
