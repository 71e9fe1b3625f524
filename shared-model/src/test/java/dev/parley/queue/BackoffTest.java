package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(10), 8);

    @Test
    void the_bound_doubles_with_every_failure_up_to_the_cap() {
        assertThat(backoff.after(1, () -> 1.0)).isEqualTo(Duration.ofSeconds(1));
        assertThat(backoff.after(2, () -> 1.0)).isEqualTo(Duration.ofSeconds(2));
        assertThat(backoff.after(5, () -> 1.0)).isEqualTo(Duration.ofSeconds(16));
        assertThat(backoff.after(11, () -> 1.0)).isEqualTo(Duration.ofMinutes(10));
        assertThat(backoff.after(1_000_000, () -> 1.0)).isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void a_wait_is_spread_over_its_whole_bound_but_never_nothing() {
        Random random = new Random(7);
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < 10_000; i++) {
            long wait = backoff.after(4, random::nextDouble).toMillis();
            shortest = Math.min(shortest, wait);
            longest = Math.max(longest, wait);
        }
        assertThat(shortest).isBetween(800L, 900L);
        assertThat(longest).isBetween(7_900L, 8_000L);
    }

    @Test
    void the_last_attempt_is_the_one_that_reaches_the_limit() {
        assertThat(backoff.isLastAttempt(7)).isFalse();
        assertThat(backoff.isLastAttempt(8)).isTrue();
        assertThat(backoff.isLastAttempt(9)).isTrue();
    }

    @Test
    void a_policy_that_cannot_wait_or_try_is_refused() {
        assertThatThrownBy(() -> new Backoff(Duration.ZERO, Duration.ofSeconds(1), 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("base=PT0S");
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1), 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(1), 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
