package dev.parley.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a team would write: 16 threads, each takes one due job with SKIP LOCKED, does everything about it in one transaction
 * of plain statements, and commits. It keeps no order and has no fence but the row lock.
 */
public final class StatementByStatement {
    static final String TYPE = "plain_message";
    private static final int THREADS = 16;

    private static final String TAKE = """
            SELECT job_id, tenant_id, inbound_event_id, trace_id
            FROM bot.job_queue
            WHERE status = 'queued' AND run_after <= now() AND job_type = 'plain_message'
            ORDER BY run_after, created_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
            """;

    private static final String EVENT = """
            SELECT channel, channel_address, provider, provider_msg_id, payload->'data'->>'text', payload->'data'->>'name'
            FROM bot.inbound_events WHERE inbound_event_id = ?
            """;

    private static final String CONTACT = """
            INSERT INTO bot.contacts (contact_id, tenant_id, channel, channel_address, display_name)
            VALUES (uuidv7(), ?, ?, ?, ?)
            ON CONFLICT (tenant_id, channel, channel_address) DO UPDATE SET display_name = EXCLUDED.display_name
            RETURNING contact_id
            """;

    private static final String CONVERSATION = """
            INSERT INTO bot.conversations (conversation_id, tenant_id, contact_id)
            VALUES (uuidv7(), ?, ?)
            ON CONFLICT (tenant_id, contact_id, status) DO UPDATE SET updated_at = now()
            RETURNING conversation_id, last_step
            """;

    private static final String MESSAGE = """
            INSERT INTO bot.messages (message_id, tenant_id, conversation_id, contact_id, direction, provider,
                provider_msg_id, channel, text, payload, trace_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?)
            """;

    private static final String STATE = """
            UPDATE bot.conversations
            SET last_step = ?, last_intent = ?, last_inbound_at = now(), last_outbound_at = now(), updated_at = now()
            WHERE conversation_id = ?
            """;

    private static final String FOLLOW_UP = """
            INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id)
            VALUES (?, ?, 'send_outbound_message', ?, ?)
            """;

    private static final String DONE = """
            UPDATE bot.job_queue
            SET status = 'done', attempts = attempts + 1, locked_at = now(), locked_by = 'plain',
                updated_at = clock_timestamp()
            WHERE job_id = ?
            """;

    /** Said to it before its share of a comparison. */
    static final String WORK = "work";

    /** Said after it: sixteen sessions that look for jobs of their kind among all others' would slow down the other side. */
    static final String REST = "rest";

    private static volatile boolean isAtWork;

    private StatementByStatement() {}

    public static void main(String[] args) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:" + System.getenv("PARLEY_DB_URL"));
        config.setUsername(System.getenv("PARLEY_DB_USER"));
        config.setPassword(System.getenv("PARLEY_DB_PASSWORD"));
        config.setMaximumPoolSize(THREADS);
        config.setAutoCommit(false);
        // The same help that the worker's session gets: no plan made for empty tables.
        config.setConnectionInitSql("SET enable_seqscan = off; SET jit = off");
        HikariDataSource pool = new HikariDataSource(config);
        for (int number = 0; number < THREADS; number++) {
            Thread thread = new Thread(() -> work(pool), "plain-" + number);
            thread.setDaemon(true);
            thread.start();
        }
        System.out.println("begun");
        Child.untilParentEnds(line -> isAtWork = line.equals(WORK));
        System.exit(0);
    }

    private static void work(HikariDataSource pool) {
        while (true) {
            try {
                if (!isAtWork || !one(pool)) {
                    TimeUnit.MILLISECONDS.sleep(250);
                }
            } catch (SQLException e) {
                e.printStackTrace();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static boolean one(HikariDataSource pool) throws SQLException {
        try (Connection db = pool.getConnection()) {
            return one(db);
        }
    }

    private static boolean one(Connection db) throws SQLException {
        try (PreparedStatement take = db.prepareStatement(TAKE);
                ResultSet job = take.executeQuery()) {
            if (!job.next()) {
                db.rollback();
                return false;
            }
            handle(
                    db,
                    job.getObject(1, UUID.class),
                    job.getObject(2, UUID.class),
                    job.getObject(3, UUID.class),
                    job.getObject(4, UUID.class));
            db.commit();
            return true;
        } catch (SQLException e) {
            db.rollback();
            throw e;
        }
    }

    private static void handle(Connection db, UUID job, UUID tenant, UUID event, UUID trace) throws SQLException {
        String channel;
        String address;
        String provider;
        String providerMessage;
        String text;
        String name;
        try (PreparedStatement read = with(db, EVENT, event);
                ResultSet row = read.executeQuery()) {
            row.next();
            channel = row.getString(1);
            address = row.getString(2);
            provider = row.getString(3);
            providerMessage = row.getString(4);
            text = row.getString(5);
            name = row.getString(6);
        }
        UUID contact;
        try (PreparedStatement upsert = with(db, CONTACT, tenant, channel, address, name);
                ResultSet row = upsert.executeQuery()) {
            row.next();
            contact = row.getObject(1, UUID.class);
        }
        UUID conversation;
        boolean greeted;
        try (PreparedStatement open = with(db, CONVERSATION, tenant, contact);
                ResultSet row = open.executeQuery()) {
            row.next();
            conversation = row.getObject(1, UUID.class);
            greeted = row.getString(2) != null;
        }
        UUID reply = UUID.randomUUID();
        String answer = greeted
                ? "Thank you for your message. Someone from Harbour Dental will get back to you."
                : "Hi " + name + ", this is Harbour Dental. How can we help you?";
        run(
                db,
                MESSAGE,
                event,
                tenant,
                conversation,
                contact,
                "inbound",
                provider,
                providerMessage,
                channel,
                text,
                "{}",
                trace);
        run(
                db,
                MESSAGE,
                reply,
                tenant,
                conversation,
                contact,
                "outbound",
                "ghl",
                null,
                channel,
                answer,
                "{\"author\":\"bot\",\"delivery\":{\"state\":\"planned\"}}",
                trace);
        run(db, STATE, greeted ? "fallback" : "greeted", greeted ? "unknown" : "greeting", conversation);
        run(db, FOLLOW_UP, reply, tenant, event, trace);
        run(db, DONE, job);
    }

    private static PreparedStatement with(Connection db, String sql, Object... values) throws SQLException {
        PreparedStatement statement = db.prepareStatement(sql);
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        return statement;
    }

    private static void run(Connection db, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                if (values[i] == null) {
                    statement.setNull(i + 1, java.sql.Types.VARCHAR);
                } else {
                    statement.setObject(i + 1, values[i]);
                }
            }
            statement.executeUpdate();
        }
    }
}
