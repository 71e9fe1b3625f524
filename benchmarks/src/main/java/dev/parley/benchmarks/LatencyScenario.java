package dev.parley.benchmarks;

import dev.parley.sandbox.SandboxTenant;
import dev.parley.sandbox.ServiceProcess;
import dev.parley.sandbox.standin.Contact;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.WebhookDelivery;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * One message at a time on an idle pair of real services: from the answered webhook to the start of its handling in the
 * other process, and to the reply at the provider's door.
 */
final class LatencyScenario implements Scenario {
    private static final int MESSAGES = 300;
    private static final int WARM = 300;
    /** Two locations in turn stay well below the 100 calls in 10 s that GoHighLevel allows one: no reply waits for that. */
    private static final List<SandboxTenant> WRITTEN_TO = List.of(SandboxTenant.DENTIST, SandboxTenant.YOGA);

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("latency: an idle system, one message at a time");
        ServiceProcess worker = lab.stack().addWorker();
        worker.awaitReady(Duration.ofSeconds(60));
        try {
            lab.reset();
            converse(lab, report, WARM, 0);
            for (int round = 1; round <= rounds; round++) {
                lab.reset();
                Measured measured = converse(lab, report, MESSAGES, round);
                add(report, "answered → handling begins", measured.handled);
                add(report, "answered → reply at the provider", measured.replied);
                add(report, "sent → answered", measured.answered);
            }
            report.series("memory of a worker, idle", "MB").add(Memory.residentMegabytes(worker.pid()));
        } finally {
            worker.stop(Duration.ofSeconds(30));
        }
        report.atMost(
                "answered → handling begins, p50 ms",
                2,
                report.series("answered → handling begins, p50", "ms").median());
        report.atMost(
                "answered → handling begins, p99 ms",
                6,
                report.series("answered → handling begins, p99", "ms").median());
        report.atMost(
                "memory of a worker, idle, MB",
                140,
                report.series("memory of a worker, idle", "MB").median());
        return report;
    }

    private static void add(Report report, String name, Histogram micros) {
        report.series(name + ", p50", "ms").add(micros.getValueAtPercentile(50) / 1e3);
        report.series(name + ", p99", "ms").add(micros.getValueAtPercentile(99) / 1e3);
    }

    private static final class Measured {
        final Histogram answered = new Histogram(60_000_000, 3);
        final Histogram handled = new Histogram(60_000_000, 3);
        final Histogram replied = new Histogram(60_000_000, 3);
    }

    private static Measured converse(Lab lab, Report report, int messages, int round)
            throws SQLException, InterruptedException {
        GhlStandIn provider = lab.stack().standIn();
        Random random = new Random(round);
        Measured measured = new Measured();
        Map<String, Instant> answeredAt = new HashMap<>();
        provider.forgetCalls();
        for (int number = 0; number < messages; number++) {
            String from = "+1556%03d%04d".formatted(round, number);
            String location =
                    WRITTEN_TO.get(number % WRITTEN_TO.size()).location().id();
            WebhookDelivery delivery = provider.customerWrites(location, from, "Ada", "Do you have a slot?")
                    .join()
                    .deliveries()
                    .get(0);
            WebhookDelivery.Attempt attempt = delivery.attempts().get(0);
            measured.answered.recordValue(micros(attempt.took()));
            answeredAt.put(from, attempt.at().plus(attempt.took()));
            // Idle means: the reply before is long out, and nobody waits for the next message.
            TimeUnit.MILLISECONDS.sleep(90 + random.nextInt(40));
        }
        lab.await(
                "SELECT count(*) FROM bot.job_queue WHERE status = 'done' AND job_type = 'send_outbound_message'",
                messages,
                Duration.ofSeconds(30));
        for (Map.Entry<String, Instant> one : answeredAt.entrySet()) {
            double began = lab.real("""
                    SELECT extract(epoch FROM j.locked_at)
                    FROM bot.job_queue j
                    JOIN bot.inbound_events e USING (inbound_event_id)
                    WHERE e.channel_address = '%s' AND j.job_type = 'process_inbound_message'
                    """.formatted(one.getKey()));
            measured.handled.recordValue(Math.max(0, Math.round((began - seconds(one.getValue())) * 1e6)));
        }
        Map<String, String> phones = WRITTEN_TO.stream()
                .flatMap(tenant -> provider.contacts(tenant.location().id()).stream())
                .collect(Collectors.toMap(Contact::id, Contact::phone));
        provider.calls().stream()
                .filter(call -> call.method().equals("POST") && call.path().equals("/conversations/messages"))
                .forEach(call -> {
                    String to = phones.get(new JsonObject(call.body()).getString("contactId"));
                    measured.replied.recordValue(Math.max(0, micros(Duration.between(answeredAt.get(to), call.at()))));
                });
        report.check("replies at the provider", messages, measured.replied.getTotalCount());
        return measured;
    }

    private static double seconds(Instant at) {
        return at.getEpochSecond() + at.getNano() / 1e9;
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }
}
