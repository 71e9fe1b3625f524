package dev.parley.queue;

import dev.parley.queue.JobQueue.DuePage;
import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowIterator;
import io.vertx.mutiny.sqlclient.RowSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Jobs as rows: what every read of the queue asks for, and what is made of it. */
final class JobRows {
    /** Of a row {@code j} of the queue: its last attempt ended with its worker, or took longer than a statement may. */
    static final String SUSPECT =
            "coalesce(split_part(j.last_error, E'\\n', 1) LIKE ANY (ARRAY['%lease expired%', '%(57014)%']), false)";

    private static final String COLUMNS = """
            SELECT j.job_id, j.tenant_id, j.job_type, j.attempts, j.run_after, j.created_at, j.trace_id,
                   j.locked_at IS NOT NULL AS touched, j.locked_by,
                   """ + SUSPECT + """
                    AS suspect,
                   greatest(0, ceil(extract(epoch FROM j.run_after - statement_timestamp()) * 1000))::bigint AS waits_ms,
                   e.inbound_event_id, e.provider, e.event_type, e.provider_event_id, e.provider_msg_id, e.channel,
                   e.channel_address, e.received_at, l.lane,
                   CASE WHEN l.lane IN (SELECT unnest($1::int[])) THEN e.payload::text END AS payload
            """;

    private static final String WITH_EVENT = """
            FROM page j
            JOIN bot.inbound_events e ON e.inbound_event_id = j.inbound_event_id
            CROSS JOIN LATERAL (
                SELECT bot.lane_of(e.tenant_id, e.channel, e.channel_address, e.inbound_event_id)
            ) l (lane)
            """;

    private static final String IN_READING_ORDER = """
            ORDER BY j.run_after, j.created_at, j.job_id
            """;

    /** What every read returns of a job; the event's payload only for lanes in {@code $1}. */
    static final String JOB_WITH_EVENT = COLUMNS + WITH_EVENT + IN_READING_ORDER;

    /** Of a page its jobs of the lanes in {@code $1}, and its last one, whoever's it is: up to there it was read. */
    static final String OWN_JOBS_WITH_EVENT = COLUMNS + """
            , (SELECT count(*) FROM page)::int AS page_size
            """ + WITH_EVENT + """
            WHERE l.lane IN (SELECT unnest($1::int[]))
               OR j.job_id = (
                   SELECT last.job_id
                   FROM page last
                   ORDER BY last.run_after DESC, last.created_at DESC, last.job_id DESC
                   LIMIT 1)
            """ + IN_READING_ORDER;

    private JobRows() {}

    static DuePage duePage(RowSet<Row> rows) {
        RowIterator<Row> first = rows.iterator();
        return new DuePage(dueJobs(rows), first.hasNext() ? first.next().getInteger("page_size") : 0);
    }

    static List<DueJob> dueJobs(RowSet<Row> rows) {
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

        /** @param text null = not read: every event has one. Nobody may take that for one without words */
        StoredPayload(@Nullable String text) {
            this.text = text;
        }

        @Override
        public JsonObject get() {
            JsonObject known = parsed;
            if (known == null) {
                if (text == null) {
                    throw new IllegalStateException("this job was read without its event's payload");
                }
                known = Json.decodeValue(text) instanceof JsonObject json ? json : new JsonObject();
                parsed = known;
                text = null;
            }
            return known;
        }
    }

    static Line line(Row row, JobType type) {
        String channel = row.getString("channel");
        String address = row.getString("channel_address");
        Direction direction = JobQueue.directionOf(type);
        boolean isAlone = address == null || direction == Direction.ASIDE;
        return new Line(
                row.getInteger("lane"),
                new TenantId(row.getUUID("tenant_id")),
                channel == null ? "" : channel,
                isAlone ? row.getUUID("inbound_event_id").toString() : address,
                direction);
    }

    static UUID[] ids(Collection<JobId> jobs) {
        return jobs.stream().map(JobId::value).toArray(UUID[]::new);
    }

    static Set<JobId> jobIds(RowSet<Row> rows) {
        Set<JobId> ids = new HashSet<>();
        rows.forEach(row -> ids.add(new JobId(row.getUUID("job_id"))));
        return ids;
    }
}
