package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Two workers, of whom one or the other loses its session every second: it joins again, takes its lanes back and reads them
 * from the beginning. Against the same two left alone. What a process costs that starts is not in it.
 */
final class SessionsScenario implements Scenario {
    private static final int JOBS = 120_000;
    private static final int CONTACTS = 5_000;
    private static final String ALONE = "two workers left alone";
    private static final String ENDED = "two workers, one session ended every second";

    /** The owners in turn; see worker-service's README for the number. */
    private static final String END_ONE = """
            SELECT count(pg_terminate_backend(pid))
            FROM (SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1885434369 AND granted
                  ORDER BY pid OFFSET %d LIMIT 1) owner
            """;

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("sessions: workers that lose their sessions");
        lab.reset();
        try (Workers running = Workers.start(lab, 2, "noop")) {
            running.warm(lab, JOBS, CONTACTS);
            for (int round = 0; round < rounds; round++) {
                for (String side : Alternating.order(round, ALONE, ENDED)) {
                    lab.reset();
                    Work.load(lab, JOBS, CONTACTS);
                    try (Ending ending = side.equals(ENDED) ? new Ending(lab) : null) {
                        Work.await(lab, Duration.ofMinutes(2));
                        if (ending != null) {
                            report.series("sessions ended", "").add(ending.count);
                        }
                    }
                    running.checkAlive();
                    Work.checkDone(lab, report, JOBS);
                    report.series(side, "jobs/s").add(Work.doneRate(lab));
                }
            }
        }
        report.atLeast(
                "sessions ended : left alone",
                0.7,
                report.series(ENDED, "jobs/s").ratioTo(report.series(ALONE, "jobs/s")));
        return report;
    }

    /** Ends a session a second until it is closed. */
    private static final class Ending implements AutoCloseable {
        private final Thread thread;
        private final AtomicReference<@Nullable SQLException> failure = new AtomicReference<>();
        private volatile int count;

        Ending(Lab lab) {
            thread = new Thread(() -> end(lab), "bench-sessions");
            thread.start();
        }

        private void end(Lab lab) {
            try (Connection admin = lab.connect("postgres");
                    Statement statement = admin.createStatement()) {
                while (true) {
                    TimeUnit.SECONDS.sleep(1);
                    statement.execute(END_ONE.formatted(count % 2));
                    count++;
                }
            } catch (SQLException e) {
                failure.set(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() throws SQLException, InterruptedException {
            thread.interrupt();
            thread.join();
            SQLException failed = failure.get();
            if (failed != null) {
                throw failed;
            }
        }
    }
}
