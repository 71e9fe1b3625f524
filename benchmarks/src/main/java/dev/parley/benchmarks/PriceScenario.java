package dev.parley.benchmarks;

import dev.parley.queue.PricedDrain;
import dev.parley.queue.PricedDrain.Safety;
import io.vertx.pgclient.PgConnectOptions;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What each safety costs: a drain by the queue's own statements, with the part of one safety taken out of their text here and
 * nowhere else. Fairness is no part of a statement, so the worker itself drains a queue of which one tenant has nine tenths,
 * which it then reads apart, and one in which all have as much.
 */
final class PriceScenario implements Scenario {
    private static final int JOBS = 60_000;
    private static final int CONTACTS = 5_000;
    private static final String ALL = "all safeties";
    private static final String NONE = "none of the four";
    private static final String EVEN = "the worker, every tenant has as much";
    private static final String CROWD = "the worker, one tenant has nine tenths and is read apart";

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("price: the same drain without one safety or another");
        Map<String, Set<Safety>> sides = sides();
        drain(lab, report, Set.of());
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, sides.keySet().toArray(String[]::new))) {
                report.series(side, "jobs/s").add(drain(lab, report, Objects.requireNonNull(sides.get(side))));
            }
        }
        fairness(lab, report, rounds);
        Series all = report.series(ALL, "jobs/s");
        for (String side : sides.keySet()) {
            if (!side.equals(ALL)) {
                report.note(price(side, report.series(side, "jobs/s").ratioTo(all)));
            }
        }
        report.note(price(EVEN, report.series(EVEN, "jobs/s").ratioTo(report.series(CROWD, "jobs/s"))));
        return report;
    }

    private static String price(String side, double ratio) {
        return String.format(Locale.ROOT, "%s: %.2f times as fast", side, ratio);
    }

    private static Map<String, Set<Safety>> sides() {
        Map<String, Set<Safety>> sides = new LinkedHashMap<>();
        sides.put(ALL, EnumSet.noneOf(Safety.class));
        for (Safety one : Safety.values()) {
            sides.put("without " + one.name().toLowerCase(Locale.ROOT), EnumSet.of(one));
        }
        sides.put(NONE, EnumSet.allOf(Safety.class));
        return sides;
    }

    private static double drain(Lab lab, Report report, Set<Safety> off) throws SQLException {
        lab.reset();
        Work.load(lab, JOBS, CONTACTS);
        PgConnectOptions database = PgConnectOptions.fromUri(
                        lab.stack().database().url())
                // A worker may not delete what is not old yet.
                .setUser("postgres")
                .setPassword(lab.stack().database().password("postgres").reveal());
        long nanos = new PricedDrain(off).run(database, Work.TYPE, JOBS);
        long left = lab.number("SELECT count(*) FROM bot.job_queue WHERE status <> 'done'");
        report.check("jobs left", 0, left);
        report.check(
                "jobs kept", off.contains(Safety.HISTORY) ? 0 : JOBS, lab.number("SELECT count(*) FROM bot.job_queue"));
        return JOBS / (nanos / 1e9);
    }

    private static void fairness(Lab lab, Report report, int rounds)
            throws IOException, SQLException, InterruptedException {
        try (Workers running = Workers.start(lab, 1, "noop")) {
            running.warm(lab, JOBS, CONTACTS);
            for (int round = 0; round < rounds; round++) {
                for (String side : Alternating.order(round, EVEN, CROWD)) {
                    lab.reset();
                    String tenant = side.equals(CROWD)
                            ? "CASE WHEN g.i % 10 > 0 THEN 1 ELSE 1 + g.i / 10 % " + Lab.TENANTS + " END"
                            : "1 + g.i % " + Lab.TENANTS;
                    Work.load(lab, new Work.Load("g.i % " + CONTACTS, tenant, Work.TYPE, 1, JOBS));
                    Work.await(lab, Duration.ofMinutes(2));
                    running.checkAlive();
                    Work.checkDone(lab, report, JOBS);
                    report.series(side, "jobs/s").add(Work.doneRate(lab));
                }
            }
        }
    }
}
