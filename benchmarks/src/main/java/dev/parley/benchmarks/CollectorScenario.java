package dev.parley.benchmarks;

import dev.parley.benchmarks.load.HttpLoad;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * What senders feel of ingest's garbage collector: the open loop at half of what 64 connections do, with the options that are
 * shipped and with one added, each in a process of its own that is warm.
 */
final class CollectorScenario implements Scenario {
    private static final Duration WARM_UP = Duration.ofSeconds(20);
    private static final Duration MEASURED = Duration.ofSeconds(10);
    private static final String SHIPPED = "as shipped";
    private static final List<String> ADDED = List.of("-XX:GCTimeRatio=99", "-Xmn96m");

    /** A service with its options, and who sends to it. */
    private record Side(Lab lab, JudgedLoad load) {}

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("collector: the open loop, ingest's Java with one option more");
        Map<String, Side> sides = new LinkedHashMap<>();
        List<Lab> opened = new ArrayList<>();
        try {
            sides.put(SHIPPED, new Side(lab, new JudgedLoad(lab, report)));
            for (String option : ADDED) {
                Lab own = lab.another("java" + opened.size(), Map.of("JAVA_TOOL_OPTIONS", option));
                opened.add(own);
                sides.put(option, new Side(own, new JudgedLoad(own, report)));
            }
            double slowest = Double.MAX_VALUE;
            for (Side side : sides.values()) {
                side.load.closed(64, false, WARM_UP);
                slowest =
                        Math.min(slowest, side.load.closed(64, false, MEASURED).perSecond());
            }
            double perSecond = slowest / 2;
            report.note(String.format(Locale.ROOT, "at %,.0f events a second", perSecond));
            for (int round = 0; round < rounds; round++) {
                for (String name : Alternating.order(round, sides.keySet().toArray(String[]::new))) {
                    open(Objects.requireNonNull(sides.get(name)), report, name, perSecond);
                }
            }
        } finally {
            for (Lab one : opened) {
                one.close();
            }
        }
        for (String option : ADDED) {
            report.note(String.format(
                    Locale.ROOT,
                    "%s: p99 %.2f times that of what is shipped",
                    option,
                    p99(report, option).ratioTo(p99(report, SHIPPED))));
        }
        return report;
    }

    private static Series p99(Report report, String side) {
        return report.series(side + ", p99", "ms");
    }

    private static void open(Side side, Report report, String name, double perSecond) throws IOException, SQLException {
        side.lab.reset();
        HttpLoad.Result result = side.load.open(256, perSecond, MEASURED);
        report.series(name + ", p50", "ms").add(result.latencyMicros().getValueAtPercentile(50) / 1e3);
        p99(report, name).add(result.latencyMicros().getValueAtPercentile(99) / 1e3);
        report.series(name + ", p99.9", "ms").add(result.latencyMicros().getValueAtPercentile(99.9) / 1e3);
        report.series(name + ", memory", "MB")
                .add(Memory.residentMegabytes(side.lab.stack().ingest().pid()));
    }
}
