package dev.parley.sandbox;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads a {@link Trace} with an operator's rights. Looks only; one snapshot for all of it. */
final class TraceReader {
    private static final String EVENTS = """
            SELECT e.inbound_event_id, t.tenant_slug, t.is_enabled, e.provider, e.event_type, e.provider_msg_id,
                   e.channel, e.channel_address, e.received_at
            FROM bot.inbound_events e
            JOIN core.tenants t ON t.tenant_id = e.tenant_id
            WHERE e.trace_id = ?
            ORDER BY e.received_at, e.inbound_event_id
            """;

    private static final String JOBS = """
            SELECT job_id, inbound_event_id, job_type, status, attempts, run_after, locked_at, locked_by, last_error,
                   created_at, updated_at
            FROM bot.job_queue
            WHERE trace_id = ?
            ORDER BY created_at, job_id
            """;

    private static final String MESSAGES = """
            SELECT message_id, direction, provider, provider_msg_id, channel, text, payload, created_at
            FROM bot.messages
            WHERE trace_id = ?
            ORDER BY created_at, message_id
            """;

    private static final String RELATED = """
            SELECT e.trace_id, e.event_type, e.payload ->> 'status' AS status, e.provider_msg_id, e.received_at
            FROM bot.messages m
            JOIN bot.inbound_events e ON e.tenant_id = m.tenant_id AND e.provider_msg_id = m.provider_msg_id
            WHERE m.trace_id = ?
              AND m.direction = 'outbound'
              AND e.trace_id <> m.trace_id
              -- reports come within days; the index on received_at keeps this small
              AND e.received_at BETWEEN m.created_at - interval '1 hour' AND m.created_at + interval '7 days'
            ORDER BY e.received_at, e.inbound_event_id
            """;

    private static final String AHEAD = """
            SELECT count(*)
            FROM bot.job_queue j
            JOIN bot.inbound_events e ON e.inbound_event_id = j.inbound_event_id
            JOIN bot.job_queue b ON b.tenant_id = j.tenant_id AND b.status IN ('queued', 'processing')
            JOIN bot.inbound_events f ON f.inbound_event_id = b.inbound_event_id
            WHERE j.job_id = ?
              AND f.channel IS NOT DISTINCT FROM e.channel
              AND f.channel_address = e.channel_address
              -- nobody waits for media, and they wait for nobody
              AND b.job_type <> 'fetch_media'
              AND j.job_type <> 'fetch_media'
              -- sends wait for sends, all else for all else
              AND (b.job_type = 'send_outbound_message') = (j.job_type = 'send_outbound_message')
              AND (b.created_at, b.job_id) < (j.created_at, j.job_id)
            """;

    private final Connection db;

    TraceReader(Connection db) {
        this.db = db;
    }

    Trace read(UUID id) throws SQLException {
        db.setAutoCommit(false);
        db.setReadOnly(true);
        db.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        Instant now = rows("SELECT now()", null, row -> instant(row, "now")).get(0);
        List<Trace.Event> events = rows(
                EVENTS,
                id,
                row -> new Trace.Event(
                        uuid(row, "inbound_event_id"),
                        row.getString("tenant_slug"),
                        row.getBoolean("is_enabled"),
                        row.getString("provider"),
                        row.getString("event_type"),
                        row.getString("provider_msg_id"),
                        row.getString("channel"),
                        row.getString("channel_address"),
                        instant(row, "received_at")));
        List<Trace.Job> jobs = rows(
                JOBS,
                id,
                row -> new Trace.Job(
                        uuid(row, "job_id"),
                        uuid(row, "inbound_event_id"),
                        row.getString("job_type"),
                        row.getString("status"),
                        row.getInt("attempts"),
                        instant(row, "run_after"),
                        maybeInstant(row, "locked_at"),
                        row.getString("locked_by"),
                        row.getString("last_error"),
                        instant(row, "created_at"),
                        instant(row, "updated_at")));
        List<Trace.Message> messages = rows(
                MESSAGES,
                id,
                row -> new Trace.Message(
                        uuid(row, "message_id"),
                        row.getString("direction").equals("inbound"),
                        row.getString("provider"),
                        row.getString("provider_msg_id"),
                        row.getString("channel"),
                        row.getString("text"),
                        json(row.getString("payload")),
                        instant(row, "created_at")));
        List<Trace.Related> related = rows(
                RELATED,
                id,
                row -> new Trace.Related(
                        uuid(row, "trace_id"),
                        row.getString("event_type"),
                        row.getString("status"),
                        row.getString("provider_msg_id"),
                        instant(row, "received_at")));
        int ahead = 0;
        for (Trace.Job job : jobs) {
            if (job.status().equals("queued")) {
                ahead = rows(AHEAD, job.id(), row -> row.getInt("count")).get(0);
                break;
            }
        }
        db.rollback();
        return new Trace(id, now, events, jobs, messages, related, ahead);
    }

    private interface Reading<T> {
        T of(ResultSet row) throws SQLException;
    }

    private <T> List<T> rows(String sql, @Nullable UUID id, Reading<T> reading) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            if (id != null) {
                statement.setObject(1, id);
            }
            try (ResultSet row = statement.executeQuery()) {
                List<T> all = new ArrayList<>();
                while (row.next()) {
                    all.add(reading.of(row));
                }
                return all;
            }
        }
    }

    private static UUID uuid(ResultSet row, String column) throws SQLException {
        return row.getObject(column, UUID.class);
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable Instant maybeInstant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** A person may have written the row: what is no object counts as an empty one. */
    private static JsonObject json(@Nullable String text) {
        try {
            return text == null ? new JsonObject() : new JsonObject(text);
        } catch (DecodeException | ClassCastException e) {
            return new JsonObject();
        }
    }
}
