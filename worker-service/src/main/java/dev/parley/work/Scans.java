package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.DuePage;
import dev.parley.queue.Lane;
import dev.parley.tenant.TenantId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where an owner stands in the queue: which scans there are, what each of them reads next, and how they part and join again.
 *
 * <p>Memory only, and confined to the owner's event loop.
 */
final class Scans {
    /** Jobs in a batch of who has a backlog while others must not stand behind it, about. */
    private static final int SMALL_SHARE = 16;
    /** Jobs of one tenant in a page, at least, that may be its crowd. */
    private static final int CROWD = 4;

    private final List<Scan> all = new ArrayList<>();
    private final Scan main = new Scan(new HashSet<>(), null, null, Cursor.START, false);
    private final int mostPage;
    private final LongSupplier nanoTime;
    private final Set<TenantId> heldBack = new HashSet<>();
    private Set<TenantId> disabled = Set.of();

    /** @param most jobs in a batch */
    Scans(int most, LongSupplier nanoTime) {
        this.mostPage = largestPage(most);
        this.nanoTime = nanoTime;
        all.add(main);
    }

    private static int largestPage(int most) {
        int page = 0;
        while (page + 1 < JobQueue.PAGES.size() && JobQueue.PAGES.get(page + 1) <= most) {
            page++;
        }
        return page;
    }

    /** Reads {@code lanes} from the beginning, on their own until they have caught up. */
    void take(Set<Integer> lanes, boolean careful) {
        Scan taken = new Scan(new HashSet<>(lanes), null, null, Cursor.START, careful);
        all.add(taken);
        heldBack.forEach(tenant -> all.add(taken.splitOff(tenant, Cursor.START)));
    }

    void drop(Set<Integer> lanes) {
        all.forEach(scan -> scan.lanes.removeAll(lanes));
        all.removeIf(scan -> {
            boolean gone = scan != main && scan.lanes.isEmpty();
            if (gone && scan.parent != null && scan.only != null) {
                scan.parent.split.remove(scan.only);
            }
            return gone;
        });
    }

    /** These tenants, and no others, are not read. Who was switched on again is read from the beginning. */
    void disable(Set<TenantId> tenants) {
        if (tenants.equals(disabled)) {
            return;
        }
        heldBack.removeAll(tenants);
        tenants.forEach(this::stopReadingApart);
        for (TenantId again : disabled) {
            if (!tenants.contains(again)) {
                // Its jobs are behind everybody's cursor.
                readApart(again, scan -> Cursor.START);
            }
        }
        disabled = Set.copyOf(tenants);
    }

    private void readApart(TenantId tenant, Function<Scan, Cursor> from) {
        List.copyOf(all).stream()
                .filter(scan -> scan.only == null && !scan.split.contains(tenant))
                .forEach(scan -> all.add(scan.splitOff(tenant, from.apply(scan))));
    }

    private void stopReadingApart(TenantId tenant) {
        all.removeIf(scan -> tenant.equals(scan.only));
        all.forEach(scan -> scan.split.remove(tenant));
    }

    boolean isDisabled(TenantId tenant) {
        return disabled.contains(tenant);
    }

    /**
     * Nothing more is read of {@code tenant}, and its place is kept: what waits in the queue then costs no memory and comes
     * later, in its order.
     */
    void holdBack(TenantId tenant) {
        if (isDisabled(tenant) || !heldBack.add(tenant)) {
            return;
        }
        readApart(tenant, scan -> scan.cursor);
    }

    /** {@code tenant} is read again from where it was held back, on its own until it has caught up. */
    void goOn(TenantId tenant) {
        heldBack.remove(tenant);
    }

    boolean isHeldBack(TenantId tenant) {
        return heldBack.contains(tenant);
    }

    Set<TenantId> heldBack() {
        return Set.copyOf(heldBack);
    }

    /** Those that have something to read. */
    List<Scan> reading() {
        return all.stream()
                .filter(scan -> !scan.lanes.isEmpty() && (scan.only == null || !heldBack.contains(scan.only)))
                .toList();
    }

    /** No scan that reads is before this place. */
    Cursor earliest() {
        return reading().stream()
                .map(scan -> scan.cursor)
                .min(Comparator.naturalOrder())
                .orElse(Cursor.START);
    }

    /** Tenants that {@code scan} must not read: disabled, or read by scans of their own. */
    Set<TenantId> leftOut(Scan scan) {
        Set<TenantId> not = new HashSet<>(disabled);
        not.addAll(scan.split);
        return not;
    }

    /**
     * The index of the next page's size. Who has a backlog may fill the whole batch, but takes a small share while others, now
     * or a moment ago, have none: who comes next waits for the end of the batch that is being handled.
     */
    int pageOf(Scan scan) {
        long now = nanoTime.getAsLong();
        boolean others = all.stream().anyMatch(other -> other != scan && other.isTrickling(now));
        return others ? Math.min(scan.page, smallPage(scan.lanes.size())) : scan.page;
    }

    /** A page is read of all lanes, and what is in it of the lanes of other workers is theirs. */
    private static int smallPage(int lanes) {
        int page = 0;
        while (page + 1 < JobQueue.PAGES.size() && JobQueue.PAGES.get(page) * lanes < SMALL_SHARE * Lane.COUNT) {
            page++;
        }
        return page;
    }

    /**
     * {@code scan} has read {@code page}.
     *
     * @param limit how many the page could have held
     * @param admitted how many of them can run now; the others wait in their lines
     * @param last up to where reading is final
     */
    void advance(Scan scan, DuePage page, int limit, int admitted, Cursor last) {
        List<Job> jobs = page.jobs().stream().map(DueJob::job).toList();
        boolean full = page.size() >= limit;
        if (admitted > 0 && !full) {
            scan.trickles(nanoTime.getAsLong());
        }
        // A page may be of other workers' lanes alone, and stay so while one of them hangs: nothing of ours was tried
        // then.
        scan.careful = scan.careful
                && jobs.stream().noneMatch(job -> scan.lanes.contains(job.line().lane()));
        scan.cursor = full ? Cursor.earlier(Cursor.at(jobs.get(jobs.size() - 1)), last) : last;
        scan.page = Math.min(mostPage, full ? scan.page + 1 : Math.max(0, scan.page - (jobs.isEmpty() ? 1 : 0)));
        if (full) {
            splitOffCrowd(scan, jobs);
        } else {
            rejoin(scan);
        }
    }

    /**
     * A tenant that has most of what is ours of a full page, be it a small one, is read apart from now on, one page a turn like
     * everybody else. Where lanes were taken over beside others that write, all pages are small; of what one session of many
     * finds in one, two or three jobs are no crowd.
     */
    private void splitOffCrowd(Scan scan, List<Job> jobs) {
        if (scan.only != null) {
            return;
        }
        Map<TenantId, Integer> shares = new HashMap<>();
        jobs.forEach(job -> shares.merge(job.tenant(), 1, Integer::sum));
        shares.forEach((tenant, share) -> {
            if (share * 2 > jobs.size() && share >= CROWD) {
                all.add(scan.splitOff(tenant, scan.cursor));
            }
        });
    }

    private void rejoin(Scan scan) {
        Scan into = scan.parent != null ? scan.parent : main;
        boolean hasChildren = all.stream().anyMatch(other -> other.parent == scan);
        if (scan == main || hasChildren) {
            return;
        }
        all.remove(scan);
        // One without lanes has read nothing, or nothing that is still ours: its place means nothing.
        into.cursor = into.lanes.isEmpty() ? scan.cursor : Cursor.earlier(into.cursor, scan.cursor);
        if (scan.only != null) {
            into.split.remove(scan.only);
        } else {
            into.lanes.addAll(scan.lanes);
        }
    }

    /**
     * What one scan has passed. All of them are swept, each as far as it has come and by what it reads: a line whose tail was
     * forgotten waits for the end of a sweep, and would take a tail that nobody looked at for none.
     *
     * @param only null = all tenants but {@code not}
     */
    record Swath(@Nullable TenantId only, Set<TenantId> not, Cursor until, Set<Integer> lanes) {}

    List<Swath> swaths() {
        return all.stream()
                .filter(scan -> !scan.lanes.isEmpty())
                .map(scan -> new Swath(scan.only, leftOut(scan), scan.cursor, Set.copyOf(scan.lanes)))
                .toList();
    }
}
