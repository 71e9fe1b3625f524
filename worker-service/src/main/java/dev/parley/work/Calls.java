package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.JobRef;
import dev.parley.queue.Line.Direction;
import dev.parley.queue.Settlement;
import dev.parley.queue.TimeOrderedId;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.spi.LeasedJobHandler.Step;
import dev.parley.spi.Outcome;
import dev.parley.work.Waypoint.Moment;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Jobs that call the outside. Lease and intent are committed before the call, its result together with the settlement
 * after it; between the two no transaction is open. Calls outlive the session they were leased on: their tokens decide
 * whether their results still count.
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
    private final Duration lease;
    private final Duration callTimeout;
    private final int most;
    private final LongSupplier nanoTime;
    private final Executor loop;
    private final Runnable wake;
    private final Map<JobId, Flight<?>> inFlight = new LinkedHashMap<>();
    private final Deque<Flight<?>> landed = new ArrayDeque<>();

    Calls(
            JobQueue queue,
            HandlerRegistry handlers,
            FailurePolicy failures,
            WorkerMeters meters,
            Waypoint waypoint,
            WorkerConfig config,
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
        this.lease = config.lease().duration();
        this.callTimeout = config.calls().timeout();
        this.most = config.calls().maxInFlight();
        this.nanoTime = nanoTime;
        this.loop = loop;
        this.wake = wake;
    }

    private static final class Flight<R> {
        final Job job;
        final String token;
        final LeasedJobHandler<R> handler;
        long leasedAt;

        @Nullable
        R result;

        @Nullable
        Throwable failure;

        Flight(Job job, String token, LeasedJobHandler<R> handler, long leasedAt) {
            this.job = job;
            this.token = token;
            this.handler = handler;
            this.leasedAt = leasedAt;
        }

        Finished<R> finished() {
            return new Finished<>(job, result, failure);
        }
    }

    Executor loop() {
        return loop;
    }

    int room() {
        return Math.max(0, most - inFlight.size());
    }

    /** Of that, for work aside of conversations: a quarter of all calls at most, so that slow hosts delay no reply. */
    int roomAside() {
        long aside = inFlight.values().stream()
                .filter(flight -> flight.job.line().direction() == Direction.ASIDE)
                .count();
        return (int) Math.max(0, Math.min(room(), Math.max(1, most / 4) - aside));
    }

    int size() {
        return inFlight.size();
    }

    boolean hasLanded() {
        return !landed.isEmpty();
    }

    boolean isIdle() {
        return inFlight.isEmpty();
    }

    Collection<String> tokens() {
        return inFlight.values().stream().map(flight -> flight.token).toList();
    }

    /** The jobs whose calls are out. */
    List<JobRef> out() {
        return inFlight.values().stream().map(flight -> JobRef.of(flight.job)).toList();
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
                        ? launch(session, handler, jobs.subList(0, jobs.size() / 2), claimFirst)
                                .chain(first -> launch(
                                                session,
                                                handler,
                                                jobs.subList(jobs.size() / 2, jobs.size()),
                                                claimFirst)
                                        .map(first::and))
                        : settleUnbegun(session, jobs.get(0), failure, claimFirst ? token : null));
    }

    private <R> Uni<Launch> begin(
            SqlConnection session,
            LeasedJobHandler<R> handler,
            List<Job> jobs,
            String token,
            @Nullable Set<JobId> alreadyClaimed) {
        List<Flight<R>> flights = new ArrayList<>();
        List<Supplier<Uni<R>>> calls = new ArrayList<>();
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
                                    flights.add(new Flight<>(job, token, handler, nanoTime.getAsLong()));
                                    calls.add(call.call());
                                } else if (steps.get(i) instanceof Step.Settle<R> settle) {
                                    settled.put(job, failures.settle(job, settle.outcome(), job.attempts()));
                                }
                            }
                            return write(session, settled).replaceWith(new Launch(launched, settled, refused));
                        });
                    });
                })
                .invoke(launch -> launch.settled().forEach(meters::settled))
                .call(() -> waypoint.reach(Moment.LEASED))
                .invoke(launch -> {
                    for (int i = 0; i < flights.size(); i++) {
                        start(flights.get(i), calls.get(i));
                    }
                });
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

    private <R> void start(Flight<R> flight, Supplier<Uni<R>> call) {
        inFlight.put(flight.job.id(), flight);
        Uni.createFrom()
                .<R>deferred(() -> {
                    // A process that was stopped and woken may be here long after its lease ran out.
                    if (nanoTime.getAsLong() - flight.leasedAt > lease.toNanos() / 2) {
                        throw new LeaseTooOldException();
                    }
                    return call.get();
                })
                .ifNoItem()
                .after(callTimeout)
                .failWith(() -> new TimeoutException("no answer within " + callTimeout))
                .call(() -> waypoint.reach(Moment.CALLED))
                .emitOn(loop)
                .subscribe()
                .with(result -> land(flight, result, null), failure -> land(flight, null, failure));
    }

    private <R> void land(Flight<R> flight, @Nullable R result, @Nullable Throwable failure) {
        flight.result = result;
        flight.failure = failure;
        landed.add(flight);
        wake.run();
    }

    private Uni<Void> write(SqlConnection tx, Map<Job, Settlement> settled) {
        if (settled.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return queue.settleAll(tx, From.PROCESSING, List.copyOf(settled.values()), worker, OffsetDateTime.MIN)
                .invoke(count -> {
                    if (count != settled.size()) {
                        throw new OwnershipLostException(settled.size(), count);
                    }
                })
                .replaceWithVoid();
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
                                                : write(session, settled).replaceWith(1)))
                .invoke(count -> {
                    if (count == 1) {
                        meters.settled(job, settlement);
                    }
                })
                .replaceWith(new Launch(List.of(), settled, List.of()));
    }

    /** Records and settles what came back since the last time. */
    Uni<Map<Job, Settlement>> finishLanded(SqlConnection session) {
        if (landed.isEmpty()) {
            return Uni.createFrom().item(Map.of());
        }
        Map<LeasedJobHandler<?>, List<Flight<?>>> byHandler = new LinkedHashMap<>();
        for (Flight<?> flight : landed) {
            byHandler
                    .computeIfAbsent(flight.handler, handler -> new ArrayList<>())
                    .add(flight);
        }
        Map<Job, Settlement> settled = new LinkedHashMap<>();
        Uni<Void> all = Uni.createFrom().voidItem();
        for (List<Flight<?>> flights : byHandler.values()) {
            all = all.chain(() -> finish(session, flights))
                    .invoke(more -> {
                        // Only now: until its settlement is committed a flight keeps its token known.
                        flights.forEach(flight -> inFlight.remove(flight.job.id(), flight));
                        landed.removeAll(flights);
                        settled.putAll(more);
                    })
                    .replaceWithVoid();
        }
        return all.replaceWith(settled);
    }

    private Uni<Map<Job, Settlement>> finish(SqlConnection session, List<Flight<?>> flights) {
        return attemptFinish(session, flights)
                .onFailure(FailurePolicy::isWorthRepeating)
                .retry()
                .atMost(3)
                .onFailure(failure -> !FailurePolicy.isConnectionLoss(failure))
                .recoverWithUni(failure -> flights.size() > 1
                        ? finish(session, flights.subList(0, flights.size() / 2))
                                .chain(first -> finish(session, flights.subList(flights.size() / 2, flights.size()))
                                        .map(second -> {
                                            Map<Job, Settlement> both = new LinkedHashMap<>(first);
                                            both.putAll(second);
                                            return both;
                                        }))
                        : settleUnfinished(session, flights.get(0), failure));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the flights of one list share one handler, so one result type
    private Uni<Map<Job, Settlement>> attemptFinish(SqlConnection session, List<Flight<?>> flights) {
        return Transactions.in(
                        session,
                        () -> queue.stillHeld(session, heldBy(flights))
                                .chain(held -> {
                                    List<Finished> back = new ArrayList<>();
                                    for (Flight<?> flight : flights) {
                                        if (held.contains(flight.job.id())) {
                                            back.add(flight.finished());
                                        } else {
                                            meters.leaseLost();
                                            sayLost(flight.job);
                                        }
                                    }
                                    if (back.isEmpty()) {
                                        return Uni.createFrom().item(Map.<Job, Settlement>of());
                                    }
                                    LeasedJobHandler handler = flights.get(0).handler;
                                    Uni<List<Outcome>> finishing = handler.finish(session, back);
                                    return finishing.chain(outcomes -> {
                                        Map<Job, Settlement> settled = new LinkedHashMap<>();
                                        for (int i = 0; i < back.size(); i++) {
                                            Job job = back.get(i).job();
                                            Outcome outcome = outcomes.get(i);
                                            settled.put(job, failures.settle(job, outcome, job.attempts()));
                                            if (outcome instanceof Outcome.PauseTenant pause) {
                                                say(job, pause);
                                            }
                                        }
                                        return write(session, settled).replaceWith(settled);
                                    });
                                })
                                .call(() -> waypoint.reach(Moment.FINISH_WRITTEN)))
                .invoke(settled -> settled.forEach(meters::settled))
                .call(() -> waypoint.reach(Moment.FINISHED));
    }

    private static void say(Job job, Outcome.PauseTenant pause) {
        LogFacts.about(
                job,
                job.attempts(),
                () -> LOG.infof(
                        "tenant paused tenant=%s job_type=%s for %s: %s",
                        job.tenant(), job.type(), pause.after(), pause.reason()));
    }

    private static void sayLost(Job job) {
        LogFacts.about(
                job,
                job.attempts(),
                () -> LOG.warnf(
                        "lease lost, result dropped job=%s job_type=%s trace=%s attempt=%d",
                        job.id(), job.type(), job.traceId(), job.attempts()));
    }

    private Uni<Map<Job, Settlement>> settleUnfinished(SqlConnection session, Flight<?> flight, Throwable failure) {
        Job job = flight.job;
        LogFacts.about(
                job,
                job.attempts(),
                () -> LOG.warnf(
                        "result could not be recorded job=%s job_type=%s tenant=%s trace=%s attempt=%d: %s",
                        job.id(),
                        job.type(),
                        job.tenant(),
                        job.traceId(),
                        job.attempts(),
                        FailurePolicy.describe(failure)));
        Map<Job, Settlement> settled = Map.of(job, failures.settle(job, failures.outcomeOf(failure), job.attempts()));
        return Transactions.in(
                        session,
                        () -> queue.stillHeld(session, heldBy(List.of(flight)))
                                .chain(held -> held.isEmpty()
                                        ? Uni.createFrom().item(Map.<Job, Settlement>of())
                                        : write(session, settled).replaceWith(settled)))
                .invoke(written -> written.forEach(meters::settled));
    }

    /** Renews leases that are getting old; the results of those already lost will be dropped when they come. */
    Uni<Void> keepLeases(SqlConnection session) {
        long now = nanoTime.getAsLong();
        List<? extends Flight<?>> old = inFlight.values().stream()
                .filter(flight -> now - flight.leasedAt > lease.toNanos() / 3)
                .toList();
        if (old.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return queue.extend(session, heldBy(old))
                .invoke(extended -> old.forEach(flight -> {
                    if (extended.contains(flight.job.id())) {
                        flight.leasedAt = now;
                    }
                }))
                .replaceWithVoid();
    }

    /** Gives back, at no attempt's cost, what is still out when the worker has to go. */
    Uni<Void> handBack(SqlConnection session) {
        List<Flight<?>> out = List.copyOf(inFlight.values());
        if (out.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return Transactions.in(
                        session,
                        () -> queue.stillHeld(session, heldBy(out)).chain(held -> {
                            Map<Job, Settlement> back = new LinkedHashMap<>();
                            out.stream()
                                    .map(flight -> flight.job)
                                    .filter(job -> held.contains(job.id()))
                                    .forEach(job -> back.put(
                                            job,
                                            new Settlement.Snooze(
                                                    job.id(), Duration.ZERO, "worker stopped during the call")));
                            return write(session, back).replaceWith(back);
                        }))
                .invoke(back -> back.forEach(meters::settled))
                .replaceWithVoid();
    }

    private static List<Held> heldBy(List<? extends Flight<?>> flights) {
        return flights.stream()
                .map(flight -> new Held(flight.job.id(), flight.token))
                .toList();
    }

    /** The call was not made: by now the job may be somebody else's. */
    static final class LeaseTooOldException extends RuntimeException {
        LeaseTooOldException() {
            super("lease too old, call not made");
        }
    }
}
