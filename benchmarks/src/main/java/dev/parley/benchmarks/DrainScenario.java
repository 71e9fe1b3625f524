package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Jobs that do nothing, handled by the worker's own spine with history, order, fence and trace on, against db-scheduler's
 * lock-and-fetch, which deletes what is done and keeps no order. Then the same with a snapshot held, and after a million.
 */
final class DrainScenario implements Scenario {
    private static final int JOBS = 150_000;
    private static final int WARM = 60_000;
    private static final int CONTACTS = 5_000;
    private static final int MILLION = 1_000_000;
    private static final Duration DUE_IN = Duration.ofSeconds(25);

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("drain: jobs that do nothing");
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "one", "two", "peer", "snapshot")) {
                switch (side) {
                    case "one" -> report.series("Parley, one worker", "jobs/s").add(drain(lab, report, 1, false));
                    case "two" -> report.series("Parley, two workers", "jobs/s").add(drain(lab, report, 2, false));
                    case "snapshot" ->
                        report.series("Parley, one worker, a snapshot held", "jobs/s")
                                .add(drain(lab, report, 1, true));
                    default ->
                        report.series("db-scheduler, lock-and-fetch, 20 threads", "jobs/s")
                                .add(DbSchedulerPeer.measure(lab, report, WARM / 3, JOBS / 3));
                }
            }
        }
        Series one = report.series("Parley, one worker", "jobs/s");
        Series peer = report.series("db-scheduler, lock-and-fetch, 20 threads", "jobs/s");
        report.atLeast("one worker × db-scheduler", 3.3, one.ratioTo(peer));
        report.atLeast(
                "snapshot held : clean",
                0.85,
                report.series("Parley, one worker, a snapshot held", "jobs/s").ratioTo(one));
        afterAMillion(lab, report, one.median());
        return report;
    }

    private double drain(Lab lab, Report report, int workers, boolean snapshot)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        try (Workers running = Workers.start(lab, workers, "noop")) {
            running.warm(lab, WARM, CONTACTS);
            // Taken before the work exists: everything that is done from here on stays visible to somebody.
            try (Snapshot held = snapshot ? Snapshot.hold(lab) : Snapshot.none()) {
                Work.load(lab, JOBS, CONTACTS, DUE_IN);
                lab.await(Work.UNDONE, 0, Duration.ofMinutes(2));
                running.checkAlive();
                held.check();
            }
            Work.checkDone(lab, report, JOBS);
            return Work.doneRate(lab);
        }
    }

    /** One worker, without a pause, until a million are done: the last 150,000 against a clean table's. */
    private void afterAMillion(Lab lab, Report report, double clean)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        try (Workers running = Workers.start(lab, 1, "noop")) {
            running.warm(lab, WARM, CONTACTS);
            Work.load(lab, MILLION, CONTACTS, Duration.ofSeconds(100));
            lab.await(Work.UNDONE, 0, Duration.ofMinutes(3));
            running.checkAlive();
        }
        Work.checkDone(lab, report, MILLION);
        String rate = """
                SELECT count(*) / extract(epoch FROM max(updated_at) - min(updated_at))
                FROM (SELECT updated_at FROM bot.job_queue WHERE status = 'done' ORDER BY updated_at %s LIMIT 150000) p
                """;
        report.series("Parley, one worker, the first 150,000 of a million", "jobs/s")
                .add(lab.real(rate.formatted("")));
        double last = lab.real(rate.formatted("DESC"));
        report.series("Parley, one worker, the last 150,000 of a million", "jobs/s")
                .add(last);
        report.atLeast("after a million : clean", 0.85, last / clean);
    }
}
