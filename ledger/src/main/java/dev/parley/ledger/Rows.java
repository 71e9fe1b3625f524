package dev.parley.ledger;

import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The database as it is, every table in one snapshot. Of jobs that are done, only those of tenants with events of their
 * own that belong to a run are kept: history that was there before is counted by the database, not carried here.
 *
 * @param messages in the order of the transcript
 */
record Rows(
        List<Event> events,
        List<Job> jobs,
        List<Contact> contacts,
        List<Conversation> conversations,
        List<Message> messages) {

    record Event(
            UUID id,
            UUID tenant,
            String type,
            @Nullable String providerEventId,
            @Nullable String providerMessageId,
            @Nullable String address,
            JsonText payload,
            UUID trace) {}

    record Job(
            UUID id,
            UUID tenant,
            String type,
            UUID event,
            String status,
            @Nullable String lastError,
            UUID trace) {
        boolean isFailed() {
            return status.equals("failed");
        }
    }

    record Contact(UUID id, UUID tenant, String channel, String address) {}

    record Conversation(UUID id, UUID tenant, UUID contact) {}

    record Message(
            UUID id,
            UUID tenant,
            UUID conversation,
            UUID contact,
            boolean inbound,
            @Nullable String providerMessageId,
            @Nullable String text,
            JsonText payload,
            UUID trace) {
        boolean isBots() {
            return !inbound && "bot".equals(payload.object().getString("author"));
        }

        String state() {
            return payload.object().getJsonObject("delivery", new JsonObject()).getString("state", "none");
        }

        @Nullable
        UUID inReplyTo() {
            String event = payload.object().getString("in_reply_to");
            return event == null ? null : UUID.fromString(event);
        }
    }

    private static final int PAGE = 1_000;

    /** What a tenant needs to have for its rows to be of the run: history planted before it is left out. */
    private static final String OF_THE_RUN = "tenant_id NOT IN (SELECT tenant_id FROM core.tenants"
            + " WHERE settings @> '{\"ledger\": {\"history\": true}}')";

    private static final String EVENTS = """
            SELECT inbound_event_id, tenant_id, event_type, provider_event_id, provider_msg_id, channel_address, payload,
                   trace_id
            FROM bot.inbound_events
            WHERE %s
            ORDER BY received_at, inbound_event_id
            """.formatted(OF_THE_RUN);

    private static final String JOBS = """
            SELECT job_id, tenant_id, job_type, inbound_event_id, status, last_error, trace_id
            FROM bot.job_queue
            WHERE status NOT IN ('done', 'failed') OR %s
            ORDER BY created_at, job_id
            """.formatted(OF_THE_RUN);

    private static final String CONTACTS = """
            SELECT contact_id, tenant_id, channel, channel_address
            FROM bot.contacts
            """;

    private static final String CONVERSATIONS = """
            SELECT conversation_id, tenant_id, contact_id
            FROM bot.conversations
            """;

    private static final String MESSAGES = """
            SELECT message_id, tenant_id, conversation_id, contact_id, direction, provider_msg_id, text, payload, trace_id
            FROM bot.messages
            ORDER BY created_at, message_id
            """;

    /** Leaves the connection as it was. */
    static Rows read(Connection db) throws SQLException {
        db.setAutoCommit(false);
        try (Statement statement = db.createStatement()) {
            // Otherwise the driver holds a whole table before it gives the first row.
            statement.setFetchSize(PAGE);
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            return new Rows(
                    all(statement, EVENTS, Rows::event),
                    all(statement, JOBS, Rows::job),
                    all(
                            statement,
                            CONTACTS,
                            row -> new Contact(id(row, 1), id(row, 2), row.getString(3), row.getString(4))),
                    all(statement, CONVERSATIONS, row -> new Conversation(id(row, 1), id(row, 2), id(row, 3))),
                    all(statement, MESSAGES, Rows::message));
        } finally {
            db.rollback();
            db.setAutoCommit(true);
        }
    }

    private interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private static <T> List<T> all(Statement statement, String sql, Reader<T> reader) throws SQLException {
        List<T> rows = new ArrayList<>();
        try (ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                rows.add(reader.read(row));
            }
        }
        return rows;
    }

    private static Event event(ResultSet row) throws SQLException {
        return new Event(
                id(row, 1),
                id(row, 2),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                JsonText.of(row.getString(7)),
                id(row, 8));
    }

    private static Job job(ResultSet row) throws SQLException {
        return new Job(
                id(row, 1), id(row, 2), row.getString(3), id(row, 4), row.getString(5), row.getString(6), id(row, 7));
    }

    private static Message message(ResultSet row) throws SQLException {
        return new Message(
                id(row, 1),
                id(row, 2),
                id(row, 3),
                id(row, 4),
                row.getString(5).equals("inbound"),
                row.getString(6),
                row.getString(7),
                JsonText.of(row.getString(8)),
                id(row, 9));
    }

    private static UUID id(ResultSet row, int column) throws SQLException {
        return row.getObject(column, UUID.class);
    }
}
