package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * The whole handling of an inbound message (contact, conversation, two messages, state, the job that sends the reply) by the
 * worker's own spine, against the same effects written statement by statement, one transaction a message, 16 at a time.
 */
final class MessageScenario implements Scenario {
    private static final int MESSAGES = 40_000;
    private static final int PLAIN_MESSAGES = 10_000;
    private static final int CONTACTS = 5_000;
    private static final String ONE = "Parley, one worker";
    private static final String TWO = "Parley, two workers";
    private static final String PLAIN = "statement by statement, 16 at a time";

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("message: contact, conversation, two messages, state, follow-up job");
        lab.reset();
        // Each knows its own kind of job only; the other side rests meanwhile, as far as it can.
        try (Workers running = Workers.start(lab, 1, "message");
                Child plain = Child.start(
                        lab, "worker", "plain-" + System.nanoTime(), StatementByStatement.class.getName())) {
            plain.awaitLine("begun", 30);
            running.warm(lab, MESSAGES, CONTACTS);
            running.warm(lab, MESSAGES, CONTACTS);
            plain(lab, report, plain);
            for (int round = 0; round < rounds; round++) {
                for (String side : Alternating.order(round, ONE, PLAIN)) {
                    report.series(side, "messages/s")
                            .add(side.equals(ONE) ? handle(lab, report, running) : plain(lab, report, plain));
                }
            }
            running.addOne(lab, "message");
            // The newcomer compiles beside one that is warm: it gets half of the work and of what is left of the
            // processors.
            running.warm(lab, MESSAGES, CONTACTS);
            running.warm(lab, MESSAGES, CONTACTS);
            running.warm(lab, MESSAGES, CONTACTS);
            for (int round = 0; round < rounds; round++) {
                report.series(TWO, "messages/s").add(handle(lab, report, running));
            }
        }
        Series peers = report.series(PLAIN, "messages/s");
        report.atLeast(
                "one worker × statement by statement",
                3.5,
                report.series(ONE, "messages/s").ratioTo(peers));
        report.atLeast(
                "two workers × statement by statement",
                5,
                report.series(TWO, "messages/s").ratioTo(peers));
        report.atMost(
                "commits per message, one worker",
                0.1,
                report.series("commits per message, one worker", "").median());
        return report;
    }

    private static double handle(Lab lab, Report report, Workers running) throws SQLException, InterruptedException {
        lab.reset();
        Work.load(lab, MESSAGES, CONTACTS);
        long writes = lab.writes();
        Work.await(lab, Duration.ofMinutes(2));
        if (running.children().size() == 1) {
            report.series("commits per message, one worker", "").add((double) (lab.writes() - writes - 1) / MESSAGES);
        }
        running.checkAlive();
        Work.checkDone(lab, report, MESSAGES);
        Work.checkMessages(lab, report, MESSAGES, CONTACTS);
        return Work.doneRate(lab);
    }

    private static double plain(Lab lab, Report report, Child plain)
            throws IOException, SQLException, InterruptedException {
        lab.reset();
        plain.say(StatementByStatement.WORK);
        Work.load(lab, Work.evenly(CONTACTS, StatementByStatement.TYPE, 1, PLAIN_MESSAGES));
        Work.await(lab, Duration.ofMinutes(2));
        plain.say(StatementByStatement.REST);
        Work.checkMessages(lab, report, PLAIN_MESSAGES, CONTACTS);
        return Work.doneRate(lab);
    }
}
