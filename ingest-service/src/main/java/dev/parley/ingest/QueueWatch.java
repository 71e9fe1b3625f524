package dev.parley.ingest;

import dev.parley.queue.Backlog;
import dev.parley.tenant.TenantDirectory;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the workers are so far behind that senders had better keep their events for now. Read apart from the requests, by
 * a statement that stops counting at the limit, and never more often than fifty times as long as the last reading took: at
 * most two percent of one connection, unless one reading takes longer than two fifths of the interval. Nobody waits for it;
 * while it cannot be read the queue counts as short, because then storing fails by itself.
 */
@Singleton
class QueueWatch {
    private static final Logger LOG = LoggerFactory.getLogger(QueueWatch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int SHARE = 50;
    private static final int MOST_PATIENT = 20;

    private final Supplier<Uni<Backlog>> source;
    private final Backlog.Limits limits;
    private final WorkerHint.Timer timer;
    private final LongSupplier nanoTime;
    private final Duration every;
    private volatile Backlog last = Backlog.NONE;
    private volatile boolean tooLong;
    private volatile boolean failing;
    private volatile boolean stopped;

    @Inject
    QueueWatch(Pool db, TenantDirectory tenants, Vertx vertx, IngestConfig config, IngestMeters meters) {
        this(
                () -> Backlog.read(db, limits(config), tenants.disabled()),
                limits(config),
                (millis, task) -> vertx.setTimer(millis, id -> task.run()),
                System::nanoTime,
                config.limits().backlog().every());
        meters.watchBacklog(() -> last.due(), () -> last.overdue(), () -> tooLong ? 1 : 0);
    }

    QueueWatch(
            Supplier<Uni<Backlog>> source,
            Backlog.Limits limits,
            WorkerHint.Timer timer,
            LongSupplier nanoTime,
            Duration every) {
        this.source = source;
        this.limits = limits;
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.every = every;
    }

    private static Backlog.Limits limits(IngestConfig config) {
        IngestConfig.Backlog backlog = config.limits().backlog();
        return new Backlog.Limits(backlog.maxJobs(), backlog.maxAge(), backlog.maxOverdue());
    }

    boolean isTooLong() {
        return tooLong;
    }

    void start(@Observes StartupEvent event) {
        if (limits.watched()) {
            read();
        }
    }

    void stop(@Observes ShutdownEvent event) {
        stopped = true;
    }

    void read() {
        if (stopped) {
            return;
        }
        long began = nanoTime.getAsLong();
        Uni.createFrom()
                .deferred(source::get)
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .subscribe()
                .with(
                        backlog -> {
                            seen(backlog);
                            again(began);
                        },
                        failure -> {
                            failed(failure);
                            again(began);
                        });
    }

    private void again(long began) {
        long took = nanoTime.getAsLong() - began;
        long wait = Math.min(took * SHARE / 1_000_000, every.toMillis() * MOST_PATIENT);
        timer.after(Math.max(every.toMillis(), wait), this::read);
    }

    private void seen(Backlog backlog) {
        last = backlog;
        failing = false;
        // Some way below the limit, so that it does not flutter.
        boolean now = tooLong ? !limits.hasRoom(backlog) : limits.isReached(backlog);
        if (now != tooLong) {
            tooLong = now;
            LOG.warn(
                    now
                            ? "the queue is too long, senders are told to come back: due={} overdue={}"
                            : "the queue is short again: due={} overdue={}",
                    backlog.due(),
                    backlog.overdue());
        }
    }

    private void failed(Throwable failure) {
        tooLong = false;
        if (!failing) {
            failing = true;
            LOG.warn("the length of the queue cannot be read, it counts as short: {}", failure.getMessage());
        }
    }
}
