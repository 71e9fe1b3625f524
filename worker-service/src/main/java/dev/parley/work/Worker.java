package dev.parley.work;

import dev.parley.queue.Backoff;
import dev.parley.queue.JobQueue;
import dev.parley.queue.QueueUpkeep;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.TenantWatch;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgConnectOptions;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The worker's life: puts the spine together, finds out how it may drain, starts and stops it. */
@Singleton
final class Worker {
    private static final Logger LOG = Logger.getLogger(Worker.class);
    private static final Duration TENANTS_EVERY = Duration.ofSeconds(30);
    private static final Duration FIRST_LOOK = Duration.ofSeconds(1);
    private static final Duration TENANTS_LOOK = Duration.ofMillis(10);

    private final WorkerConfig config;
    private final Vertx vertx;
    private final TenantDirectory tenants;
    private final TenantWatch watch;
    private final Session sessions;
    private final Loop loop;
    private final String name;
    private final Pool db;
    private final JobQueue queue;
    private final RetryPolicies policies;
    private final FailurePolicy failures;
    private final HandlerRegistry handlers;
    private final WorkerMeters meters;
    private final JobRunner runner;
    private final Owners owners = new Owners();
    private volatile @Nullable Drain drain;
    private volatile boolean stopping;

    @Inject
    Worker(
            WorkerConfig config,
            Vertx vertx,
            Pool db,
            JobQueue queue,
            TenantDirectory tenants,
            MeterRegistry registry,
            @All List<BatchJobHandler> batchHandlers,
            @All List<LeasedJobHandler<?>> leasedHandlers) {
        config.check();
        this.config = config;
        this.vertx = vertx;
        this.tenants = tenants;
        this.name = config.id().orElseGet(Worker::defaultName);
        PgConnectOptions direct = PgConnectOptions.fromUri(config.db()
                        .directUrl()
                        .filter(url -> !url.isBlank())
                        .orElse(config.db().url()))
                .setUser(config.db().user())
                .setPassword(config.db().password().orElse(""));
        this.sessions = new Session(vertx, direct, config.lease().duration());
        this.loop = new Loop(vertx.getDelegate());
        this.watch = new TenantWatch(vertx, direct, tenants, TENANTS_EVERY, changed -> wake());
        this.db = db;
        this.queue = queue;
        this.policies = new RetryPolicies(
                new Backoff(
                        config.retry().base(),
                        config.retry().cap(),
                        config.retry().maxAttempts()),
                tenants::find);
        this.failures =
                new FailurePolicy(policies, () -> ThreadLocalRandom.current().nextDouble());
        this.handlers = new HandlerRegistry(batchHandlers, leasedHandlers);
        this.meters = new WorkerMeters(registry);
        this.runner = new JobRunner(
                queue,
                handlers,
                failures,
                meters,
                Waypoint.NONE,
                name,
                config.lease().duration());
    }

    /** What one of {@code places} that drain works with: of what has a state only {@link Owners} is common to them. */
    private Owner.Parts parts(Loop turns, int places) {
        Calls calls = new Calls(
                queue,
                handlers,
                failures,
                meters,
                Waypoint.NONE,
                config,
                config.calls().maxInFlight() / places,
                name,
                System::nanoTime,
                turns,
                turns::wake);
        owners.add(calls);
        return new Owner.Parts(
                config,
                name,
                queue,
                handlers,
                runner,
                calls,
                owners,
                new Orphans(queue, failures, meters, name),
                failures,
                policies,
                meters,
                meters.share(),
                config.lines().max() / places,
                Waypoint.NONE,
                db,
                tenants::disabled,
                () -> holding(tenants, policies),
                System::nanoTime,
                new Random());
    }

    private static Set<TenantId> holding(TenantDirectory tenants, RetryPolicies policies) {
        Set<TenantId> holding = new HashSet<>(tenants.enabled());
        holding.removeIf(tenant -> !policies.holdsOnDeadLetter(tenant));
        return holding;
    }

    private static String defaultName() {
        String host = System.getenv().getOrDefault("HOSTNAME", "");
        if (host.isBlank()) {
            try {
                host = InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                host = "worker";
            }
        }
        // locked_by is "<worker>/<claim>": the name itself keeps clear of the slash.
        return host.replace('/', '-') + '-' + ProcessHandle.current().pid();
    }

    void start(@Observes StartupEvent event) {
        // Nothing here has a request scope or a transaction that would have to follow a Uni from thread to thread, and
        // carrying contexts along costs every step of every Uni (docs/performance.md).
        Infrastructure.clearInterceptors();
        watch.start();
        if (config.enabled()) {
            chooseHowToDrain();
        } else {
            LOG.info("parley.worker.enabled is off: no job is touched");
        }
    }

    /** Needs the database and the tenants, which are read meanwhile; until both are there it asks again. */
    private void chooseHowToDrain() {
        sessions.whyNotReal().emitOn(loop).subscribe().with(this::drainWithTenants, failure -> {
            LOG.debugf("not started yet: %s", FailurePolicy.describe(failure));
            later(FIRST_LOOK, this::chooseHowToDrain);
        });
    }

    private void drainWithTenants(String whyNoLanes) {
        if (tenants.isLoaded()) {
            drain(whyNoLanes);
        } else {
            later(TENANTS_LOOK, () -> drainWithTenants(whyNoLanes));
        }
    }

    private void later(Duration pause, Runnable task) {
        if (!stopping) {
            vertx.getDelegate().setTimer(pause.toMillis(), fired -> loop.execute(task));
        }
    }

    private void drain(String whyNoLanes) {
        if (stopping) {
            return;
        }
        Drain chosen;
        if (whyNoLanes.isEmpty()) {
            int places = config.sessionsAtWork();
            chosen = new OwnedDrains(Stream.generate(loop::beside)
                    .limit(places)
                    .map(turns -> new OwnedDrain(parts(turns, places), sessions, vertx, turns))
                    .toList());
            LOG.infof("worker %s drains as an owner of lanes, sessions: %d", name, places);
        } else {
            chosen = new ClaimedDrain(parts(loop, 1), vertx, loop);
            LOG.warnf(
                    "worker %s cannot own lanes: %s. It claims job by job instead, which is correct and slower, and"
                            + " polls every %s. PARLEY_DB_DIRECT_URL can name a connection past the pooler.",
                    name, whyNoLanes, config.poll());
        }
        drain = chosen;
        chosen.start();
    }

    void wake() {
        Drain current = drain;
        if (current != null) {
            current.wake();
        }
    }

    /** Before the beans it works with are gone. */
    void stop(@Observes @Priority(1) ShutdownEvent event) {
        stopping = true;
        watch.stop();
        Drain current = drain;
        if (current == null) {
            return;
        }
        LOG.infof("worker %s stops: no new work, waiting up to %s for calls in flight", name, config.drainTimeout());
        // The main thread, on its way out: the one place where waiting is the point.
        current.stop(config.drainTimeout())
                .subscribeAsCompletionStage()
                .orTimeout(config.drainTimeout().toMillis() + 5_000, java.util.concurrent.TimeUnit.MILLISECONDS)
                .handle((done, failure) -> failure == null)
                .join();
        LOG.infof("worker %s stopped", name);
    }

    void depth(QueueUpkeep.Depth depth) {
        meters.depth(depth);
    }

    boolean isDraining() {
        Drain current = drain;
        return !config.enabled() || (current != null && current.isTurning());
    }

    String describe() {
        Drain current = drain;
        return current == null ? (config.enabled() ? "starting" : "switched off") : current.describe();
    }
}
