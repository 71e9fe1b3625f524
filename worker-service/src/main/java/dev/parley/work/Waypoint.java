package dev.parley.work;

import io.smallrye.mutiny.Uni;

/**
 * Named moments on a job's path. Does nothing in production; a test holds the worker at one, or kills it there, instead of
 * hoping that a sleep is long enough.
 */
interface Waypoint {
    Waypoint NONE = moment -> Uni.createFrom().voidItem();

    enum Moment {
        READ,
        BATCH_WRITTEN,
        BATCH_COMMITTED,
        LEASED,
        CALLED,
        FINISH_WRITTEN,
        FINISHED
    }

    Uni<Void> reach(Moment moment);
}
