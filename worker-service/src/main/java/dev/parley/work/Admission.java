package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.JobQueue.DuePage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Of the pages that were read in one turn, what may run in it; the rest waits in its lines. */
final class Admission {
    /** @param limit how many jobs the page could have held */
    record Page(DuePage read, int limit) {}

    private final Lines lines;
    private final Consumer<DueJob> admitted;
    private final List<DueJob> together = new ArrayList<>();
    private final List<DueJob> careful = new ArrayList<>();

    /** @param admitted told of each job that may run */
    Admission(Lines lines, Consumer<DueJob> admitted) {
        this.lines = lines;
        this.admitted = admitted;
    }

    /**
     * Takes what may run of all pages first, and moves the scans on then: they join each other while they move, and a page was
     * read for the lanes its scan had before. A job of another lane comes without its event's payload.
     *
     * @param pages in the order of their statements
     * @param last up to where reading is final
     */
    void take(Map<Scan, Page> pages, Scans scans, Cursor last) {
        Map<Scan, Integer> taken = new HashMap<>();
        pages.forEach((scan, page) -> taken.put(scan, take(scan, page)));
        pages.forEach(
                (scan, page) -> scans.advance(scan, page.read(), page.limit(), taken.getOrDefault(scan, 0), last));
    }

    private int take(Scan scan, Page page) {
        List<DueJob> list = scan.careful ? careful : together;
        int before = list.size();
        for (DueJob due : page.read().jobs()) {
            if (scan.lanes.contains(due.job().line().lane()) && lines.admit(due)) {
                list.add(due);
                admitted.accept(due);
            }
        }
        return list.size() - before;
    }

    List<DueJob> together() {
        return together;
    }

    /** What a worker may have died of. */
    List<DueJob> careful() {
        return careful;
    }
}
