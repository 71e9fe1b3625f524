package dev.parley.queue;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A due job together with the event it is about, as read by its owner.
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

    /** The stored fact. {@code payload} is the provider's JSON as sent (see {@code house.md}, §4, for what jsonb cannot hold). */
    public record Event(
            UUID id,
            String provider,
            String type,
            @Nullable String providerEventId,
            @Nullable String providerMessageId,
            @Nullable String channel,
            @Nullable String channelAddress,
            OffsetDateTime receivedAt,
            JsonObject payload) {}
}
