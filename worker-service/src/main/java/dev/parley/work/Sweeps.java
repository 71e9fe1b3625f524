package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.JobRef;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Looks, aside, for jobs behind the cursors that nobody told us about: late commits, returned or hand-made rows, and the
 * forgotten tails of long lines.
 *
 * <p>Confined to the owner's event loop.
 */
final class Sweeps {
    private static final Logger LOG = Logger.getLogger(Sweeps.class);
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration AGAIN_AFTER = Duration.ofSeconds(1);

    private final Owner.Parts parts;
    private final Lanes lanes;
    private final Lines lines;
    private final Scans scans;
    private final int mostLines;
    private long nextAt;
    private boolean sweeping;

    Sweeps(Owner.Parts parts, Lanes lanes, Lines lines, Scans scans) {
        this.parts = parts;
        this.lanes = lanes;
        this.lines = lines;
        this.scans = scans;
        this.mostLines = parts.mostLines();
        nextAt = parts.nanoTime().getAsLong() + EVERY.toNanos();
    }

    void startIfTime() {
        long now = parts.nanoTime().getAsLong();
        if (sweeping || (now < nextAt && !lines.wantsSweep()) || lanes.owned().isEmpty()) {
            return;
        }
        sweeping = true;
        long sweep = lines.sweepStarted();
        Found found = new Found(lines, mostLines);
        Uni<Void> all = Uni.createFrom().voidItem();
        for (Scans.Swath swath : scans.swaths()) {
            all = all.chain(() -> sweepFrom(Cursor.START, swath, found));
        }
        all.subscribe().with(ignored -> end(sweep, now), failure -> {
            // Whoever waits for the end of a sweep waits for the next one: this one has not seen all.
            LOG.debugf("sweep failed: %s", FailurePolicy.describe(failure));
            sweeping = false;
            nextAt = parts.nanoTime().getAsLong() + AGAIN_AFTER.toNanos();
        });
    }

    private void end(long sweep, long begun) {
        lines.sweepEnded(sweep);
        sweeping = false;
        long took = parts.nanoTime().getAsLong() - begun;
        // At most a twentieth of the time, however much there is to walk over.
        nextAt = begun + Math.max(EVERY.toNanos(), 20 * took);
    }

    private Uni<Void> sweepFrom(Cursor after, Scans.Swath swath, Found found) {
        return parts.queue()
                .sweep(
                        parts.aside(),
                        after,
                        swath.until(),
                        parts.handlers().types(),
                        swath.only(),
                        Owner.uuids(swath.not()))
                .emitOn(parts.calls().loop())
                .chain(page -> {
                    page.jobs().stream()
                            .filter(ref -> swath.lanes().contains(ref.line().lane())
                                    && lanes.owned().contains(ref.line().lane()))
                            .forEach(found::add);
                    Cursor next = page.next();
                    return next == null ? Uni.createFrom().voidItem() : sweepFrom(next, swath, found);
                });
    }

    /** What one sweep finds. */
    static final class Found {
        private final Lines lines;
        private final int most;
        private boolean full;

        Found(Lines lines, int most) {
            this.lines = lines;
            this.most = most;
        }

        /**
         * Remembers {@code ref}. Once there was no room for a line nothing is added any more, or a later job of that line would
         * go first; but a line that awaits the sweep awaits all of it.
         */
        void add(JobRef ref) {
            if (lines.knows(ref)) {
                return;
            }
            full |= lines.size() >= most;
            if (!full || lines.awaitsSweep(ref.line())) {
                lines.park(ref);
            }
        }
    }
}
