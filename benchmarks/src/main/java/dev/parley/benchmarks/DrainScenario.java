package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Jobs that do nothing, handled by the worker's own spine with history, order, fence and trace on, against db-scheduler's
 * lock-and-fetch, which deletes what is done and keeps no order. The same with a snapshot held by somebody else.
 */
final class DrainScenario implements Scenario {
    private static final int JOBS = 60_000;
    private static final int PEER_JOBS = 20_000;
    private static final int CONTACTS = 5_000;
    private static final String ONE = "Parley, one worker";
    private static final String TWO = "Parley, two workers";
    private static final String SNAPSHOT = "Parley, one worker, a snapshot held";
    private static final String PEER = "db-scheduler, lock-and-fetch, 20 threads";

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("drain: jobs that do nothing");
        lab.reset();
        try (Workers running = Workers.start(lab, 1, "noop")) {
            running.warm(lab, JOBS, CONTACTS);
            for (int round = 0; round < rounds; round++) {
                for (String side : Alternating.order(round, ONE, SNAPSHOT, PEER)) {
                    report.series(side, "jobs/s")
                            .add(
                                    side.equals(PEER)
                                            ? DbSchedulerPeer.measure(lab, report, PEER_JOBS / 2, PEER_JOBS)
                                            : drain(lab, report, running, side.equals(SNAPSHOT)));
                }
            }
            running.addOne(lab, "noop");
            // The newcomer compiles beside one that is warm: it gets half of the work and of what is left of the
            // processors.
            running.warm(lab, JOBS, CONTACTS);
            running.warm(lab, JOBS, CONTACTS);
            for (int round = 0; round < rounds; round++) {
                report.series(TWO, "jobs/s").add(drain(lab, report, running, false));
            }
        }
        Series one = report.series(ONE, "jobs/s");
        report.atLeast("one worker × db-scheduler", 3.3, one.ratioTo(report.series(PEER, "jobs/s")));
        report.atLeast(
                "snapshot held : clean", 0.85, report.series(SNAPSHOT, "jobs/s").ratioTo(one));
        return report;
    }

    private static double drain(Lab lab, Report report, Workers running, boolean snapshot)
            throws SQLException, InterruptedException {
        lab.reset();
        // Taken before the work exists: everything that is done from here on stays visible to somebody.
        try (Snapshot held = snapshot ? Snapshot.hold(lab) : Snapshot.none()) {
            Work.load(lab, JOBS, CONTACTS);
            Work.await(lab, Duration.ofMinutes(2));
            running.checkAlive();
            held.check();
        }
        Work.checkDone(lab, report, JOBS);
        return Work.doneRate(lab);
    }
}
