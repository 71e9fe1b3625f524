package dev.parley.ingest;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Which share of deliveries succeeded within a sliding window, in slices of one part in 288. Safe from any
 * thread.
 */
final class SuccessRate {
    private static final int SLICES = 288;

    private final long sliceNanos;
    private final LongSupplier nanoTime;
    private final long start;
    private final long[] good = new long[SLICES];
    private final long[] bad = new long[SLICES];
    private long newest;
    private long goodSum;
    private long badSum;

    SuccessRate(Duration window, LongSupplier nanoTime) {
        this.sliceNanos = Math.max(1, window.toNanos() / SLICES);
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    synchronized void count(boolean success) {
        int slice = turn();
        if (success) {
            good[slice]++;
            goodSum++;
        } else {
            bad[slice]++;
            badSum++;
        }
    }

    /** Deliveries within the window. */
    synchronized long total() {
        turn();
        return goodSum + badSum;
    }

    /** In percent; 100 where there was none. */
    synchronized double percent() {
        turn();
        long all = goodSum + badSum;
        return all == 0 ? 100 : 100.0 * goodSum / all;
    }

    private int turn() {
        long now = (nanoTime.getAsLong() - start) / sliceNanos;
        for (long past = Math.max(newest + 1, now - SLICES + 1); past <= now; past++) {
            int slice = (int) (past % SLICES);
            goodSum -= good[slice];
            badSum -= bad[slice];
            good[slice] = 0;
            bad[slice] = 0;
        }
        newest = Math.max(newest, now);
        return (int) (newest % SLICES);
    }
}
