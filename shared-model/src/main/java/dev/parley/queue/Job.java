package dev.parley.queue;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A due job together with the event it is about, as read by its owner. A job is its id: two readings of one job are equal,
 * and no set of jobs compares payloads.
 *
 * @param attempts how often it was claimed before this time; the attempt now running is {@code attempts + 1}
 * @param createdAt database clock; within one {@link Line} the order of {@code (createdAt, id)} is the order of work
 */
public record Job(
        JobId id,
        JobType type,
        Line line,
        int attempts,
        OffsetDateTime runAfter,
        OffsetDateTime createdAt,
        UUID traceId,
        Event event) {

    public TenantId tenant() {
        return line.tenant();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Job job && id.equals(job.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /**
     * The stored fact.
     *
     * @param stored makes the provider's JSON as sent (docs/settings.md says what of it jsonb cannot hold) when somebody asks
     *     for it: most jobs that send or report never do
     */
    public record Event(
            UUID id,
            String provider,
            String type,
            @Nullable String providerEventId,
            @Nullable String providerMessageId,
            @Nullable String channel,
            @Nullable String channelAddress,
            OffsetDateTime receivedAt,
            Supplier<JsonObject> stored) {
        public Event(
                UUID id,
                String provider,
                String type,
                @Nullable String providerEventId,
                @Nullable String providerMessageId,
                @Nullable String channel,
                @Nullable String channelAddress,
                OffsetDateTime receivedAt,
                JsonObject payload) {
            this(
                    id,
                    provider,
                    type,
                    providerEventId,
                    providerMessageId,
                    channel,
                    channelAddress,
                    receivedAt,
                    () -> payload);
        }

        public JsonObject payload() {
            return stored.get();
        }
    }
}
