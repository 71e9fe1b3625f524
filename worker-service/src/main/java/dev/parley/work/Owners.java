package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobRef;
import dev.parley.queue.Settlement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the sessions of one worker must know of one another. A call outlives its session, and the lane it belongs to may be
 * another session's by the time it comes back: whoever takes the lane must not think the call's worker dead, and must hear
 * what it came to.
 *
 * <p>Confined to the event loop that all of them share.
 */
final class Owners {
    private final List<Calls> calls = new ArrayList<>();
    private final Set<Owner> owners = new LinkedHashSet<>();

    /** Calls of one more session, and of every later one in its place. */
    void add(Calls more) {
        calls.add(more);
    }

    void joins(Owner owner) {
        owners.add(owner);
    }

    void leaves(Owner owner) {
        owners.remove(owner);
    }

    /** Under which the worker's calls are leased. */
    Collection<String> tokens() {
        return calls.stream().flatMap(some -> some.tokens().stream()).toList();
    }

    /** The jobs whose calls are out, whichever session made them. */
    List<JobRef> out() {
        return calls.stream().flatMap(some -> some.out().stream()).toList();
    }

    /** Each owner's lines go on, or wait, after what was settled: it is one owner's care, and nothing to the others. */
    void moveOn(Map<Job, Settlement> settled) {
        if (!settled.isEmpty()) {
            owners.forEach(owner -> owner.moveOn(settled));
        }
    }
}
