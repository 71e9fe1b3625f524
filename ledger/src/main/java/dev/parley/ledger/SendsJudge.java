package dev.parley.ledger;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** A reply reaches the provider at most once, and its book agrees with ours. */
final class SendsJudge {
    /** States in which the provider is known to have a message. */
    static final Set<String> TAKEN = Set.of("sent", "delivered", "read");

    /** States in which a dead letter may leave a message that the provider has after all. */
    private static final Set<String> UNRESOLVED = Set.of("unknown", "failed");

    private final Books books;
    private final Findings findings;

    SendsJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        for (Rows.Message reply : books.evidence.rows().messages()) {
            if (!reply.isBots()) {
                continue;
            }
            List<ProviderSend> taken = books.sendsByTrace.getOrDefault(reply.trace(), List.of());
            findings.check(
                    Promise.SENT_ONCE,
                    taken.size() <= 1,
                    () -> "reply " + reply.id() + " reached the provider " + taken.size() + " times");
            Optional<Rows.Job> job = Optional.ofNullable(books.jobs.get(reply.id()));
            boolean isDead = job.map(Rows.Job::isFailed).orElse(false);
            boolean agrees;
            if (taken.isEmpty()) {
                agrees = !TAKEN.contains(reply.state());
            } else if (TAKEN.contains(reply.state())) {
                agrees = taken.get(0).id().equals(reply.providerMessageId())
                        && taken.get(0).text().equals(reply.text());
            } else {
                agrees = isDead && UNRESOLVED.contains(reply.state());
                findings.count("sends left unresolved, as dead letters that say so", agrees ? 1 : 0);
            }
            findings.check(
                    Promise.SENDS_RECORDED,
                    agrees,
                    () -> "reply " + reply.id() + " is " + reply.state() + " with provider id "
                            + reply.providerMessageId() + "; the provider has "
                            + taken.stream().map(ProviderSend::id).toList());
        }
        Set<UUID> replied = books.evidence.rows().messages().stream()
                .filter(Rows.Message::isBots)
                .map(Rows.Message::trace)
                .collect(Collectors.toSet());
        for (ProviderSend send : books.evidence.provider()) {
            findings.check(
                    Promise.SENDS_RECORDED,
                    send.trace() != null && replied.contains(send.trace()),
                    () -> "the provider has " + send.id() + ", which answers nothing we know");
        }
    }
}
