package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/**
 * The whole handling of an inbound message (contact, conversation, two messages, state, the job that sends the reply) by the
 * worker's own spine, against the same effects written statement by statement, one transaction a message, 16 at a time.
 */
final class MessageScenario implements Scenario {
    private static final int MESSAGES = 60_000;
    private static final int WARM = 30_000;
    private static final int CONTACTS = 5_000;
    private static final int PLAIN_MESSAGES = 20_000;
    private static final int PLAIN_WARM = 10_000;
    private static final Duration DUE_IN = Duration.ofSeconds(12);

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("message: contact, conversation, two messages, state, follow-up job");
        for (int round = 0; round < rounds; round++) {
            for (String side : Alternating.order(round, "one", "two", "plain")) {
                switch (side) {
                    case "one" ->
                        report.series("Parley, one worker", "messages/s").add(handle(lab, report, 1));
                    case "two" ->
                        report.series("Parley, two workers", "messages/s").add(handle(lab, report, 2));
                    default ->
                        report.series("statement by statement, 16 at a time", "messages/s")
                                .add(plain(lab, report));
                }
            }
        }
        Series plain = report.series("statement by statement, 16 at a time", "messages/s");
        report.atLeast(
                "one worker × statement by statement",
                3.5,
                report.series("Parley, one worker", "messages/s").ratioTo(plain));
        report.atLeast(
                "two workers × statement by statement",
                5,
                report.series("Parley, two workers", "messages/s").ratioTo(plain));
        report.atMost(
                "commits per message, one worker",
                0.1,
                report.series("commits per message, one worker", "").median());
        return report;
    }

    private double handle(Lab lab, Report report, int workers) throws IOException, SQLException, InterruptedException {
        lab.reset();
        try (Workers running = Workers.start(lab, workers, "message")) {
            running.warm(lab, WARM, CONTACTS);
            Work.load(lab, MESSAGES, CONTACTS, DUE_IN);
            long writes = lab.writes();
            lab.await(Work.UNDONE, 0, Duration.ofMinutes(2));
            if (workers == 1) {
                report.series("commits per message, one worker", "")
                        .add((double) (lab.writes() - writes - 1) / MESSAGES);
            }
            running.checkAlive();
        }
        Work.checkDone(lab, report, MESSAGES);
        Work.checkMessages(lab, report, MESSAGES, CONTACTS);
        return Work.doneRate(lab);
    }

    private double plain(Lab lab, Report report) throws IOException, SQLException, InterruptedException {
        lab.reset();
        try (Child child =
                Child.start(lab, "worker", "plain-" + System.nanoTime(), StatementByStatement.class.getName())) {
            child.awaitLine("begun", 30);
            Work.load(lab, PLAIN_WARM, CONTACTS, Duration.ofSeconds(3));
            lab.await(Work.UNDONE, 0, Duration.ofMinutes(2));
            lab.execute("TRUNCATE bot.messages, bot.conversations, bot.contacts, bot.job_queue, bot.inbound_events");
            Work.load(lab, PLAIN_MESSAGES, CONTACTS, Duration.ofSeconds(6));
            lab.await(Work.UNDONE, 0, Duration.ofMinutes(2));
        }
        Work.checkMessages(lab, report, PLAIN_MESSAGES, CONTACTS);
        return Work.doneRate(lab);
    }
}
