package dev.parley.benchmarks;

import dev.parley.benchmarks.load.HttpLoad;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The real ingest service answering signed webhooks of 1 KiB after their commit, against the same rows written by SQL alone:
 * one event per commit by pgbench (the floor any team would build on), 256 per commit (the ceiling).
 */
final class IngestScenario implements Scenario {
    private static final String FLOOR = "SQL alone, one event per commit (pgbench, %d clients)";
    private static final String CEILING = "SQL alone, 256 per commit, 2 connections";
    private static final Duration MEASURED = Duration.ofSeconds(6);
    /** A JVM on two cores that are busy compiles for about a minute; until then no two rounds are alike. */
    private static final Duration WARM_UP = Duration.ofSeconds(20);
    /** For what differs a little from what is warm. */
    private static final Duration WARM_UP_AGAIN = Duration.ofSeconds(10);

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("ingest: signed 1 KiB webhooks, answered after commit");
        JudgedLoad load = new JudgedLoad(lab, report);
        long pid = lab.stack().ingest().pid();
        report.series("memory of ingest, idle", "MB").add(Memory.residentMegabytes(pid));
        FloorAndCeiling sql = new FloorAndCeiling(lab);
        int bestClients = sql.available() ? sql.bestClients() : 0;
        String floor = String.format(Locale.ROOT, FLOOR, bestClients);
        // Compiled code and warm caches, on every kind of load it will see.
        load.closed(256, false, WARM_UP);
        load.closed(64, false, WARM_UP);
        load.closed(256, true, WARM_UP_AGAIN);
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "64", "256", "half", "floor", "ceiling")) {
                switch (side) {
                    case "64" -> closed(lab, load, report, 64, false, "ingest, 64 connections");
                    case "256" -> closed(lab, load, report, 256, false, "ingest, 256 connections");
                    case "half" -> closed(lab, load, report, 256, true, "ingest, 256 connections, half duplicates");
                    case "floor" -> {
                        if (bestClients > 0) {
                            report.series(floor, "events/s").add(sql.floor(bestClients));
                        }
                    }
                    default -> report.series(CEILING, "events/s").add(sql.ceiling());
                }
            }
            report.series("memory of ingest, full load", "MB").add(Memory.residentMegabytes(pid));
        }
        Series at64 = report.series("ingest, 64 connections", "events/s");
        Series at256 = report.series("ingest, 256 connections", "events/s");
        Series half = report.series("ingest, 256 connections, half duplicates", "events/s");
        if (bestClients > 0) {
            Series oneByOne = report.series(floor, "events/s");
            report.atLeast("64 connections × one event per commit", 1.75, at64.ratioTo(oneByOne));
            report.atLeast("256 connections × one event per commit", 2.0, at256.ratioTo(oneByOne));
        } else {
            report.note("pgbench is not on the PATH: no floor was measured");
        }
        report.atLeast("256 connections : 256 per commit", 0.6, at256.ratioTo(report.series(CEILING, "events/s")));
        report.atLeast("half duplicates : none", 1.0, half.ratioTo(at256));
        report.atMost(
                "memory idle, MB",
                140,
                report.series("memory of ingest, idle", "MB").median());
        report.atMost(
                "memory under full load, MB",
                330,
                report.series("memory of ingest, full load", "MB").median());
        report.atMost(
                "commits per event",
                0.1,
                report.series("commits per event, 256 connections", "").median());
        open(lab, load, report, rounds, at64.median() / 2);
        return report;
    }

    private static void closed(Lab lab, JudgedLoad load, Report report, int connections, boolean repeats, String name)
            throws IOException, SQLException {
        lab.reset();
        long allocated = allocated(lab);
        long writes = lab.writes();
        ProcessorTime time = ProcessorTime.from(lab);
        HttpLoad.Result result = load.closed(connections, repeats, MEASURED);
        report.series(name, "events/s").add(result.perSecond());
        if (!repeats) {
            time.report(report, connections + " connections", result.sent());
            report.series("p50, " + connections + " connections", "ms")
                    .add(result.latencyMicros().getValueAtPercentile(50) / 1e3);
            report.series("p99, " + connections + " connections", "ms")
                    .add(result.latencyMicros().getValueAtPercentile(99) / 1e3);
            report.series("commits per event, " + connections + " connections", "")
                    .add((double) (lab.writes() - writes - 1) / result.sent());
            report.series("allocated per request, " + connections + " connections", "KB")
                    .add((allocated(lab) - allocated) / 1e3 / result.sent());
        }
    }

    /** What senders feel at half of what it can. */
    private static void open(Lab lab, JudgedLoad load, Report report, int rounds, double perSecond)
            throws IOException, SQLException {
        String at = String.format(Locale.ROOT, "open loop at %,.0f/s, ", perSecond);
        // Small batches and a schedule are other code than a closed loop's.
        load.open(256, perSecond, WARM_UP_AGAIN);
        for (int round = 0; round < rounds; round++) {
            lab.reset();
            ProcessorTime time = ProcessorTime.from(lab);
            HttpLoad.Result result = load.open(256, perSecond, MEASURED);
            time.report(report, "open loop", result.sent());
            report.series(at + "p50", "ms").add(result.latencyMicros().getValueAtPercentile(50) / 1e3);
            report.series(at + "p99", "ms").add(result.latencyMicros().getValueAtPercentile(99) / 1e3);
            report.series(at + "p99.9", "ms").add(result.latencyMicros().getValueAtPercentile(99.9) / 1e3);
        }
        report.atMost(
                "open loop at half rate, p50 ms",
                3,
                report.series(at + "p50", "ms").median());
        report.atMost(
                "open loop at half rate, p99 ms",
                10,
                report.series(at + "p99", "ms").median());
    }

    /** Bytes the service has allocated so far, by its own meter. */
    private static long allocated(Lab lab) throws IOException {
        URI metrics = lab.stack().ingest().management().resolve("/q/metrics");
        try {
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString());
            List<String> lines = response.body()
                    .lines()
                    .filter(line -> line.startsWith("jvm_gc_memory_allocated_bytes_total"))
                    .toList();
            return lines.isEmpty()
                    ? 0
                    : (long) Double.parseDouble(
                            lines.get(0).substring(lines.get(0).lastIndexOf(' ')));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
