package dev.parley.dialog;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code bot.messages}, the transcript.
 *
 * @param provider inbound: the provider of the event; outbound: the adapter that sends it
 * @param providerMessageId the vendor's id; null = none (yet)
 * @param createdAt database clock, strictly increasing within what was written together; null = not stored yet
 * @param version of the row as read; null = not stored yet
 */
public record Message(
        MessageId id,
        TenantId tenant,
        ConversationId conversation,
        ContactId contact,
        Direction direction,
        String provider,
        @Nullable String providerMessageId,
        String channel,
        String text,
        JsonObject payload,
        UUID traceId,
        @Nullable Instant createdAt,
        @Nullable String version) {

    public enum Direction {
        INBOUND,
        OUTBOUND;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String DELIVERY = "delivery";
    private static final String MEDIA = "media";

    /** A message not stored yet. */
    public static Message of(
            MessageId id,
            Conversation conversation,
            Direction direction,
            String provider,
            @Nullable String providerMessageId,
            String channel,
            String text,
            JsonObject payload,
            UUID traceId) {
        return new Message(
                id,
                conversation.tenant(),
                conversation.id(),
                conversation.contact(),
                direction,
                provider,
                providerMessageId,
                channel,
                text,
                payload,
                traceId,
                null,
                null);
    }

    public boolean isNew() {
        return version == null;
    }

    public Delivery delivery() {
        return new Delivery(Lenient.object(payload, DELIVERY));
    }

    public Message with(Delivery delivery) {
        return with(providerMessageId, payload.copy().put(DELIVERY, delivery.json()));
    }

    /** References to what was sent beside or instead of words. */
    public List<Media> media() {
        return Media.listOf(Lenient.array(payload, MEDIA));
    }

    public Message with(List<Media> media) {
        return with(providerMessageId, payload.copy().put(MEDIA, Media.json(media)));
    }

    public Message withProviderMessageId(@Nullable String id) {
        return id == null ? this : with(id, payload);
    }

    private Message with(@Nullable String newProviderMessageId, JsonObject newPayload) {
        return new Message(
                id,
                tenant,
                conversation,
                contact,
                direction,
                provider,
                newProviderMessageId,
                channel,
                text,
                newPayload,
                traceId,
                createdAt,
                version);
    }
}
