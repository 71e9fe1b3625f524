package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.DuePage;
import dev.parley.queue.JobQueue.DueQuery;
import dev.parley.queue.JobQueue.Floor;
import dev.parley.queue.JobRef;
import dev.parley.queue.Line.Direction;
import dev.parley.queue.Settlement;
import dev.parley.tenant.TenantId;
import dev.parley.work.Waypoint.Moment;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.pgclient.PgConnection;
import io.vertx.mutiny.sqlclient.Pool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * One session's life as the owner of lanes, turn by turn: settle what came back, keep ownership fair, read what is due,
 * run the database's share as a set, lease and launch the rest. Everything it knows dies with its session; the next one
 * reads it from the database again.
 *
 * <p>Confined to one event loop; a turn begins when the one before has ended.
 */
final class Owner {
    private static final Logger LOG = Logger.getLogger(Owner.class);
    private static final Duration BALANCE_EVERY = Duration.ofMillis(500);
    private static final int READY_AT_ONCE = 64;

    private final Parts parts;
    private final PgConnection session;
    private final Lanes lanes;
    private final Lines lines;
    private final Scans scans;
    private final Backpressure backpressure;
    private final Sweeps sweeps;
    private long balancedAt = Long.MIN_VALUE;
    private boolean reading = true;

    /** What an owner works with, and every later session in its place. */
    record Parts(
            WorkerConfig config,
            String worker,
            JobQueue queue,
            HandlerRegistry handlers,
            JobRunner runner,
            Calls calls,
            /** All of the worker's sessions. */
            Owners owners,
            Orphans orphans,
            FailurePolicy failures,
            RetryPolicies policies,
            WorkerMeters meters,
            /** What this owner, and whoever follows it, has of what the worker shows. */
            WorkerMeters.Share share,
            /** Contacts' lines that are remembered at once. */
            int mostLines,
            Waypoint waypoint,
            /** For reads that need not see the owner's own session. */
            Pool aside,
            Supplier<Set<TenantId>> disabledTenants,
            Supplier<Set<TenantId>> holdingTenants,
            java.util.function.LongSupplier nanoTime,
            java.util.Random random) {}

    /** @param hasStayed see {@link Lanes} */
    Owner(Parts parts, PgConnection session, BooleanSupplier hasStayed) {
        this.parts = parts;
        this.session = session;
        this.lanes = new Lanes(parts.config.lease().duration(), parts.random, hasStayed);
        this.lines = new Lines(parts.nanoTime);
        this.scans = new Scans(parts.config.batch().max(), parts.nanoTime);
        this.backpressure = new Backpressure(parts.mostLines, lines, scans);
        this.sweeps = new Sweeps(parts, lanes, lines, scans);
    }

    Uni<Void> start() {
        return lanes.join(session);
    }

    /** No new work from now on; what is out on a call is still settled. */
    void stopReading() {
        reading = false;
    }

    Set<Integer> owned() {
        return lanes.owned();
    }

    /** @return whether there was something to do, so that another turn should follow at once */
    Uni<Boolean> turn() {
        return parts.calls
                .finishLanded(session)
                .invoke(parts.owners::moveOn)
                .chain(settled -> balanceIfTime()
                        .chain(changed -> reading
                                ? work().map(worked -> worked || changed || !settled.isEmpty())
                                : Uni.createFrom().item(!settled.isEmpty())))
                .invoke(() -> parts.share.is(
                        lanes.owned().size(),
                        lines.size(),
                        parts.calls.size(),
                        scans.heldBack().size()));
    }

    /** How long the next turn can wait if nothing happens. */
    Duration patience(Duration poll) {
        Duration alarm = lines.untilNextAlarm();
        Duration wait = poll.compareTo(BALANCE_EVERY) < 0 ? poll : BALANCE_EVERY;
        return alarm != null && alarm.compareTo(wait) < 0 ? alarm : wait;
    }

    // ---- ownership

    private Uni<Boolean> balanceIfTime() {
        long now = parts.nanoTime.getAsLong();
        if (balancedAt != Long.MIN_VALUE && now - balancedAt < BALANCE_EVERY.toNanos()) {
            return Uni.createFrom().item(false);
        }
        balancedAt = now;
        return parts.calls
                .keepLeases(session)
                .chain(() -> lanes.balance(session, lines.busyLanes()))
                .chain(change -> {
                    if (change.isEmpty()) {
                        return releaseRevivedDeadLetters().replaceWith(false);
                    }
                    LOG.infof(
                            "lanes: own %d, taken %d (%d of them from the dead), given %d",
                            lanes.owned().size(),
                            change.orphaned().size() + change.handedOver().size(),
                            change.orphaned().size(),
                            change.given().size());
                    drop(change.given());
                    return takeOver(change.orphaned(), true)
                            .chain(() -> takeOver(change.handedOver(), false))
                            .replaceWith(true);
                });
    }

    private void drop(Set<Integer> given) {
        if (!given.isEmpty()) {
            lines.forget(given);
            scans.drop(given);
        }
    }

    /** Settles what the lanes' former owner left, learns who waits there, and reads them from the beginning. */
    private Uni<Void> takeOver(Set<Integer> taken, boolean careful) {
        if (taken.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        Integer[] numbers = taken.toArray(Integer[]::new);
        String[] types = parts.handlers.types();
        UUID[] holding = uuids(parts.holdingTenants.get());
        // Calls that outlived the session they were made on still hold their lines.
        parts.owners.out().stream()
                .filter(ref -> taken.contains(ref.line().lane()))
                .forEach(lines::runAtHead);
        return parts.queue
                .orphanedLeases(session, parts.owners.tokens(), numbers, types)
                .chain(orphans -> parts.orphans.reclaim(session, orphans))
                .chain(() -> parts.queue.waitingHeads(session, types, numbers))
                .invoke(heads -> heads.stream()
                        .sorted(Comparator.comparing(head -> JobRef.of(head.job()), JobRef.ORDER_OF_WORK))
                        .forEach(head -> lines.waitAtHead(JobRef.of(head.job()), head.waits())))
                .chain(() -> holding.length == 0
                        ? Uni.createFrom().item(List.<DueJob>of())
                        : parts.queue.holdingDeadLetters(session, holding, numbers, types))
                .invoke(dead -> dead.forEach(letter -> lines.waitAtHead(JobRef.of(letter.job()), null)))
                .invoke(() -> scans.take(taken, careful))
                .replaceWithVoid();
    }

    private Uni<Void> releaseRevivedDeadLetters() {
        List<JobRef> held = lines.held();
        if (held.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return parts.queue
                .stillDead(session, held.stream().map(JobRef::id).toList())
                .invoke(dead -> held.stream()
                        .filter(ref -> !dead.contains(ref.id()))
                        // Redriven: it goes first. Pruned: looking finds nothing, and the line is free.
                        .forEach(ref -> lines.waitAtHead(ref, Duration.ZERO)))
                .replaceWithVoid();
    }

    // ---- reading

    private Uni<Boolean> work() {
        scans.disable(parts.disabledTenants.get());
        backpressure.apply();
        sweeps.startIfTime();
        List<JobRef> ready = new ArrayList<>(lines.takeReady(Direction.INCOMING, READY_AT_ONCE, READY_AT_ONCE));
        ready.addAll(lines.takeReady(Direction.OUTGOING, Math.min(READY_AT_ONCE, parts.calls.room()), 1));
        ready.addAll(lines.takeReady(Direction.ASIDE, Math.min(READY_AT_ONCE, parts.calls.roomAside()), 1));
        return read(ready).call(() -> parts.waypoint.reach(Moment.READ)).chain(this::run);
    }

    private record Reading(Floor floor, List<DueJob> ready, Map<Scan, Admission.Page> pages) {}

    private Uni<Reading> read(List<JobRef> ready) {
        Map<Scan, DueQuery> queries = new LinkedHashMap<>();
        List<Scan> toRead = scans.reading();
        if (!toRead.isEmpty()) {
            String[] types = parts.handlers.types();
            UUID[] parked = lines.parkedAfter(scans.earliest());
            toRead.forEach(scan -> queries.put(scan, query(scan, types, parked)));
        }
        // Sent together, executed in this order: the floor must be older than what it is the floor of.
        Uni<Floor> floor = parts.queue.readFloor(session);
        Uni<List<DueJob>> known = ready.isEmpty()
                ? Uni.createFrom().item(List.of())
                : parts.queue.stillQueued(
                        session,
                        lanes.owned().toArray(Integer[]::new),
                        ready.stream().map(JobRef::id).toList());
        List<Uni<?>> all = new ArrayList<>(List.of(floor, known));
        queries.values().forEach(query -> all.add(parts.queue.due(session, query)));
        return Uni.combine().all().unis(all).with(results -> {
            @SuppressWarnings("unchecked") // the second is what is known of the ready ones, see above
            List<DueJob> found = (List<DueJob>) results.get(1);
            forgetGone(ready, found);
            Map<Scan, Admission.Page> pages = new LinkedHashMap<>();
            int i = 2;
            for (Map.Entry<Scan, DueQuery> entry : queries.entrySet()) {
                int limit = JobQueue.PAGES.get(entry.getValue().page());
                pages.put(entry.getKey(), new Admission.Page((DuePage) results.get(i++), limit));
            }
            return new Reading((Floor) results.get(0), found, pages);
        });
    }

    private DueQuery query(Scan scan, String[] types, UUID[] parked) {
        return new DueQuery(
                scan.lanes.toArray(Integer[]::new),
                scan.cursor,
                types,
                scan.only,
                uuids(scans.leftOut(scan)),
                parked,
                scans.pageOf(scan));
    }

    private void forgetGone(List<JobRef> asked, List<DueJob> found) {
        Set<JobId> there = new HashSet<>();
        found.forEach(due -> there.add(due.job().id()));
        asked.stream().filter(ref -> !there.contains(ref.id())).forEach(lines::free);
    }

    // ---- running

    private Uni<Boolean> run(Reading reading) {
        List<DueJob> known = new ArrayList<>();
        for (DueJob due : reading.ready) {
            if (scans.isDisabled(due.job().tenant())
                    || !lanes.owned().contains(due.job().line().lane())) {
                lines.free(JobRef.of(due.job()));
            } else if (!due.waits().isZero()) {
                lines.waitAtHead(JobRef.of(due.job()), due.waits());
            } else if (lines.admit(due)) {
                known.add(due);
            }
        }
        Admission fresh = new Admission(
                lines, due -> parts.meters.read(due.job(), reading.floor.now().toInstant()));
        // Reading is final up to the floor only: what is stamped later may still be on its way to a commit.
        fresh.take(reading.pages, scans, Cursor.before(reading.floor.floor()));
        Turn turn = new Turn(parts, session, lines, this::moveOn, reading.floor.now());
        known.addAll(fresh.together());
        turn.take(known, false);
        turn.take(fresh.careful(), true);
        return turn.run();
    }

    /** Lines go on behind what is settled for good, and wait behind what is not. */
    void moveOn(Map<Job, Settlement> settled) {
        settled.forEach((job, settlement) -> {
            JobRef ref = JobRef.of(job);
            if (!lanes.owned().contains(ref.line().lane())) {
                // A call that outlived our ownership: its line is somebody else's care now.
                lines.free(ref);
            } else if (settlement instanceof Settlement.Retry retry) {
                lines.waitAtHead(ref, retry.after());
            } else if (settlement instanceof Settlement.Snooze snooze) {
                lines.waitAtHead(ref, snooze.after());
            } else if (!parts.failures.lineGoesOnAfter(job, settlement)) {
                lines.waitAtHead(ref, null);
            } else {
                lines.free(ref);
            }
        });
    }

    static UUID[] uuids(Collection<TenantId> tenants) {
        return tenants.stream().map(TenantId::value).toArray(UUID[]::new);
    }

    /** Hands back what is still out, then lets every lane go with the session. */
    Uni<Void> leave() {
        return parts.calls.handBack(session).eventually(session::close);
    }
}
