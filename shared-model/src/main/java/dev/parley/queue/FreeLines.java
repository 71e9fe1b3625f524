package dev.parley.queue;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The queue's reading side for workers that own no lanes, behind a transaction-mode pooler. Stateless; what is claimed here is
 * extended and settled like every lease, by {@link JobQueue}.
 */
public final class FreeLines {
    /**
     * What a worker without lanes may take: one claimer at a time, nothing of a line that has work in hand, nothing before
     * what comes again in its line, nothing that would be sent for a tenant whose provider said "too fast".
     *
     * <p>A line that workers have touched is known by its heads, wherever they stand in time: it goes on with the first of
     * them, when none is out or waits. The others go on with their first due job; of those the first 2,000 are looked at.
     * Lines with heads are left out before the count, or what stands behind one waiting head would hide everybody else.
     *
     * <p>What its worker may have died of is taken by itself, when it is the first: if it kills again, nobody else's claim is
     * lost with it.
     */
    private static final String CLAIM_FREE_LINES = """
            WITH heads AS MATERIALIZED (
                SELECT e.tenant_id, coalesce(e.channel, '') AS channel,
                       coalesce(e.channel_address, e.inbound_event_id::text) AS address,
                       j.job_type = 'send_outbound_message' AS outgoing,
                       j.job_id, j.job_type, j.created_at, j.run_after,
                       j.status = 'processing' OR j.run_after > statement_timestamp() AS busy,
                       """ + JobRows.SUSPECT + """
                        AS suspect
                FROM (
                    SELECT * FROM bot.job_queue WHERE status = 'processing'
                    -- two and not OR: each by its own index
                    UNION ALL
                    SELECT * FROM bot.job_queue WHERE status = 'queued' AND locked_at IS NOT NULL
                ) j
                JOIN bot.inbound_events e ON e.inbound_event_id = j.inbound_event_id
                -- aside of the conversation: nobody waits for it
                WHERE j.job_type <> 'fetch_media'
            ), paused AS MATERIALIZED (
                SELECT DISTINCT p.tenant_id, p.job_type
                FROM bot.job_queue p
                WHERE p.status = 'queued'
                  AND p.locked_at IS NOT NULL
                  AND p.run_after > statement_timestamp()
                  AND split_part(p.last_error, E'\\n', 1) LIKE '%): tenant paused: %'
            ), again AS MATERIALIZED (
                SELECT h.job_id, h.job_type, h.tenant_id, h.run_after, h.suspect,
                       bool_or(h.busy) OVER line AS busy,
                       row_number() OVER (line ORDER BY h.created_at, h.job_id) AS place
                FROM heads h
                WINDOW line AS (PARTITION BY h.tenant_id, h.channel, h.address, h.outgoing)
            ), due AS MATERIALIZED (
                SELECT q.job_id, q.job_type, q.created_at, q.run_after, l.tenant_id, l.channel, l.address,
                       q.job_type = 'send_outbound_message' AS outgoing
                FROM bot.job_queue q
                CROSS JOIN LATERAL (
                    SELECT e.tenant_id, coalesce(e.channel, '') AS channel,
                           coalesce(e.channel_address, e.inbound_event_id::text) AS address
                    FROM bot.inbound_events e
                    WHERE e.inbound_event_id = q.inbound_event_id
                    -- there is one; said so that events are looked up job by job and never joined as a whole
                    LIMIT 1
                ) l
                WHERE q.status = 'queued'
                  AND q.run_after <= statement_timestamp() + interval '1 millisecond'
                  AND (q.job_type = ANY ($2::text[])) IS TRUE
                  AND q.tenant_id <> ALL ($3::uuid[])
                  AND NOT EXISTS (
                      SELECT 1 FROM paused p WHERE p.tenant_id = q.tenant_id AND p.job_type = q.job_type)
                  -- no part of it is null, so NOT IN means what it says, and is one look into a hash
                  AND (q.job_type = 'fetch_media'
                       OR (l.tenant_id, l.channel, l.address, q.job_type = 'send_outbound_message') NOT IN (
                           SELECT h.tenant_id, h.channel, h.address, h.outgoing FROM heads h))
                ORDER BY q.run_after, q.created_at
                LIMIT 2000
            ), first AS MATERIALIZED (
                SELECT d.job_id, d.run_after,
                       row_number() OVER (
                           PARTITION BY d.tenant_id, d.channel, d.address, d.outgoing,
                                        -- each a line of its own
                                        CASE WHEN d.job_type = 'fetch_media' THEN d.job_id END
                           ORDER BY d.created_at, d.job_id) AS place
                FROM due d
            ), free AS MATERIALIZED (
                SELECT a.job_id, a.run_after, a.suspect
                FROM again a
                WHERE a.place = 1
                  AND NOT a.busy
                  AND a.job_type = ANY ($2::text[])
                  AND a.tenant_id <> ALL ($3::uuid[])
                  AND NOT EXISTS (
                      SELECT 1 FROM paused p WHERE p.tenant_id = a.tenant_id AND p.job_type = a.job_type)
                UNION ALL
                SELECT n.job_id, n.run_after, false FROM first n WHERE n.place = 1
            ), chosen AS MATERIALIZED (
                SELECT f.job_id
                FROM (
                    SELECT f.*, row_number() OVER earliest AS nth, first_value(f.suspect) OVER earliest AS alone
                    FROM free f
                    WINDOW earliest AS (ORDER BY f.run_after, f.job_id)
                ) f
                WHERE CASE WHEN f.alone THEN f.nth = 1 ELSE NOT f.suspect END
                ORDER BY f.nth
                LIMIT 100
            )
            UPDATE bot.job_queue q
            SET status = 'processing',
                attempts = q.attempts + 1,
                locked_at = statement_timestamp(),
                locked_by = $1,
                updated_at = statement_timestamp()
            FROM chosen c
            WHERE q.job_id = c.job_id
              AND (q.status = 'queued') IS TRUE
            RETURNING q.job_id
            """;

    /**
     * And for this transaction's plans, because a session behind a pooler cannot be told: in the index's order, by its first
     * entries, whatever statistics say about how little is due.
     */
    static final String ONE_CLAIMER = """
            SELECT pg_advisory_xact_lock($1, -1),
                   set_config('enable_seqscan', 'off', true),
                   set_config('enable_bitmapscan', 'off', true)
            """;

    private static final String CLAIMED = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.job_id = ANY ($2::uuid[])
                  AND (q.status = 'processing') IS TRUE
            )
            """ + JobRows.JOB_WITH_EVENT;

    /** Without lanes nobody sees a worker die; its leases run out. */
    private static final String EXPIRED_LEASES = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'processing'
                  AND q.locked_at < statement_timestamp() - $2::bigint * interval '1 millisecond'
            )
            """ + JobRows.JOB_WITH_EVENT;

    private static final Integer[] ALL_LANES = allLanes();

    private static Integer[] allLanes() {
        Integer[] lanes = new Integer[Lane.COUNT];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = i;
        }
        return lanes;
    }

    /**
     * Claims the heads of up to 100 free lines, across all lanes, for a worker that owns none, or one alone that may have
     * killed its worker. In a transaction of its
     * own: claimers take turns until its end.
     */
    public Uni<List<Job>> claim(SqlClient tx, int lockSpace, String[] types, UUID[] notTenants, String token) {
        return tx.preparedQuery(ONE_CLAIMER)
                .execute(Tuple.of(lockSpace))
                .chain(() -> tx.preparedQuery(CLAIM_FREE_LINES).execute(Tuple.of(token, types, notTenants)))
                .chain(rows -> {
                    Set<JobId> claimed = JobRows.jobIds(rows);
                    return claimed.isEmpty()
                            ? Uni.createFrom().item(List.<Job>of())
                            : tx.preparedQuery(CLAIMED)
                                    .execute(Tuple.of(ALL_LANES, JobRows.ids(claimed)))
                                    .map(found -> JobRows.dueJobs(found).stream()
                                            .map(DueJob::job)
                                            .toList());
                });
    }

    /** Leases not renewed for {@code age}, whoever holds them. */
    public Uni<List<DueJob>> expiredLeases(SqlClient db, Duration age) {
        return db.preparedQuery(EXPIRED_LEASES)
                .execute(Tuple.of(new Integer[0], age.toMillis()))
                .map(JobRows::dueJobs);
    }
}
