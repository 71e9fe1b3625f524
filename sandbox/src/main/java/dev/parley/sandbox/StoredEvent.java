package dev.parley.sandbox;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A fact as it stands in {@code bot.inbound_events}, payload included. */
record StoredEvent(
        UUID id,
        TenantId tenant,
        String provider,
        String type,
        @Nullable String providerEventId,
        @Nullable String providerMessageId,
        @Nullable String channel,
        @Nullable String channelAddress,
        OffsetDateTime receivedAt,
        String dedupeKey,
        JsonObject payload,
        UUID traceId) {

    private static final String OF_TRACE = """
            SELECT inbound_event_id, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel,
                   channel_address, received_at, dedupe_key, payload, trace_id
            FROM bot.inbound_events
            WHERE trace_id = $1
            ORDER BY received_at, inbound_event_id
            """;

    private static final String HEARD = """
            SELECT count(*)
            FROM bot.messages
            WHERE tenant_id = $1
              AND provider = $2
              AND provider_msg_id = $3
              AND direction = 'inbound'
            """;

    static Uni<List<StoredEvent>> ofTrace(SqlClient db, UUID trace) {
        return db.preparedQuery(OF_TRACE).execute(Tuple.of(trace)).map(rows -> {
            List<StoredEvent> events = new ArrayList<>();
            for (Row row : rows) {
                events.add(new StoredEvent(
                        row.getUUID("inbound_event_id"),
                        new TenantId(row.getUUID("tenant_id")),
                        row.getString("provider"),
                        row.getString("event_type"),
                        row.getString("provider_event_id"),
                        row.getString("provider_msg_id"),
                        row.getString("channel"),
                        row.getString("channel_address"),
                        row.getOffsetDateTime("received_at"),
                        row.getString("dedupe_key"),
                        row.getValue("payload") instanceof JsonObject json ? json : new JsonObject(),
                        row.getUUID("trace_id")));
            }
            return events;
        });
    }

    /** Whether the customer's message that it tells of is in the transcript, under whichever event. */
    Uni<Boolean> wasHeard(SqlClient db) {
        return providerMessageId == null
                ? Uni.createFrom().item(false)
                : db.preparedQuery(HEARD)
                        .execute(Tuple.of(tenant.value(), provider, providerMessageId))
                        .map(rows -> rows.iterator().next().getLong(0) > 0);
    }

    /** Its job as a handler would be given it, whether or not there is a row of it. */
    Job asJob() {
        return job(
                tenant,
                traceId,
                new Job.Event(
                        id,
                        provider,
                        type,
                        providerEventId,
                        providerMessageId,
                        channel,
                        channelAddress,
                        receivedAt,
                        payload));
    }

    static Job job(TenantId tenant, UUID trace, Job.Event event) {
        String address = event.channelAddress();
        return new Job(
                new JobId(event.id()),
                JobType.PROCESS_INBOUND_MESSAGE,
                new Line(
                        0,
                        tenant,
                        event.channel() == null ? "" : event.channel(),
                        address == null ? event.id().toString() : address,
                        Line.Direction.INCOMING),
                0,
                event.receivedAt(),
                event.receivedAt(),
                trace,
                event);
    }
}
