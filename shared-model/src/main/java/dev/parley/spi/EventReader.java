package dev.parley.spi;

import dev.parley.queue.Job;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a stored event of one provider says. The payload is kept as the provider sent it, so whoever handles a job
 * asks the provider's reader for its meaning. Pure: no I/O, never throws for odd content (what is missing is null).
 */
public interface EventReader {
    /** The word in {@code bot.inbound_events.provider}, up to its first dot (what follows is a tenant's own name for it). */
    String provider();

    /** The message a customer wrote (event type {@code inbound_message}). */
    Incoming incoming(Job.Event event);

    /**
     * The same where a tenant says how its events are to be read; by default that is not asked.
     *
     * @param settings the tenant's, as they are now
     */
    default Incoming incoming(Job.Event event, Settings settings) {
        return incoming(event);
    }

    /**
     * Whether this message came without media only because its provider shows them some time after the message; then
     * {@link MessagingAdapter#media} of the adapter of the same name is asked for them.
     */
    default boolean showsMediaLater(Job.Event event) {
        return false;
    }

    /** What a status or echo event says (event types {@code delivery_status}, {@code outbound_message}). */
    Report report(Job.Event event);

    /** Whom, and on which channels, the provider says not to disturb, or no longer (event type {@code contact_dnd}). */
    default List<DoNotDisturb> doNotDisturb(Job.Event event) {
        return List.of();
    }

    /**
     * Whose turn a conversation is in the provider's inbox (event type {@code conversation_status}); null = it does not say,
     * or nothing that concerns the bot.
     */
    default @Nullable Turn turn(Job.Event event) {
        return null;
    }

    /** @param at when it was so; null = the provider does not say */
    record Turn(Whose whose, @Nullable Instant at) {}

    enum Whose {
        /** People are done with it, or gave it to the bot. */
        BOT,
        /** It was handed to people. */
        PEOPLE
    }

    /**
     * A mark on one address of one channel, under which Parley may or may not know somebody.
     *
     * @param isPermanent cannot be lifted by the contact's own word
     * @param reason in the provider's words; null = none
     * @param at when it was so; null = the provider does not say
     */
    record DoNotDisturb(
            String channel,
            String channelAddress,
            boolean isOn,
            boolean isPermanent,
            @Nullable String reason,
            @Nullable Instant at) {}

    /**
     * @param text the words; empty where there are none (media only, a missed call)
     * @param contactRefs the vendors' own ids of this contact by adapter name, merged into {@code refs} of the contact's
     *     metadata, for example {@code {"ghl": {"contact_id": "…"}}}
     * @param details anything worth keeping with the message (subject, number written to), in a documented shape
     * @param media what was sent beside or instead of words, each {@code {"kind", "id"|"url", "mime_type", …}} as documented
     *     for {@code messages.payload.media}; references only, nothing is fetched
     */
    record Incoming(
            String text,
            @Nullable String displayName,
            @Nullable Instant sentAt,
            JsonObject contactRefs,
            JsonObject details,
            JsonArray media) {
        /** Of words alone. */
        public Incoming(
                String text,
                @Nullable String displayName,
                @Nullable Instant sentAt,
                JsonObject contactRefs,
                JsonObject details) {
            this(text, displayName, sentAt, contactRefs, details, new JsonArray());
        }
    }

    enum State {
        SENT,
        DELIVERED,
        READ,
        FAILED,
        /** Says nothing about progress. */
        OTHER
    }

    /** Who wrote an outbound message that the provider tells us about. */
    enum Author {
        /** Sent through the API: ours, or another integration's. */
        API,
        /** A person typed it in the provider's inbox. */
        HUMAN,
        /** A campaign or workflow of the provider. */
        AUTOMATION
    }

    /**
     * @param providerMessageId the provider's id of the outbound message; null = not given
     * @param author null where the event is a bare status
     * @param text the words of the outbound message, empty for a bare status
     * @param ourMessageId our own id of the message, where the vendor gives back what we sent along; null = it does not
     */
    record Report(
            @Nullable String providerMessageId,
            State state,
            @Nullable Author author,
            String text,
            @Nullable String error,
            @Nullable Instant at,
            JsonObject contactRefs,
            @Nullable UUID ourMessageId) {
        /** Of a vendor that gives nothing back. */
        public Report(
                @Nullable String providerMessageId,
                State state,
                @Nullable Author author,
                String text,
                @Nullable String error,
                @Nullable Instant at,
                JsonObject contactRefs) {
            this(providerMessageId, state, author, text, error, at, contactRefs, null);
        }
    }
}
