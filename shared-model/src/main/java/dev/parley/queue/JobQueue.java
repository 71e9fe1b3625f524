package dev.parley.queue;

import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Owner of {@code bot.job_queue} after a job is born: every statement of its life is here, in the order it lives.
 * Stateless; each method runs on the connection it is given, so that the caller decides what commits together.
 *
 * <p>Two protocols share the table. The owner of a lane reads its due jobs and settles them in one step, {@code queued →
 * done}: no claim is written, the session lock on the writing connection is the fence. Whatever calls the outside, and
 * every job where lanes cannot be owned, is leased: {@code queued → processing} with a claim token in {@code locked_by},
 * then settled under that token.
 *
 * <p>Plan-proof: what goes by key says {@code (status = …) IS TRUE}, which no index answers. Statistics taken in an idle hour
 * say that nothing is queued; a plan that believes them walks the whole backlog for every batch.
 */
public final class JobQueue {
    private static final String ENQUEUE = """
            INSERT INTO bot.job_queue
                (job_id, tenant_id, job_type, inbound_event_id, run_after, created_at, updated_at, trace_id)
            SELECT n.job_id, n.tenant_id, n.job_type, n.event_id, n.at, n.at, n.at, n.trace_id
            FROM (
                SELECT u.*,
                       -- strictly increasing in list order, on the database's clock
                       statement_timestamp() + u.ordinality * interval '1 microsecond' AS at
                FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[])
                     WITH ORDINALITY AS u (job_id, tenant_id, job_type, event_id, trace_id)
            ) n
            -- one job of a type per event
            ON CONFLICT (job_type, inbound_event_id) DO NOTHING
            """;

    /** Up to when reading is final; see {@code parley.queue_floor} in the migrations. */
    private static final String FLOOR = """
            SELECT statement_timestamp() AS now, parley.queue_floor() AS floor
            """;

    /** What every read returns of a job; the event's payload only for lanes in {@code $1}. */
    private static final String JOB_WITH_EVENT = """
            SELECT j.job_id, j.tenant_id, j.job_type, j.attempts, j.run_after, j.created_at, j.trace_id,
                   j.locked_at IS NOT NULL AS touched, j.locked_by,
                   coalesce(split_part(j.last_error, E'\\n', 1) LIKE '%lease expired%', false) AS suspect,
                   greatest(0, ceil(extract(epoch FROM j.run_after - statement_timestamp()) * 1000))::bigint AS waits_ms,
                   e.inbound_event_id, e.provider, e.event_type, e.provider_event_id, e.provider_msg_id, e.channel,
                   e.channel_address, e.received_at, l.lane,
                   CASE WHEN l.lane = ANY ($1::int[]) THEN e.payload::text END AS payload
            FROM page j
            JOIN bot.inbound_events e ON e.inbound_event_id = j.inbound_event_id
            CROSS JOIN LATERAL (
                SELECT bot.lane_of(e.tenant_id, e.channel, e.channel_address, e.inbound_event_id)
            ) l (lane)
            ORDER BY j.run_after, j.created_at, j.job_id
            """;

    /**
     * The LIMIT is literal on purpose: as a parameter it is planned anew at every execution. Due is a millisecond early: a
     * batch's rows are stamped microseconds apart, some of them just ahead of now.
     */
    private static final String DUE = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  -- low-water mark: entries of finished jobs are not walked again
                  AND (q.run_after, q.created_at, q.job_id) > ($2, $3, $4)
                  AND q.run_after <= statement_timestamp() + interval '1 millisecond'
                  AND (q.job_type = ANY ($5::text[])) IS TRUE
                  AND q.tenant_id <> ALL ($6::uuid[])
                  -- waiting in line behind an earlier job; their owner knows them
                  AND q.job_id <> ALL ($7::uuid[])
                ORDER BY q.run_after, q.created_at, q.job_id
                LIMIT :page
            )
            """ + JOB_WITH_EVENT;

    private static final String DUE_OF_TENANT = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND (q.run_after, q.created_at, q.job_id) > ($2, $3, $4)
                  AND q.run_after <= statement_timestamp() + interval '1 millisecond'
                  AND (q.job_type = ANY ($5::text[])) IS TRUE
                  AND (q.tenant_id = $6) IS TRUE
                  AND q.job_id <> ALL ($7::uuid[])
                ORDER BY q.run_after, q.created_at, q.job_id
                LIMIT :page
            )
            """ + JOB_WITH_EVENT;

    private static final String STILL_QUEUED = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.job_id = ANY ($2::uuid[])
                  AND (q.status = 'queued') IS TRUE
            )
            """ + JOB_WITH_EVENT;

    /** Jobs that workers had before and that hold their lines; a small partial index of their own. */
    private static final String WAITING_HEADS = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND q.locked_at IS NOT NULL
                  AND q.job_type = ANY ($2::text[])
            )
            SELECT * FROM (
            """ + JOB_WITH_EVENT + """
            ) heads
            WHERE lane = ANY ($3::int[])
            """;

    private static final String HOLDING_DEAD_LETTERS = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'failed'
                  AND q.tenant_id = ANY ($2::uuid[])
                  AND q.job_type = ANY ($4::text[])
            )
            SELECT * FROM (
            """ + JOB_WITH_EVENT + """
            ) dead
            WHERE lane = ANY ($3::int[])
            """;

    private static final String STILL_DEAD = """
            SELECT job_id
            FROM bot.job_queue
            WHERE job_id = ANY ($1::uuid[])
              AND (status = 'failed') IS TRUE
            """;

    /** Names only, read aside from the owner's connection: what a cursor may have missed. */
    private static final String SWEEP = """
            WITH page AS MATERIALIZED (
                SELECT q.job_id, q.tenant_id, q.job_type, q.run_after, q.created_at, q.inbound_event_id
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND (q.run_after, q.created_at, q.job_id) > ($1, $2, $3)
                  AND q.run_after <= $4
                  AND (q.job_type = ANY ($5::text[])) IS TRUE
                  AND q.tenant_id <> ALL ($6::uuid[])
                ORDER BY q.run_after, q.created_at, q.job_id
                LIMIT 1000
            )
            SELECT j.job_id, j.tenant_id, j.job_type, j.run_after, j.created_at, e.channel, e.channel_address,
                   e.inbound_event_id,
                   bot.lane_of(e.tenant_id, e.channel, e.channel_address, e.inbound_event_id) AS lane
            FROM page j
            JOIN bot.inbound_events e ON e.inbound_event_id = j.inbound_event_id
            ORDER BY j.run_after, j.created_at, j.job_id
            """;

    /**
     * What a worker without lanes may take: one claimer at a time, nothing of a line that has work in hand, nothing before
     * what comes again in its line, nothing that would be sent for a tenant whose provider said "too fast".
     *
     * <p>A line that workers have touched is known by its heads, wherever they stand in time: it goes on with the first of
     * them, when none is out or waits. The others go on with their first due job; of those the first 2,000 are looked at.
     * Lines with heads are left out before the count, or what stands behind one waiting head would hide everybody else.
     */
    private static final String CLAIM_FREE_LINES = """
            WITH heads AS MATERIALIZED (
                SELECT e.tenant_id, coalesce(e.channel, '') AS channel,
                       coalesce(e.channel_address, e.inbound_event_id::text) AS address,
                       h.job_type = 'send_outbound_message' AS outgoing,
                       h.job_id, h.job_type, h.created_at, h.run_after,
                       h.status = 'processing' OR h.run_after > statement_timestamp() AS busy
                FROM bot.job_queue h
                JOIN bot.inbound_events e ON e.inbound_event_id = h.inbound_event_id
                WHERE (h.status = 'processing'
                       OR (h.status = 'queued' AND h.locked_at IS NOT NULL))
                  -- aside of the conversation: nobody waits for it
                  AND h.job_type <> 'fetch_media'
            ), paused AS MATERIALIZED (
                SELECT DISTINCT p.tenant_id, p.job_type
                FROM bot.job_queue p
                WHERE p.status = 'queued'
                  AND p.locked_at IS NOT NULL
                  AND p.run_after > statement_timestamp()
                  AND split_part(p.last_error, E'\\n', 1) LIKE '%): tenant paused: %'
            ), again AS MATERIALIZED (
                SELECT h.job_id, h.job_type, h.tenant_id, h.run_after,
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
                  AND q.job_type = ANY ($2::text[])
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
            ), chosen AS MATERIALIZED (
                SELECT f.job_id
                FROM (
                    SELECT a.job_id, a.run_after
                    FROM again a
                    WHERE a.place = 1
                      AND NOT a.busy
                      AND a.job_type = ANY ($2::text[])
                      AND a.tenant_id <> ALL ($3::uuid[])
                      AND NOT EXISTS (
                          SELECT 1 FROM paused p WHERE p.tenant_id = a.tenant_id AND p.job_type = a.job_type)
                    UNION ALL
                    SELECT n.job_id, n.run_after FROM first n WHERE n.place = 1
                ) f
                ORDER BY f.run_after
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

    private static final String ONE_CLAIMER = "SELECT pg_advisory_xact_lock($1, -1)";

    private static final String CLAIMED = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.job_id = ANY ($2::uuid[])
                  AND (q.status = 'processing') IS TRUE
            )
            """ + JOB_WITH_EVENT;

    private static final String LEASE = """
            UPDATE bot.job_queue q
            SET status = 'processing',
                attempts = q.attempts + 1,
                locked_at = statement_timestamp(),
                locked_by = $2,
                updated_at = statement_timestamp()
            WHERE q.job_id = ANY ($1::uuid[])
              AND (q.status = 'queued') IS TRUE
              -- A tenant whose provider said "too fast": its sends wait together. The one that was told so says it for all;
              -- the others keep their place, whose run_after only their owner may move.
              AND NOT EXISTS (
                  SELECT 1
                  FROM bot.job_queue p
                  WHERE p.status = 'queued'
                    AND p.locked_at IS NOT NULL
                    AND p.tenant_id = q.tenant_id
                    AND p.run_after > statement_timestamp()
                    AND p.job_type = q.job_type
                    AND split_part(p.last_error, E'\\n', 1) LIKE '%): tenant paused: %')
            RETURNING q.job_id
            """;

    private static final String PAUSED_TENANTS = """
            SELECT p.tenant_id,
                   max(greatest(0, extract(epoch FROM p.run_after - statement_timestamp()) * 1000))::bigint AS waits_ms
            FROM bot.job_queue p
            WHERE p.status = 'queued'
              AND p.locked_at IS NOT NULL
              AND p.tenant_id = ANY ($1::uuid[])
              AND p.run_after > statement_timestamp()
              AND split_part(p.last_error, E'\\n', 1) LIKE '%): tenant paused: %'
            GROUP BY p.tenant_id
            """;

    private static final String EXTEND = """
            UPDATE bot.job_queue q
            SET locked_at = statement_timestamp(),
                updated_at = statement_timestamp()
            FROM unnest($1::uuid[], $2::text[]) AS held (job_id, token)
            WHERE q.job_id = held.job_id
              AND q.locked_by = held.token
              AND (q.status = 'processing') IS TRUE
            RETURNING q.job_id
            """;

    /** Locks the rows whose leases still stand, so that nobody takes them over before this transaction ends. */
    private static final String STILL_HELD = """
            SELECT q.job_id
            FROM bot.job_queue q
            JOIN unnest($1::uuid[], $2::text[]) AS held (job_id, token)
              ON held.job_id = q.job_id AND held.token IS NOT DISTINCT FROM q.locked_by
            WHERE (q.status = 'processing') IS TRUE
            ORDER BY q.job_id
            FOR UPDATE OF q
            """;

    /** The hot one: a held batch is done in one step, and the trace still says who did it and when it was read. */
    private static final String DONE_OWNED = """
            UPDATE bot.job_queue
            SET status = 'done',
                attempts = attempts + 1,
                locked_at = $2,
                locked_by = $3,
                updated_at = statement_timestamp()
            WHERE job_id = ANY ($1::uuid[])
              AND (status = 'queued') IS TRUE
            """;

    private static final String DONE_LEASED = """
            UPDATE bot.job_queue
            SET status = 'done',
                updated_at = statement_timestamp()
            WHERE job_id = ANY ($1::uuid[])
              AND (status = 'processing') IS TRUE
            """;

    private static final String SETTLE = """
            UPDATE bot.job_queue q
            SET status = s.status,
                attempts = q.attempts + s.attempts,
                run_after = CASE WHEN s.status = 'queued'
                                 THEN statement_timestamp() + s.after_ms * interval '1 millisecond'
                                 ELSE q.run_after END,
                locked_at = statement_timestamp(),
                locked_by = $6,
                last_error = left(
                    to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                        || ' attempt ' || (q.attempts + s.shown) || ' (' || $6 || '): ' || s.reason
                        || coalesce(E'\\n' || q.last_error, ''),
                    4000),
                updated_at = statement_timestamp()
            FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::int[], $8::int[])
                 AS s (job_id, status, after_ms, reason, attempts, shown)
            WHERE q.job_id = s.job_id
              AND (q.status = $7) IS TRUE
            """;

    /** Leases in the given lanes that none of the given tokens holds: their workers are gone. */
    private static final String ORPHANED_LEASES = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'processing'
                  AND q.locked_by <> ALL ($2::text[])
                  AND q.job_type = ANY ($4::text[])
            )
            SELECT * FROM (
            """ + JOB_WITH_EVENT + """
            ) orphans
            WHERE lane = ANY ($3::int[])
            """;

    /** Without lanes nobody sees a worker die; its leases run out. */
    private static final String EXPIRED_LEASES = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'processing'
                  AND q.locked_at < statement_timestamp() - $2::bigint * interval '1 millisecond'
            )
            """ + JOB_WITH_EVENT;

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

    /** Page sizes that exist as statements. */
    public static final List<Integer> PAGES = List.of(16, 64, 256);

    private static final List<String> DUE_BY_PAGE = perPage(DUE);
    private static final List<String> DUE_OF_TENANT_BY_PAGE = perPage(DUE_OF_TENANT);

    private static List<String> perPage(String sql) {
        return PAGES.stream()
                .map(size -> sql.replace(":page", String.valueOf(size)))
                .toList();
    }

    /** Sends go out, media are fetched aside; all others wait in a contact's incoming line. */
    public static Direction directionOf(JobType type) {
        if (type.equals(JobType.FETCH_MEDIA)) {
            return Direction.ASIDE;
        }
        return type.equals(JobType.SEND_OUTBOUND_MESSAGE) ? Direction.OUTGOING : Direction.INCOMING;
    }

    /** Enqueues, due now, in list order; a job whose event already has one of its type is skipped. */
    public Uni<Integer> enqueueAll(SqlClient tx, List<NewJob> jobs) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().item(0);
        }
        return tx.preparedQuery(ENQUEUE)
                .execute(Tuple.tuple(List.of(
                        jobs.stream().map(j -> j.id().value()).toArray(UUID[]::new),
                        jobs.stream().map(j -> j.tenant().value()).toArray(UUID[]::new),
                        jobs.stream().map(j -> j.type().name()).toArray(String[]::new),
                        jobs.stream().map(NewJob::eventId).toArray(UUID[]::new),
                        jobs.stream().map(NewJob::traceId).toArray(UUID[]::new))))
                .map(RowSet::rowCount);
    }

    /** See {@link #FLOOR}: to be asked before the read it is meant for. */
    public Uni<Floor> readFloor(SqlClient db) {
        return db.preparedQuery(FLOOR).execute().map(rows -> {
            Row row = rows.iterator().next();
            return new Floor(row.getOffsetDateTime("now"), row.getOffsetDateTime("floor"));
        });
    }

    /** The database's clock, and up to when reading is final. */
    public record Floor(OffsetDateTime now, OffsetDateTime floor) {}

    /**
     * What to read: due jobs after {@code after} in reading order, at most {@link #PAGES}{@code [page]} of them.
     *
     * @param lanes jobs of other lanes come without payload, and count towards the page
     * @param onlyTenant null = all tenants but {@code notTenants}
     * @param parked jobs the reader knows already
     */
    public record DueQuery(
            Integer[] lanes,
            Cursor after,
            String[] types,
            @Nullable TenantId onlyTenant,
            UUID[] notTenants,
            UUID[] parked,
            int page) {}

    public Uni<List<DueJob>> due(SqlClient db, DueQuery q) {
        String sql = (q.onlyTenant() == null ? DUE_BY_PAGE : DUE_OF_TENANT_BY_PAGE).get(q.page());
        Object tenants =
                q.onlyTenant() == null ? q.notTenants() : q.onlyTenant().value();
        return db.preparedQuery(sql)
                .execute(Tuple.tuple(List.of(
                        q.lanes(),
                        q.after().runAfter(),
                        q.after().createdAt(),
                        q.after().jobId().value(),
                        q.types(),
                        tenants,
                        q.parked())))
                .map(JobQueue::dueJobs);
    }

    /** Those of {@code jobs} that are still queued, due or not. */
    public Uni<List<DueJob>> stillQueued(SqlClient db, Integer[] lanes, Collection<JobId> jobs) {
        return db.preparedQuery(STILL_QUEUED)
                .execute(Tuple.of(lanes, ids(jobs)))
                .map(JobQueue::dueJobs);
    }

    public Uni<List<DueJob>> waitingHeads(SqlClient db, String[] types, Integer[] lanes) {
        return db.preparedQuery(WAITING_HEADS)
                .execute(Tuple.of(new Integer[0], types, lanes))
                .map(JobQueue::dueJobs);
    }

    public Uni<List<DueJob>> holdingDeadLetters(SqlClient db, UUID[] holdingTenants, Integer[] lanes, String[] types) {
        return db.preparedQuery(HOLDING_DEAD_LETTERS)
                .execute(Tuple.of(new Integer[0], holdingTenants, lanes, types))
                .map(JobQueue::dueJobs);
    }

    public Uni<Set<JobId>> stillDead(SqlClient db, Collection<JobId> jobs) {
        return db.preparedQuery(STILL_DEAD)
                .execute(Tuple.of((Object) ids(jobs)))
                .map(JobQueue::jobIds);
    }

    /** One page of names between {@code after} and {@code until}, and where the next page starts; null = that was all. */
    public record Swept(List<JobRef> jobs, @Nullable Cursor next) {}

    public Uni<Swept> sweep(SqlClient db, Cursor after, OffsetDateTime until, String[] types, UUID[] notTenants) {
        return db.preparedQuery(SWEEP)
                .execute(Tuple.of(
                        after.runAfter(), after.createdAt(), after.jobId().value(), until, types, notTenants))
                .map(rows -> {
                    List<JobRef> refs = new ArrayList<>(rows.size());
                    Cursor next = null;
                    for (Row row : rows) {
                        JobId id = new JobId(row.getUUID("job_id"));
                        JobType type = new JobType(row.getString("job_type"));
                        OffsetDateTime createdAt = row.getOffsetDateTime("created_at");
                        refs.add(new JobRef(id, type, line(row, type), createdAt));
                        next = new Cursor(row.getOffsetDateTime("run_after"), createdAt, id);
                    }
                    return new Swept(refs, rows.size() < 1000 ? null : next);
                });
    }

    /**
     * Leases {@code jobs} under {@code token}: {@code processing}, attempt counted.
     *
     * @return those that were leased; the rest are no longer queued or their tenant is paused
     */
    public Uni<Set<JobId>> lease(SqlClient tx, Collection<JobId> jobs, String token) {
        return tx.preparedQuery(LEASE).execute(Tuple.of(ids(jobs), token)).map(JobQueue::jobIds);
    }

    /** How long each of {@code tenants} is paused; those that are not are not in it. */
    public Uni<java.util.Map<TenantId, Duration>> pausedTenants(SqlClient db, Collection<TenantId> tenants) {
        return db.preparedQuery(PAUSED_TENANTS)
                .execute(Tuple.of((Object) tenants.stream().map(TenantId::value).toArray(UUID[]::new)))
                .map(rows -> {
                    java.util.Map<TenantId, Duration> paused = new java.util.HashMap<>();
                    rows.forEach(row -> paused.put(
                            new TenantId(row.getUUID("tenant_id")), Duration.ofMillis(row.getLong("waits_ms"))));
                    return paused;
                });
    }

    /**
     * Claims the heads of up to 100 free lines, across all lanes, for a worker that owns none. In a transaction of its
     * own: claimers take turns until its end.
     */
    public Uni<List<Job>> claimFreeLines(SqlClient tx, int lockSpace, String[] types, UUID[] notTenants, String token) {
        return tx.preparedQuery(ONE_CLAIMER)
                .execute(Tuple.of(lockSpace))
                .chain(() -> tx.preparedQuery(CLAIM_FREE_LINES).execute(Tuple.of(token, types, notTenants)))
                .chain(rows -> {
                    Set<JobId> claimed = jobIds(rows);
                    return claimed.isEmpty()
                            ? Uni.createFrom().item(List.<Job>of())
                            : tx.preparedQuery(CLAIMED)
                                    .execute(Tuple.of(ALL_LANES, ids(claimed)))
                                    .map(found -> dueJobs(found).stream()
                                            .map(DueJob::job)
                                            .toList());
                });
    }

    /** A lease: which job, under which token; null = somebody wrote {@code processing} by hand. */
    public record Held(JobId job, @Nullable String token) {}

    /** Renews leases; those not returned are lost. */
    public Uni<Set<JobId>> extend(SqlClient db, List<Held> held) {
        return db.preparedQuery(EXTEND).execute(heldTuple(held)).map(JobQueue::jobIds);
    }

    /** Locks and returns those whose lease still stands; the others belong to somebody else now. */
    public Uni<Set<JobId>> stillHeld(SqlClient tx, List<Held> held) {
        return tx.preparedQuery(STILL_HELD).execute(heldTuple(held)).map(JobQueue::jobIds);
    }

    /** From what state a settlement starts, and so what guards it. */
    public enum From {
        /** Owned and never claimed: {@code queued}. */
        QUEUED,
        /** Leased, and the lease was checked by {@link #stillHeld} in this transaction: {@code processing}. */
        PROCESSING
    }

    /**
     * Writes how jobs ended.
     *
     * @param worker who settles them, for {@code locked_by} and the error lines
     * @param readAt when they were read, for {@code locked_at} of jobs done without a claim
     * @return how many rows were settled; anything but {@code settlements.size()} means ownership was lost
     */
    public Uni<Integer> settleAll(
            SqlClient tx, From from, List<Settlement> settlements, String worker, OffsetDateTime readAt) {
        List<UUID> done = new ArrayList<>();
        List<Settlement> others = new ArrayList<>();
        for (Settlement settlement : settlements) {
            if (settlement instanceof Settlement.Done) {
                done.add(settlement.job().value());
            } else {
                others.add(settlement);
            }
        }
        Uni<Integer> first = Uni.createFrom().item(0);
        if (!done.isEmpty()) {
            UUID[] ids = done.toArray(UUID[]::new);
            first = (from == From.QUEUED
                            ? tx.preparedQuery(DONE_OWNED).execute(Tuple.of(ids, readAt, worker))
                            : tx.preparedQuery(DONE_LEASED).execute(Tuple.of((Object) ids)))
                    .map(RowSet::rowCount);
        }
        return others.isEmpty()
                ? first
                : first.chain(count -> settleOthers(tx, from, others, worker).map(more -> count + more));
    }

    private static Uni<Integer> settleOthers(SqlClient tx, From from, List<Settlement> settlements, String worker) {
        int n = settlements.size();
        UUID[] ids = new UUID[n];
        String[] status = new String[n];
        Long[] after = new Long[n];
        String[] reason = new String[n];
        Integer[] attempts = new Integer[n];
        Integer[] shown = new Integer[n];
        // A lease counted its attempt when it was claimed; an owned job counts when it ends.
        int counted = from == From.QUEUED ? 1 : 0;
        for (int i = 0; i < n; i++) {
            Settlement settlement = settlements.get(i);
            ids[i] = settlement.job().value();
            after[i] = 0L;
            attempts[i] = counted;
            shown[i] = counted;
            if (settlement instanceof Settlement.Retry retry) {
                status[i] = "queued";
                after[i] = retry.after().toMillis();
                reason[i] = retry.reason();
            } else if (settlement instanceof Settlement.Snooze snooze) {
                status[i] = "queued";
                after[i] = snooze.after().toMillis();
                reason[i] = snooze.reason();
                attempts[i] = counted - 1;
            } else if (settlement instanceof Settlement.Bury bury) {
                status[i] = "failed";
                reason[i] = bury.reason();
            }
        }
        return tx.preparedQuery(SETTLE)
                .execute(Tuple.tuple(List.of(
                        ids,
                        status,
                        after,
                        reason,
                        attempts,
                        worker,
                        from == From.QUEUED ? "queued" : "processing",
                        shown)))
                .map(RowSet::rowCount);
    }

    /** Leased jobs of {@code lanes} under other tokens than {@code knownTokens}: their workers are gone. */
    public Uni<List<DueJob>> orphanedLeases(
            SqlClient db, Collection<String> knownTokens, Integer[] lanes, String[] types) {
        return db.preparedQuery(ORPHANED_LEASES)
                .execute(Tuple.of(new Integer[0], knownTokens.toArray(String[]::new), lanes, types))
                .map(JobQueue::dueJobs);
    }

    /** Leases not renewed for {@code age}, whoever holds them. */
    public Uni<List<DueJob>> expiredLeases(SqlClient db, Duration age) {
        return db.preparedQuery(EXPIRED_LEASES)
                .execute(Tuple.of(new Integer[0], age.toMillis()))
                .map(JobQueue::dueJobs);
    }

    /**
     * Puts dead letters back, attempts from zero, in the order of their lines.
     *
     * @param jobs empty = all dead letters of the tenant
     */
    public Uni<Integer> redrive(SqlClient db, TenantId tenant, Collection<JobId> jobs) {
        return db.preparedQuery(REDRIVE)
                .execute(Tuple.of(tenant.value(), ids(jobs)))
                .map(RowSet::rowCount);
    }

    /**
     * Puts jobs back that count as done although their effects are missing: a database that was restored or mended by hand.
     * What their handlers find done already they do not do again.
     */
    public Uni<Integer> runAgain(SqlClient db, TenantId tenant, Collection<JobId> jobs) {
        return db.preparedQuery(RUN_AGAIN)
                .execute(Tuple.of(tenant.value(), ids(jobs)))
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

    private static final Integer[] ALL_LANES = allLanes();

    private static Integer[] allLanes() {
        Integer[] lanes = new Integer[Lane.COUNT];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = i;
        }
        return lanes;
    }

    private static UUID[] ids(Collection<JobId> jobs) {
        return jobs.stream().map(JobId::value).toArray(UUID[]::new);
    }

    private static Tuple heldTuple(List<Held> held) {
        return Tuple.of(
                held.stream().map(h -> h.job().value()).toArray(UUID[]::new),
                held.stream().map(Held::token).toArray(String[]::new));
    }

    private static Set<JobId> jobIds(RowSet<Row> rows) {
        Set<JobId> ids = new java.util.HashSet<>();
        rows.forEach(row -> ids.add(new JobId(row.getUUID("job_id"))));
        return ids;
    }

    private static List<DueJob> dueJobs(RowSet<Row> rows) {
        List<DueJob> jobs = new ArrayList<>(rows.size());
        for (Row row : rows) {
            JobType type = new JobType(row.getString("job_type"));
            jobs.add(new DueJob(
                    new Job(
                            new JobId(row.getUUID("job_id")),
                            type,
                            line(row, type),
                            row.getInteger("attempts"),
                            row.getOffsetDateTime("run_after"),
                            row.getOffsetDateTime("created_at"),
                            row.getUUID("trace_id"),
                            new Job.Event(
                                    row.getUUID("inbound_event_id"),
                                    row.getString("provider"),
                                    row.getString("event_type"),
                                    row.getString("provider_event_id"),
                                    row.getString("provider_msg_id"),
                                    row.getString("channel"),
                                    row.getString("channel_address"),
                                    row.getOffsetDateTime("received_at"),
                                    new StoredPayload(row.getString("payload")))),
                    row.getBoolean("touched"),
                    row.getBoolean("suspect"),
                    Duration.ofMillis(row.getLong("waits_ms")),
                    row.getString("locked_by")));
        }
        return jobs;
    }

    /** Parsed when it is first asked for; on one event loop, like everything that is read here. */
    private static final class StoredPayload implements Supplier<JsonObject> {
        private @Nullable String text;
        private @Nullable JsonObject parsed;

        /** @param text null = not read, or not there */
        StoredPayload(@Nullable String text) {
            this.text = text;
        }

        @Override
        public JsonObject get() {
            JsonObject known = parsed;
            if (known == null) {
                known = text != null && Json.decodeValue(text) instanceof JsonObject json ? json : new JsonObject();
                parsed = known;
                text = null;
            }
            return known;
        }
    }

    private static Line line(Row row, JobType type) {
        String channel = row.getString("channel");
        String address = row.getString("channel_address");
        Direction direction = directionOf(type);
        boolean isAlone = address == null || direction == Direction.ASIDE;
        return new Line(
                row.getInteger("lane"),
                new TenantId(row.getUUID("tenant_id")),
                channel == null ? "" : channel,
                isAlone ? row.getUUID("inbound_event_id").toString() : address,
                direction);
    }
}
