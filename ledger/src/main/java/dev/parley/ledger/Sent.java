package dev.parley.ledger;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One event as the sender's book has it at the end. Times are of the sender's own monotonic clock, since it began.
 *
 * @param number counts from 1, in the order of the first attempts' plan
 * @param eventId the provider's id of the event; every delivery of it carries the same
 * @param messageId the provider's id of the message it tells of; another event may tell of the same one
 * @param body as sent
 * @param poison its handling is made to fail: it may end as a dead letter
 * @param firstSent when the first byte of its first delivery left; null if it never left
 * @param acknowledged when the first 2xx was read; null if none ever was
 * @param traces named by the acknowledgements, each once
 * @param deliveries attempts, whatever became of them
 */
record Sent(
        int number,
        UUID tenant,
        String address,
        String eventId,
        String messageId,
        JsonText body,
        boolean poison,
        @Nullable Duration firstSent,
        @Nullable Duration acknowledged,
        List<UUID> traces,
        int deliveries) {
    Sent {
        traces = List.copyOf(traces);
    }

    String text() {
        return body.object().getString("body", "");
    }

    /** How a violation names it. */
    String name() {
        return "event " + number + " (" + eventId + ")";
    }
}
