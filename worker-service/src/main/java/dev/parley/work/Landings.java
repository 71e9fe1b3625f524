package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.Settlement;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.spi.Outcome;
import dev.parley.work.Flights.Flight;
import dev.parley.work.Waypoint.Moment;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * What becomes of calls: their results are recorded together with the settlement, under the lease and only while it stands;
 * leases are renewed meanwhile, and given back when the worker has to go.
 *
 * <p>Confined to the owner's event loop.
 */
final class Landings {
    private static final Logger LOG = Logger.getLogger(Landings.class);

    private final JobQueue queue;
    private final Settling settling;
    private final FailurePolicy failures;
    private final WorkerMeters meters;
    private final Waypoint waypoint;
    private final LongSupplier nanoTime;
    private final Flights flights;

    Landings(
            JobQueue queue,
            Settling settling,
            FailurePolicy failures,
            WorkerMeters meters,
            Waypoint waypoint,
            LongSupplier nanoTime,
            Flights flights) {
        this.queue = queue;
        this.settling = settling;
        this.failures = failures;
        this.meters = meters;
        this.waypoint = waypoint;
        this.nanoTime = nanoTime;
        this.flights = flights;
    }

    /** Records and settles what came back since the last time. */
    Uni<Map<Job, Settlement>> finishLanded(SqlConnection session) {
        List<Flight<?>> landed = flights.landed();
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
        for (List<Flight<?>> some : byHandler.values()) {
            all = all.chain(() -> finish(session, some))
                    .invoke(more -> {
                        flights.end(some);
                        settled.putAll(more);
                    })
                    .replaceWithVoid();
        }
        return all.replaceWith(settled);
    }

    private Uni<Map<Job, Settlement>> finish(SqlConnection session, List<Flight<?>> some) {
        return attemptFinish(session, some)
                .onFailure(FailurePolicy::isWorthRepeating)
                .retry()
                .atMost(3)
                .onFailure(failure -> !FailurePolicy.isConnectionLoss(failure))
                .recoverWithUni(failure -> some.size() > 1
                        ? finish(session, some.subList(0, some.size() / 2))
                                .chain(first -> finish(session, some.subList(some.size() / 2, some.size()))
                                        .map(second -> {
                                            Map<Job, Settlement> both = new LinkedHashMap<>(first);
                                            both.putAll(second);
                                            return both;
                                        }))
                        : settleUnfinished(session, some.get(0), failure));
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the flights of one list share one handler, so one result type
    private Uni<Map<Job, Settlement>> attemptFinish(SqlConnection session, List<Flight<?>> some) {
        return Transactions.in(
                        session,
                        () -> queue.stillHeld(session, heldBy(some))
                                .chain(held -> {
                                    List<Finished> back = new ArrayList<>();
                                    for (Flight<?> flight : some) {
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
                                    LeasedJobHandler handler = some.get(0).handler;
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
                                        return settling.leased(session, settled).replaceWith(settled);
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
                                        : settling.leased(session, settled).replaceWith(settled)))
                .invoke(written -> written.forEach(meters::settled));
    }

    /** Renews leases that are getting old; the results of those already lost will be dropped when they come. */
    Uni<Void> keepLeases(SqlConnection session) {
        long now = nanoTime.getAsLong();
        List<Flight<?>> old = flights.old(now);
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
        List<Flight<?>> out = flights.all();
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
                            return settling.leased(session, back).replaceWith(back);
                        }))
                .invoke(back -> back.forEach(meters::settled))
                .replaceWithVoid();
    }

    private static List<Held> heldBy(List<Flight<?>> some) {
        return some.stream().map(Flight::held).toList();
    }
}
