package dev.parley.sandbox.standin;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The faults in force, oldest first; the first that fits strikes. Safe from any thread. */
public final class Faults {
    private static final class Armed {
        final Fault fault;
        final @Nullable Instant until;
        int left;

        Armed(Fault fault, Instant now) {
            this.fault = fault;
            this.until = fault.lasting() == null ? null : now.plus(fault.lasting());
            this.left = fault.times() == null ? Integer.MAX_VALUE : fault.times();
        }
    }

    private final Clock clock;
    private final List<Armed> armed = new ArrayList<>();

    public Faults(Clock clock) {
        this.clock = clock;
    }

    public synchronized void add(Fault fault) {
        armed.add(new Armed(fault, clock.instant()));
    }

    public synchronized void clear() {
        armed.clear();
    }

    public synchronized List<Fault> inForce() {
        forgetSpent();
        return armed.stream()
                .map(one -> one.fault.times() == null ? one.fault : one.fault.times(one.left))
                .toList();
    }

    /** The fault that strikes this call, used up by one. */
    public synchronized Optional<Fault> strike(String method, String path, @Nullable String locationId) {
        forgetSpent();
        for (Armed one : armed) {
            Fault fault = one.fault;
            if ((fault.method() == null || fault.method().equals(method))
                    && path.startsWith(fault.pathPrefix())
                    && (fault.location() == null || fault.location().equals(locationId))) {
                one.left--;
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }

    private void forgetSpent() {
        Instant now = clock.instant();
        for (Iterator<Armed> each = armed.iterator(); each.hasNext(); ) {
            Armed one = each.next();
            if (one.left <= 0 || (one.until != null && !now.isBefore(one.until))) {
                each.remove();
            }
        }
    }
}
