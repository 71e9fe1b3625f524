package dev.parley.work;

import dev.parley.queue.JobQueue;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Everything about the worker that can be set; each key is also in the module's README. */
@ConfigMapping(prefix = "parley.worker")
public interface WorkerConfig {
    /** Name of this worker in {@code locked_by}, logs and traces; default: host name and process id. */
    Optional<String> id();

    /** Off: the service starts and reports ready but touches no job (for tests of its surroundings). */
    @WithDefault("true")
    boolean enabled();

    /**
     * Sessions at work at once, 1 to 16, each the owner of a share of the worker's lanes: while one waits for its commit or
     * decides, the other's statements run. What is bounded for the worker (lines, calls) is divided among them.
     */
    @WithDefault("2")
    int sessions();

    Database db();

    Batch batch();

    Lines lines();

    Lease lease();

    Retry retry();

    Calls calls();

    Keep keep();

    /** The longest wait for a notification before looking at the queue anyway; jittered by half. */
    @WithDefault("500ms")
    Duration poll();

    /** How long a stopping worker waits for calls in flight before it hands their jobs back. 0 = not at all. */
    @WithDefault("20s")
    Duration drainTimeout();

    Send send();

    /** No more than there is something for each to do. */
    default int sessionsAtWork() {
        return Math.min(sessions(), Math.min(calls().maxInFlight(), lines().max()));
    }

    /** @throws IllegalArgumentException names the first key whose value cannot work */
    default void check() {
        if (!JobQueue.PAGES.contains(batch().max())) {
            throw refused("batch.max", "must be one of " + JobQueue.PAGES, batch().max());
        }
        positive("lines.max", lines().max());
        // Leases are looked after once a second: a shorter one may be over before it is extended.
        if (lease().duration().compareTo(Duration.ofSeconds(2)) < 0) {
            throw refused("lease.duration", "must be 2 seconds or more", lease().duration());
        }
        fits("lease.duration", lease().duration());
        positive("retry.base", retry().base());
        if (retry().cap().compareTo(retry().base()) < 0) {
            throw refused(
                    "retry.cap", "must not be less than parley.worker.retry.base, " + retry().base(), retry().cap());
        }
        positive("retry.max-attempts", retry().maxAttempts());
        positive("calls.max-in-flight", calls().maxInFlight());
        if (sessions() < 1 || sessions() > 16) {
            throw refused("sessions", "must be 1 to 16", sessions());
        }
        positive("calls.timeout", calls().timeout());
        positive("poll", poll());
        notNegative("drain-timeout", drainTimeout());
        notNegative("keep.done", keep().done());
        positive("send.reconcile-every", send().reconcileEvery());
        notNegative("send.certain-after", send().certainAfter());
        positive("send.throttled-pause", send().throttledPause());
        positive("send.unauthorized-pause", send().unauthorizedPause());
        positive("db.dead-after", db().deadAfter());
        fits("db.dead-after", db().deadAfter());
    }

    private static void positive(String key, int value) {
        if (value <= 0) {
            throw refused(key, "must be more than nothing", value);
        }
    }

    private static void positive(String key, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0) {
            throw refused(key, "must be a millisecond or more", value);
        }
    }

    private static void notNegative(String key, Duration value) {
        if (value.isNegative()) {
            throw refused(key, "must not be less than 0", value);
        }
    }

    /** Sessions and sockets count milliseconds in 32 bits. */
    private static void fits(String key, Duration value) {
        if (value.compareTo(Duration.ofDays(24)) > 0) {
            throw refused(key, "must not be more than 24 days", value);
        }
    }

    private static IllegalArgumentException refused(String key, String rule, Object value) {
        return new IllegalArgumentException("parley.worker." + key + ' ' + rule + ", it is " + value);
    }

    interface Send {
        /** Time between two questions to the vendor about the same unclear attempt. */
        @WithDefault("20s")
        Duration reconcileEvery();

        /** How long after an unclear attempt the vendor's "I do not have it" begins to count. 0 = at once. */
        @WithDefault("60s")
        Duration certainAfter();

        /** For a tenant whose vendor says "too fast" without saying for how long. */
        @WithDefault("10s")
        Duration throttledPause();

        /** Until refused credentials are tried again: somebody has to mend them first. */
        @WithDefault("5m")
        Duration unauthorizedPause();
    }

    interface Database {
        /** {@code postgresql://host:port/database}; from {@code PARLEY_DB_URL}. */
        String url();

        /** All workers log in as the same user: only so may they end each other's hung sessions. */
        String user();

        Optional<String> password();

        /**
         * A URL whose sessions are real ones, where {@code PARLEY_DB_URL} leads to a transaction-mode pooler; lanes and
         * LISTEN then use this one.
         */
        Optional<String> directUrl();

        /**
         * A connection of the pool that is in use and says nothing for this long is closed and replaced. Longer than a
         * statement may wait for another's lock (a token is refreshed under one), and than the pool's idle timeout.
         */
        @WithDefault("60s")
        Duration deadAfter();
    }

    interface Batch {
        /** Jobs read and handled in one turn at most: 16, 64 or 256. */
        @WithDefault("256")
        int max();
    }

    interface Lines {
        /**
         * Contacts' lines that wait (for a call's end, a retry, a vendor's pause) and are remembered at once. Beyond it the
         * tenant that has most of them is read no further until they are fewer.
         */
        @WithDefault("100000")
        int max();
    }

    interface Lease {
        /** A session silent for this long is ended and its lanes move; leases of longer calls are extended. 2 s or more. */
        @WithDefault("10s")
        Duration duration();
    }

    interface Retry {
        /** Bound of the first wait; it doubles with each failure. */
        @WithDefault("1s")
        Duration base();

        /** Bound of every wait. */
        @WithDefault("10m")
        Duration cap();

        /** After so many failed attempts a job is a dead letter. Per tenant: {@code settings.retry.max_attempts}. */
        @WithDefault("8")
        int maxAttempts();
    }

    interface Calls {
        /** Calls to the outside in flight at once, over all tenants. */
        @WithDefault("64")
        int maxInFlight();

        /** A call that has not come back by then counts as ambiguous. */
        @WithDefault("30s")
        Duration timeout();
    }

    interface Keep {
        /** Done jobs are deleted after this age; events and messages are never deleted. 0 = at once. */
        @WithDefault("P7D")
        Duration done();
    }
}
