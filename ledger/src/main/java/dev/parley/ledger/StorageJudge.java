package dev.parley.ledger;

import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Nothing lost, nothing stored twice. */
final class StorageJudge {
    private final Books books;
    private final Findings findings;

    StorageJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        for (Sent sent : books.evidence.sent()) {
            List<Rows.Event> found = books.eventsOf(sent);
            if (sent.acknowledged() != null) {
                findings.check(
                        Promise.STORED_ONCE,
                        found.size() == 1,
                        () -> sent.name()
                                + (found.isEmpty()
                                        ? " was acknowledged and is lost"
                                        : " is stored " + found.size() + " times"));
            } else {
                findings.check(
                        Promise.UNACKNOWLEDGED_AT_MOST_ONCE,
                        found.size() <= 1,
                        () -> sent.name() + " was never acknowledged and is stored " + found.size() + " times");
            }
            for (Rows.Event event : found) {
                findings.check(
                        Promise.PAYLOAD_AS_SENT,
                        event.payload().object().equals(sent.body().object())
                                && event.tenant().equals(sent.tenant())
                                && sent.address().equals(event.address()),
                        () -> sent.name() + " is stored with other content, for another tenant or of another contact");
            }
            for (UUID trace : sent.traces()) {
                findings.check(
                        Promise.ANSWER_NAMES_TRACE,
                        found.stream().anyMatch(event -> event.trace().equals(trace)),
                        () -> sent.name() + " was answered with trace " + trace + ", which is not what is stored");
            }
        }
        Set<String> known = books.evidence.sent().stream().map(Sent::eventId).collect(Collectors.toSet());
        for (Rows.Event event : books.evidence.rows().events()) {
            if (event.type().equals(Books.HEARD)) {
                findings.check(
                        Promise.NOTHING_INVENTED,
                        event.providerEventId() != null && known.contains(event.providerEventId()),
                        () -> "stored event " + event.id() + " was never sent");
            }
        }
    }
}
