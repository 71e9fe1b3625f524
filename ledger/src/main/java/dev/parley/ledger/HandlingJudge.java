package dev.parley.ledger;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Every event is handled once: one message, one decision, one reply or a reason for silence. */
final class HandlingJudge {
    private final Books books;
    private final Findings findings;

    HandlingJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        Map<Books.TenantAndText, List<Rows.Event>> byMessage = new LinkedHashMap<>();
        for (Sent sent : books.evidence.sent()) {
            for (Rows.Event event : books.eventsOf(sent)) {
                List<Rows.Event> same = byMessage.computeIfAbsent(
                        new Books.TenantAndText(event.tenant(), sent.messageId()), any -> new ArrayList<>());
                if (!same.contains(event)) {
                    same.add(event);
                }
            }
        }
        Map<String, Sent> bySentMessage = new HashMap<>();
        books.evidence.sent().forEach(sent -> bySentMessage.putIfAbsent(sent.messageId(), sent));
        byMessage.forEach((message, same) -> handled(message, same, bySentMessage.get(message.text())));
    }

    /** @param same every event that told of this message: usually one */
    private void handled(Books.TenantAndText message, List<Rows.Event> same, @Nullable Sent sent) {
        List<Rows.Message> heard = books.heardByMessage.getOrDefault(message, List.of());
        boolean mayBeMissing = sent != null && sent.poison() && same.stream().allMatch(this::isDeadLetter);
        Set<UUID> ids = same.stream().map(Rows.Event::id).collect(Collectors.toSet());
        String name = sent == null ? message.text() : sent.name();
        findings.check(
                Promise.ONE_MESSAGE,
                (heard.size() == 1 && ids.contains(heard.get(0).id())) || (heard.isEmpty() && mayBeMissing),
                () -> name + " has " + heard.size() + " inbound messages" + deadLetters(same));
        List<Rows.Message> replies = ids.stream()
                .flatMap(id -> books.repliesByEvent.getOrDefault(id, List.of()).stream())
                .toList();
        if (heard.isEmpty()) {
            findings.check(Promise.ONE_REPLY, replies.isEmpty(), () -> name + " was answered and never heard");
            return;
        }
        Rows.Message first = heard.get(0);
        JsonObject decision = first.payload().object().getJsonObject("decision");
        boolean hasDecision = decision != null
                && decision.getString("intent") != null
                && (sent == null || sent.text().equals(first.text()));
        findings.check(
                Promise.ONE_DECISION, hasDecision, () -> name + " was heard with other words or without a decision");
        if (decision != null && hasDecision) {
            String silence = decision.getString("silence");
            int expected = silence == null ? 1 : 0;
            findings.check(
                    Promise.ONE_REPLY,
                    replies.size() == expected,
                    () -> name + " has " + replies.size() + " replies where "
                            + (silence == null ? "one was decided" : "silence was decided: " + silence));
        }
    }

    private boolean isDeadLetter(Rows.Event event) {
        return books.jobsOf(event).stream().anyMatch(job -> job.type().equals(Books.HANDLING) && job.isFailed());
    }

    private String deadLetters(List<Rows.Event> same) {
        return same.stream()
                .flatMap(event -> books.jobsOf(event).stream())
                .filter(job -> job.type().equals(Books.HANDLING) && job.isFailed())
                .findFirst()
                .map(job -> "; dead letter: " + Books.firstLine(job.lastError()))
                .orElse("");
    }
}
