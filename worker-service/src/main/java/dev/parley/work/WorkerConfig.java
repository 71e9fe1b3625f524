package dev.parley.work;

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

    /** How long a stopping worker waits for calls in flight before it hands their jobs back. */
    @WithDefault("20s")
    Duration drainTimeout();

    Send send();

    interface Send {
        /** Time between two questions to the vendor about the same unclear attempt. */
        @WithDefault("20s")
        Duration reconcileEvery();

        /** How long after an unclear attempt the vendor's "I do not have it" begins to count. */
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
        /** A session silent for this long is ended and its lanes move; leases of longer calls are extended. */
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
        /** Done jobs are deleted after this age; events and messages are never deleted. */
        @WithDefault("P7D")
        Duration done();
    }
}
