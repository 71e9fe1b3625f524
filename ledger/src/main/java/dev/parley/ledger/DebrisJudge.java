package dev.parley.ledger;

import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/** No debris: one conversation per contact, no row without its owner, every job ended, no lease left. */
final class DebrisJudge {
    private final Books books;
    private final Findings findings;

    DebrisJudge(Books books, Findings findings) {
        this.books = books;
        this.findings = findings;
    }

    void judge() {
        Rows rows = books.evidence.rows();
        Map<UUID, Rows.Contact> contacts = Books.byId(rows.contacts(), Rows.Contact::id);
        Map<UUID, Rows.Conversation> conversations = Books.byId(rows.conversations(), Rows.Conversation::id);
        Map<UUID, Long> conversationsOf = rows.conversations().stream()
                .collect(Collectors.groupingBy(Rows.Conversation::contact, Collectors.counting()));
        Map<String, Long> people =
                rows.contacts().stream().collect(Collectors.groupingBy(DebrisJudge::identity, Collectors.counting()));
        for (Rows.Contact contact : rows.contacts()) {
            long number = conversationsOf.getOrDefault(contact.id(), 0L);
            findings.check(
                    Promise.ONE_CONVERSATION,
                    number == 1 && people.getOrDefault(identity(contact), 0L) == 1,
                    () -> "contact " + contact.id() + " has " + number + " conversations");
        }
        for (Rows.Conversation conversation : rows.conversations()) {
            Rows.Contact contact = contacts.get(conversation.contact());
            findings.check(
                    Promise.NO_ORPHANS,
                    contact != null && contact.tenant().equals(conversation.tenant()),
                    () -> "conversation " + conversation.id() + " belongs to no contact of its tenant");
        }
        for (Rows.Message message : rows.messages()) {
            Rows.Conversation conversation = conversations.get(message.conversation());
            findings.check(
                    Promise.NO_ORPHANS,
                    conversation != null
                            && conversation.contact().equals(message.contact())
                            && conversation.tenant().equals(message.tenant()),
                    () -> "message " + message.id() + " stands in a conversation of somebody else");
            if (message.inbound()) {
                findings.check(
                        Promise.NO_ORPHANS,
                        books.events.containsKey(message.id()),
                        () -> "inbound message " + message.id() + " comes from no event");
            } else if (message.isBots()) {
                UUID cause = message.inReplyTo();
                findings.check(
                        Promise.NO_ORPHANS,
                        cause != null && books.events.containsKey(cause) && books.messages.containsKey(cause),
                        () -> "reply " + message.id() + " answers nothing");
                findings.check(
                        Promise.NO_ORPHANS,
                        books.jobs.containsKey(message.id()) || message.state().equals("blocked"),
                        () -> "reply " + message.id() + " has no job to send it");
            }
        }
        for (Rows.Event event : rows.events()) {
            if (event.type().equals(Books.HEARD)) {
                findings.check(
                        Promise.NO_ORPHANS,
                        books.jobsOf(event).stream().anyMatch(job -> job.type().equals(Books.HANDLING)),
                        () -> "event " + event.id() + " has no job");
            }
        }
        for (Rows.Job job : rows.jobs()) {
            if (job.type().equals(Books.SENDING)) {
                findings.check(
                        Promise.NO_ORPHANS,
                        books.messages.containsKey(job.id()),
                        () -> "job " + job.id() + " is to send a message that is not there");
            }
            findings.check(
                    Promise.NO_LEASE_LEFT,
                    !job.status().equals("processing"),
                    () -> job.type() + " " + job.id() + " is still leased");
            boolean isReasoned = job.lastError() != null && !job.lastError().isBlank();
            findings.check(
                    Promise.JOBS_ENDED,
                    job.status().equals("done") || (job.isFailed() && isReasoned),
                    () -> job.type() + " " + job.id() + " is " + job.status()
                            + (job.lastError() == null
                                    ? " without a reason"
                                    : ": " + Books.firstLine(job.lastError())));
        }
    }

    private static String identity(Rows.Contact contact) {
        return contact.tenant() + " " + contact.channel() + " " + contact.address();
    }
}
