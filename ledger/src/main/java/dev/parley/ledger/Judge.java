package dev.parley.ledger;

import java.util.List;

/**
 * Holds the three books against each other, a judge for each promise. Pure: the same evidence, the same judgement; nobody
 * here knows how the evidence came about, nor which faults there were.
 */
final class Judge {
    private Judge() {}

    static Judgement judge(Evidence evidence) {
        Books books = new Books(evidence);
        Findings findings = new Findings();
        new StorageJudge(books, findings).judge();
        new HandlingJudge(books, findings).judge();
        new SendsJudge(books, findings).judge();
        new OrderJudge(books, findings).judge();
        new DebrisJudge(books, findings).judge();
        new TraceJudge(books, findings).judge();
        count(books, findings);
        return findings.judgement();
    }

    private static void count(Books books, Findings findings) {
        List<Sent> sent = books.evidence.sent();
        findings.count("events sent", sent.size());
        findings.count(
                "events acknowledged",
                sent.stream().filter(one -> one.acknowledged() != null).count());
        findings.count(
                "deliveries, with duplicates and retries",
                sent.stream().mapToLong(Sent::deliveries).sum());
        findings.count(
                "inbound messages",
                books.evidence.rows().messages().stream()
                        .filter(Rows.Message::inbound)
                        .count());
        findings.count(
                "replies decided",
                books.evidence.rows().messages().stream()
                        .filter(Rows.Message::isBots)
                        .count());
        findings.count("replies the provider took", books.evidence.provider().size());
        for (Rows.Job job : books.evidence.rows().jobs()) {
            if (job.isFailed()) {
                findings.count("dead letter " + job.type() + ": " + kind(books, job), 1);
            }
        }
    }

    /** Its newest reason, without what differs from one to the next. */
    private static String kind(Books books, Rows.Job job) {
        Rows.Message reply = books.messages.get(job.id());
        String reason = Books.firstLine(job.lastError())
                .replaceAll("[0-9a-f-]{12,}", "…")
                .replaceAll("\\d+", "n");
        return (reason.length() <= 90 ? reason : reason.substring(0, 90) + "…")
                + (reply == null ? "" : " (its message is " + reply.state() + ")");
    }
}
