package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** One worker without a pause until a million jobs are done: does it get slower with what it leaves behind? */
final class LongScenario implements Scenario {
    private static final int MILLION = 1_000_000;

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("long: a million jobs without a pause");
        lab.reset();
        try (Workers running = Workers.start(lab, 1, "noop")) {
            running.warm(lab, 60_000, 5_000);
            Work.load(lab, MILLION, 5_000);
            Work.await(lab, Duration.ofMinutes(5));
            running.checkAlive();
        }
        Work.checkDone(lab, report, MILLION);
        for (int tenth = 0; tenth < 10; tenth++) {
            report.series("the " + (tenth + 1) + ". hundred thousand", "jobs/s")
                    .add(lab.real("""
                    SELECT 100000 / extract(epoch FROM max(updated_at) - min(updated_at))
                    FROM (SELECT updated_at FROM bot.job_queue WHERE status = 'done'
                          ORDER BY updated_at, run_after OFFSET %d LIMIT 100000) p
                    """.formatted(tenth * 100_000)));
        }
        report.atLeast(
                "the last hundred thousand : the second",
                0.85,
                report.series("the 10. hundred thousand", "jobs/s")
                        .ratioTo(report.series("the 2. hundred thousand", "jobs/s")));
        return report;
    }
}
