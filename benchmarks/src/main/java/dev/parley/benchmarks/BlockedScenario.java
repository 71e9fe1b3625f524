package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * A queue with a past: a million finished jobs, 100,000 dead letters, and one contact with 100,000 messages waiting behind a
 * head that has to come again in an hour. Everybody else's jobs against the same on empty tables.
 */
final class BlockedScenario implements Scenario {
    private static final int JOBS = 100_000;
    private static final int CONTACTS = 5_000;
    private static final int FROM = 2_000_000;
    /** As many as it takes to compile what is hot, and to have read past all those who wait, a page for a page. */
    private static final int FIRST = 130_000;

    /** Without foreign keys being checked one by one: this is what was there before, not what is measured. */
    private static final String PAST = """
            SET session_replication_role = replica;
            WITH input AS MATERIALIZED (
                SELECT g.i, uuidv7() AS event, uuidv7() AS job, '%1$s'::uuid AS tenant,
                       statement_timestamp() - interval '1 day' + g.i * interval '1 millisecond' AS at
                FROM generate_series(1, %2$d) g(i)
            ), event AS (
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, channel, channel_address,
                    received_at, dedupe_key, payload, trace_id)
                SELECT event, tenant, 'standard-webhooks', 'inbound_message', 'sms', %3$s, at, '%4$s' || i, '{}', event
                FROM input
            )
            INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, status, attempts, run_after, locked_at,
                locked_by, created_at, updated_at, trace_id)
            SELECT job, tenant, 'process_inbound_message', event, '%5$s', %6$s, %7$s, %8$s, NULL, at, at, event
            FROM input;
            RESET session_replication_role;
            """;

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("blocked: 1,000,000 done, 100,000 dead, 100,000 behind a blocked head");
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "clean", "blocked")) {
                report.series(name(side), "jobs/s").add(run(lab, report, side.equals("blocked")));
            }
        }
        report.atLeast(
                "with a past : clean",
                0.9,
                report.series(name("blocked"), "jobs/s").ratioTo(report.series(name("clean"), "jobs/s")));
        return report;
    }

    private static String name(String side) {
        return side.equals("blocked") ? "other contacts, beside all that" : "the same on empty tables";
    }

    private static double run(Lab lab, Report report, boolean blocked)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        if (blocked) {
            past(lab, 1_000_000, "'+1558' || i % 5000", "done", "done", "1", "at", "at");
            past(lab, 100_000, "'+1559' || i % 5000", "dead", "failed", "8", "at", "at");
            // The first of them was tried and waits; the rest are due since yesterday, behind it.
            past(
                    lab,
                    100_000,
                    "'+15550009999'",
                    "line",
                    "queued",
                    "CASE WHEN i = 1 THEN 1 ELSE 0 END",
                    "CASE WHEN i = 1 THEN at + interval '25 hours' ELSE at END",
                    "CASE WHEN i = 1 THEN at END");
            Work.settle(lab);
        }
        try (Workers running = Workers.start(lab, 1, "noop")) {
            load(lab, FROM, FROM + FIRST / 2);
            load(lab, FROM + FIRST / 2 + 1, FROM + FIRST);
            load(lab, FROM + FIRST + 1, FROM + FIRST + JOBS);
            running.checkAlive();
        }
        report.check("jobs that overtook the blocked head of their line", 0, lab.number("""
                        SELECT count(*) FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id)
                        WHERE e.dedupe_key LIKE 'line%' AND j.status <> 'queued'
                        """));
        report.check("other contacts' jobs left", 0, lab.number("""
                SELECT count(*) FROM bot.job_queue WHERE status <> 'done' AND status <> 'failed' AND tenant_id <> '%s'
                """.formatted(
                        lab.tenants().get(0))));
        return lab.real("""
                SELECT count(*) / extract(epoch FROM max(j.updated_at) - min(j.updated_at))
                FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id)
                WHERE j.status = 'done' AND e.provider_event_id LIKE 'e%%'
                  AND substr(e.provider_event_id, 2)::int > %d
                """.formatted(FROM + FIRST));
    }

    private static void load(Lab lab, int from, int until) throws SQLException, InterruptedException {
        Work.load(lab, new Work.Load("g.i % " + CONTACTS, "2 + g.i % 19", Work.TYPE, from, until), """
                DELETE FROM bot.job_queue USING bot.inbound_events e
                WHERE job_queue.inbound_event_id = e.inbound_event_id
                  AND e.dedupe_key LIKE 'wh:e%%' AND substr(e.provider_event_id, 2)::int BETWEEN %1$d AND %2$d;
                DELETE FROM bot.inbound_events
                WHERE dedupe_key LIKE 'wh:e%%' AND substr(provider_event_id, 2)::int BETWEEN %1$d AND %2$d
                """.formatted(
                        from, until));
        Work.awaitLast(lab, Duration.ofMinutes(3));
    }

    private static void past(
            Lab lab, int count, String address, String key, String status, String attempts, String due, String locked)
            throws SQLException {
        lab.execute(PAST.formatted(lab.tenants().get(0), count, address, key, status, attempts, due, locked));
    }
}
