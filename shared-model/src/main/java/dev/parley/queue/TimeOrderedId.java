package dev.parley.queue;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * UUIDs of version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds first, so that rows written together stand together
 * in the index. Strictly increasing within this process: the 12 bits after the time count within a millisecond, and the
 * time runs ahead if they overflow or the clock steps back.
 *
 * <p>For locality only. Nothing takes the order of work from an id: two processes' clocks may differ.
 */
public final class TimeOrderedId {
    private static final AtomicLong LAST = new AtomicLong();

    private TimeOrderedId() {}

    /** Safe from any thread; never blocks. */
    public static UUID next() {
        long now = System.currentTimeMillis() << 12;
        long stamp = LAST.updateAndGet(last -> Math.max(now, last + 1));
        long high = (stamp >>> 12 << 16) | 0x7000L | (stamp & 0xFFFL);
        long low = (ThreadLocalRandom.current().nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
