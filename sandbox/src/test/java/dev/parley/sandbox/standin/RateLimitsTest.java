package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
    private final TestClock clock = new TestClock();
    private final RateLimits limits = new RateLimits(new Options.Limits(2, Duration.ofSeconds(10), 3), clock);

    @Test
    void the_burst_is_refilled_when_the_window_has_passed() {
        assertThat(limits.count("a").exceeded()).isFalse();
        assertThat(limits.count("a").exceeded()).isFalse();
        assertThat(limits.count("a").exceeded()).isTrue();

        clock.pass(Duration.ofMillis(9_999));
        assertThat(limits.count("a").exceeded()).isTrue();
        clock.pass(Duration.ofMillis(1));
        assertThat(limits.count("a").exceeded()).isFalse();
    }

    @Test
    void the_daily_limit_outlasts_the_window_and_ends_with_the_day() {
        limits.count("a");
        limits.count("a");
        clock.pass(Duration.ofSeconds(11));
        assertThat(limits.count("a").exceeded()).isFalse();
        assertThat(limits.count("a").exceeded()).isTrue();

        clock.pass(Duration.ofMinutes(1));
        assertThat(limits.count("a").exceeded()).isFalse();
    }

    @Test
    void locations_do_not_share_a_limit() {
        limits.count("a");
        limits.count("a");

        assertThat(limits.count("b").exceeded()).isFalse();
    }

    @Test
    void headers_tell_what_is_left() {
        limits.count("a");

        assertThat(limits.count("a").headers())
                .containsEntry("X-RateLimit-Limit-Daily", "3")
                .containsEntry("X-RateLimit-Daily-Remaining", "1")
                .containsEntry("X-RateLimit-Interval-Milliseconds", "10000")
                .containsEntry("X-RateLimit-Max", "2")
                .containsEntry("X-RateLimit-Remaining", "0");
    }
}
