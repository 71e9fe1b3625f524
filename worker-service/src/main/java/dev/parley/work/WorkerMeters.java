package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.QueueUpkeep;
import dev.parley.queue.Settlement;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * What the worker counts. The arithmetic: every settlement is counted once, by type and outcome; attempts of a type =
 * done + retried + buried. {@code parley.jobs.wait} is from due to read, on the database's clock for both.
 */
final class WorkerMeters {
    private final MeterRegistry registry;
    private final Map<String, Counter> settlements = new ConcurrentHashMap<>();
    private final DistributionSummary batchSize;
    private final Timer batchTime;
    private final Timer wait;
    private final Counter sessionsLost;
    private final Counter leasesLost;
    private final List<Share> shares = new CopyOnWriteArrayList<>();
    private final AtomicLong due = new AtomicLong();
    private final AtomicLong oldestMillis = new AtomicLong();
    private final AtomicLong deadLetters = new AtomicLong();

    WorkerMeters(MeterRegistry registry) {
        this.registry = registry;
        batchSize = DistributionSummary.builder("parley.batch.jobs")
                .description("jobs handled in one transaction")
                .register(registry);
        batchTime = Timer.builder("parley.batch.time")
                .description("one transaction, begin to commit")
                .register(registry);
        wait = Timer.builder("parley.jobs.wait")
                .description("from due to read by its owner")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        sessionsLost = Counter.builder("parley.sessions.lost")
                .description("owner connections that ended while we worked on them")
                .register(registry);
        leasesLost = Counter.builder("parley.leases.lost")
                .description("results dropped because somebody else had taken the job over")
                .register(registry);
        gauge("parley.lanes.owned", "lanes this worker owns", () -> sum(share -> share.lanes));
        gauge("parley.calls.in.flight", "calls to the outside not yet back", () -> sum(share -> share.inFlight));
        gauge(
                "parley.lines.waiting",
                "contacts' lines whose head waits or is out on a call",
                () -> sum(share -> share.waitingLines));
        gauge(
                "parley.tenants.held.back",
                "tenants read no further because too many of their contacts wait",
                () -> shares.stream().mapToInt(share -> share.heldBack).max().orElse(0));
        gauge("parley.jobs.due", "due jobs in the queue, counted up to 10000", due::get);
        gauge("parley.jobs.dead", "dead letters, counted up to 100000", deadLetters::get);
        Gauge.builder("parley.jobs.oldest", oldestMillis, millis -> millis.get() / 1000.0)
                .description("age of the oldest due job")
                .baseUnit("seconds")
                .register(registry);
    }

    private void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    private int sum(ToIntFunction<Share> value) {
        return shares.stream().mapToInt(value).sum();
    }

    /** One of a worker's sessions after the other in the same place; a tenant may be held back in several places. */
    static final class Share {
        private volatile int lanes;
        private volatile int waitingLines;
        private volatile int inFlight;
        private volatile int heldBack;

        private Share() {}

        void is(int lanesOwned, int linesWaiting, int callsInFlight, int tenantsHeldBack) {
            lanes = lanesOwned;
            waitingLines = linesWaiting;
            inFlight = callsInFlight;
            heldBack = tenantsHeldBack;
        }
    }

    /** A place for one more session. */
    Share share() {
        Share one = new Share();
        shares.add(one);
        return one;
    }

    void settled(Job job, Settlement settlement) {
        String outcome = settlement instanceof Settlement.Done
                ? "done"
                : settlement instanceof Settlement.Retry
                        ? "retried"
                        : settlement instanceof Settlement.Snooze ? "snoozed" : "buried";
        settlements
                .computeIfAbsent(
                        job.type().name() + ' ' + outcome,
                        key -> Counter.builder("parley.jobs.settled")
                                .description("settlements, by job type and outcome")
                                .tag("type", job.type().name())
                                .tag("outcome", outcome)
                                .register(registry))
                .increment();
    }

    void read(Job job, Instant readAt) {
        Duration waited = Duration.between(job.runAfter().toInstant(), readAt);
        wait.record(waited.isNegative() ? Duration.ZERO : waited);
    }

    void batch(int jobs, Duration time) {
        batchSize.record(jobs);
        batchTime.record(time);
    }

    void sessionLost() {
        sessionsLost.increment();
    }

    void leaseLost() {
        leasesLost.increment();
    }

    void depth(QueueUpkeep.Depth depth) {
        due.set(depth.due());
        oldestMillis.set(depth.oldest().toMillis());
        deadLetters.set(depth.deadLetters());
    }
}
