package dev.parley.queue;

import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
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
import org.jspecify.annotations.Nullable;

/**
 * Owner of {@code bot.job_queue} after a job is born: every statement of its life is here, in the order it lives.
 * Stateless; each method runs on the connection it is given, so that the caller decides what commits together.
 *
 * <p>Two protocols share the table. The owner of a lane reads its due jobs and settles them in one step, {@code queued →
 * done}: no claim is written, the session lock on the writing connection is the fence. Whatever calls the outside, and
 * every job where lanes cannot be owned, is leased: {@code queued → processing} with a claim token in {@code locked_by},
 * then settled under that token. {@link FreeLines} claims where lanes cannot be owned; {@link QueueUpkeep} has what operators
 * and chores do.
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

    /**
     * The LIMIT is literal on purpose: a plan for any limit takes a tenth of the table for granted. Due is a millisecond early: a
     * batch's rows are stamped microseconds apart, some of them just ahead of now.
     */
    static final String DUE = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  -- low-water mark: entries of finished jobs are not walked again
                  AND (q.run_after, q.created_at, q.job_id) > ($2, $3, $4)
                  AND q.run_after <= statement_timestamp() + interval '1 millisecond'
                  AND (q.job_type = ANY ($5::text[])) IS TRUE
                  AND q.tenant_id <> ALL ($6::uuid[])
                  -- waiting in line behind an earlier job; their owner knows them, thousands at times: hashed, in every plan
                  AND q.job_id NOT IN (SELECT unnest($7::uuid[]))
                ORDER BY q.run_after, q.created_at, q.job_id
                LIMIT :page
            )
            """ + JobRows.OWN_JOBS_WITH_EVENT;

    private static final String DUE_OF_TENANT = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND (q.run_after, q.created_at, q.job_id) > ($2, $3, $4)
                  AND q.run_after <= statement_timestamp() + interval '1 millisecond'
                  AND (q.job_type = ANY ($5::text[])) IS TRUE
                  AND (q.tenant_id = $6) IS TRUE
                  AND q.job_id NOT IN (SELECT unnest($7::uuid[]))
                ORDER BY q.run_after, q.created_at, q.job_id
                LIMIT :page
            )
            """ + JobRows.OWN_JOBS_WITH_EVENT;

    private static final String STILL_QUEUED = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.job_id = ANY ($2::uuid[])
                  AND (q.status = 'queued') IS TRUE
            )
            """ + JobRows.JOB_WITH_EVENT;

    /** Jobs that workers had before and that hold their lines; a small partial index of their own. */
    private static final String WAITING_HEADS = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'queued'
                  AND q.locked_at IS NOT NULL
                  AND (q.job_type = ANY ($2::text[])) IS TRUE
            )
            SELECT * FROM (
            """ + JobRows.JOB_WITH_EVENT + """
            ) heads
            WHERE lane = ANY ($3::int[])
            """;

    private static final String HOLDING_DEAD_LETTERS = """
            WITH page AS MATERIALIZED (
                SELECT q.*
                FROM bot.job_queue q
                WHERE q.status = 'failed'
                  AND q.tenant_id = ANY ($2::uuid[])
                  AND (q.job_type = ANY ($4::text[])) IS TRUE
            )
            SELECT * FROM (
            """ + JobRows.JOB_WITH_EVENT + """
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
                  AND (q.run_after, q.created_at, q.job_id) <= ($4, $5, $6)
                  AND (q.job_type = ANY ($7::text[])) IS TRUE
                  AND q.tenant_id <> ALL ($8::uuid[])
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

    /** The same of one tenant, which is read on its own. */
    private static final String SWEEP_OF_TENANT =
            SWEEP.replace("AND q.tenant_id <> ALL ($8::uuid[])", "AND (q.tenant_id = $8::uuid) IS TRUE");

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
    static final String DONE_OWNED = """
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
                  AND (q.job_type = ANY ($4::text[])) IS TRUE
            )
            SELECT * FROM (
            """ + JobRows.JOB_WITH_EVENT + """
            ) orphans
            WHERE lane = ANY ($3::int[])
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
     * @param lanes jobs of other lanes count towards the page
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

    /**
     * What was read: jobs of the lanes that were asked for, in reading order.
     *
     * @param jobs with the page's last one, if that is of another lane: without payload, it only says how far reading has come
     * @param size how many jobs the page has, those of other lanes too
     */
    public record DuePage(List<DueJob> jobs, int size) {}

    public Uni<DuePage> due(SqlClient db, DueQuery q) {
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
                .map(JobRows::duePage);
    }

    /** Those of {@code jobs} that are still queued, due or not. */
    public Uni<List<DueJob>> stillQueued(SqlClient db, Integer[] lanes, Collection<JobId> jobs) {
        return db.preparedQuery(STILL_QUEUED)
                .execute(Tuple.of(lanes, JobRows.ids(jobs)))
                .map(JobRows::dueJobs);
    }

    public Uni<List<DueJob>> waitingHeads(SqlClient db, String[] types, Integer[] lanes) {
        return db.preparedQuery(WAITING_HEADS)
                .execute(Tuple.of(new Integer[0], types, lanes))
                .map(JobRows::dueJobs);
    }

    public Uni<List<DueJob>> holdingDeadLetters(SqlClient db, UUID[] holdingTenants, Integer[] lanes, String[] types) {
        return db.preparedQuery(HOLDING_DEAD_LETTERS)
                .execute(Tuple.of(new Integer[0], holdingTenants, lanes, types))
                .map(JobRows::dueJobs);
    }

    public Uni<Set<JobId>> stillDead(SqlClient db, Collection<JobId> jobs) {
        return db.preparedQuery(STILL_DEAD)
                .execute(Tuple.of((Object) JobRows.ids(jobs)))
                .map(JobRows::jobIds);
    }

    /** One page of names after {@code after} and up to {@code until}, and where the next page starts; null = that was all. */
    public record Swept(List<JobRef> jobs, @Nullable Cursor next) {}

    /** @param onlyTenant null = all tenants but {@code notTenants} */
    public Uni<Swept> sweep(
            SqlClient db,
            Cursor after,
            Cursor until,
            String[] types,
            @Nullable TenantId onlyTenant,
            UUID[] notTenants) {
        return db.preparedQuery(onlyTenant == null ? SWEEP : SWEEP_OF_TENANT)
                .execute(Tuple.tuple(List.of(
                        after.runAfter(),
                        after.createdAt(),
                        after.jobId().value(),
                        until.runAfter(),
                        until.createdAt(),
                        until.jobId().value(),
                        types,
                        onlyTenant == null ? notTenants : onlyTenant.value())))
                .map(rows -> {
                    List<JobRef> refs = new ArrayList<>(rows.size());
                    Cursor next = null;
                    for (Row row : rows) {
                        JobId id = new JobId(row.getUUID("job_id"));
                        JobType type = new JobType(row.getString("job_type"));
                        OffsetDateTime createdAt = row.getOffsetDateTime("created_at");
                        refs.add(new JobRef(id, type, JobRows.line(row, type), createdAt));
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
        return tx.preparedQuery(LEASE)
                .execute(Tuple.of(JobRows.ids(jobs), token))
                .map(JobRows::jobIds);
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

    /** A lease: which job, under which token; null = somebody wrote {@code processing} by hand. */
    public record Held(JobId job, @Nullable String token) {}

    /** Renews leases; those not returned are lost. */
    public Uni<Set<JobId>> extend(SqlClient db, List<Held> held) {
        return db.preparedQuery(EXTEND).execute(heldTuple(held)).map(JobRows::jobIds);
    }

    /** Locks and returns those whose lease still stands; the others belong to somebody else now. */
    public Uni<Set<JobId>> stillHeld(SqlClient tx, List<Held> held) {
        return tx.preparedQuery(STILL_HELD).execute(heldTuple(held)).map(JobRows::jobIds);
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
                .map(JobRows::dueJobs);
    }

    private static Tuple heldTuple(List<Held> held) {
        return Tuple.of(
                held.stream().map(h -> h.job().value()).toArray(UUID[]::new),
                held.stream().map(Held::token).toArray(String[]::new));
    }
}
