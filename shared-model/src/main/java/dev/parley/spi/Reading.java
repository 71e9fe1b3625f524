package dev.parley.spi;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.Payload;
import dev.parley.queue.JobType;
import dev.parley.tenant.TenantId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a genuine delivery says. */
public sealed interface Reading {
    /** One or more facts, in the order in which they happened. */
    record Events(List<Event> events) implements Reading {
        public Events {
            events = List.copyOf(events);
            if (events.isEmpty()) {
                throw new IllegalArgumentException("a delivery without events is NotOurs, with its reason");
            }
        }
    }

    /** Rightly signed but meant for somebody else (a foreign app): acknowledged, metered, not stored. */
    record NotOurs(String reason) implements Reading {}

    /** The vendor asks whether we are who we say, and wants this for an answer; nothing happened and nothing is stored. */
    record Question(Reply answer) implements Reading {}

    /** One fact. Made by {@link #of} and the methods after it. */
    final class Event {
        private final String type;
        private final @Nullable JobType job;
        private final EventKey key;
        private final Payload payload;
        private final @Nullable String account;
        private final @Nullable String eventId;
        private final @Nullable String messageId;
        private final @Nullable String channel;
        private final @Nullable String address;
        private final @Nullable String quarantine;

        private Event(
                String type,
                @Nullable JobType job,
                EventKey key,
                Payload payload,
                @Nullable String account,
                @Nullable String eventId,
                @Nullable String messageId,
                @Nullable String channel,
                @Nullable String address,
                @Nullable String quarantine) {
            this.type = type;
            this.job = job;
            this.key = key;
            this.payload = payload;
            this.account = account;
            this.eventId = eventId;
            this.messageId = messageId;
            this.channel = channel;
            this.address = address;
            this.quarantine = quarantine;
        }

        /** @param job null = stored without a job, answered {@code ignored} where the type is {@code other:…} */
        public static Event of(String type, @Nullable JobType job, EventKey key, Payload payload) {
            return new Event(type, job, key, payload, null, null, null, null, null, null);
        }

        /** The vendor's account it belongs to; null = the event names none. */
        public Event from(@Nullable String account) {
            return new Event(type, job, key, payload, account, eventId, messageId, channel, address, quarantine);
        }

        /** The provider's own ids of event and message. */
        public Event named(@Nullable String eventId, @Nullable String messageId) {
            return new Event(type, job, key, payload, account, eventId, messageId, channel, address, quarantine);
        }

        /** Where the contact is reached. */
        public Event on(@Nullable String channel, @Nullable String address) {
            return new Event(type, job, key, payload, account, eventId, messageId, channel, address, quarantine);
        }

        /** For a person to look at: stored for its tenant, without a job, with the reason beside it. */
        public Event quarantined(String reason) {
            return new Event(type, null, key, payload, account, eventId, messageId, channel, address, reason);
        }

        /**
         * The fact as it will be stored. What a person must look at is quarantined, with the reason beside it.
         *
         * @param provider who told of it, as in the URL
         * @param arrivedNanos see {@link InboundEvent}
         */
        public InboundEvent fact(TenantId tenant, String provider, long arrivedNanos) {
            return InboundEvent.create(
                    tenant,
                    provider,
                    quarantine == null ? type : InboundEvent.QUARANTINED,
                    eventId,
                    messageId,
                    channel,
                    address,
                    key,
                    quarantine == null || quarantine.equals(payload.reason()) ? payload : payload.noting(quarantine),
                    arrivedNanos,
                    job);
        }

        public String type() {
            return type;
        }

        public @Nullable JobType job() {
            return job;
        }

        public EventKey key() {
            return key;
        }

        public Payload payload() {
            return payload;
        }

        public @Nullable String account() {
            return account;
        }

        public @Nullable String eventId() {
            return eventId;
        }

        public @Nullable String messageId() {
            return messageId;
        }

        public @Nullable String channel() {
            return channel;
        }

        public @Nullable String address() {
            return address;
        }

        /** Why a person must look at it; null = it may be acted upon. */
        public @Nullable String quarantine() {
            return quarantine;
        }
    }

    static Reading event(Event event) {
        return new Events(List.of(event));
    }
}
