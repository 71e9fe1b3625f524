package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalDelayTest {
    private static final Duration DELAY = Duration.ofMillis(10);

    private final List<Long> dueAt = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private long now = 1_000_000;

    private final RefusalDelay delay = new RefusalDelay(DELAY, () -> now, (nanos, task) -> {
        dueAt.add(now + nanos);
        task.run();
    });

    @Test
    void whatever_the_work_took_the_answer_is_due_at_one_age() {
        long arrived = now;
        for (Duration work : List.of(Duration.ZERO, Duration.ofNanos(95_000), Duration.ofMillis(3))) {
            now = arrived + work.toNanos();

            delay.untilDue(arrived, () -> told.add("refused after " + work));
        }

        assertThat(dueAt).containsOnly(arrived + DELAY.toNanos()).hasSize(3);
        assertThat(told).hasSize(3);
    }

    @Test
    void who_is_older_than_that_is_told_at_once() {
        long arrived = now;
        now += DELAY.toNanos();

        delay.untilDue(arrived, () -> told.add("refused"));

        assertThat(dueAt).isEmpty();
        assertThat(told).containsExactly("refused");
    }
}
