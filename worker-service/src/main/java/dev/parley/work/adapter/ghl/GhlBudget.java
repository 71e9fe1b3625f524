package dev.parley.work.adapter.ghl;

import dev.parley.tenant.TenantId;
import dev.parley.work.adapter.VendorHttp;
import io.vertx.core.MultiMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How many requests each account has left, as far as its answers have told: 100 in ten seconds and 200,000 a day per
 * location, counted by the vendor over all our processes. What is used up here is not asked for there: a refused request
 * helps nobody and is counted too.
 */
final class GhlBudget {
    /** Nobody asks for more than this in earnest; a longer pause would hide a broken clock. */
    private static final Duration LONGEST_PAUSE = Duration.ofHours(24);

    private final Clock clock;
    private final Duration window;
    private final Duration dailyPause;
    private final Map<Account, Left> accounts = new ConcurrentHashMap<>();

    GhlBudget(Clock clock, GhlConfig config) {
        this.clock = clock;
        this.window = config.window();
        this.dailyPause = config.dailyPause();
    }

    /** What the vendor counts by. */
    record Account(TenantId tenant, String location) {}

    /** Takes one request from the budget: null = go ahead (and report back), else come again after this time. */
    @Nullable
    Duration take(Account account) {
        return left(account).take(clock.instant());
    }

    /** The request got this answer. */
    void answered(Account account, MultiMap headers) {
        left(account).answered(clock.instant(), headers);
    }

    /** The request got no answer. */
    void unanswered(Account account) {
        left(account).unanswered();
    }

    /** The vendor said 429: nobody of this account asks again before the time returned. */
    Duration refused(Account account, MultiMap headers) {
        Instant now = clock.instant();
        Duration asked = VendorHttp.retryAfter(headers, now);
        Long daily = number(headers, "X-RateLimit-Daily-Remaining");
        Long interval = number(headers, "X-RateLimit-Interval-Milliseconds");
        Duration pause = asked != null
                ? asked
                : daily != null && daily <= 0
                        ? dailyPause
                        : interval != null && interval > 0 ? Duration.ofMillis(interval) : window;
        Duration bounded = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
        left(account).pause(now.plus(bounded));
        return bounded;
    }

    private Left left(Account account) {
        return accounts.computeIfAbsent(account, unknown -> new Left());
    }

    private static @Nullable Long number(MultiMap headers, String name) {
        String text = headers.get(name);
        return text != null && text.strip().matches("\\d{1,12}") ? Long.valueOf(text.strip()) : null;
    }

    private final class Left {
        private long remaining = Long.MAX_VALUE;
        private Instant windowEnd = Instant.MIN;
        private Instant pausedUntil = Instant.MIN;
        private int inFlight;

        synchronized @Nullable Duration take(Instant now) {
            if (now.isBefore(pausedUntil)) {
                return Duration.between(now, pausedUntil);
            }
            if (now.isBefore(windowEnd)) {
                if (remaining <= 0) {
                    return Duration.between(now, windowEnd);
                }
                remaining--;
            }
            inFlight++;
            return null;
        }

        synchronized void answered(Instant now, MultiMap headers) {
            unanswered();
            Long daily = number(headers, "X-RateLimit-Daily-Remaining");
            if (daily != null && daily <= 0) {
                pause(now.plus(dailyPause));
            }
            Long reported = number(headers, "X-RateLimit-Remaining");
            if (reported == null) {
                return;
            }
            // Answers overtake each other, so within a window the smallest number counts; more than could be left of
            // our window means that the vendor's next one has begun.
            if (!now.isBefore(windowEnd) || reported > remaining + inFlight + 1) {
                Long interval = number(headers, "X-RateLimit-Interval-Milliseconds");
                windowEnd = now.plus(interval == null || interval <= 0 ? window : Duration.ofMillis(interval));
                remaining = Math.max(0, reported - inFlight);
            } else {
                remaining = Math.min(remaining, reported);
            }
        }

        synchronized void unanswered() {
            inFlight = Math.max(0, inFlight - 1);
        }

        synchronized void pause(Instant until) {
            if (until.isAfter(pausedUntil)) {
                pausedUntil = until;
            }
        }
    }
}
