package dev.parley.benchmarks;

import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.Collectors;

/** Events and due jobs, put there by SQL; and what is true of them when a worker is through. */
final class Work {
    private Work() {}

    static final String TYPE = "process_inbound_message";
    private static final String EMPTY =
            "TRUNCATE bot.messages, bot.conversations, bot.contacts, bot.job_queue, bot.inbound_events";
    private static final int SMALL_LOAD = 60_000;

    /** For a small load, and as much more as a load is larger. Grows until preparing fits in. */
    private static Duration ahead = Duration.ofSeconds(4);

    /** Stores {@code count} messages of {@code contacts} contacts over all tenants in turn. */
    static void load(Lab lab, int count, int contacts) throws SQLException {
        load(lab, evenly(contacts, TYPE, 1, count));
    }

    /** @param until the last event's number, the first is {@code from} */
    record Load(String contact, String tenant, String type, int from, int until) {
        private int size() {
            return until - from + 1;
        }
    }

    static Load evenly(int contacts, String type, int from, int until) {
        return new Load("g.i % " + contacts, "1 + g.i % " + Lab.TENANTS, type, from, until);
    }

    /**
     * Stores events and their jobs, which become due together when all is written, vacuumed and on disk. If that took longer
     * than thought, everything is thrown away and begun again with more time.
     */
    static void load(Lab lab, Load what) throws SQLException {
        load(lab, what, EMPTY);
    }

    /** @param undo SQL that takes away what this load wrote */
    static void load(Lab lab, Load what, String undo) throws SQLException {
        while (true) {
            lab.execute(INSERT.formatted(
                    ahead.toMillis() * Math.max(1, what.size() / SMALL_LOAD),
                    tenants(lab),
                    what.tenant(),
                    what.contact(),
                    what.from(),
                    what.until(),
                    what.type()));
            settle(lab);
            boolean inTime = lab.number("SELECT (min(run_after) > clock_timestamp())::int FROM bot.job_queue"
                            + " WHERE job_type = '" + what.type() + "' AND status = 'queued' AND locked_at IS NULL"
                            + " AND run_after > statement_timestamp() - interval '12 hours'")
                    == 1;
            if (inTime) {
                return;
            }
            ahead = ahead.multipliedBy(2);
            lab.execute(undo);
        }
    }

    private static String tenants(Lab lab) {
        return lab.tenants().stream().map(id -> "'" + id + "'").collect(Collectors.joining(",", "ARRAY[", "]"));
    }

    /** Foreign keys are not asked row by row: this is how the work came to be there, not what is measured. */
    private static final String INSERT = """
            SET session_replication_role = replica;
            WITH at AS (SELECT statement_timestamp() + interval '%d milliseconds' AS due),
            input AS MATERIALIZED (
                SELECT g.i, uuidv7() AS event, uuidv7() AS job, uuidv7() AS trace,
                       (%s::uuid[])[%s] AS tenant,
                       '+1555' || lpad((%s)::text, 7, '0') AS address
                FROM generate_series(%d, %d) g(i)
            ), event AS (
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, provider_event_id,
                    provider_msg_id, channel, channel_address, received_at, dedupe_key, payload, trace_id)
                SELECT event, tenant, 'standard-webhooks', 'inbound_message', 'e' || i, 'm' || i, 'sms', address, at.due,
                       'wh:e' || i,
                       jsonb_build_object('type', 'message.received', 'data', jsonb_build_object(
                           'message_id', 'm' || i, 'channel', 'sms', 'address', address, 'name', 'Ada Lovelace',
                           'text', 'Do you have a slot tomorrow? ' || repeat('x', 600))),
                       trace
                FROM input, at
            )
            INSERT INTO bot.job_queue
                (job_id, tenant_id, job_type, inbound_event_id, run_after, created_at, updated_at, trace_id)
            SELECT job, tenant, '%s', event, at.due + i * interval '1 microsecond',
                   at.due + i * interval '1 microsecond', statement_timestamp(), trace
            FROM input, at
            ORDER BY i;
            RESET session_replication_role
            """;

    /** So that no run pays for the loading of its work. */
    static void settle(Lab lab) throws SQLException {
        lab.execute("VACUUM (ANALYZE) bot.inbound_events");
        lab.execute("VACUUM (ANALYZE) bot.job_queue");
        lab.execute("CHECKPOINT");
    }

    private static final String UNDONE =
            "SELECT count(*) FROM bot.job_queue WHERE status = 'queued' AND job_type <> 'send_outbound_message'";

    /** Returns when all is done. Asks about the last job only, until that is: counting is work too. */
    static void await(Lab lab, Duration atMost) throws SQLException, InterruptedException {
        awaitLast(lab, atMost);
        lab.await(UNDONE, 0, atMost);
    }

    /** Returns when the job that is due last is done. */
    static void awaitLast(Lab lab, Duration atMost) throws SQLException, InterruptedException {
        String last = lab.text("SELECT job_id FROM bot.job_queue WHERE job_type <> 'send_outbound_message'"
                + " ORDER BY created_at DESC, job_id DESC LIMIT 1");
        lab.await("SELECT count(*) FROM bot.job_queue WHERE job_id = '" + last + "' AND status <> 'done'", 0, atMost);
    }

    /** Jobs a second from the first commit to the last, by the database's clock. */
    static double doneRate(Lab lab) throws SQLException {
        return lab.real("""
                WITH done AS MATERIALIZED (
                    SELECT updated_at AS at
                    FROM bot.job_queue
                    WHERE status = 'done' AND job_type <> 'send_outbound_message'
                ), span AS MATERIALIZED (SELECT min(at) AS first, max(at) AS last FROM done)
                SELECT (SELECT count(*) FROM done WHERE at > span.first) / extract(epoch FROM span.last - span.first)
                FROM span
                """);
    }

    /** Every job done at its first attempt, each contact's in order. */
    static void checkDone(Lab lab, Report report, int count) throws SQLException {
        report.check(
                "jobs done once",
                count,
                lab.number("SELECT count(*) FROM bot.job_queue WHERE status = 'done' AND attempts = 1"
                        + " AND job_type <> 'send_outbound_message'"));
        report.check("contacts whose messages were handled out of order", 0, lab.number("""
                SELECT count(*)
                FROM (
                    SELECT j.locked_at, lag(j.locked_at) OVER (
                        PARTITION BY e.tenant_id, e.channel, e.channel_address ORDER BY j.created_at, j.job_id) AS before
                    FROM bot.job_queue j
                    JOIN bot.inbound_events e USING (inbound_event_id)
                    WHERE j.job_type <> 'send_outbound_message'
                ) o
                WHERE o.locked_at < o.before
                """));
    }

    /** What handling {@code count} messages must have left, besides finished jobs. */
    static void checkMessages(Lab lab, Report report, int count, int contacts) throws SQLException {
        report.check(
                "inbound messages", count, lab.number("SELECT count(*) FROM bot.messages WHERE direction = 'inbound'"));
        report.check("contacts", contacts, lab.number("SELECT count(*) FROM bot.contacts"));
        report.check(
                "conversations, one a contact",
                contacts,
                lab.number("SELECT count(DISTINCT contact_id) FROM bot.conversations"));
        report.check("planned replies without the job that sends them", 0, lab.number("""
                        SELECT count(*)
                        FROM bot.messages m
                        LEFT JOIN bot.job_queue j ON j.job_id = m.message_id AND j.job_type = 'send_outbound_message'
                        WHERE m.direction = 'outbound' AND j.job_id IS NULL
                        """));
        report.check(
                "replies, one a message",
                count,
                lab.number("SELECT count(*) FROM bot.messages WHERE direction = 'outbound'"));
        report.check("messages out of order in the transcript", 0, lab.number("""
                SELECT count(*)
                FROM (
                    SELECT e.received_at, j.created_at,
                           lag(m.created_at) OVER (PARTITION BY m.contact_id ORDER BY j.created_at) AS before,
                           m.created_at AS at
                    FROM bot.messages m
                    JOIN bot.inbound_events e ON e.inbound_event_id = m.message_id
                    JOIN bot.job_queue j ON j.inbound_event_id = e.inbound_event_id
                         AND j.job_type <> 'send_outbound_message'
                ) o
                WHERE o.at < o.before
                """));
    }
}
