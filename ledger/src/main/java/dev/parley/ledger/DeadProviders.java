package dev.parley.ledger;

import dev.parley.sandbox.standin.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** The providers of two tenants take calls and never answer; nobody else may notice. */
final class DeadProviders {
    private static final List<Integer> DEAD = List.of(3, 7);

    /** From stored to the answer taken, of every event of the others in a span of time. What is still open is as old as it is. */
    private static final String P99 = """
            SELECT (1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(
                       epoch FROM CASE WHEN j.status = 'done' THEN j.updated_at ELSE now() END - e.received_at)))::bigint
            FROM bot.job_queue j
            JOIN bot.inbound_events e USING (inbound_event_id)
            JOIN core.tenants t ON t.tenant_id = e.tenant_id
            WHERE j.job_type = 'send_outbound_message'
              AND t.tenant_slug NOT IN ('ledger-03', 'ledger-07')
              AND e.received_at >= '%s' AND e.received_at < '%s'
            """;

    private DeadProviders() {}

    static Scenario scenario() {
        return Scenario.of("dead-providers", "two of twenty tenants' providers never answer", DeadProviders::die)
                .at(Pace.of(60, 180, Settings.PER_SECOND));
    }

    private static void die(Stage stage) {
        Duration third = stage.left().dividedBy(3);
        // Services that just started are slower than any neighbour could make them.
        stage.pause(third);
        Instant quiet = Instant.now();
        stage.pause(third);
        Instant death = Instant.now();
        stage.say("the providers of two tenants stop answering");
        for (int tenant : DEAD) {
            stage.provider()
                    .fault(Fault.of(Fault.Kind.SILENCE)
                            .on("POST", "/conversations/messages")
                            .at(Run.location(tenant).id()));
        }
        stage.pause(stage.left());
        Instant end = Instant.now();
        // What came last is answered too.
        Waiting.pause(Duration.ofSeconds(2));
        double before = p99(stage, quiet, death);
        double after = p99(stage, death, end);
        stage.measured()
                .note(String.format(
                        Locale.ROOT,
                        "p99 time to reply of the others: quiet %.0f ms, beside the dead %.0f ms",
                        before,
                        after));
        stage.measured()
                .bar(new Bar("p99 time to reply of the others, against quiet", after / before, "times", 1.5, true));
    }

    private static double p99(Stage stage, Instant from, Instant until) {
        OptionalLong found = stage.eyes().number(String.format(Locale.ROOT, P99, from, until));
        return found.isPresent() && found.getAsLong() > 0 ? found.getAsLong() : Double.NaN;
    }
}
