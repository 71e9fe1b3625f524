package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** One tenant drops 100,000 messages at once; nineteen others go on writing one a second each. */
final class FairScenario implements Scenario {
    private static final int CROWD = 100_000;
    private static final int SECONDS = 30;

    private static final String ONE = """
            WITH event AS (
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, provider_event_id,
                    provider_msg_id, channel, channel_address, dedupe_key, payload, trace_id)
                VALUES (uuidv7(), ?, 'standard-webhooks', 'inbound_message', ?, ?, 'sms', ?, ?,
                    '{"type":"message.received","data":{"channel":"sms","text":"Do you have a slot?"}}', uuidv7())
                RETURNING inbound_event_id, tenant_id, trace_id
            )
            INSERT INTO bot.job_queue
                (job_id, tenant_id, job_type, inbound_event_id, run_after, created_at, updated_at, trace_id)
            SELECT uuidv7(), tenant_id, 'process_inbound_message', inbound_event_id, statement_timestamp(),
                statement_timestamp(), statement_timestamp(), trace_id
            FROM event
            """;

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("fair: nineteen tenants beside one with 100,000 messages");
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "quiet", "crowd")) {
                measure(lab, report, side.equals("crowd"));
            }
        }
        report.atMost(
                "small tenants' p99 wait, crowd : quiet",
                3,
                report.series("wait of small tenants beside the crowd, p99", "ms")
                        .ratioTo(report.series("wait of small tenants, quiet, p99", "ms")));
        return report;
    }

    private static void measure(Lab lab, Report report, boolean crowd)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        int written;
        try (Workers running = Workers.start(lab, 1, "message")) {
            running.warm(lab, 120_000, 5_000);
            if (crowd) {
                Work.load(lab, new Work.Load("g.i % 5000", "1", Work.TYPE, 1, CROWD));
                lab.await(
                        "SELECT (count(*) > 0)::int FROM bot.job_queue WHERE status = 'done'",
                        1,
                        Duration.ofMinutes(1));
            }
            written = trickle(lab);
            Work.await(lab, Duration.ofMinutes(3));
            running.checkAlive();
        }
        Work.checkDone(lab, report, written + (crowd ? CROWD : 0));
        if (crowd) {
            report.check("jobs of the crowd that were left while the others wrote", 1, lab.number("""
                    SELECT (max(locked_at) FILTER (WHERE tenant_id = '%1$s')
                            > max(created_at) FILTER (WHERE tenant_id <> '%1$s'))::int
                    FROM bot.job_queue WHERE job_type = 'process_inbound_message'
                    """.formatted(
                            lab.tenants().get(0))));
            report.series("the crowd's own messages meanwhile", "/s")
                    .add(lab.real("""
                    WITH others AS (
                        SELECT min(created_at) AS first, max(created_at) AS last
                        FROM bot.job_queue WHERE job_type = 'process_inbound_message' AND tenant_id <> '%1$s'
                    )
                    SELECT count(*) / extract(epoch FROM max(o.last) - max(o.first))
                    FROM bot.job_queue j JOIN others o ON j.locked_at BETWEEN o.first AND o.last
                    WHERE j.job_type = 'process_inbound_message' AND j.tenant_id = '%1$s'
                    """.formatted(lab.tenants().get(0))));
        }
        String wait =
                "SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY extract(epoch FROM locked_at - created_at) * 1000)"
                        + " FROM bot.job_queue WHERE job_type = 'process_inbound_message' AND tenant_id <> '"
                        + lab.tenants().get(0) + "'";
        String name = crowd ? "wait of small tenants beside the crowd" : "wait of small tenants, quiet";
        report.series(name + ", p50", "ms").add(lab.real(wait.formatted("0.5")));
        report.series(name + ", p99", "ms").add(lab.real(wait.formatted("0.99")));
    }

    /** One message a second of each small tenant, evenly over the second, with the hint that ingest would send. */
    private static int trickle(Lab lab) throws SQLException, InterruptedException {
        int tenants = Lab.TENANTS - 1;
        int written = 0;
        try (Connection db = lab.connect("ingest");
                PreparedStatement one = db.prepareStatement(ONE);
                PreparedStatement hint = db.prepareStatement("SELECT pg_notify('parley_jobs', '')")) {
            long begun = System.nanoTime();
            for (int i = 0; i < SECONDS * tenants; i++) {
                long due = begun + TimeUnit.SECONDS.toNanos(1) * i / tenants;
                TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
                String id = UUID.randomUUID().toString();
                one.setObject(1, lab.tenants().get(1 + i % tenants));
                one.setString(2, id);
                one.setString(3, id);
                one.setString(4, "+1557" + String.format(java.util.Locale.ROOT, "%07d", i % 100));
                one.setString(5, id);
                one.executeUpdate();
                hint.execute();
                written++;
            }
        }
        return written;
    }
}
