package dev.parley.ingest;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whoever is unknown or forged is told so at one age of the request. What was looked up and verified until then took less,
 * so the time of the answer says nothing about it. Nobody waits: an alarm calls who is due.
 *
 * <p>The alarm is a thread of its own because the event loop's timers count in milliseconds from the moment it goes to
 * sleep, that is from the end of the very work that is not to be seen (docs/design/004-refusals-at-one-age.md).
 */
@Singleton
class RefusalDelay {
    /** Calls back after some time, from any thread. */
    interface Alarm {
        void after(long nanos, Runnable task);
    }

    private final long delayNanos;
    private final LongSupplier nanoTime;
    private final Alarm alarm;
    private final @Nullable ScheduledExecutorService thread;

    @Inject
    RefusalDelay(IngestConfig config) {
        ScheduledExecutorService own = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread daemon = new Thread(task, "refusals");
            daemon.setDaemon(true);
            return daemon;
        });
        this.delayNanos = config.refusalDelay().toNanos();
        this.nanoTime = System::nanoTime;
        this.alarm = (nanos, task) -> own.schedule(task, nanos, TimeUnit.NANOSECONDS);
        this.thread = own;
    }

    RefusalDelay(Duration delay, LongSupplier nanoTime, Alarm alarm) {
        this.delayNanos = delay.toNanos();
        this.nanoTime = nanoTime;
        this.alarm = alarm;
        this.thread = null;
    }

    /**
     * Runs {@code task} when the request has the age, on some thread; at once if it is older already.
     *
     * @param arrivedNanos when it came, by {@link System#nanoTime()}
     */
    void untilDue(long arrivedNanos, Runnable task) {
        long left = delayNanos - (nanoTime.getAsLong() - arrivedNanos);
        if (left > 0) {
            alarm.after(left, task);
        } else {
            task.run();
        }
    }

    @PreDestroy
    void stop() {
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
