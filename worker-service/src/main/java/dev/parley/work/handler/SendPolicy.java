package dev.parley.work.handler;

import dev.parley.spi.AdapterException;
import java.time.Duration;

/**
 * How patient sending is.
 *
 * @param reconcileInterval time between two questions about the same unclear attempt
 * @param certaintyAge how long after an unclear attempt the provider's "I do not have it" begins to count
 * @param throttledPause for a tenant whose vendor says "too fast" without saying for how long
 * @param unauthorizedBackoff until credentials that were refused are tried again: somebody has to mend them
 */
public record SendPolicy(
        Duration reconcileInterval, Duration certaintyAge, Duration throttledPause, Duration unauthorizedBackoff) {
    /** What the vendor asked for, if it did. */
    Duration pause(AdapterException throttled) {
        return throttled.retryAfter() == null ? throttledPause : throttled.retryAfter();
    }

    public static SendPolicy defaults() {
        return new SendPolicy(
                Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofMinutes(5));
    }
}
