package dev.parley.benchmarks;

import dev.parley.benchmarks.load.HttpLoad;
import dev.parley.benchmarks.load.SignedMessages;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** Signed webhooks of one tenant at the door; every run's answers are held against what is stored then. */
final class JudgedLoad {
    private static final int BODY = 1024;
    private static final int CONTACTS = 5_000;
    private static final Duration LEAD = Duration.ofSeconds(2);

    private final Lab lab;
    private final Report report;
    private int runs;

    /** @param report gets the checks */
    JudgedLoad(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    /** As many requests under way as connections; each waits for its answer. */
    HttpLoad.Result closed(int connections, boolean repeats, Duration measured) throws IOException, SQLException {
        SignedMessages messages = messages(connections, repeats);
        return judged(messages, HttpLoad.closed(lab.door(), connections, LEAD, measured, messages));
    }

    /** Nobody waits for an answer before sending the next. */
    HttpLoad.Result open(int connections, double perSecond, Duration measured) throws IOException, SQLException {
        SignedMessages messages = messages(connections, false);
        return judged(messages, HttpLoad.open(lab.door(), connections, perSecond, LEAD, measured, messages));
    }

    private SignedMessages messages(int connections, boolean repeats) {
        return new SignedMessages(
                "/webhooks/standard-webhooks/" + Lab.slug(0),
                Integer.toString(++runs),
                lab.webhookSecret(),
                BODY,
                CONTACTS,
                connections,
                repeats);
    }

    private HttpLoad.Result judged(SignedMessages messages, HttpLoad.Result result) throws SQLException {
        String run = "WHERE dedupe_key LIKE '%msg\\_" + messages.run() + "\\_%'";
        report.check(
                "answers that are neither accepted nor duplicate", 0, result.others("200 accepted", "200 duplicate"));
        report.check("requests without an answer", 0, result.sent() - result.others());
        report.check("answers \"accepted\"", messages.fresh(), result.answered("200 accepted"));
        report.check("answers \"duplicate\"", result.sent() - messages.fresh(), result.answered("200 duplicate"));
        report.check("events stored", messages.fresh(), lab.number("SELECT count(*) FROM bot.inbound_events " + run));
        report.check(
                "jobs stored with them",
                messages.fresh(),
                lab.number(
                        "SELECT count(*) FROM bot.job_queue JOIN bot.inbound_events USING (inbound_event_id) " + run));
        return result;
    }
}
