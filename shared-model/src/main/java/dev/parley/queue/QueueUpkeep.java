package dev.parley.queue;

import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.util.Collection;

/**
 * What is done to the queue beside working it: operators put jobs back, old ones go, its depth is measured. Stateless; safe
 * while workers are at work.
 */
public final class QueueUpkeep {
    private static final String REDRIVE = """
            UPDATE bot.job_queue
            SET status = 'queued',
                attempts = 0,
                -- all due at the same moment: created_at then keeps every line's order
                run_after = statement_timestamp(),
                updated_at = statement_timestamp()
            WHERE status = 'failed'
              AND tenant_id = $1
              AND (cardinality($2::uuid[]) = 0 OR job_id = ANY ($2::uuid[]))
            """;

    private static final String RUN_AGAIN = """
            UPDATE bot.job_queue
            SET status = 'queued',
                attempts = 0,
                run_after = statement_timestamp(),
                updated_at = statement_timestamp()
            WHERE tenant_id = $1
              AND job_id = ANY ($2::uuid[])
              AND (status = 'done') IS TRUE
            """;

    private static final String PRUNE = """
            DELETE FROM bot.job_queue
            WHERE job_id IN (
                SELECT q.job_id
                FROM bot.job_queue q
                WHERE q.status = 'done'
                  AND q.run_after < statement_timestamp() - $1::bigint * interval '1 millisecond'
                  AND q.updated_at < statement_timestamp() - $1::bigint * interval '1 millisecond'
                ORDER BY q.run_after
                LIMIT 5000)
            """;

    private static final String DEPTH = """
            SELECT count(*) AS due,
                   coalesce(extract(epoch FROM statement_timestamp() - min(d.run_after)) * 1000, 0)::bigint AS oldest_ms
            FROM (
                SELECT q.run_after
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND q.run_after <= statement_timestamp()
                ORDER BY q.run_after, q.created_at
                LIMIT 10000
            ) d
            """;

    private static final String DEAD_LETTERS = """
            SELECT count(*) AS dead
            FROM (
                SELECT 1
                FROM bot.job_queue
                WHERE status = 'failed'
                LIMIT 100000
            ) d
            """;

    /**
     * Puts dead letters back, attempts from zero, in the order of their lines.
     *
     * @param jobs empty = all dead letters of the tenant
     */
    public Uni<Integer> redrive(SqlClient db, TenantId tenant, Collection<JobId> jobs) {
        return db.preparedQuery(REDRIVE)
                .execute(Tuple.of(tenant.value(), JobRows.ids(jobs)))
                .map(RowSet::rowCount);
    }

    /**
     * Puts jobs back that count as done although their effects are missing: a database that was restored or mended by hand.
     * What their handlers find done already they do not do again.
     */
    public Uni<Integer> runAgain(SqlClient db, TenantId tenant, Collection<JobId> jobs) {
        return db.preparedQuery(RUN_AGAIN)
                .execute(Tuple.of(tenant.value(), JobRows.ids(jobs)))
                .map(RowSet::rowCount);
    }

    /** Deletes up to 5,000 jobs that were done longer than {@code age} ago. */
    public Uni<Integer> prune(SqlClient db, Duration age) {
        return db.preparedQuery(PRUNE).execute(Tuple.of(age.toMillis())).map(RowSet::rowCount);
    }

    /** Due jobs (counted up to 10,000), the age of the oldest, dead letters (up to 100,000). */
    public record Depth(long due, Duration oldest, long deadLetters) {}

    public Uni<Depth> depth(SqlClient db) {
        return db.preparedQuery(DEPTH)
                .execute()
                .chain(due -> db.preparedQuery(DEAD_LETTERS)
                        .execute()
                        .map(dead -> new Depth(
                                due.iterator().next().getLong("due"),
                                Duration.ofMillis(due.iterator().next().getLong("oldest_ms")),
                                dead.iterator().next().getLong("dead"))));
    }
}
