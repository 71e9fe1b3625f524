package dev.parley.spi;

import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The outbound side of one vendor. Non-blocking; called on an event loop, many calls at once. Each call ends by itself
 * within the configured call timeout. Failures are {@link AdapterException}s, nothing else.
 */
public interface MessagingAdapter {
    /** The word in {@code core.tenants.messaging_adapter}. */
    String name();

    /**
     * How long after a contact's last message it may be written to freely on {@code channel}; later, sends are blocked
     * without asking the vendor. Empty = for ever.
     */
    default Optional<Duration> replyWindow(String channel) {
        return Optional.empty();
    }

    /**
     * Sends one message, once, under its trace ({@code traceparent}). An unclear end is {@code AMBIGUOUS}, never a retry
     * inside the adapter.
     */
    Uni<Sent> send(Tenant tenant, OutboundMessage message);

    /**
     * Asks the vendor whether {@code message}, of which the outcome is unknown, reached it. A vendor that cannot be asked
     * is no reason to send again: then this fails, {@code AMBIGUOUS} while a report may still come, {@code REFUSED} after.
     *
     * @param attemptedAt when the attempt in question began (database clock)
     * @return the vendor's record of it; empty = the vendor answered and does not have it
     */
    Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt);

    /** What the vendor remembers, for finding what was missed; empty = this vendor's API cannot list messages. */
    default Optional<MessageHistory> history() {
        return Optional.empty();
    }

    /**
     * Asks the vendor again for a message that came in, because it may show its media only some time after it
     * ({@link EventReader#showsMediaLater}). May be asked often: it changes nothing at the vendor.
     *
     * @param providerMessageId the vendor's id of the message
     * @return references in the shape of {@link EventReader.Incoming#media()}; empty = it shows none, or none yet
     */
    default Uni<JsonArray> media(Tenant tenant, String providerMessageId) {
        return Uni.createFrom()
                .failure(new AdapterException(AdapterException.Kind.REFUSED, name() + " shows no media afterwards"));
    }

    /**
     * What an adapter needs to send.
     *
     * @param messageId our id of the message ({@code bot.messages.message_id})
     * @param contactRefs {@code refs} of {@code bot.contacts.metadata}: vendors' own ids of the contact by adapter name,
     *     for example {@code {"ghl": {"contact_id": "…"}}}
     * @param isHandOff with these words the bot hands the conversation to people; vendors with an inbox show it there
     */
    record OutboundMessage(
            UUID messageId,
            UUID traceId,
            String channel,
            String channelAddress,
            String text,
            JsonObject contactRefs,
            boolean isHandOff) {
        /** An ordinary message. */
        public OutboundMessage(
                UUID messageId,
                UUID traceId,
                String channel,
                String channelAddress,
                String text,
                JsonObject contactRefs) {
            this(messageId, traceId, channel, channelAddress, text, contactRefs, false);
        }
    }

    /** The vendor took it. {@code providerMessageId} null = the vendor gave no id. */
    record Sent(@Nullable String providerMessageId, String status) {}
}
