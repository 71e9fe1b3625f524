package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Nothing out of order within a contact: in the transcript, in the decisions, in the provider's book. */
final class OrderJudge {
    private final Books books;
    private final Findings findings;

    OrderJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        Map<UUID, Sent> sentByEvent = new HashMap<>();
        for (Sent sent : books.evidence.sent()) {
            books.eventsOf(sent).forEach(event -> sentByEvent.put(event.id(), sent));
        }
        Map<UUID, Integer> heardAt = new HashMap<>();
        Map<UUID, Integer> decidedAt = new HashMap<>();
        int place = 0;
        for (Rows.Message message : books.evidence.rows().messages()) {
            place++;
            if (message.inbound()) {
                heardAt.put(message.id(), place);
            } else if (message.isBots() && message.inReplyTo() != null) {
                decidedAt.put(message.inReplyTo(), place);
            }
        }
        Map<UUID, Integer> takenAt = new HashMap<>();
        Map<UUID, UUID> eventByTrace = new HashMap<>();
        books.evidence.rows().events().forEach(event -> eventByTrace.put(event.trace(), event.id()));
        place = 0;
        for (ProviderSend send : books.evidence.provider()) {
            place++;
            UUID event = send.trace() == null ? null : eventByTrace.get(send.trace());
            if (event != null) {
                takenAt.putIfAbsent(event, place);
            }
        }
        ordered(Promise.MESSAGES_IN_ORDER, heardAt, sentByEvent);
        ordered(Promise.REPLIES_IN_ORDER, decidedAt, sentByEvent);
        ordered(Promise.SENDS_IN_ORDER, takenAt, sentByEvent);
    }

    private record Placed(int place, Sent sent) {}

    /**
     * In the order of the book that is judged, nobody may have been acknowledged before somebody earlier in it was first
     * sent.
     */
    private void ordered(Promise promise, Map<UUID, Integer> places, Map<UUID, Sent> sentByEvent) {
        Map<Books.TenantAndText, List<Placed>> byContact = new HashMap<>();
        places.forEach((event, place) -> {
            Sent sent = sentByEvent.get(event);
            if (sent != null) {
                byContact
                        .computeIfAbsent(
                                new Books.TenantAndText(sent.tenant(), sent.address()), any -> new ArrayList<>())
                        .add(new Placed(place, sent));
            }
        });
        for (List<Placed> line : byContact.values()) {
            line.sort(Comparator.comparingInt(Placed::place));
            @Nullable Sent latest = null;
            for (Placed placed : line) {
                Sent sent = placed.sent();
                Sent before = latest;
                findings.check(
                        promise,
                        before == null || !wasAcknowledgedBefore(sent, before),
                        () -> sent.name() + " was acknowledged before " + (before == null ? "" : before.name())
                                + " was sent, and comes after it");
                if (before == null || sentOf(sent).compareTo(sentOf(before)) > 0) {
                    latest = sent;
                }
            }
        }
    }

    private static boolean wasAcknowledgedBefore(Sent one, Sent other) {
        return one.acknowledged() != null && one.acknowledged().compareTo(sentOf(other)) < 0;
    }

    private static Duration sentOf(Sent sent) {
        return sent.firstSent() == null ? Duration.ZERO : sent.firstSent();
    }
}
