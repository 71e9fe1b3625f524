package dev.parley.inbound;

import dev.parley.queue.NewJob;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Owner of {@code bot.inbound_events}. Facts and their jobs are written by one statement, hence by one commit: never an
 * event without its job, never a job without its event.
 */
public final class InboundEventStore {
    static final String RECORD = """
            WITH input AS (
                SELECT *
                FROM unnest(
                    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                    $9::text[], $10::text[], $11::text[], $12::uuid[], $13::bigint[], $14::uuid[], $15::text[])
                WITH ORDINALITY AS input (
                    inbound_event_id, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel,
                    channel_address, dedupe_key, dedupe_key_before, payload, trace_id, age_micros, job_id, job_type,
                    ordinal)
            ), event AS (
                INSERT INTO bot.inbound_events (
                    inbound_event_id, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel,
                    channel_address, received_at, dedupe_key, payload, trace_id)
                SELECT inbound_event_id, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel,
                    channel_address, statement_timestamp() - age_micros * interval '1 microsecond', dedupe_key,
                    payload::jsonb, trace_id
                FROM input
                WHERE dedupe_key_before IS NULL
                    -- not NOT EXISTS: under OR the planner may hash the whole table for that
                    OR (
                        SELECT true
                        FROM bot.inbound_events AS earlier
                        WHERE earlier.tenant_id = input.tenant_id
                            AND earlier.dedupe_key = input.dedupe_key_before
                        LIMIT 1) IS NULL
                -- every process inserts keys in the same order: two batches with the same keys wait, never deadlock
                ORDER BY tenant_id, dedupe_key COLLATE "C"
                ON CONFLICT (tenant_id, dedupe_key) DO NOTHING
                RETURNING inbound_event_id
            ), job AS (
                INSERT INTO bot.job_queue (
                    job_id, tenant_id, job_type, inbound_event_id, status, attempts, run_after, created_at, updated_at,
                    trace_id)
                SELECT input.job_id, input.tenant_id, input.job_type, input.inbound_event_id, 'queued', 0,
                    -- order of work is order of arrival, by one clock, strictly increasing within the batch
                    statement_timestamp() + input.ordinal * interval '1 microsecond',
                    statement_timestamp() + input.ordinal * interval '1 microsecond',
                    statement_timestamp(),
                    input.trace_id
                FROM input
                JOIN event USING (inbound_event_id)
                WHERE input.job_id IS NOT NULL
            )
            SELECT inbound_event_id
            FROM event
            """;

    // A statement of its own: a row committed while RECORD ran is invisible to RECORD's snapshot.
    static final String FIRST_TRACES = """
            SELECT asked.ordinal, stored.trace_id
            FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (tenant_id, dedupe_key, ordinal)
            -- LIMIT keeps it a look-up for each key: a join may be planned as a walk through the whole table
            CROSS JOIN LATERAL (
                SELECT event.trace_id
                FROM bot.inbound_events AS event
                WHERE event.tenant_id = asked.tenant_id
                    AND event.dedupe_key = asked.dedupe_key
                LIMIT 1) AS stored
            """;

    private record Key(TenantId tenant, String value) {}

    private final SqlClient db;

    public InboundEventStore(SqlClient db) {
        this.db = db;
    }

    /**
     * Stores what is not there yet, all in one commit, and says for each event, in the same order, what became of it. Of
     * equal keys within {@code batch} the first is stored and the others are its duplicates. A failed Uni wrote nothing,
     * or it is unknown whether the commit happened: storing the same batch again is safe either way.
     */
    public Uni<List<Receipt>> recordAll(List<InboundEvent> batch) {
        Map<Key, InboundEvent> firsts = new HashMap<>();
        List<InboundEvent> fresh = new ArrayList<>(batch.size());
        Map<UUID, InboundEvent> firstOf = new HashMap<>();
        for (InboundEvent event : batch) {
            InboundEvent first = firsts.get(new Key(event.tenant(), event.key().value()));
            if (first == null && event.key().before() != null) {
                first = firsts.get(new Key(event.tenant(), event.key().before()));
            }
            if (first == null) {
                fresh.add(event);
                firsts.put(new Key(event.tenant(), event.key().value()), event);
            } else {
                firstOf.put(event.id(), first);
            }
        }
        return db.preparedQuery(RECORD)
                .execute(recordParameters(fresh))
                .map(InboundEventStore::ids)
                .chain(stored -> receipts(batch, fresh, firstOf, stored));
    }

    private Uni<List<Receipt>> receipts(
            List<InboundEvent> batch, List<InboundEvent> fresh, Map<UUID, InboundEvent> firstOf, Set<UUID> stored) {
        List<InboundEvent> known =
                fresh.stream().filter(event -> !stored.contains(event.id())).toList();
        return firstTraces(known)
                .map(traces -> batch.stream()
                        .map(event -> receipt(event, firstOf.get(event.id()), stored, traces))
                        .toList());
    }

    private static Receipt receipt(
            InboundEvent event, @Nullable InboundEvent first, Set<UUID> stored, Map<UUID, UUID> traces) {
        if (stored.contains(event.id())) {
            return new Receipt.Accepted(event.traceId());
        }
        InboundEvent original = first == null ? event : first;
        UUID trace = stored.contains(original.id()) ? original.traceId() : traces.get(original.id());
        if (trace == null) {
            throw new IllegalStateException("event neither stored nor found: " + event.id());
        }
        return new Receipt.Duplicate(trace);
    }

    /** Trace ids by the id of the event that was not stored because an earlier one has its key. */
    private Uni<Map<UUID, UUID>> firstTraces(List<InboundEvent> known) {
        if (known.isEmpty()) {
            return Uni.createFrom().item(Map.of());
        }
        List<InboundEvent> asked = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (InboundEvent event : known) {
            String before = event.key().before();
            if (before != null) {
                asked.add(event);
                keys.add(before);
            }
            asked.add(event);
            keys.add(event.key().value());
        }
        Tuple parameters =
                Tuple.from(List.<Object>of(uuids(asked, event -> event.tenant().value()), keys.toArray(String[]::new)));
        return db.preparedQuery(FIRST_TRACES).execute(parameters).map(rows -> {
            Map<UUID, UUID> traces = new HashMap<>();
            for (Row row : rows) {
                InboundEvent event = asked.get(Math.toIntExact(row.getLong("ordinal")) - 1);
                traces.putIfAbsent(event.id(), row.getUUID("trace_id"));
            }
            return traces;
        });
    }

    private static Set<UUID> ids(RowSet<Row> rows) {
        Set<UUID> ids = new HashSet<>();
        rows.forEach(row -> ids.add(row.getUUID("inbound_event_id")));
        return ids;
    }

    static Tuple recordParameters(List<InboundEvent> events) {
        long now = System.nanoTime();
        Long[] ages = events.stream()
                .map(event -> Math.max(0, (now - event.arrivedNanos()) / 1_000))
                .toArray(Long[]::new);
        return Tuple.from(List.<Object>of(
                uuids(events, InboundEvent::id),
                uuids(events, event -> event.tenant().value()),
                texts(events, InboundEvent::provider),
                texts(events, InboundEvent::type),
                texts(events, InboundEvent::providerEventId),
                texts(events, InboundEvent::providerMessageId),
                texts(events, InboundEvent::channel),
                texts(events, InboundEvent::channelAddress),
                texts(events, event -> event.key().value()),
                texts(events, event -> event.key().before()),
                texts(events, event -> event.payload().stored()),
                uuids(events, InboundEvent::traceId),
                ages,
                uuids(events, event -> jobPart(event, job -> job.id().value())),
                texts(events, event -> jobPart(event, job -> job.type().name()))));
    }

    private static <T> @Nullable T jobPart(InboundEvent event, Function<NewJob, T> part) {
        NewJob job = event.job();
        return job == null ? null : part.apply(job);
    }

    private static @Nullable UUID[] uuids(List<InboundEvent> events, Function<InboundEvent, @Nullable UUID> part) {
        return filled(new UUID[events.size()], events, part);
    }

    private static @Nullable String[] texts(List<InboundEvent> events, Function<InboundEvent, @Nullable String> part) {
        return filled(new String[events.size()], events, part);
    }

    private static <T> @Nullable T[] filled(
            @Nullable T[] parts, List<InboundEvent> events, Function<InboundEvent, @Nullable T> part) {
        for (int at = 0; at < parts.length; at++) {
            parts[at] = part.apply(events.get(at));
        }
        return parts;
    }
}
