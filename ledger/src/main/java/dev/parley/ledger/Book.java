package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the sender did and was told, as it happened. Safe from any thread. */
final class Book {
    /** An event as it is delivered, the same bytes every time. */
    record Parcel(
            int number,
            UUID tenant,
            String address,
            String eventId,
            String messageId,
            JsonText body,
            String signature,
            boolean poison) {}

    private static final class Entry {
        final Parcel parcel;

        @Nullable
        Duration firstSent;

        @Nullable
        Duration acknowledged;

        final Set<UUID> traces = new LinkedHashSet<>();
        int deliveries;

        Entry(Parcel parcel) {
            this.parcel = parcel;
        }
    }

    private final long began = System.nanoTime();
    private final List<Entry> entries = new ArrayList<>();
    private @Nullable Duration lastAcknowledged;
    private Duration slowest = Duration.ZERO;

    /** @return where it stands, for the other methods */
    synchronized int enter(Parcel parcel) {
        entries.add(new Entry(parcel));
        return entries.size() - 1;
    }

    Duration now() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    /** Called before the first byte leaves: an order may be missed by this, never invented. */
    synchronized void leaves(int at) {
        Entry entry = entries.get(at);
        entry.deliveries++;
        if (entry.firstSent == null) {
            entry.firstSent = now();
        }
    }

    /** Called after the last byte of a 2xx was read. */
    synchronized void acknowledged(int at, @Nullable UUID trace) {
        Entry entry = entries.get(at);
        Duration now = now();
        lastAcknowledged = now;
        if (entry.acknowledged == null) {
            entry.acknowledged = now;
        }
        // An acknowledgement without a trace breaks a promise too: it names one that nothing is stored under.
        entry.traces.add(trace == null ? new UUID(0, 0) : trace);
    }

    /** Is there an acknowledgement of something that was sent after {@code time}? */
    synchronized boolean isAcknowledgedSince(Duration time) {
        if (lastAcknowledged == null || lastAcknowledged.compareTo(time) < 0) {
            return false;
        }
        return entries.stream()
                .anyMatch(entry ->
                        entry.firstSent != null && entry.acknowledged != null && entry.firstSent.compareTo(time) >= 0);
    }

    /** Called with how long an answer took, whatever it said, once the request had a connection. */
    synchronized void answered(Duration took) {
        if (took.compareTo(slowest) > 0) {
            slowest = took;
        }
    }

    /** The longest of the answers since this was last asked. */
    synchronized Duration slowestAnswer() {
        Duration found = slowest;
        slowest = Duration.ZERO;
        return found;
    }

    synchronized int acknowledgedSoFar() {
        return (int)
                entries.stream().filter(entry -> entry.acknowledged != null).count();
    }

    synchronized List<Sent> sent() {
        return entries.stream()
                .filter(entry -> entry.firstSent != null)
                .map(entry -> new Sent(
                        entry.parcel.number(),
                        entry.parcel.tenant(),
                        entry.parcel.address(),
                        entry.parcel.eventId(),
                        entry.parcel.messageId(),
                        entry.parcel.body(),
                        entry.parcel.poison(),
                        entry.firstSent,
                        entry.acknowledged,
                        List.copyOf(entry.traces),
                        entry.deliveries))
                .toList();
    }
}
