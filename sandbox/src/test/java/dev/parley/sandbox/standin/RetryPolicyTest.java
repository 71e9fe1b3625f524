package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
    private final RetryPolicy policy = new RetryPolicy(12, Duration.ofSeconds(10), Duration.ofMinutes(5), 1.0);
    private final Random random = new Random(1);

    @Test
    void waits_double_until_the_cap_and_vary_by_half() {
        long[] ceilings = {10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000};
        for (int retry = 1; retry <= ceilings.length; retry++) {
            for (int draw = 0; draw < 100; draw++) {
                assertThat(policy.waitBefore(retry, null, random).toMillis())
                        .as("retry %d", retry)
                        .isBetween(ceilings[retry - 1] / 2, ceilings[retry - 1]);
            }
        }
    }

    @Test
    void scale_shortens_every_wait_but_not_what_the_receiver_asked_for() {
        RetryPolicy fast = policy.scaledBy(0.001);

        assertThat(fast.waitBefore(1, null, random)).isLessThanOrEqualTo(Duration.ofMillis(10));
        assertThat(fast.waitBefore(1, Duration.ofSeconds(2), random)).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void a_retry_after_shorter_than_the_own_wait_changes_nothing() {
        assertThat(policy.waitBefore(3, Duration.ofSeconds(1), random)).isGreaterThanOrEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void published_policy_retries_twelve_times() {
        assertThat(RetryPolicy.asPublished().maxRetries()).isEqualTo(12);
    }

    @Test
    void impossible_policies_are_refused() {
        assertThatThrownBy(() -> new RetryPolicy(-1, Duration.ofSeconds(1), Duration.ofSeconds(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> policy.scaledBy(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RetryPolicy(1, Duration.ofSeconds(2), Duration.ofSeconds(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
