package dev.parley.spi;

/** Whether a delivery comes from whom it says. Reasons are for logs and meters; the caller never learns them. */
public sealed interface Verdict {
    /** Sent by the provider, and these bytes. */
    record Genuine() implements Verdict {}

    /** Unsigned, wrongly signed, or not to be understood. {@code reason} is a fixed phrase without any content. */
    record Forged(String reason) implements Verdict {}

    /** Rightly signed, but for another time. */
    record Stale(String reason) implements Verdict {}

    static Verdict genuine() {
        return new Genuine();
    }

    static Verdict forged(String reason) {
        return new Forged(reason);
    }

    static Verdict stale(String reason) {
        return new Stale(reason);
    }
}
