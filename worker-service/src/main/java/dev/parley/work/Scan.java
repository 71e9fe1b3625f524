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

    private boolean everTrickled;
    private long trickledAt;

    Scan(Set<Integer> lanes, @Nullable TenantId only, @Nullable Scan parent, Cursor cursor, boolean careful) {
        this.lanes = lanes;
        this.only = only;
        this.parent = parent;
        this.cursor = cursor;
        this.careful = careful;
    }

    /** Something to do came at {@code now} of the monotonic clock, and nothing was left behind it. */
    void trickles(long now) {
        everTrickled = true;
        trickledAt = now;
    }

    /** Did little come, within the last moment? Not: is there a backlog, or one that waits in its line. */
    boolean isTrickling(long now) {
        return everTrickled && now - trickledAt < MOMENT.toNanos();
    }

    /** A tenant of this scan that is read on its own from here on, so that the others need not stand behind it. */
    Scan splitOff(TenantId tenant, Cursor from) {
        split.add(tenant);
        return new Scan(lanes, tenant, this, from, careful);
    }
}
