package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds the three books against each other. Pure: the same evidence, the same judgement; it knows nothing of how the
 * evidence came about, nor which faults there were.
 */
final class Judge {
    private static final String HANDLING = "process_inbound_message";
    private static final String SENDING = "send_outbound_message";
    private static final String HEARD = "inbound_message";
    /** States in which the provider is known to have a message. */
    private static final Set<String> TAKEN = Set.of("sent", "delivered", "read");
    /** States in which a dead letter may leave a message that the provider has after all. */
    private static final Set<String> UNRESOLVED = Set.of("unknown", "failed");

    private record TenantAndText(UUID tenant, String text) {}

    private final Evidence evidence;
    private final Map<Promise, Long> checked = new EnumMap<>(Promise.class);
    private final Map<Promise, List<String>> broken = new EnumMap<>(Promise.class);
    private final Map<String, Long> counts = new HashMap<>();

    private final Map<UUID, Rows.Event> events;
    private final Map<String, List<Rows.Event>> eventsByProviderId;
    private final Map<UUID, List<Rows.Job>> jobsByEvent;
    private final Map<UUID, Rows.Job> jobs;
    private final Map<UUID, Rows.Message> messages;
    private final Map<TenantAndText, List<Rows.Message>> heardByMessage;
    private final Map<UUID, List<Rows.Message>> repliesByEvent;
    private final Map<UUID, List<ProviderSend>> sendsByTrace;

    private Judge(Evidence evidence) {
        this.evidence = evidence;
        Rows rows = evidence.rows();
        events = byId(rows.events(), Rows.Event::id);
        jobs = byId(rows.jobs(), Rows.Job::id);
        messages = byId(rows.messages(), Rows.Message::id);
        eventsByProviderId = grouped(rows.events(), Rows.Event::providerEventId);
        jobsByEvent = grouped(rows.jobs(), Rows.Job::event);
        heardByMessage = grouped(
                rows.messages().stream().filter(Rows.Message::inbound).toList(),
                message -> message.providerMessageId() == null
                        ? null
                        : new TenantAndText(message.tenant(), message.providerMessageId()));
        repliesByEvent =
                grouped(rows.messages().stream().filter(Rows.Message::isBots).toList(), Rows.Message::inReplyTo);
        sendsByTrace = grouped(evidence.provider(), ProviderSend::trace);
    }

    static Judgement judge(Evidence evidence) {
        return new Judge(evidence).judge();
    }

    private Judgement judge() {
        stored();
        handled();
        sends();
        ordered();
        rows();
        traces();
        counts();
        List<Finding> findings = new ArrayList<>();
        for (Promise promise : Promise.values()) {
            findings.add(
                    new Finding(promise, checked.getOrDefault(promise, 0L), broken.getOrDefault(promise, List.of())));
        }
        return new Judgement(findings, counts);
    }

    // ---- claim 1

    private void stored() {
        for (Sent sent : evidence.sent()) {
            List<Rows.Event> found = eventsByProviderId.getOrDefault(sent.eventId(), List.of());
            if (sent.acknowledged() != null) {
                check(
                        Promise.STORED_ONCE,
                        found.size() == 1,
                        () -> sent.name()
                                + (found.isEmpty()
                                        ? " was acknowledged and is lost"
                                        : " is stored " + found.size() + " times"));
            } else {
                check(
                        Promise.UNACKNOWLEDGED_AT_MOST_ONCE,
                        found.size() <= 1,
                        () -> sent.name() + " was never acknowledged and is stored " + found.size() + " times");
            }
            for (Rows.Event event : found) {
                check(
                        Promise.PAYLOAD_AS_SENT,
                        event.payload().equals(sent.body())
                                && event.tenant().equals(sent.tenant())
                                && sent.address().equals(event.address()),
                        () -> sent.name() + " is stored with other content, for another tenant or of another contact");
            }
            for (UUID trace : sent.traces()) {
                check(
                        Promise.ANSWER_NAMES_TRACE,
                        found.stream().anyMatch(event -> event.trace().equals(trace)),
                        () -> sent.name() + " was answered with trace " + trace + ", which is not what is stored");
            }
        }
        Set<String> known = evidence.sent().stream().map(Sent::eventId).collect(Collectors.toSet());
        for (Rows.Event event : evidence.rows().events()) {
            if (event.type().equals(HEARD)) {
                check(
                        Promise.NOTHING_INVENTED,
                        event.providerEventId() != null && known.contains(event.providerEventId()),
                        () -> "stored event " + event.id() + " was never sent");
            }
        }
    }

    // ---- claim 2

    private void handled() {
        Map<TenantAndText, List<Rows.Event>> byMessage = new LinkedHashMap<>();
        for (Sent sent : evidence.sent()) {
            for (Rows.Event event : eventsByProviderId.getOrDefault(sent.eventId(), List.of())) {
                List<Rows.Event> same = byMessage.computeIfAbsent(
                        new TenantAndText(event.tenant(), sent.messageId()), any -> new ArrayList<>());
                if (!same.contains(event)) {
                    same.add(event);
                }
            }
        }
        Map<String, Sent> bySentMessage = new HashMap<>();
        evidence.sent().forEach(sent -> bySentMessage.putIfAbsent(sent.messageId(), sent));
        byMessage.forEach((message, same) -> handled(message, same, bySentMessage.get(message.text())));
    }

    /** @param same every event that told of this message: usually one */
    private void handled(TenantAndText message, List<Rows.Event> same, @Nullable Sent sent) {
        List<Rows.Message> heard = heardByMessage.getOrDefault(message, List.of());
        boolean mayBeMissing = sent != null && sent.poison() && same.stream().allMatch(this::isDeadLetter);
        Set<UUID> ids = same.stream().map(Rows.Event::id).collect(Collectors.toSet());
        String name = sent == null ? message.text() : sent.name();
        check(
                Promise.ONE_MESSAGE,
                (heard.size() == 1 && ids.contains(heard.get(0).id())) || (heard.isEmpty() && mayBeMissing),
                () -> name + " has " + heard.size() + " inbound messages" + deadLetters(same));
        List<Rows.Message> replies = ids.stream()
                .flatMap(id -> repliesByEvent.getOrDefault(id, List.of()).stream())
                .toList();
        if (heard.isEmpty()) {
            check(Promise.ONE_REPLY, replies.isEmpty(), () -> name + " was answered and never heard");
            return;
        }
        Rows.Message first = heard.get(0);
        boolean hasDecision = first.payload().getJsonObject("decision") != null
                && first.payload().getJsonObject("decision").getString("intent") != null
                && (sent == null || sent.text().equals(first.text()));
        check(Promise.ONE_DECISION, hasDecision, () -> name + " was heard with other words or without a decision");
        if (hasDecision) {
            String silence = first.payload().getJsonObject("decision").getString("silence");
            int expected = silence == null ? 1 : 0;
            check(
                    Promise.ONE_REPLY,
                    replies.size() == expected,
                    () -> name + " has " + replies.size() + " replies where "
                            + (silence == null ? "one was decided" : "silence was decided: " + silence));
        }
    }

    private boolean isDeadLetter(Rows.Event event) {
        return jobsByEvent.getOrDefault(event.id(), List.of()).stream()
                .anyMatch(job -> job.type().equals(HANDLING) && job.isFailed());
    }

    private String deadLetters(List<Rows.Event> same) {
        return same.stream()
                .flatMap(event -> jobsByEvent.getOrDefault(event.id(), List.of()).stream())
                .filter(job -> job.type().equals(HANDLING) && job.isFailed())
                .findFirst()
                .map(job -> "; dead letter: " + firstLine(job.lastError()))
                .orElse("");
    }

    private void sends() {
        for (Rows.Message reply : evidence.rows().messages()) {
            if (!reply.isBots()) {
                continue;
            }
            List<ProviderSend> taken = sendsByTrace.getOrDefault(reply.trace(), List.of());
            check(
                    Promise.SENT_ONCE,
                    taken.size() <= 1,
                    () -> "reply " + reply.id() + " reached the provider " + taken.size() + " times");
            Optional<Rows.Job> job = Optional.ofNullable(jobs.get(reply.id()));
            boolean isDead = job.map(Rows.Job::isFailed).orElse(false);
            boolean agrees;
            if (taken.isEmpty()) {
                agrees = !TAKEN.contains(reply.state());
            } else if (TAKEN.contains(reply.state())) {
                agrees = taken.get(0).id().equals(reply.providerMessageId())
                        && taken.get(0).text().equals(reply.text());
            } else {
                agrees = isDead && UNRESOLVED.contains(reply.state());
                count("sends left unresolved, as dead letters that say so", agrees ? 1 : 0);
            }
            check(
                    Promise.SENDS_RECORDED,
                    agrees,
                    () -> "reply " + reply.id() + " is " + reply.state() + " with provider id "
                            + reply.providerMessageId() + "; the provider has "
                            + taken.stream().map(ProviderSend::id).toList());
        }
        Set<UUID> replied = evidence.rows().messages().stream()
                .filter(Rows.Message::isBots)
                .map(Rows.Message::trace)
                .collect(Collectors.toSet());
        for (ProviderSend send : evidence.provider()) {
            check(
                    Promise.SENDS_RECORDED,
                    send.trace() != null && replied.contains(send.trace()),
                    () -> "the provider has " + send.id() + ", which answers nothing we know");
        }
    }

    // ---- claim 3

    private void ordered() {
        Map<UUID, Sent> sentByEvent = new HashMap<>();
        for (Sent sent : evidence.sent()) {
            eventsByProviderId
                    .getOrDefault(sent.eventId(), List.of())
                    .forEach(event -> sentByEvent.put(event.id(), sent));
        }
        Map<UUID, Integer> heardAt = new HashMap<>();
        Map<UUID, Integer> decidedAt = new HashMap<>();
        int place = 0;
        for (Rows.Message message : evidence.rows().messages()) {
            place++;
            if (message.inbound()) {
                heardAt.put(message.id(), place);
            } else if (message.isBots() && message.inReplyTo() != null) {
                decidedAt.put(message.inReplyTo(), place);
            }
        }
        Map<UUID, Integer> takenAt = new HashMap<>();
        Map<UUID, UUID> eventByTrace = new HashMap<>();
        evidence.rows().events().forEach(event -> eventByTrace.put(event.trace(), event.id()));
        place = 0;
        for (ProviderSend send : evidence.provider()) {
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
        Map<TenantAndText, List<Placed>> byContact = new HashMap<>();
        places.forEach((event, place) -> {
            Sent sent = sentByEvent.get(event);
            if (sent != null) {
                byContact
                        .computeIfAbsent(new TenantAndText(sent.tenant(), sent.address()), any -> new ArrayList<>())
                        .add(new Placed(place, sent));
            }
        });
        for (List<Placed> line : byContact.values()) {
            line.sort(Comparator.comparingInt(Placed::place));
            @Nullable Sent latest = null;
            for (Placed placed : line) {
                Sent sent = placed.sent();
                Sent before = latest;
                check(
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

    // ---- claim 4

    private void rows() {
        Rows rows = evidence.rows();
        Map<UUID, Rows.Contact> contacts = byId(rows.contacts(), Rows.Contact::id);
        Map<UUID, Rows.Conversation> conversations = byId(rows.conversations(), Rows.Conversation::id);
        Map<UUID, Long> conversationsOf = rows.conversations().stream()
                .collect(Collectors.groupingBy(Rows.Conversation::contact, Collectors.counting()));
        Map<String, Long> people =
                rows.contacts().stream().collect(Collectors.groupingBy(Judge::identity, Collectors.counting()));
        for (Rows.Contact contact : rows.contacts()) {
            long number = conversationsOf.getOrDefault(contact.id(), 0L);
            check(
                    Promise.ONE_CONVERSATION,
                    number == 1 && people.getOrDefault(identity(contact), 0L) == 1,
                    () -> "contact " + contact.id() + " has " + number + " conversations");
        }
        for (Rows.Conversation conversation : rows.conversations()) {
            Rows.Contact contact = contacts.get(conversation.contact());
            check(
                    Promise.NO_ORPHANS,
                    contact != null && contact.tenant().equals(conversation.tenant()),
                    () -> "conversation " + conversation.id() + " belongs to no contact of its tenant");
        }
        for (Rows.Message message : rows.messages()) {
            Rows.Conversation conversation = conversations.get(message.conversation());
            check(
                    Promise.NO_ORPHANS,
                    conversation != null
                            && conversation.contact().equals(message.contact())
                            && conversation.tenant().equals(message.tenant()),
                    () -> "message " + message.id() + " stands in a conversation of somebody else");
            if (message.inbound()) {
                check(
                        Promise.NO_ORPHANS,
                        events.containsKey(message.id()),
                        () -> "inbound message " + message.id() + " comes from no event");
            } else if (message.isBots()) {
                UUID cause = message.inReplyTo();
                check(
                        Promise.NO_ORPHANS,
                        cause != null && events.containsKey(cause) && messages.containsKey(cause),
                        () -> "reply " + message.id() + " answers nothing");
                check(
                        Promise.NO_ORPHANS,
                        jobs.containsKey(message.id()) || message.state().equals("blocked"),
                        () -> "reply " + message.id() + " has no job to send it");
            }
        }
        for (Rows.Event event : rows.events()) {
            if (event.type().equals(HEARD)) {
                check(
                        Promise.NO_ORPHANS,
                        jobsByEvent.getOrDefault(event.id(), List.of()).stream()
                                .anyMatch(job -> job.type().equals(HANDLING)),
                        () -> "event " + event.id() + " has no job");
            }
        }
        for (Rows.Job job : rows.jobs()) {
            if (job.type().equals(SENDING)) {
                check(
                        Promise.NO_ORPHANS,
                        messages.containsKey(job.id()),
                        () -> "job " + job.id() + " is to send a message that is not there");
            }
            check(
                    Promise.NO_LEASE_LEFT,
                    !job.status().equals("processing"),
                    () -> job.type() + " " + job.id() + " is still leased");
            boolean isReasoned = job.lastError() != null && !job.lastError().isBlank();
            check(
                    Promise.JOBS_ENDED,
                    job.status().equals("done") || (job.isFailed() && isReasoned),
                    () -> job.type() + " " + job.id() + " is " + job.status()
                            + (job.lastError() == null ? " without a reason" : ": " + firstLine(job.lastError())));
        }
    }

    private static String identity(Rows.Contact contact) {
        return contact.tenant() + " " + contact.channel() + " " + contact.address();
    }

    // ---- claim 5

    private void traces() {
        for (Sent sent : evidence.sent()) {
            for (Rows.Event event : eventsByProviderId.getOrDefault(sent.eventId(), List.of())) {
                traceOf(sent, event);
            }
        }
    }

    private void traceOf(Sent sent, Rows.Event event) {
        List<Rows.Job> work = jobsByEvent.getOrDefault(event.id(), List.of());
        List<String> gaps = new ArrayList<>();
        if (work.stream().noneMatch(job -> job.type().equals(HANDLING))) {
            gaps.add("no job handles it");
        }
        for (Rows.Job job : work) {
            if (!job.trace().equals(event.trace())) {
                gaps.add(job.type() + " is in another trace");
            }
        }
        Rows.Message heard = messages.get(event.id());
        if (heard != null && !heard.trace().equals(event.trace())) {
            gaps.add("its message is in another trace");
        }
        for (Rows.Message reply : repliesByEvent.getOrDefault(event.id(), List.of())) {
            if (!reply.trace().equals(event.trace())) {
                gaps.add("its reply is in another trace");
            }
            if (TAKEN.contains(reply.state()) && !sendsByTrace.containsKey(event.trace())) {
                gaps.add("the call that sent its reply did not name the trace");
            }
        }
        check(Promise.TRACES_COMPLETE, gaps.isEmpty(), () -> sent.name() + ": " + String.join(", ", gaps));
    }

    // ---- the rest

    private void counts() {
        List<Sent> sent = evidence.sent();
        count("events sent", sent.size());
        count(
                "events acknowledged",
                sent.stream().filter(one -> one.acknowledged() != null).count());
        count(
                "deliveries, with duplicates and retries",
                sent.stream().mapToLong(Sent::deliveries).sum());
        count(
                "inbound messages",
                evidence.rows().messages().stream()
                        .filter(Rows.Message::inbound)
                        .count());
        count(
                "replies decided",
                evidence.rows().messages().stream().filter(Rows.Message::isBots).count());
        count("replies the provider took", evidence.provider().size());
        for (Rows.Job job : evidence.rows().jobs()) {
            if (job.isFailed()) {
                count("dead letter " + job.type() + ": " + kind(job), 1);
            }
        }
    }

    /** Its newest reason, without what differs from one to the next. */
    private String kind(Rows.Job job) {
        Rows.Message reply = messages.get(job.id());
        String reason =
                firstLine(job.lastError()).replaceAll("[0-9a-f-]{12,}", "…").replaceAll("\\d+", "n");
        return (reason.length() <= 90 ? reason : reason.substring(0, 90) + "…")
                + (reply == null ? "" : " (its message is " + reply.state() + ")");
    }

    private void count(String what, long number) {
        counts.merge(what, number, Long::sum);
    }

    private void check(Promise promise, boolean holds, java.util.function.Supplier<String> otherwise) {
        checked.merge(promise, 1L, Long::sum);
        if (!holds) {
            broken.computeIfAbsent(promise, any -> new ArrayList<>()).add(otherwise.get());
        }
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "no reason" : text.lines().findFirst().orElse("no reason");
    }

    private static <K, T> Map<K, T> byId(Collection<T> rows, Function<T, K> id) {
        Map<K, T> map = new HashMap<>();
        rows.forEach(row -> map.put(id.apply(row), row));
        return map;
    }

    /** What has no key is left out. */
    private static <K, T> Map<K, List<T>> grouped(Collection<T> rows, Function<T, @Nullable K> key) {
        Map<K, List<T>> map = new HashMap<>();
        for (T row : rows) {
            K of = key.apply(row);
            if (of != null) {
                map.computeIfAbsent(of, any -> new ArrayList<>()).add(row);
            }
        }
        return map;
    }
}
