package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.JobId;
import dev.parley.queue.JobRef;
import dev.parley.queue.Line;
import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What an owner remembers of its contacts' lines: who is at the head and cannot go on (waiting for its time, or out on a
 * call), and who stands behind. A line that is not here is free. Memory only: the database can rebuild it at any time, and
 * a job behind a waiting head costs no write and no second look.
 *
 * <p>Confined to the owner's event loop.
 */
final class Lines {
    /** Names kept per line; beyond it the tail is forgotten and looked up again when its turn comes. */
    static final int KEPT_PER_LINE = 1_000;

    /** Parked jobs still ahead of the cursor that are remembered as read. */
    private static final int WINDOW = 4_096;

    private static final long NEVER = Long.MAX_VALUE;

    private static final class State {
        @Nullable
        JobRef head;

        boolean running;
        long dueAt;
        final TreeSet<JobRef> behind = new TreeSet<>(JobRef.ORDER_OF_WORK);
        /** The first forgotten name: nothing from here on is remembered. */
        @Nullable
        JobRef horizon;
        /** The tail must be looked up first; counts sweeps, 0 = no need. */
        long awaitsSweep;

        boolean isIdle() {
            return head == null && behind.isEmpty() && horizon == null && awaitsSweep == 0;
        }
    }

    private record Parked(Cursor place, Line line) {}

    private record Alarm(long at, Line line, JobId head) {}

    private final LongSupplier nanoTime;
    private final Map<Line, State> lines = new HashMap<>();
    private final Map<TenantId, Integer> linesOfTenants = new HashMap<>();
    private final Map<Direction, Set<Line>> ready = new EnumMap<>(Direction.class);
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
    /** Of what is remembered, and of nothing else: a name that is forgotten must be read again. */
    private final Map<JobId, Parked> window = new LinkedHashMap<>();

    private long sweepsStarted;
    private boolean wantsSweep;

    Lines(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        for (Direction direction : Direction.values()) {
            ready.put(direction, new LinkedHashSet<>());
        }
    }

    /**
     * May this due job, just read, run now? If not it is remembered behind whoever holds its line. The caller runs what is
     * admitted in this turn, in the order of {@link JobRef#ORDER_OF_WORK} within a line.
     */
    boolean admit(DueJob due) {
        JobRef ref = JobRef.of(due.job());
        boolean admitted = admitToLine(ref);
        if (!admitted && window.size() < WINDOW && knows(ref)) {
            window.put(ref.id(), new Parked(Cursor.at(due.job()), ref.line()));
        }
        return admitted;
    }

    private boolean admitToLine(JobRef ref) {
        State state = lines.get(ref.line());
        if (state == null) {
            return true;
        }
        if (state.head != null) {
            if (state.head.id().equals(ref.id())) {
                return !state.running;
            }
            if (state.running || state.dueAt == NEVER || JobRef.ORDER_OF_WORK.compare(state.head, ref) < 0) {
                stepBehind(state, ref);
                return false;
            }
            // Older than who waits for its time (a redriven one, for instance): the line is its, and the other steps
            // back.
            JobRef waiting = state.head;
            state.head = null;
            stepBehind(state, waiting);
            notReady(ref.line());
        }
        if (state.awaitsSweep != 0
                || (state.horizon != null && JobRef.ORDER_OF_WORK.compare(ref, state.horizon) >= 0)) {
            stepBehind(state, ref);
            return false;
        }
        if (!state.behind.isEmpty() && JobRef.ORDER_OF_WORK.compare(state.behind.first(), ref) < 0) {
            stepBehind(state, ref);
            makeReady(ref.line());
            return false;
        }
        state.behind.remove(ref);
        forgetIfIdle(ref.line(), state);
        return true;
    }

    /** Remembers {@code ref} as waiting its turn; it is looked at again when its line is free. */
    void park(JobRef ref) {
        State state = stateOf(ref.line());
        boolean isHead = state.head != null && state.head.id().equals(ref.id());
        if (!isHead) {
            stepBehind(state, ref);
        }
        if (state.head == null || (isHead && !state.running)) {
            makeReady(ref.line());
        }
    }

    private State stateOf(Line line) {
        return lines.computeIfAbsent(line, added -> {
            linesOfTenants.merge(added.tenant(), 1, Integer::sum);
            return new State();
        });
    }

    private void countOut(Line removed) {
        linesOfTenants.computeIfPresent(removed.tenant(), (tenant, count) -> count == 1 ? null : count - 1);
    }

    private void stepBehind(State state, JobRef ref) {
        if (state.horizon != null && JobRef.ORDER_OF_WORK.compare(ref, state.horizon) >= 0) {
            return;
        }
        state.behind.add(ref);
        if (state.behind.size() > KEPT_PER_LINE) {
            JobRef last = Objects.requireNonNull(state.behind.pollLast());
            state.horizon = last;
            window.remove(last.id());
        }
    }

    /** {@code ref} holds its line until {@code after} from now; null = until it is settled by somebody else (a dead letter that holds). */
    void waitAtHead(JobRef ref, @Nullable Duration after) {
        State state = stateOf(ref.line());
        if (state.head != null
                && !state.head.id().equals(ref.id())
                && (state.running || JobRef.ORDER_OF_WORK.compare(state.head, ref) < 0)) {
            stepBehind(state, ref);
            return;
        }
        if (state.head != null && !state.head.id().equals(ref.id())) {
            stepBehind(state, state.head);
        }
        state.behind.remove(ref);
        state.head = ref;
        state.running = false;
        state.dueAt = after == null ? NEVER : nanoTime.getAsLong() + after.toNanos();
        notReady(ref.line());
        if (after != null) {
            alarms.add(new Alarm(state.dueAt, ref.line(), ref.id()));
        }
    }

    /** {@code ref} is out on a call; nothing else of its line runs until {@link #free}. */
    void runAtHead(JobRef ref) {
        State state = stateOf(ref.line());
        state.behind.remove(ref);
        state.head = ref;
        state.running = true;
        notReady(ref.line());
    }

    /** {@code ref} is settled for good; whoever stands behind may go on. */
    void free(JobRef ref) {
        window.remove(ref.id());
        State state = lines.get(ref.line());
        if (state == null) {
            return;
        }
        if (state.head != null && state.head.id().equals(ref.id())) {
            state.head = null;
            state.running = false;
        }
        state.behind.remove(ref);
        if (!state.behind.isEmpty()) {
            makeReady(ref.line());
        } else if (state.horizon != null) {
            lookUpTail(state);
        }
        forgetIfIdle(ref.line(), state);
    }

    private void lookUpTail(State state) {
        state.horizon = null;
        state.awaitsSweep = sweepsStarted + 1;
        wantsSweep = true;
    }

    private void forgetIfIdle(Line line, State state) {
        if (state.isIdle()) {
            if (lines.remove(line) != null) {
                countOut(line);
            }
            notReady(line);
        }
    }

    boolean isRunning(JobId id, Line line) {
        State state = lines.get(line);
        return state != null
                && state.running
                && state.head != null
                && state.head.id().equals(id);
    }

    /**
     * The names to look at next: of each line that can go on its head, or the first {@code perLine} behind a missing one.
     * A line given here is not ready any more; what comes of its names makes it so again.
     */
    List<JobRef> takeReady(Direction direction, int most, int perLine) {
        ringAlarms();
        long now = nanoTime.getAsLong();
        List<JobRef> taken = new ArrayList<>();
        Iterator<Line> lineIterator = readyIn(direction).iterator();
        while (lineIterator.hasNext() && taken.size() < most) {
            Line line = lineIterator.next();
            lineIterator.remove();
            State state = lines.get(line);
            if (state == null || state.running || state.awaitsSweep != 0) {
                continue;
            }
            if (state.head != null) {
                if (state.dueAt <= now) {
                    taken.add(state.head);
                }
                continue;
            }
            state.behind.stream().limit(Math.min(perLine, most - taken.size())).forEach(taken::add);
        }
        return taken;
    }

    /** {@code ref} was looked at and is no longer queued: somebody else settled it. */
    void gone(JobRef ref) {
        free(ref);
    }

    boolean hasReady(Direction direction) {
        ringAlarms();
        return !readyIn(direction).isEmpty();
    }

    private void ringAlarms() {
        long now = nanoTime.getAsLong();
        while (!alarms.isEmpty() && alarms.element().at <= now) {
            Alarm alarm = alarms.remove();
            State state = lines.get(alarm.line);
            if (state != null && state.head != null && state.head.id().equals(alarm.head) && !state.running) {
                makeReady(alarm.line);
            }
        }
    }

    private void makeReady(Line line) {
        readyIn(line.direction()).add(line);
    }

    private void notReady(Line line) {
        readyIn(line.direction()).remove(line);
    }

    private Set<Line> readyIn(Direction direction) {
        return Objects.requireNonNull(ready.get(direction));
    }

    /** How long until the next waiting head is due; null = nobody waits for a time. */
    @Nullable
    Duration untilNextAlarm() {
        Alarm next = alarms.peek();
        return next == null ? null : Duration.ofNanos(Math.max(0, next.at - nanoTime.getAsLong()));
    }

    /**
     * What is remembered and stands after {@code cursor} in reading order: the next read need not bring it again. A cursor
     * may move back, when two scans join: what is forgotten is not in here and comes again, in its order.
     */
    UUID[] parkedAfter(Cursor cursor) {
        window.values().removeIf(parked -> parked.place.compareTo(cursor) <= 0);
        return window.keySet().stream().map(JobId::value).toArray(UUID[]::new);
    }

    /** Dead letters that hold their lines. */
    List<JobRef> held() {
        return lines.values().stream()
                .filter(state -> state.head != null && !state.running && state.dueAt == NEVER)
                .map(state -> Objects.requireNonNull(state.head))
                .toList();
    }

    boolean wantsSweep() {
        return wantsSweep;
    }

    /** A look at everything due begins; its number goes to {@link #sweepEnded}. */
    long sweepStarted() {
        wantsSweep = false;
        return ++sweepsStarted;
    }

    void sweepEnded(long sweep) {
        for (Map.Entry<Line, State> entry : List.copyOf(lines.entrySet())) {
            State state = entry.getValue();
            if (state.awaitsSweep != 0 && state.awaitsSweep <= sweep) {
                state.awaitsSweep = 0;
                if (state.head == null && !state.behind.isEmpty()) {
                    makeReady(entry.getKey());
                }
                forgetIfIdle(entry.getKey(), state);
            }
        }
    }

    /** Is this job new to us? (A sweep asks, before it offers.) */
    boolean knows(JobRef ref) {
        State state = lines.get(ref.line());
        return state != null
                && ((state.head != null && state.head.id().equals(ref.id())) || state.behind.contains(ref));
    }

    /** Forgets lanes that are given up or lost. */
    void forget(Set<Integer> lanes) {
        lines.keySet().removeIf(line -> {
            boolean gone = lanes.contains(line.lane());
            if (gone) {
                countOut(line);
            }
            return gone;
        });
        ready.values().forEach(some -> some.removeIf(line -> lanes.contains(line.lane())));
        alarms.removeIf(alarm -> lanes.contains(alarm.line.lane()));
        window.values().removeIf(parked -> lanes.contains(parked.line.lane()));
    }

    /** Lanes in which a call is out: they cannot be given up yet. */
    Set<Integer> busyLanes() {
        Set<Integer> busy = new java.util.HashSet<>();
        lines.forEach((line, state) -> {
            if (state.running) {
                busy.add(line.lane());
            }
        });
        return busy;
    }

    /** Was its tail forgotten, and must be looked up before it can go on? */
    boolean awaitsSweep(Line line) {
        State state = lines.get(line);
        return state != null && state.awaitsSweep != 0;
    }

    int size() {
        return lines.size();
    }

    int sizeOf(TenantId tenant) {
        return linesOfTenants.getOrDefault(tenant, 0);
    }

    /** Who has most lines here, of the tenants that {@code asked}; null = none of them has any. */
    @Nullable
    TenantId largest(Predicate<TenantId> asked) {
        return linesOfTenants.entrySet().stream()
                .filter(entry -> asked.test(entry.getKey()))
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    void parkAll(Collection<JobRef> refs) {
        refs.forEach(this::park);
    }
}
