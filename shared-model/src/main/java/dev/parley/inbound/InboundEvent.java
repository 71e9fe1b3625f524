package dev.parley.inbound;

import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A fact about to be stored, with the job that goes with it. Texts are mended and bounded here, so that no content of a
 * genuine event makes the row impossible: what is too long for an index is replaced by its hash (the payload has it all).
 *
 * @param arrivedNanos {@link System#nanoTime()} when its first byte was seen; the database clock minus that age becomes
 *     {@code received_at}
 * @param job null = stored only
 */
public record InboundEvent(
        UUID id,
        TenantId tenant,
        String provider,
        String type,
        @Nullable String providerEventId,
        @Nullable String providerMessageId,
        @Nullable String channel,
        @Nullable String channelAddress,
        EventKey key,
        Payload payload,
        UUID traceId,
        long arrivedNanos,
        @Nullable NewJob job) {
    public static final String QUARANTINED = "quarantined";
    private static final int MAX_WORD = 100;
    private static final int MAX_ID = 320;

    public InboundEvent {
        type = word(type);
        providerEventId = id(providerEventId);
        providerMessageId = id(providerMessageId);
        channel = channel == null ? null : word(channel);
        channelAddress = id(channelAddress);
        if (job != null
                && (!job.eventId().equals(id)
                        || !job.traceId().equals(traceId)
                        || !job.tenant().equals(tenant))) {
            throw new IllegalArgumentException("job " + job.id() + " does not belong to event " + id);
        }
    }

    /** With new ids and a new trace. */
    public static InboundEvent create(
            TenantId tenant,
            String provider,
            String type,
            @Nullable String providerEventId,
            @Nullable String providerMessageId,
            @Nullable String channel,
            @Nullable String channelAddress,
            EventKey key,
            Payload payload,
            long arrivedNanos,
            @Nullable JobType job) {
        UUID id = TimeOrderedId.next();
        UUID trace = UUID.randomUUID();
        return new InboundEvent(
                id,
                tenant,
                provider,
                type,
                providerEventId,
                providerMessageId,
                channel,
                channelAddress,
                key,
                payload,
                trace,
                arrivedNanos,
                job == null ? null : new NewJob(new JobId(TimeOrderedId.next()), tenant, job, id, trace));
    }

    /** What is kept of it when the database refuses the row: its bytes, under the same key, without a job. */
    public InboundEvent reducedToBytes(String why) {
        return new InboundEvent(
                id,
                tenant,
                provider,
                QUARANTINED,
                null,
                null,
                null,
                null,
                key,
                payload.bytesOnly(why),
                traceId,
                arrivedNanos,
                null);
    }

    private static String word(String text) {
        String clean = Payload.mended(text);
        return clean.length() <= MAX_WORD ? clean : Payload.mended(clean.substring(0, MAX_WORD));
    }

    private static @Nullable String id(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return null;
        }
        String clean = Payload.mended(text);
        return clean.length() <= MAX_ID ? clean : "sha256:" + EventKey.sha256(clean.getBytes(StandardCharsets.UTF_8));
    }
}
