package dev.parley.ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The three books with their registers: who belongs to what, looked up once for everybody who judges. */
final class Books {
    /** The job that handles an event, the one that sends a message, the event that tells of a customer's words. */
    static final String HANDLING = "process_inbound_message";

    static final String SENDING = "send_outbound_message";
    static final String HEARD = "inbound_message";

    record TenantAndText(UUID tenant, String text) {}

    final Evidence evidence;
    final Map<UUID, Rows.Event> events;
    final Map<String, List<Rows.Event>> eventsByProviderId;
    final Map<UUID, List<Rows.Job>> jobsByEvent;
    final Map<UUID, Rows.Job> jobs;
    final Map<UUID, Rows.Message> messages;
    final Map<TenantAndText, List<Rows.Message>> heardByMessage;
    final Map<UUID, List<Rows.Message>> repliesByEvent;
    final Map<UUID, List<ProviderSend>> sendsByTrace;

    Books(Evidence evidence) {
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

    List<Rows.Event> eventsOf(Sent sent) {
        return eventsByProviderId.getOrDefault(sent.eventId(), List.of());
    }

    List<Rows.Job> jobsOf(Rows.Event event) {
        return jobsByEvent.getOrDefault(event.id(), List.of());
    }

    static String firstLine(@Nullable String text) {
        return text == null ? "no reason" : text.lines().findFirst().orElse("no reason");
    }

    static <K, T> Map<K, T> byId(Collection<T> rows, Function<T, K> id) {
        Map<K, T> map = new HashMap<>();
        rows.forEach(row -> map.put(id.apply(row), row));
        return map;
    }

    /** What has no key is left out. */
    static <K, T> Map<K, List<T>> grouped(Collection<T> rows, Function<T, @Nullable K> key) {
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
