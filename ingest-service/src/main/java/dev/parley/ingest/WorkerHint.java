package dev.parley.ingest;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the workers that jobs came, after the fact and apart from it: a notification inside the storing transaction would
 * put all commits of the cluster in one line. At most one in a pause, never two at once; a hint that is lost costs the
 * workers one poll.
 */
@Singleton
class WorkerHint {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerHint.class);

    private static final String HINT = """
            SELECT pg_notify('parley_jobs', '')
            """;

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Runs something after some milliseconds. */
    interface Timer {
        void after(long millis, Runnable task);
    }

    private final Supplier<Uni<?>> notification;
    private final Timer timer;
    private final LongSupplier nanoTime;
    private final long pauseNanos;
    private long lastSent;
    private boolean scheduled;
    private boolean again;

    @Inject
    WorkerHint(Pool db, Vertx vertx, IngestConfig config, IngestMeters meters) {
        this(
                () -> db.preparedQuery(HINT).execute().invoke(meters::hinted),
                (millis, task) -> vertx.setTimer(millis, id -> task.run()),
                System::nanoTime,
                config.flush().hintPause());
    }

    WorkerHint(Supplier<Uni<?>> notification, Timer timer, LongSupplier nanoTime, Duration pause) {
        this.notification = notification;
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.pauseNanos = pause.toNanos();
        this.lastSent = nanoTime.getAsLong() - pauseNanos;
    }

    /** Returns at once. */
    synchronized void jobsStored() {
        if (scheduled) {
            again = true;
            return;
        }
        scheduled = true;
        long wait = pauseNanos - (nanoTime.getAsLong() - lastSent);
        if (wait <= 0) {
            send();
        } else {
            timer.after(Math.max(1, (wait + 999_999) / 1_000_000), this::send);
        }
    }

    private synchronized void send() {
        lastSent = nanoTime.getAsLong();
        // Jobs stored from here on may be missed by this hint.
        again = false;
        notification.get().ifNoItem().after(PATIENCE).fail().subscribe().with(sent -> done(), failure -> {
            LOG.debug("workers were not told, they will poll: {}", failure.getMessage());
            done();
        });
    }

    private synchronized void done() {
        scheduled = false;
        if (again) {
            jobsStored();
        }
    }
}
