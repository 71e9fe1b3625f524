package dev.parley.sandbox.standin;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a webhook that was not taken comes again: any answer outside 2xx and any silence is retried, exponentially with
 * jitter (the policy GoHighLevel has had since 2026-04-30).
 *
 * @param maxRetries deliveries after the first
 * @param base before the first retry; doubles from there
 * @param cap no wait is longer, before scaling
 * @param scale what each wait is multiplied with; 0.001 turns hours into seconds. {@code Retry-After} is never scaled
 */
public record RetryPolicy(int maxRetries, Duration base, Duration cap, double scale) {
    public RetryPolicy {
        if (maxRetries < 0 || base.isNegative() || base.isZero() || cap.compareTo(base) < 0 || !(scale > 0)) {
            throw new IllegalArgumentException("retry policy needs maxRetries >= 0, 0 < base <= cap, scale > 0");
        }
    }

    /** Twelve retries over about four hours, the intervals being our assumption: only the count is published. */
    public static RetryPolicy asPublished() {
        return new RetryPolicy(12, Duration.ofSeconds(10), Duration.ofHours(1), 1.0);
    }

    public RetryPolicy scaledBy(double factor) {
        return new RetryPolicy(maxRetries, base, cap, factor);
    }

    /**
     * The wait before the given retry.
     *
     * @param retry 1 for the first
     * @param retryAfter what the receiver asked for; the wait is never shorter
     */
    public Duration waitBefore(int retry, @Nullable Duration retryAfter, RandomGenerator random) {
        long ceiling = base.toMillis();
        for (int doubling = 1; doubling < retry && ceiling < cap.toMillis(); doubling++) {
            ceiling *= 2;
        }
        double full = Math.min(ceiling, cap.toMillis()) * scale;
        Duration wait = Duration.ofMillis(Math.max(1, Math.round(full * random.nextDouble(0.5, 1.0))));
        return retryAfter != null && retryAfter.compareTo(wait) > 0 ? retryAfter : wait;
    }
}
