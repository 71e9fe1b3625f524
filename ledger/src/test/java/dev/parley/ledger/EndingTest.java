package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Work that goes on is waited for, work that stands still is not. */
class EndingTest {
    @Test
    void what_becomes_less_is_waited_for_longer_than_the_patience() {
        AtomicInteger open = new AtomicInteger(6);

        assertThat(Ending.untilNone(() -> Math.max(0, open.decrementAndGet()), Duration.ofMillis(1_500)))
                .isTrue();
        assertThat(open.get()).isNegative();
    }

    @Test
    void what_stands_still_or_cannot_be_asked_is_given_up() {
        assertThat(Ending.untilNone(() -> 3, Duration.ofMillis(1_500))).isFalse();
        assertThat(Ending.untilNone(() -> Double.NaN, Duration.ofMillis(1_500))).isFalse();
    }

    @Test
    void what_is_none_for_a_moment_only_is_not_the_end() {
        AtomicInteger asked = new AtomicInteger();

        assertThat(Ending.untilNone(() -> asked.getAndIncrement() % 2, Duration.ofMillis(1_500)))
                .isFalse();
    }
}
