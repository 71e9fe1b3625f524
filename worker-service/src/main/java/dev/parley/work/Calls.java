package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.JobRef;
import dev.parley.queue.Settlement;
import dev.parley.queue.TimeOrderedId;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.LeasedJobHandler.Step;
import dev.parley.work.Waypoint.Moment;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Jobs that call the outside: begun here, kept by {@link Flights}, ended by {@link Landings}. Lease and intent are committed
 * before the call, its result together with the settlement after it; between the two no transaction is open. Calls outlive
 * the session they were leased on: their tokens decide whether their results still count.
 *
 * <p>Confined to the owner's event loop; results of calls come back to it.
 */
final class Calls {
    private static final Logger LOG = Logger.getLogger(Calls.class);

    private final JobQueue queue;
    private final HandlerRegistry handlers;
    private final FailurePolicy failures;
    private final WorkerMeters meters;
    private final Waypoint waypoint;
    private final String worker;
    private final LongSupplier nanoTime;
    private final Executor loop;
    private final Settling settling;
    private final Flights flights;
    private final Landings landings;

    /** @param most calls out at once */
    Calls(
            JobQueue queue,
            HandlerRegistry handlers,
            FailurePolicy failures,
            WorkerMeters meters,
            Waypoint waypoint,
            WorkerConfig config,
            int most,
            String worker,
            LongSupplier nanoTime,
            Executor loop,
            Runnable wake) {
        this.queue = queue;
        this.handlers = handlers;
        this.failures = failures;
        this.meters = meters;
        this.waypoint = waypoint;
        this.worker = worker;
        this.nanoTime = nanoTime;
        this.loop = loop;
        this.settling = new Settling(queue, worker);
        this.flights = new Flights(waypoint, config, most, nanoTime, loop, wake);
        this.landings = new Landings(queue, settling, failures, meters, waypoint, nanoTime, flights);
    }

    Executor loop() {
        return loop;
    }

    /** See {@link Flights#room}. */
    int room() {
        return flights.room();
    }

    /** See {@link Flights#roomAside}. */
    int roomAside() {
        return flights.roomAside();
    }

    int size() {
        return flights.size();
    }

    boolean isIdle() {
        return flights.isIdle();
    }

    Collection<String> tokens() {
        return flights.tokens();
    }

    /** See {@link Flights#out}. */
    List<JobRef> out() {
        return flights.out();
    }

    /** See {@link Landings#finishLanded}. */
    Uni<Map<Job, Settlement>> finishLanded(SqlConnection session) {
        return landings.finishLanded(session);
    }

    /** See {@link Landings#keepLeases}. */
    Uni<Void> keepLeases(SqlConnection session) {
        return landings.keepLeases(session);
    }

    /** See {@link Landings#handBack}. */
    Uni<Void> handBack(SqlConnection session) {
        return landings.handBack(session);
    }

    /**
     * @param launched on their way; their lines are busy
     * @param settled needed no call
     * @param refused still queued: their tenant is paused, or somebody else had them
     */
    record Launch(List<Job> launched, Map<Job, Settlement> settled, List<Job> refused) {
        Launch and(Launch other) {
            List<Job> allLaunched = new ArrayList<>(launched);
            allLaunched.addAll(other.launched);
            Map<Job, Settlement> allSettled = new LinkedHashMap<>(settled);
            allSettled.putAll(other.settled);
            List<Job> allRefused = new ArrayList<>(refused);
            allRefused.addAll(other.refused);
            return new Launch(allLaunched, allSettled, allRefused);
        }

        static final Launch NONE = new Launch(List.of(), Map.of(), List.of());
    }

    /**
     * Leases {@code jobs} (one per line at most) and makes their calls.
     *
     * @param claimFirst commit the claim by itself before the handler sees the job: for what may have killed a worker
     */
    Uni<Launch> launch(SqlConnection session, List<Job> jobs, boolean claimFirst) {
        if (claimFirst && jobs.size() > 1) {
            // Each by itself: a claim that is committed cannot be tried again in halves.
            Uni<Launch> oneByOne = Uni.createFrom().item(Launch.NONE);
            for (Job job : jobs) {
                oneByOne =
                        oneByOne.chain(so -> launch(session, List.of(job), true).map(so::and));
            }
            return oneByOne;
        }
        Map<LeasedJobHandler<?>, List<Job>> byHandler = new LinkedHashMap<>();
        jobs.forEach(job -> byHandler
                .computeIfAbsent(handlers.leased(job.type()), handler -> new ArrayList<>())
                .add(job));
        Uni<Launch> all = Uni.createFrom().item(Launch.NONE);
        for (Map.Entry<LeasedJobHandler<?>, List<Job>> entry : byHandler.entrySet()) {
            all = all.chain(so -> launch(session, entry.getKey(), entry.getValue(), claimFirst)
                    .map(so::and));
        }
        return all;
    }

    /** Makes the calls of jobs that are claimed already, under {@code token}, their attempt counted. */
    Uni<Void> launchClaimed(SqlConnection session, List<Job> jobs, String token) {
        Map<LeasedJobHandler<?>, List<Job>> byHandler = new LinkedHashMap<>();
        jobs.forEach(job -> byHandler
                .computeIfAbsent(handlers.leased(job.type()), handler -> new ArrayList<>())
                .add(job));
        Uni<Void> all = Uni.createFrom().voidItem();
        for (Map.Entry<LeasedJobHandler<?>, List<Job>> entry : byHandler.entrySet()) {
            Set<JobId> claimed = new HashSet<>();
            List<Job> uncounted = new ArrayList<>();
            for (Job job : entry.getValue()) {
                claimed.add(job.id());
                uncounted.add(withAttempts(job, job.attempts() - 1));
            }
            all = all.chain(() -> begin(session, entry.getKey(), uncounted, token, claimed))
                    .onFailure(failure -> !FailurePolicy.isConnectionLoss(failure))
                    .recoverWithUni(failure -> settleAllUnbegun(session, uncounted, failure, token))
                    .replaceWithVoid();
        }
        return all;
    }

    private Uni<Launch> settleAllUnbegun(SqlConnection session, List<Job> jobs, Throwable failure, String token) {
        Uni<Launch> all = Uni.createFrom().item(Launch.NONE);
        for (Job job : jobs) {
            all = all.chain(so -> settleUnbegun(session, job, failure, token).map(so::and));
        }
        return all;
    }

    private <R> Uni<Launch> launch(
            SqlConnection session, LeasedJobHandler<R> handler, List<Job> jobs, boolean claimFirst) {
        String token = worker + '/' + TimeOrderedId.next();
        List<JobId> ids = jobs.stream().map(Job::id).toList();
        Uni<Set<JobId>> claim = claimFirst
                ? Transactions.in(session, () -> queue.lease(session, ids, token))
                : Uni.createFrom().item(Set.of());
        return claim.chain(claimed -> begin(session, handler, jobs, token, claimFirst ? claimed : null))
                .onFailure(failure -> !FailurePolicy.isConnectionLoss(failure))
                .recoverWithUni(failure -> jobs.size() > 1
                        ? launchInParts(
                                session,
                                handler,
                                FailurePolicy.isOutOfTime(failure) ? JobRunner.oneByOne(jobs) : JobRunner.halves(jobs))
                        : settleUnbegun(session, jobs.get(0), failure, claimFirst ? token : null));
    }

    private <R> Uni<Launch> launchInParts(SqlConnection session, LeasedJobHandler<R> handler, List<List<Job>> parts) {
        Uni<Launch> all = Uni.createFrom().item(Launch.NONE);
        for (List<Job> part : parts) {
            all = all.chain(so -> launch(session, handler, part, false).map(so::and));
        }
        return all;
    }

    private <R> Uni<Launch> begin(
            SqlConnection session,
            LeasedJobHandler<R> handler,
            List<Job> jobs,
            String token,
            @Nullable Set<JobId> alreadyClaimed) {
        Map<Job, Supplier<Uni<R>>> calls = new LinkedHashMap<>();
        long leasedAt = nanoTime.getAsLong();
        return Transactions.in(session, () -> {
                    Uni<Set<JobId>> leased = alreadyClaimed != null
                            ? Uni.createFrom().item(alreadyClaimed)
                            : queue.lease(session, jobs.stream().map(Job::id).toList(), token);
                    return leased.chain(mine -> {
                        List<Job> held = jobs.stream()
                                .filter(job -> mine.contains(job.id()))
                                .map(Calls::withThisAttempt)
                                .toList();
                        List<Job> refused = jobs.stream()
                                .filter(job -> !mine.contains(job.id()))
                                .toList();
                        if (held.isEmpty()) {
                            return Uni.createFrom().item(new Launch(List.of(), Map.of(), refused));
                        }
                        return handler.begin(session, held).chain(steps -> {
                            Map<Job, Settlement> settled = new LinkedHashMap<>();
                            List<Job> launched = new ArrayList<>();
                            for (int i = 0; i < held.size(); i++) {
                                Job job = held.get(i);
                                if (steps.get(i) instanceof Step.Call<R> call) {
                                    launched.add(job);
                                    calls.put(job, call.call());
                                } else if (steps.get(i) instanceof Step.Settle<R> settle) {
                                    settled.put(job, failures.settle(job, settle.outcome(), job.attempts()));
                                }
                            }
                            return settling.leased(session, settled)
                                    .replaceWith(new Launch(launched, settled, refused));
                        });
                    });
                })
                .invoke(launch -> launch.settled().forEach(meters::settled))
                .call(() -> waypoint.reach(Moment.LEASED))
                .invoke(launch -> calls.forEach((job, call) -> flights.start(job, token, handler, leasedAt, call)));
    }

    /** The lease counted this attempt; what the handler sees agrees with the row. */
    static Job withThisAttempt(Job job) {
        return withAttempts(job, job.attempts() + 1);
    }

    private static Job withAttempts(Job job, int attempts) {
        return new Job(
                job.id(),
                job.type(),
                job.line(),
                attempts,
                job.runAfter(),
                job.createdAt(),
                job.traceId(),
                job.event());
    }

    /** @param token of the lease that is committed already; null = none is, and the job is still queued */
    private Uni<Launch> settleUnbegun(SqlConnection session, Job job, Throwable failure, @Nullable String token) {
        LogFacts.about(
                job,
                job.attempts() + 1,
                () -> LOG.warnf(
                        "attempt failed before its call job=%s job_type=%s tenant=%s trace=%s: %s",
                        job.id(), job.type(), job.tenant(), job.traceId(), FailurePolicy.describe(failure)));
        Settlement settlement = failures.settle(job, failures.outcomeOf(failure), job.attempts() + 1);
        Map<Job, Settlement> settled = Map.of(job, settlement);
        return Transactions.in(
                        session,
                        () -> token == null
                                ? queue.settleAll(session, From.QUEUED, List.of(settlement), worker, job.createdAt())
                                : queue.stillHeld(session, List.of(new Held(job.id(), token)))
                                        .chain(held -> held.isEmpty()
                                                ? Uni.createFrom().item(0)
                                                : settling.leased(session, settled)
                                                        .replaceWith(1)))
                .invoke(count -> {
                    if (count == 1) {
                        meters.settled(job, settlement);
                    }
                })
                .replaceWith(new Launch(List.of(), settled, List.of()));
    }
}
