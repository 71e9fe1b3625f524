package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.queue.Settlement;
import dev.parley.spi.Outcome;
import dev.parley.work.Waypoint.Moment;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Runs jobs whose whole effect is in the database: a set of them in one transaction together with their settlement. Every
 * job either has its effect and is done, or has neither.
 *
 * <p>A set that fails is run again in halves until the culprit stands alone, and one by one where a statement took too long:
 * every half with the culprit in it would take as long again. Its neighbours do not notice.
 */
final class JobRunner {
    private static final Logger LOG = Logger.getLogger(JobRunner.class);

    private final JobQueue queue;
    private final HandlerRegistry handlers;
    private final FailurePolicy failures;
    private final WorkerMeters meters;
    private final Waypoint waypoint;
    private final Settling settling;
    private final Duration mostOfAStatement;

    /** @param lease how long a worker may be silent */
    JobRunner(
            JobQueue queue,
            HandlerRegistry handlers,
            FailurePolicy failures,
            WorkerMeters meters,
            Waypoint waypoint,
            String worker,
            Duration lease) {
        this.queue = queue;
        this.handlers = handlers;
        this.failures = failures;
        this.meters = meters;
        this.waypoint = waypoint;
        this.settling = new Settling(queue, worker);
        this.mostOfAStatement = Session.mostOfAStatement(lease);
    }

    /**
     * How a run ended, job by job. What is in neither map did not run: an earlier job of its line did not end well, so it
     * waits its turn.
     */
    record Ran(Map<Job, Settlement> settled, List<Job> notRun) {
        Ran and(Ran later) {
            Map<Job, Settlement> all = new LinkedHashMap<>(settled);
            all.putAll(later.settled);
            List<Job> waiting = new ArrayList<>(notRun);
            waiting.addAll(later.notRun);
            return new Ran(all, waiting);
        }
    }

    /**
     * Runs {@code jobs}, which are in order of work, as the owner of their lanes.
     *
     * @param from {@code QUEUED}, or {@code PROCESSING} where they were claimed first and {@code tokens} has their leases
     */
    Uni<Ran> run(SqlConnection session, List<Job> jobs, From from, OffsetDateTime readAt, Map<JobId, String> tokens) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().item(new Ran(Map.of(), List.of()));
        }
        return attempt(session, jobs, from, readAt, tokens)
                .onFailure(FailurePolicy::isWorthRepeating)
                .retry()
                .atMost(3)
                .onFailure(failure ->
                        !FailurePolicy.isConnectionLoss(failure) && !(failure instanceof OwnershipLostException))
                .recoverWithUni(failure -> jobs.size() > 1
                        ? inParts(
                                session,
                                FailurePolicy.isOutOfTime(failure) ? oneByOne(jobs) : halves(jobs),
                                from,
                                readAt,
                                tokens)
                        : settleFailed(session, jobs.get(0), failure, from, readAt, tokens));
    }

    private Uni<Ran> attempt(
            SqlConnection session, List<Job> jobs, From from, OffsetDateTime readAt, Map<JobId, String> tokens) {
        return transaction(
                        session,
                        from,
                        () -> checkLeases(session, jobs, from, tokens)
                                .chain(() -> handle(session, jobs))
                                .chain(outcomes -> {
                                    Map<Job, Settlement> settled = new LinkedHashMap<>();
                                    for (Job job : jobs) {
                                        Outcome outcome = Objects.requireNonNull(outcomes.get(job));
                                        settled.put(job, failures.settle(job, outcome, attemptsIfFailed(job, from)));
                                    }
                                    List<Job> tooEarly = afterUnfinished(settled);
                                    if (!tooEarly.isEmpty()) {
                                        throw new OvertakenException(tooEarly);
                                    }
                                    return settling.write(session, from, settled, readAt)
                                            .replaceWith(new Ran(settled, List.of()));
                                })
                                .call(() -> waypoint.reach(Moment.BATCH_WRITTEN)))
                .invoke(ran -> ran.settled().forEach(meters::settled))
                .call(() -> waypoint.reach(Moment.BATCH_COMMITTED))
                .onFailure(OvertakenException.class)
                .recoverWithUni(overtaken -> {
                    List<Job> tooEarly = ((OvertakenException) overtaken).tooEarly;
                    List<Job> rest = new ArrayList<>(jobs);
                    rest.removeAll(tooEarly);
                    return run(session, rest, from, readAt, tokens).map(ran -> ran.and(new Ran(Map.of(), tooEarly)));
                });
    }

    /** What is claimed may run on a session that is not an owner's, and knows no limit by itself. */
    private <T> Uni<T> transaction(SqlConnection session, From from, Supplier<Uni<T>> work) {
        return from == From.QUEUED ? Transactions.in(session, work) : Transactions.in(session, mostOfAStatement, work);
    }

    private Uni<Void> checkLeases(SqlConnection tx, List<Job> jobs, From from, Map<JobId, String> tokens) {
        if (from == From.QUEUED) {
            return Uni.createFrom().voidItem();
        }
        List<JobQueue.Held> held = jobs.stream()
                .map(job -> new JobQueue.Held(job.id(), tokens.getOrDefault(job.id(), "")))
                .toList();
        return queue.stillHeld(tx, held)
                .invoke(still -> {
                    if (still.size() != jobs.size()) {
                        throw new OwnershipLostException(jobs.size(), still.size());
                    }
                })
                .replaceWithVoid();
    }

    /** Each type's handler gets its jobs as one list; the order between types of one line is the caller's care. */
    private Uni<Map<Job, Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        Map<JobType, List<Job>> byType = new LinkedHashMap<>();
        jobs.forEach(job ->
                byType.computeIfAbsent(job.type(), type -> new ArrayList<>()).add(job));
        Map<Job, Outcome> outcomes = new HashMap<>();
        Uni<Void> all = Uni.createFrom().voidItem();
        for (Map.Entry<JobType, List<Job>> entry : byType.entrySet()) {
            List<Job> ofType = entry.getValue();
            all = all.chain(() -> handlers.batch(entry.getKey()).handle(tx, ofType))
                    .invoke(results -> {
                        if (results.size() != ofType.size()) {
                            throw new IllegalStateException("handler of " + entry.getKey() + " returned "
                                    + results.size() + " outcomes for " + ofType.size() + " jobs");
                        }
                        for (int i = 0; i < results.size(); i++) {
                            outcomes.put(ofType.get(i), results.get(i));
                        }
                    })
                    .replaceWithVoid();
        }
        return all.replaceWith(outcomes);
    }

    static <T> List<List<T>> halves(List<T> all) {
        int middle = all.size() / 2;
        return List.of(all.subList(0, middle), all.subList(middle, all.size()));
    }

    static <T> List<List<T>> oneByOne(List<T> all) {
        return all.stream().map(List::of).toList();
    }

    /** One part after the other, each without the jobs whose lines stopped in those before. */
    private Uni<Ran> inParts(
            SqlConnection session, List<List<Job>> parts, From from, OffsetDateTime readAt, Map<JobId, String> tokens) {
        Uni<Ran> all = Uni.createFrom().item(new Ran(Map.of(), List.of()));
        for (List<Job> part : parts) {
            all = all.chain(before -> {
                Set<Line> stopped = stoppedBy(before);
                List<Job> go = new ArrayList<>();
                List<Job> wait = new ArrayList<>();
                part.forEach(job -> (stopped.contains(job.line()) ? wait : go).add(job));
                return run(session, go, from, readAt, tokens)
                        .map(ran -> before.and(ran).and(new Ran(Map.of(), wait)));
            });
        }
        return all;
    }

    private Set<Line> stoppedBy(Ran ran) {
        Set<Line> stopped = new HashSet<>();
        ran.settled().forEach((job, settlement) -> {
            if (!failures.lineGoesOnAfter(job, settlement)) {
                stopped.add(job.line());
            }
        });
        ran.notRun().forEach(job -> stopped.add(job.line()));
        return stopped;
    }

    private Uni<Ran> settleFailed(
            SqlConnection session,
            Job job,
            Throwable failure,
            From from,
            OffsetDateTime readAt,
            Map<JobId, String> tokens) {
        Settlement settlement = failures.settle(job, failures.outcomeOf(failure), attemptsIfFailed(job, from));
        say(job, attemptsIfFailed(job, from), settlement, failure);
        Map<Job, Settlement> settled = Map.of(job, settlement);
        return transaction(
                        session,
                        from,
                        () -> checkLeases(session, List.of(job), from, tokens)
                                .chain(() -> settling.write(session, from, settled, readAt)))
                .invoke(() -> settled.forEach(meters::settled))
                .replaceWith(new Ran(settled, List.of()));
    }

    private static void say(Job job, int attempt, Settlement settlement, Throwable failure) {
        LogFacts.about(job, attempt, () -> {
            if (settlement instanceof Settlement.Bury) {
                LOG.errorf(
                        failure,
                        "job buried job=%s job_type=%s tenant=%s trace=%s attempt=%d",
                        job.id(),
                        job.type(),
                        job.tenant(),
                        job.traceId(),
                        attempt);
            } else {
                LOG.warnf(
                        "attempt failed job=%s job_type=%s tenant=%s trace=%s attempt=%d: %s",
                        job.id(), job.type(), job.tenant(), job.traceId(), attempt, FailurePolicy.describe(failure));
            }
        });
    }

    /** Jobs with an earlier one of their line that is not finished: their effects must not stand. */
    private List<Job> afterUnfinished(Map<Job, Settlement> settled) {
        Set<Line> stopped = new HashSet<>();
        List<Job> after = new ArrayList<>();
        settled.forEach((job, settlement) -> {
            if (stopped.contains(job.line())) {
                after.add(job);
            } else if (!failures.lineGoesOnAfter(job, settlement)) {
                stopped.add(job.line());
            }
        });
        return after;
    }

    static int attemptsIfFailed(Job job, From from) {
        // A claimed job was read after its claim was counted.
        return from == From.QUEUED ? job.attempts() + 1 : job.attempts();
    }

    private static final class OvertakenException extends RuntimeException {
        private final transient List<Job> tooEarly;

        OvertakenException(List<Job> tooEarly) {
            super("jobs ran ahead of an unfinished one of their line", null, false, false);
            this.tooEarly = tooEarly;
        }
    }
}
