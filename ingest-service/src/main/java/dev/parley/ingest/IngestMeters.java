package dev.parley.ingest;

import dev.parley.ingest.Answer.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The arithmetic, per provider and at any moment:
 *
 * <pre>received = accepted + duplicate + ignored + quarantined + refused + unavailable + in progress</pre>
 *
 * counted in deliveries (HTTP requests). {@code parley_ingest_events} counts single events where one delivery carries
 * several. Labels come from fixed lists only; nothing a stranger sends can add a time series.
 */
@Singleton
class IngestMeters {
    /** Label of requests that name no provider of ours. */
    static final String NO_PROVIDER = "none";

    private record Outcome(String provider, String outcome, String reason) {}

    private record EventOutcome(String provider, Status status) {}

    private final MeterRegistry registry;
    private final Map<String, Counter> received = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> inProgress = new ConcurrentHashMap<>();
    private final Map<Outcome, Counter> answered = new ConcurrentHashMap<>();
    private final Map<EventOutcome, Counter> events = new ConcurrentHashMap<>();
    private final Map<String, Timer> times = new ConcurrentHashMap<>();
    private final Map<String, Counter> flushFailures = new ConcurrentHashMap<>();
    private final DistributionSummary batch;
    private final Timer flush;
    private final Counter hints;

    @Inject
    IngestMeters(MeterRegistry registry) {
        this.registry = registry;
        batch = DistributionSummary.builder("parley.ingest.batch")
                .description("Events stored by one flush")
                .baseUnit("events")
                .publishPercentileHistogram(false)
                .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256)
                .register(registry);
        flush = Timer.builder("parley.ingest.flush")
                .description("Time of one flush, statement to commit")
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(2),
                        Duration.ofMillis(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(25),
                        Duration.ofMillis(100),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(2))
                .register(registry);
        hints = Counter.builder("parley.ingest.hints")
                .description("Notifications sent to the workers")
                .register(registry);
    }

    void watchWaiting(IntSupplier events) {
        forgetEarlier("parley.ingest.waiting");
        Gauge.builder("parley.ingest.waiting", events, IntSupplier::getAsInt)
                .description("Events that are not committed yet")
                .baseUnit("events")
                .strongReference(true)
                .register(registry);
    }

    void watchHeld(LongSupplier bytes) {
        forgetEarlier("parley.ingest.held");
        Gauge.builder("parley.ingest.held", bytes, LongSupplier::getAsLong)
                .description("Bytes of bodies in memory")
                .baseUnit("bytes")
                .strongReference(true)
                .register(registry);
    }

    void watchBacklog(LongSupplier due, LongSupplier overdue, IntSupplier isTooLong) {
        gauge("parley.ingest.backlog.due", due::getAsLong, "Due jobs of enabled tenants, counted up to the limit");
        gauge("parley.ingest.backlog.overdue", overdue::getAsLong, "Those of them due for too long, up to the limit");
        gauge("parley.ingest.backlog.too.long", isTooLong::getAsInt, "1 = senders are told to come back for it");
    }

    private void gauge(String name, Supplier<Number> value, String description) {
        forgetEarlier(name);
        Gauge.builder(name, value)
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    void watchSuccess(String provider, String app, DoubleSupplier percent, IntSupplier level) {
        Gauge.builder("parley.ingest.success", percent, DoubleSupplier::getAsDouble)
                .description("Share of deliveries that succeeded within the vendor's window")
                .baseUnit("percent")
                .tag("provider", provider)
                .tag("app", app)
                .strongReference(true)
                .register(registry);
        Gauge.builder("parley.ingest.success.alert", level, IntSupplier::getAsInt)
                .description("0 = fine, 1 = below 97 %, 2 = below 95 %, 3 = below 92 %")
                .tag("provider", provider)
                .tag("app", app)
                .strongReference(true)
                .register(registry);
    }

    /** Of two gauges of one name the first stays: where the service is started twice in one JVM, a dead one's. */
    private void forgetEarlier(String name) {
        registry.find(name).gauges().forEach(registry::remove);
    }

    /** A request has begun. */
    void received(String provider) {
        received.computeIfAbsent(
                        provider,
                        name -> Counter.builder("parley.ingest.received")
                                .description("Deliveries that began")
                                .tag("provider", name)
                                .register(registry))
                .increment();
        progress(provider).incrementAndGet();
    }

    void taken(String provider, Status summary, long nanos) {
        answered(provider, summary.word(), "none", nanos);
    }

    void shookHands(String provider, long nanos) {
        answered(provider, "handshake", "none", nanos);
    }

    void refused(String provider, Answer.Refusal why, long nanos) {
        answered(provider, "refused", why.name().toLowerCase(Locale.ROOT), nanos);
    }

    void unavailable(String provider, Answer.Delay why, long nanos) {
        answered(provider, "unavailable", why.name().toLowerCase(Locale.ROOT), nanos);
    }

    private void answered(String provider, String outcome, String reason, long nanos) {
        answered.computeIfAbsent(
                        new Outcome(provider, outcome, reason),
                        key -> Counter.builder("parley.ingest.answered")
                                .description("Deliveries that ended, by what they were answered")
                                .tag("provider", key.provider())
                                .tag("outcome", key.outcome())
                                .tag("reason", key.reason())
                                .register(registry))
                .increment();
        times.computeIfAbsent(
                        provider,
                        name -> Timer.builder("parley.ingest.answer")
                                .description("First byte seen to answer")
                                .tag("provider", name)
                                .serviceLevelObjectives(
                                        Duration.ofMillis(5),
                                        Duration.ofMillis(10),
                                        Duration.ofMillis(25),
                                        Duration.ofMillis(50),
                                        Duration.ofMillis(100),
                                        Duration.ofMillis(250),
                                        Duration.ofSeconds(1))
                                .register(registry))
                .record(nanos, TimeUnit.NANOSECONDS);
        progress(provider).decrementAndGet();
    }

    private AtomicLong progress(String provider) {
        return inProgress.computeIfAbsent(provider, name -> {
            AtomicLong count = new AtomicLong();
            Gauge.builder("parley.ingest.in.progress", count, AtomicLong::doubleValue)
                    .description("Deliveries begun and not answered")
                    .tag("provider", name)
                    .strongReference(true)
                    .register(registry);
            return count;
        });
    }

    void event(String provider, Status status) {
        events.computeIfAbsent(
                        new EventOutcome(provider, status),
                        key -> Counter.builder("parley.ingest.events")
                                .description("Events of genuine deliveries")
                                .tag("provider", key.provider())
                                .tag("outcome", key.status().word())
                                .register(registry))
                .increment();
    }

    void flushed(int size, long nanos) {
        batch.record(size);
        flush.record(nanos, TimeUnit.NANOSECONDS);
    }

    /** @param kind {@code unavailable}, {@code split}, {@code reduced} or {@code unstorable} */
    void flushFailed(String kind) {
        flushFailures
                .computeIfAbsent(
                        kind,
                        name -> Counter.builder("parley.ingest.flush.failures")
                                .description("Flushes the database did not take")
                                .tag("kind", name)
                                .register(registry))
                .increment();
    }

    void hinted() {
        hints.increment();
    }
}
