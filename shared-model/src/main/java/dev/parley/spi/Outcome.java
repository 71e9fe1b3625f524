package dev.parley.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What happens to a job next. Handlers return it; only the spine writes it. */
public sealed interface Outcome {

    /** Finished; the job never runs again. */
    record Done() implements Outcome {}

    /** An attempt failed and another may help. {@code after} null = the policy's backoff. */
    record Retry(String reason, @Nullable Duration after) implements Outcome {}

    /** Not now, through nobody's fault: run again after {@code after}; costs no attempt. */
    record Snooze(String reason, Duration after) implements Outcome {}

    /**
     * The tenant's vendor said "too fast": this job runs again after {@code after}, and until then no other job of its type
     * and tenant is leased; costs no attempt. Of a job that calls nobody it is a snooze.
     */
    record PauseTenant(String reason, Duration after) implements Outcome {}

    /** No further attempt can help: a dead letter, kept with its reason for redrive. */
    record Bury(String reason) implements Outcome {}

    static Outcome done() {
        return new Done();
    }

    static Outcome retry(String reason) {
        return new Retry(reason, null);
    }

    static Outcome retry(String reason, @Nullable Duration after) {
        return new Retry(reason, after);
    }

    static Outcome snooze(String reason, Duration after) {
        return new Snooze(reason, after);
    }

    static Outcome pauseTenant(String reason, Duration after) {
        return new PauseTenant(reason, after);
    }

    static Outcome bury(String reason) {
        return new Bury(reason);
    }
}
