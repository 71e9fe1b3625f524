package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * How fast the queue drains: a heap of reports about nobody's message, of a tenant that is not part of the run, timed from
 * the first settlement to the last by the database's clock.
 */
final class Burst {
    private static final int JOBS = 20_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofSeconds(4);
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private static final String TENANT = """
            INSERT INTO core.tenants (tenant_slug, name, messaging_adapter, settings)
            VALUES ('burst', 'Burst', 'ghl', '{"ledger": {"history": true}}')
            """;

    private static final String HEAP = """
            WITH event AS (
                INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                SELECT t.tenant_id, 'ghl', 'burst', 'burst:%1$d:' || n, '{}'
                FROM core.tenants t, generate_series(1, %2$d) n
                WHERE t.tenant_slug = 'burst'
                RETURNING inbound_event_id, tenant_id, trace_id
            )
            INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, trace_id, run_after, created_at)
            SELECT tenant_id, 'process_delivery_status', inbound_event_id, trace_id, at, at
            FROM (
                SELECT e.*, statement_timestamp() + row_number() OVER () * interval '1 microsecond' AS at
                FROM event e
            ) stamped
            """;

    private static final String NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    /**
     * Asked again and again while others are measured: from where the heap begins in the index, because with a snapshot held
     * the entries of every job that was ever done stand before it.
     */
    private static final String WAITING = """
            SELECT count(*)
            FROM (
                SELECT FROM bot.job_queue j
                WHERE j.status IN ('queued', 'processing')
                  AND j.run_after >= to_timestamp(%d / 1000000.0)
                  AND j.tenant_id = (SELECT t.tenant_id FROM core.tenants t WHERE t.tenant_slug = 'burst')
                LIMIT 1
            ) any_at_all
            """;

    private static final String OF_BURST = """
            FROM bot.job_queue j
            JOIN bot.inbound_events e USING (inbound_event_id)
            WHERE e.dedupe_key LIKE 'burst:%d:%%'
            """;

    private final Stage stage;
    private int heaps;

    private Burst(Stage stage) {
        this.stage = stage;
    }

    static Burst on(Stage stage) {
        stage.eyes().run(TENANT);
        return new Burst(stage);
    }

    /** Jobs a second; 0 if they were not all done in a minute. */
    double drain() {
        int heap = ++heaps;
        String waiting =
                String.format(Locale.ROOT, WAITING, stage.eyes().number(NOW).orElse(0));
        stage.eyes().run(String.format(Locale.ROOT, HEAP, heap, JOBS));
        String of = String.format(Locale.ROOT, OF_BURST, heap);
        boolean done = Waiting.until(PATIENCE, LOOK_EVERY, () -> stage.eyes().is(waiting, 0))
                && stage.eyes().is("SELECT count(*) " + of + " AND j.status = 'done'", JOBS);
        long micros = stage.eyes()
                .number("SELECT (extract(epoch FROM max(j.updated_at) - min(j.updated_at)) * 1000000)::bigint " + of)
                .orElse(0);
        double rate = done && micros > 0 ? JOBS * 1e6 / micros : 0;
        stage.say(String.format(Locale.ROOT, "%,d jobs drained at %,.0f a second", JOBS, rate));
        return rate;
    }

    /** The first ones compile what is hot. */
    void warmUp() {
        for (int i = 0; i < 6; i++) {
            drain();
        }
    }

    /** At one pace: drains that follow each other at once are faster than those that come out of the blue. */
    List<Double> drainNowAndThen(int times) {
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            stage.pause(PAUSE);
            rates.add(drain());
        }
        return rates;
    }

    static double median(List<Double> rates) {
        if (rates.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = new ArrayList<>(rates);
        Collections.sort(sorted);
        return sorted.get((sorted.size() - 1) / 2);
    }

    /** Holds what was reached in trouble against what was reached in peace. */
    static Bar ratio(String what, List<Double> trouble, List<Double> peace, double atLeast) {
        return new Bar(what, 100 * median(trouble) / median(peace), "%", 100 * atLeast, false);
    }
}
