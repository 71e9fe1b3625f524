package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Backoff;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.mutiny.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A worker's spine on a real database, with handlers of the test's own: what {@link Worker} wires, without Quarkus. */
final class TestWorker implements AutoCloseable {
    private final Drain drain;
    private final SimpleMeterRegistry meters;
    private boolean stopped;

    private TestWorker(Drain drain, SimpleMeterRegistry meters) {
        this.drain = drain;
        this.meters = meters;
    }

    static Builder on(TestDatabase db) {
        return new Builder(db);
    }

    static final class Builder {
        private final TestDatabase db;
        private final List<BatchJobHandler> batch = new ArrayList<>();
        private final List<LeasedJobHandler<?>> leased = new ArrayList<>();
        private String name = "worker-" + new Random().nextInt(1_000_000);
        private Duration lease = Duration.ofSeconds(10);
        private Duration poll = Duration.ofMillis(100);
        private Backoff backoff = new Backoff(Duration.ofMillis(20), Duration.ofMillis(100), 3);
        private Supplier<Set<TenantId>> disabled = Set::of;
        private final Map<TenantId, Tenant> tenants = new ConcurrentHashMap<>();
        private Waypoint waypoint = Waypoint.NONE;
        private boolean owned = true;
        private int calls = 16;
        private int lines = 100_000;
        private int sessions = 1;
        private @Nullable Pool aside;

        private Builder(TestDatabase db) {
            this.db = db;
        }

        Builder named(String worker) {
            name = worker;
            return this;
        }

        Builder handling(BatchJobHandler handler) {
            batch.add(handler);
            return this;
        }

        Builder calling(LeasedJobHandler<?> handler) {
            leased.add(handler);
            return this;
        }

        Builder lease(Duration duration) {
            lease = duration;
            return this;
        }

        Builder polling(Duration duration) {
            poll = duration;
            return this;
        }

        Builder backoff(Backoff policy) {
            backoff = policy;
            return this;
        }

        Builder without(Supplier<Set<TenantId>> disabledTenants) {
            disabled = disabledTenants;
            return this;
        }

        Builder knowing(Tenant tenant) {
            tenants.put(tenant.id(), tenant);
            return this;
        }

        Builder at(Waypoint point) {
            waypoint = point;
            return this;
        }

        Builder withoutLanes() {
            owned = false;
            return this;
        }

        /** Where it looks for what its cursors have missed. */
        Builder lookingAsideBy(Pool pool) {
            aside = pool;
            return this;
        }

        Builder calls(int most) {
            calls = most;
            return this;
        }

        Builder remembering(int mostLines) {
            lines = mostLines;
            return this;
        }

        Builder sessions(int number) {
            sessions = number;
            return this;
        }

        TestWorker start() {
            JobQueue queue = new JobQueue();
            RetryPolicies policies = new RetryPolicies(backoff, id -> Optional.ofNullable(tenants.get(id)));
            FailurePolicy failures = new FailurePolicy(policies, () -> 0.5);
            HandlerRegistry handlers = new HandlerRegistry(batch, leased);
            SimpleMeterRegistry registry = new SimpleMeterRegistry();
            WorkerMeters meters = new WorkerMeters(registry);
            Loop loop = new Loop(db.vertx().getDelegate());
            WorkerConfig config = config();
            JobRunner runner = new JobRunner(queue, handlers, failures, meters, waypoint, name, lease);
            Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), lease);
            Owners owners = new Owners();
            Function<Loop, Calls> calling = turns -> {
                Calls outside = new Calls(
                        queue,
                        handlers,
                        failures,
                        meters,
                        waypoint,
                        config,
                        calls / sessions,
                        name,
                        System::nanoTime,
                        turns,
                        turns::wake);
                owners.add(outside);
                return outside;
            };
            Function<Loop, Owner.Parts> parts = turns -> new Owner.Parts(
                    config,
                    name,
                    queue,
                    handlers,
                    runner,
                    calling.apply(turns),
                    owners,
                    new Orphans(queue, failures, meters, name),
                    failures,
                    policies,
                    meters,
                    meters.share(),
                    lines / sessions,
                    waypoint,
                    aside == null ? db.pool(Login.WORKER) : aside,
                    disabled,
                    () -> {
                        Set<TenantId> holding = new HashSet<>();
                        tenants.keySet().stream()
                                .filter(policies::holdsOnDeadLetter)
                                .forEach(holding::add);
                        return holding;
                    },
                    System::nanoTime,
                    new Random());
            Drain drain = owned
                    ? new OwnedDrains(Stream.generate(loop::beside)
                            .limit(sessions)
                            .map(turns -> new OwnedDrain(parts.apply(turns), session, db.vertx(), turns))
                            .toList())
                    : new ClaimedDrain(parts.apply(loop), db.vertx(), loop);
            TestWorker worker = new TestWorker(drain, registry);
            worker.drain.start();
            return worker;
        }

        private WorkerConfig config() {
            return new WorkerConfig() {
                @Override
                public Optional<String> id() {
                    return Optional.of(name);
                }

                @Override
                public boolean enabled() {
                    return true;
                }

                @Override
                public int sessions() {
                    return sessions;
                }

                @Override
                public Database db() {
                    throw new UnsupportedOperationException("the session is given");
                }

                @Override
                public Batch batch() {
                    return () -> 256;
                }

                @Override
                public Lines lines() {
                    return () -> lines;
                }

                @Override
                public Lease lease() {
                    return () -> lease;
                }

                @Override
                public Retry retry() {
                    throw new UnsupportedOperationException("the backoff is given");
                }

                @Override
                public Calls calls() {
                    return new Calls() {
                        @Override
                        public int maxInFlight() {
                            return calls;
                        }

                        @Override
                        public Duration timeout() {
                            return Duration.ofSeconds(30);
                        }
                    };
                }

                @Override
                public Send send() {
                    throw new UnsupportedOperationException("the handlers are given");
                }

                @Override
                public Keep keep() {
                    return () -> Duration.ofDays(7);
                }

                @Override
                public Duration poll() {
                    return poll;
                }

                @Override
                public Duration drainTimeout() {
                    return Duration.ofSeconds(5);
                }
            };
        }
    }

    Drain drain() {
        return drain;
    }

    /** How many settlements of any type ended as {@code outcome}. */
    long settled(String outcome) {
        return (long) meters.find("parley.jobs.settled").tag("outcome", outcome).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    /** How many settlements of {@code type} ended as {@code outcome}. */
    long settled(JobType type, String outcome) {
        return (long)
                meters.find("parley.jobs.settled").tag("type", type.name()).tag("outcome", outcome).counters().stream()
                        .mapToDouble(Counter::count)
                        .sum();
    }

    /** The arithmetic that the README promises, for a worker that alone did all there was. */
    void assertAttemptsAddUp(TestDatabase db) {
        await().untilAsserted(() -> assertThat(settled("done") + settled("retried") + settled("buried"))
                .isEqualTo(db.value(Long.class, "SELECT sum(attempts)::bigint FROM bot.job_queue")));
    }

    void stop(Duration patience) {
        stopped = true;
        drain.stop(patience).await().atMost(Duration.ofSeconds(30));
    }

    @Override
    public void close() {
        if (!stopped) {
            stop(Duration.ofSeconds(2));
        }
    }
}
