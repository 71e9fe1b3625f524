package dev.parley.queue;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Exponential backoff with full jitter: the n-th failure waits a random time between nothing and
 * {@code min(cap, base × 2^(n-1))}, so that what failed together does not come back together. (AWS Architecture Blog,
 * "Exponential Backoff And Jitter", 2015.)
 *
 * <p>Never below a tenth of the bound: a wait of nothing would spend an attempt on an outage that has not had time to end.
 *
 * @param maxAttempts after so many failed attempts a job is a dead letter; at least 1
 */
public record Backoff(Duration base, Duration cap, int maxAttempts) {
    public Backoff {
        if (base.isNegative() || base.isZero() || cap.compareTo(base) < 0 || maxAttempts < 1) {
            throw new IllegalArgumentException("backoff needs 0 < base <= cap and at least one attempt, got base="
                    + base + " cap=" + cap + " maxAttempts=" + maxAttempts);
        }
    }

    /**
     * @param failedAttempts how many attempts have failed, this one included; 1 or more
     * @param random a source of numbers in [0, 1)
     */
    public Duration after(int failedAttempts, DoubleSupplier random) {
        int doublings = Math.min(Math.max(failedAttempts, 1) - 1, 40);
        // 2^40 times a base of hours overflows a long of milliseconds, a double does not.
        double bound = Math.min((double) cap.toMillis(), (double) base.toMillis() * (double) (1L << doublings));
        return Duration.ofMillis(Math.max(1L, Math.round(bound * (0.1 + 0.9 * random.getAsDouble()))));
    }

    public boolean isLastAttempt(int failedAttempts) {
        return failedAttempts >= maxAttempts;
    }
}
