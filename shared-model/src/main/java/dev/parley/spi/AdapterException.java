package dev.parley.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The one way an adapter fails; {@link #kind()} says what may be done next. The message never contains a secret. */
public final class AdapterException extends RuntimeException {
    public enum Kind {
        /** Certainly not done, may work later (connection refused, 5xx that the vendor documents as not processed). */
        TRANSIENT,
        /** Certainly not done, too fast; {@link #retryAfter()} says when. Concerns the tenant, not just this call. */
        THROTTLED,
        /** Certainly not done and never will be (invalid request, opted out, unknown contact). */
        REFUSED,
        /**
         * Certainly not done, and rightly so: a rule of the channel, not a fault, keeps this message back (the time for
         * answering is over). The message counts as blocked with this reason.
         */
        BLOCKED,
        /** Certainly not done: our credentials are not accepted and refreshing them did not help. */
        UNAUTHORIZED,
        /** May or may not have been done (the bytes left, no clear answer came back): never repeat blindly. */
        AMBIGUOUS
    }

    private final Kind kind;
    private final transient @Nullable Duration retryAfter;

    public AdapterException(Kind kind, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.retryAfter = retryAfter;
    }

    public AdapterException(Kind kind, String message) {
        this(kind, message, null, null);
    }

    public Kind kind() {
        return kind;
    }

    /** How long the vendor asked us to wait; null = it did not say. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
