package dev.parley.queue;

import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;

/**
 * How far behind the workers are, as far as it matters: both counts stop at their limit. Jobs of disabled tenants wait on
 * purpose, so do the sends of a tenant whose provider said "too fast", and jobs that wait for their next attempt are not
 * due; none of them counts.
 *
 * @param due jobs that could be done now
 * @param overdue jobs that could have been done for longer than {@link Limits#maxAge}. A count and not the oldest one's
 *     age, because a single contact's line may rightly wait behind its head
 */
public record Backlog(long due, long overdue) {
    public static final Backlog NONE = new Backlog(0, 0);

    static final String READ = """
            WITH paused AS MATERIALIZED (
                SELECT DISTINCT tenant_id, job_type
                FROM bot.job_queue
                WHERE status = 'queued'
                  AND locked_at IS NOT NULL
                  AND run_after > statement_timestamp()
                  AND split_part(last_error, E'\\n', 1) LIKE '%): tenant paused: %'
            )
            SELECT
                (SELECT count(*)
                 FROM (SELECT
                       FROM bot.job_queue
                       WHERE status = 'queued'
                         AND run_after <= statement_timestamp()
                         AND tenant_id <> ALL ($1)
                         AND (tenant_id, job_type) NOT IN (SELECT tenant_id, job_type FROM paused)
                       LIMIT $2) AS due) AS due,
                (SELECT count(*)
                 FROM (SELECT
                       FROM bot.job_queue
                       WHERE status = 'queued'
                         AND run_after <= statement_timestamp() - $3 * interval '1 millisecond'
                         AND tenant_id <> ALL ($1)
                         AND (tenant_id, job_type) NOT IN (SELECT tenant_id, job_type FROM paused)
                       LIMIT $4) AS overdue) AS overdue
            """;

    /**
     * @param maxJobs how many jobs may be due; 0 = any number
     * @param maxAge how long a job may be due before it counts as overdue; zero = for ever
     * @param maxOverdue how many may be
     */
    public record Limits(int maxJobs, Duration maxAge, int maxOverdue) {
        private static final double ROOM = 0.8;

        public boolean watched() {
            return maxJobs > 0 || watchesAge();
        }

        private boolean watchesAge() {
            return !maxAge.isZero() && maxOverdue > 0;
        }

        public boolean isReached(Backlog backlog) {
            return (maxJobs > 0 && backlog.due >= maxJobs) || (watchesAge() && backlog.overdue >= maxOverdue);
        }

        /** Whether it is a fifth below every limit. */
        public boolean hasRoom(Backlog backlog) {
            return (maxJobs == 0 || backlog.due <= maxJobs * ROOM)
                    && (!watchesAge() || backlog.overdue <= maxOverdue * ROOM);
        }
    }

    /** @param without tenants whose jobs wait on purpose */
    public static Uni<Backlog> read(SqlClient db, Limits limits, Set<TenantId> without) {
        UUID[] disabled = without.stream().map(TenantId::value).toArray(UUID[]::new);
        return db.preparedQuery(READ)
                .execute(Tuple.of(
                        disabled,
                        (long) limits.maxJobs(),
                        (double) limits.maxAge().toMillis(),
                        limits.watchesAge() ? (long) limits.maxOverdue() : 0L))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new Backlog(row.getLong("due"), row.getLong("overdue"));
                });
    }
}
