package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.Backlog;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class QueueWatchTest {
    private static final Backlog.Limits LIMITS = new Backlog.Limits(100, Duration.ofHours(1), 10);

    private final AtomicLong now = new AtomicLong();
    private final List<Long> waits = new ArrayList<>();
    private Uni<Backlog> answer = Uni.createFrom().item(Backlog.NONE);
    private Duration takes = Duration.ZERO;
    private final QueueWatch watch = new QueueWatch(
            () -> {
                now.addAndGet(takes.toNanos());
                return answer;
            },
            LIMITS,
            (millis, task) -> waits.add(millis),
            now::get,
            Duration.ofSeconds(5));

    private boolean after(long due, long overdue) {
        answer = Uni.createFrom().item(new Backlog(due, overdue));
        watch.read();
        return watch.isTooLong();
    }

    @Test
    void it_is_too_long_at_its_limit_and_short_again_a_fifth_below() {
        assertThat(after(99, 0)).isFalse();
        assertThat(after(100, 0)).isTrue();
        assertThat(after(90, 0)).isTrue();
        assertThat(after(80, 0)).isFalse();
        assertThat(after(90, 0)).isFalse();
    }

    @Test
    void old_work_counts_even_where_there_is_little_of_it() {
        assertThat(after(10, 9)).isFalse();
        assertThat(after(10, 10)).isTrue();
        assertThat(after(10, 8)).isFalse();
    }

    @Test
    void while_it_cannot_be_read_it_counts_as_short_and_is_asked_again() {
        after(100, 0);
        answer = Uni.createFrom().failure(new IllegalStateException("away"));
        watch.read();

        assertThat(watch.isTooLong()).isFalse();
        assertThat(waits).hasSize(2);
    }

    @Test
    void reading_takes_no_more_than_a_fiftieth_of_the_time() {
        after(0, 0);
        takes = Duration.ofSeconds(1);
        after(0, 0);

        takes = Duration.ofSeconds(4);
        after(0, 0);

        assertThat(waits).containsExactly(5_000L, 50_000L, 100_000L);
    }

    @Test
    void limits_of_none_are_not_even_read() {
        QueueWatch unlimited = new QueueWatch(
                () -> {
                    throw new AssertionError("read");
                },
                new Backlog.Limits(0, Duration.ZERO, 10),
                (millis, task) -> waits.add(millis),
                now::get,
                Duration.ofSeconds(5));

        unlimited.start(new io.quarkus.runtime.StartupEvent());

        assertThat(unlimited.isTooLong()).isFalse();
        assertThat(waits).isEmpty();
    }
}
