package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WorkerHintTest {
    private final AtomicLong clock = new AtomicLong(5_000_000_000L);
    private final Deque<UniEmitter<? super Object>> sent = new ArrayDeque<>();
    private final Deque<Runnable> timers = new ArrayDeque<>();
    private final Deque<Long> delays = new ArrayDeque<>();
    private int notifications;

    private final WorkerHint hint = new WorkerHint(
            () -> Uni.createFrom().<Object>emitter(emitter -> {
                notifications++;
                sent.add(emitter);
            }),
            (millis, task) -> {
                delays.add(millis);
                timers.add(task);
            },
            clock::get,
            Duration.ofMillis(10));

    private void delivered() {
        sent.remove().complete(null);
    }

    @Test
    void the_first_hint_goes_at_once() {
        hint.jobsStored();

        assertThat(notifications).isEqualTo(1);
    }

    @Test
    void a_thousand_flushes_in_a_pause_are_two_hints() {
        hint.jobsStored();
        delivered();
        clock.addAndGet(1_000_000);
        for (int at = 0; at < 1000; at++) {
            hint.jobsStored();
        }
        assertThat(notifications).isEqualTo(1);
        assertThat(delays).containsExactly(9L);

        timers.remove().run();

        assertThat(notifications).isEqualTo(2);
    }

    @Test
    void jobs_stored_while_a_hint_is_on_its_way_get_one_of_their_own() {
        hint.jobsStored();
        hint.jobsStored();
        assertThat(notifications).isEqualTo(1);

        delivered();
        timers.remove().run();

        assertThat(notifications).isEqualTo(2);
    }

    @Test
    void a_hint_that_fails_does_not_stop_the_next() {
        hint.jobsStored();
        sent.remove().fail(new IllegalStateException("down"));
        clock.addAndGet(20_000_000);

        hint.jobsStored();

        assertThat(notifications).isEqualTo(2);
    }

    @Test
    void nothing_is_sent_when_nothing_was_stored() {
        hint.jobsStored();
        delivered();

        assertThat(timers).isEmpty();
        assertThat(notifications).isEqualTo(1);
    }
}
