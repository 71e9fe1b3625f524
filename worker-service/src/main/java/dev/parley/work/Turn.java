package dev.parley.work;

import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobRef;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.queue.Line.Direction;
import dev.parley.queue.Settlement;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.pgclient.PgConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** The jobs of one turn, each line's in order, and of each line only what may go together. */
final class Turn {
    private static final Logger LOG = Logger.getLogger(Turn.class);
    private static final JobType STOP = new JobType("");
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Owner.Parts parts;
    private final PgConnection session;
    private final Lines lines;
    private final Consumer<Map<Job, Settlement>> moveOn;
    private final OffsetDateTime readAt;
    private final Set<JobId> seen = new HashSet<>();
    private final Map<Line, JobType> typeOf = new HashMap<>();
    private final List<Job> together = new ArrayList<>();
    private final List<DueJob> alone = new ArrayList<>();
    private final List<Job> claimedFirst = new ArrayList<>();
    private final List<Job> calls = new ArrayList<>();
    private final List<Job> suspectCalls = new ArrayList<>();
    private int aside;

    /** @param moveOn told what was settled, so that its lines go on or wait */
    Turn(
            Owner.Parts parts,
            PgConnection session,
            Lines lines,
            Consumer<Map<Job, Settlement>> moveOn,
            OffsetDateTime readAt) {
        this.parts = parts;
        this.session = session;
        this.lines = lines;
        this.moveOn = moveOn;
        this.readAt = readAt;
    }

    void take(List<DueJob> due, boolean careful) {
        due.stream()
                .sorted(Comparator.comparing(one -> JobRef.of(one.job()), JobRef.ORDER_OF_WORK))
                .filter(one -> seen.add(one.job().id()))
                .forEach(one -> take(one, careful));
    }

    private void take(DueJob due, boolean careful) {
        Job job = due.job();
        Line line = job.line();
        JobType before = typeOf.get(line);
        boolean leased = parts.handlers().isLeased(job.type());
        // Behind a job of another type, behind one that runs alone, or behind a call: in the next turn.
        boolean waits = before != null && (leased || due.suspect() || !before.equals(job.type()));
        if (waits || (leased && !hasRoomFor(job))) {
            lines.park(JobRef.of(job));
            typeOf.putIfAbsent(line, STOP);
            return;
        }
        typeOf.put(line, due.suspect() ? STOP : job.type());
        if (leased) {
            aside += line.direction() == Direction.ASIDE ? 1 : 0;
            (due.suspect() || careful ? suspectCalls : calls).add(job);
        } else if (due.suspect()) {
            alone.add(due);
        } else {
            (careful ? claimedFirst : together).add(job);
        }
    }

    private boolean hasRoomFor(Job call) {
        return calls.size() + suspectCalls.size() < parts.calls().room()
                && (call.line().direction() != Direction.ASIDE
                        || aside < parts.calls().roomAside());
    }

    Uni<Boolean> run() {
        boolean any = !seen.isEmpty();
        return runTogether()
                .chain(this::runClaimedFirst)
                .chain(this::runAlone)
                .chain(() -> launch(calls, false))
                .chain(() -> launch(suspectCalls, true))
                .replaceWith(any);
    }

    private Uni<Void> runTogether() {
        if (together.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        long begun = parts.nanoTime().getAsLong();
        return parts.runner()
                .run(session, together, From.QUEUED, readAt, Map.of())
                .invoke(ran -> {
                    parts.meters()
                            .batch(
                                    together.size(),
                                    Duration.ofNanos(parts.nanoTime().getAsLong() - begun));
                    took(ran);
                })
                .onFailure(OwnershipLostException.class)
                .recoverWithItem(lost -> {
                    // Somebody changed the rows by hand; look again at which are still ours to do.
                    LOG.warn(lost.getMessage());
                    together.forEach(job -> lines.park(JobRef.of(job)));
                    return new JobRunner.Ran(Map.of(), List.of());
                })
                .replaceWithVoid();
    }

    /** What a worker may have died of: all claims are written before any of it is touched, then one at a time. */
    private Uni<Void> runClaimedFirst() {
        return claimedFirst.isEmpty() ? Uni.createFrom().voidItem() : claimThenRun(claimedFirst);
    }

    /** One that takes its time ends this: all other lines have waited for it, and go first. */
    private Uni<Void> runAlone() {
        long begun = parts.nanoTime().getAsLong();
        Uni<Void> all = Uni.createFrom().voidItem();
        for (DueJob due : alone) {
            all = all.chain(() -> {
                if (parts.nanoTime().getAsLong() - begun > PATIENCE.toNanos()) {
                    lines.park(JobRef.of(due.job()));
                    return Uni.createFrom().voidItem();
                }
                return claimThenRun(List.of(due.job()));
            });
        }
        return all;
    }

    private Uni<Void> claimThenRun(List<Job> jobs) {
        String token = parts.worker() + '/' + TimeOrderedId.next();
        return Transactions.in(
                        session,
                        () -> parts.queue()
                                .lease(session, jobs.stream().map(Job::id).toList(), token))
                .chain(claimed -> {
                    Map<JobId, String> tokens = new HashMap<>();
                    claimed.forEach(id -> tokens.put(id, token));
                    Set<Line> stopped = new HashSet<>();
                    Uni<Void> all = Uni.createFrom().voidItem();
                    for (Job job : jobs) {
                        if (!claimed.contains(job.id())) {
                            lines.park(JobRef.of(job));
                            continue;
                        }
                        Job counted = Calls.withThisAttempt(job);
                        all = all.chain(() -> stopped.contains(job.line())
                                ? unclaim(counted)
                                : parts.runner()
                                        .run(session, List.of(counted), From.PROCESSING, readAt, tokens)
                                        .invoke(ran -> {
                                            took(ran);
                                            ran.settled().forEach((one, settlement) -> {
                                                if (!parts.failures().lineGoesOnAfter(one, settlement)) {
                                                    stopped.add(one.line());
                                                }
                                            });
                                        })
                                        .replaceWithVoid());
                    }
                    return all;
                });
    }

    /** Claimed with the others, but a job before it in its line has to come again first. */
    private Uni<Void> unclaim(Job job) {
        Settlement back = new Settlement.Snooze(job.id(), Duration.ZERO, "waits for an earlier message");
        return parts.queue()
                .settleAll(session, From.PROCESSING, List.of(back), parts.worker(), readAt)
                .invoke(count -> {
                    if (count == 1) {
                        parts.meters().settled(job, back);
                    }
                    lines.park(JobRef.of(job));
                })
                .replaceWithVoid();
    }

    private void took(JobRunner.Ran ran) {
        moveOn.accept(ran.settled());
        ran.notRun().forEach(job -> lines.park(JobRef.of(job)));
    }

    private Uni<Void> launch(List<Job> jobs, boolean claimFirst) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return parts.calls().launch(session, jobs, claimFirst).chain(launch -> {
            launch.launched().forEach(job -> lines.runAtHead(JobRef.of(job)));
            moveOn.accept(launch.settled());
            return waitForPause(launch.refused());
        });
    }

    private Uni<Void> waitForPause(List<Job> refused) {
        if (refused.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        Set<TenantId> tenants = new HashSet<>();
        refused.forEach(job -> tenants.add(job.tenant()));
        return parts.queue()
                .pausedTenants(session, tenants)
                .invoke(paused -> refused.forEach(job -> {
                    Duration pause = paused.get(job.tenant());
                    if (pause != null) {
                        lines.waitAtHead(JobRef.of(job), pause);
                    } else {
                        lines.park(JobRef.of(job));
                    }
                }))
                .replaceWithVoid();
    }
}
