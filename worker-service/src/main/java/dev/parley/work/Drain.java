package dev.parley.work;

import io.smallrye.mutiny.Uni;
import java.time.Duration;

/** Keeps draining the queue until it is told to stop; reconnects by itself. */
interface Drain {
    /** Begins; returns at once. */
    void start();

    /** Something may be due. From any thread; cheap; as often as one likes. */
    void wake();

    /**
     * Takes no new work, waits up to {@code patience} for calls in flight, hands the rest back, releases everything. The
     * Uni completes when nothing is held any more; it does not fail.
     */
    Uni<Void> stop(Duration patience);

    /** Is there a session, and does it turn? */
    boolean isTurning();

    /** One line for health and logs. */
    String describe();
}
