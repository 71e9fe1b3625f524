package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One reader's place in the queue: for some lanes, and for one tenant or all but some. The main scan reads everything;
 * lanes just taken, and a tenant that crowds the others out, are read by scans of their own until they have caught up, and
 * then join again at the earlier of the two places. Reading something twice is harmless, missing it is not.
 */
final class Scan {
    private static final Duration MOMENT = Duration.ofSeconds(1);

    final Set<Integer> lanes;
    final @Nullable TenantId only;
    final @Nullable Scan parent;
    final Set<TenantId> split = new HashSet<>();
    Cursor cursor;
    /** The next page is what may have killed a worker: it is claimed first and run one by one. */
    boolean careful;
    /** Index of the next page's size. */
    int page;

    private boolean everFound;
    private long foundAt;

    Scan(Set<Integer> lanes, @Nullable TenantId only, @Nullable Scan parent, Cursor cursor, boolean careful) {
        this.lanes = lanes;
        this.only = only;
        this.parent = parent;
        this.cursor = cursor;
        this.careful = careful;
    }

    /** @param jobs how much a page brought, at {@code now} of the monotonic clock */
    void found(int jobs, long now) {
        if (jobs > 0) {
            everFound = true;
            foundAt = now;
        }
    }

    /** Did it find something within the last moment? */
    boolean isBusy(long now) {
        return everFound && now - foundAt < MOMENT.toNanos();
    }

    /** A tenant of this scan that is read on its own from here on, so that the others need not stand behind it. */
    Scan splitOff(TenantId tenant, Cursor from) {
        split.add(tenant);
        return new Scan(lanes, tenant, this, from, false);
    }
}
