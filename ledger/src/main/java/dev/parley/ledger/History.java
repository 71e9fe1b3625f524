package dev.parley.ledger;

import java.util.Locale;

/** A queue with a past: done jobs and dead letters of a tenant that is not part of the run. */
final class History {
    private static final int DONE = Integer.getInteger("parley.ledger.done", 1_000_000);
    private static final int DEAD = Integer.getInteger("parley.ledger.dead", 200_000);

    private static final String TENANT = """
            INSERT INTO core.tenants (tenant_slug, name, messaging_adapter, settings)
            VALUES ('history', 'History', 'ghl', '{"ledger": {"history": true}}')
            """;

    private static final String EVENTS = """
            INSERT INTO bot.inbound_events
                (tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel, channel_address,
                 received_at, dedupe_key, payload)
            SELECT t.tenant_id, 'ghl', 'inbound_message', 'h' || n, 'h' || n, 'sms', '+1555' || (n %% 5000),
                   now() - interval '1 day', 'history:' || n, '{}'
            FROM core.tenants t, generate_series(1, %d) n
            WHERE t.tenant_slug = 'history'
            """;

    private static final String JOBS = """
            INSERT INTO bot.job_queue
                (tenant_id, job_type, inbound_event_id, status, attempts, run_after, locked_at, locked_by, last_error,
                 created_at, trace_id)
            SELECT e.tenant_id, 'process_inbound_message', e.inbound_event_id,
                   CASE WHEN e.n <= %d THEN 'failed' ELSE 'done' END, 1,
                   e.received_at, e.received_at, 'history', CASE WHEN e.n <= %d THEN 'attempt 1: planted' END,
                   e.received_at, e.trace_id
            FROM (SELECT row_number() OVER () AS n, * FROM bot.inbound_events) e
            """;

    private History() {}

    static Scenario scenario() {
        return Scenario.of(
                        "history",
                        String.format(Locale.ROOT, "%,d done jobs and %,d dead letters are there before", DONE, DEAD),
                        stage -> {})
                .after(History::plant);
    }

    private static void plant(Stage stage) {
        stage.say("planting history");
        stage.eyes()
                .run(
                        TENANT,
                        String.format(Locale.ROOT, EVENTS, DONE + DEAD),
                        String.format(Locale.ROOT, JOBS, DEAD, DEAD),
                        "ANALYZE bot.job_queue",
                        "ANALYZE bot.inbound_events");
    }
}
