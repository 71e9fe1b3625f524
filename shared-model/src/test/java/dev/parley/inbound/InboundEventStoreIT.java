package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.inbound.Receipt.Accepted;
import dev.parley.inbound.Receipt.Duplicate;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.JobType;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Tuple;
import io.vertx.pgclient.PgException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class InboundEventStoreIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final TenantId tenant = given.tenant();
    // Least privilege is part of what is tested.
    private final InboundEventStore store = new InboundEventStore(db.pool(Login.INGEST));

    private static Payload json(String text) {
        return Payload.json(text.getBytes(StandardCharsets.UTF_8));
    }

    private InboundEvent event(EventKey key, Payload payload, long arrived) {
        return InboundEvent.create(
                tenant,
                "ghl",
                "inbound_message",
                "w-" + key.value(),
                "m-" + key.value(),
                "sms",
                "+15550100",
                key,
                payload,
                arrived,
                JobType.PROCESS_INBOUND_MESSAGE);
    }

    private InboundEvent event(String key) {
        return event(EventKey.of("ghl", "wh", key), json("{\"body\":\"hello\"}"), System.nanoTime());
    }

    private List<Receipt> record(InboundEvent... events) {
        return store.recordAll(List.of(events)).await().indefinitely();
    }

    private long events() {
        return db.count("bot.inbound_events WHERE tenant_id = ?", tenant.value());
    }

    private long jobs() {
        return db.count("bot.job_queue WHERE tenant_id = ?", tenant.value());
    }

    @Test
    void an_event_and_its_job_are_stored_together() {
        InboundEvent event = event("1");

        assertThat(record(event)).containsExactly(new Accepted(event.traceId()));

        assertThat(db.rows("""
                        SELECT e.provider, e.event_type, e.provider_event_id, e.provider_msg_id, e.channel,
                            e.channel_address, e.dedupe_key, e.payload ->> 'body' AS body, j.job_id, j.job_type, j.status,
                            j.attempts, j.trace_id = e.trace_id AS same_trace, j.run_after = j.created_at AS due,
                            j.tenant_id = e.tenant_id AS same_tenant
                        FROM bot.inbound_events e JOIN bot.job_queue j USING (inbound_event_id)
                        WHERE e.inbound_event_id = ?
                        """, event.id()))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("provider", "ghl")
                        .containsEntry("event_type", "inbound_message")
                        .containsEntry("provider_event_id", "w-ghl:wh:1")
                        .containsEntry("provider_msg_id", "m-ghl:wh:1")
                        .containsEntry("channel", "sms")
                        .containsEntry("channel_address", "+15550100")
                        .containsEntry("dedupe_key", "ghl:wh:1")
                        .containsEntry("body", "hello")
                        .containsEntry("job_id", event.job().id().value())
                        .containsEntry("job_type", "process_inbound_message")
                        .containsEntry("status", "queued")
                        .containsEntry("attempts", 0)
                        .containsEntry("same_trace", true)
                        .containsEntry("same_tenant", true)
                        .containsEntry("due", true));
    }

    @Test
    void an_event_without_a_job_is_stored_alone() {
        InboundEvent event = InboundEvent.create(
                tenant,
                "ghl",
                "app_installed",
                null,
                null,
                null,
                null,
                EventKey.of("ghl", "wh", "i"),
                json("{}"),
                0,
                null);

        record(event);

        assertThat(events()).isOne();
        assertThat(jobs()).isZero();
    }

    @Test
    void a_duplicate_writes_nothing_and_names_the_first_trace() {
        InboundEvent first = event("1");
        record(first);

        assertThat(record(event("1"))).containsExactly(new Duplicate(first.traceId()));

        assertThat(events()).isOne();
        assertThat(jobs()).isOne();
    }

    @Test
    void equal_keys_in_one_batch_are_one_event_and_its_duplicates() {
        InboundEvent first = event("1");

        assertThat(record(first, event("1"), event("1")))
                .containsExactly(
                        new Accepted(first.traceId()), new Duplicate(first.traceId()), new Duplicate(first.traceId()));

        assertThat(events()).isOne();
    }

    @Test
    void equal_keys_in_one_batch_that_were_there_before_all_name_the_first_trace() {
        InboundEvent first = event("1");
        record(first);
        InboundEvent fresh = event("2");

        assertThat(record(event("1"), fresh, event("1")))
                .containsExactly(
                        new Duplicate(first.traceId()), new Accepted(fresh.traceId()), new Duplicate(first.traceId()));
    }

    @Test
    void the_same_key_of_another_tenant_is_another_event() {
        TenantId other = given.tenant();
        record(event("1"));
        InboundEvent theirs = InboundEvent.create(
                other,
                "ghl",
                "inbound_message",
                null,
                null,
                "sms",
                "+1",
                EventKey.of("ghl", "wh", "1"),
                json("{}"),
                0,
                JobType.PROCESS_INBOUND_MESSAGE);

        assertThat(record(theirs)).containsExactly(new Accepted(theirs.traceId()));
    }

    @Test
    void jobs_are_due_in_order_of_arrival_whatever_their_keys() {
        List<String> keys = new ArrayList<>(
                IntStream.range(0, 256).mapToObj(String::valueOf).toList());
        Collections.shuffle(keys, new Random(1));
        List<InboundEvent> batch = keys.stream().map(this::event).toList();

        store.recordAll(batch).await().indefinitely();

        List<Object> order = db.rows("""
                        SELECT inbound_event_id FROM bot.job_queue
                        WHERE tenant_id = ? ORDER BY created_at
                        """, tenant.value()).stream()
                .map(row -> row.get("inbound_event_id"))
                .toList();
        assertThat(order).isEqualTo(batch.stream().map(InboundEvent::id).toList());
        assertThat(db.count(
                        "(SELECT DISTINCT created_at FROM bot.job_queue WHERE tenant_id = ?) AS times", tenant.value()))
                .isEqualTo(256);
    }

    @Test
    void the_next_batch_is_due_after_this_one() {
        record(event("z"), event("y"));
        record(event("b"), event("a"));

        assertThat(db.rows("""
                        SELECT dedupe_key FROM bot.job_queue JOIN bot.inbound_events e USING (inbound_event_id)
                        WHERE e.tenant_id = ? ORDER BY run_after
                        """, tenant.value()))
                .extracting(row -> row.get("dedupe_key"))
                .containsExactly("ghl:wh:z", "ghl:wh:y", "ghl:wh:b", "ghl:wh:a");
    }

    @Test
    void received_at_is_when_it_arrived_by_the_databases_clock() {
        InboundEvent waited = event(EventKey.of("ghl", "wh", "w"), json("{}"), System.nanoTime() - 90_000_000_000L);

        record(waited);

        assertThat(db.value(Double.class, """
                        SELECT extract(epoch FROM j.created_at - e.received_at)::float8
                        FROM bot.inbound_events e JOIN bot.job_queue j USING (inbound_event_id)
                        WHERE e.inbound_event_id = ?
                        """, waited.id())).isBetween(90.0, 95.0);
    }

    @Test
    void one_impossible_row_rolls_back_its_whole_batch() {
        TenantId nobody = new TenantId(UUID.randomUUID());
        InboundEvent stray = InboundEvent.create(
                nobody,
                "ghl",
                "inbound_message",
                null,
                null,
                "sms",
                "+1",
                EventKey.of("ghl", "wh", "s"),
                json("{}"),
                0,
                JobType.PROCESS_INBOUND_MESSAGE);

        assertThatThrownBy(() -> record(event("1"), stray, event("2")))
                .isInstanceOfSatisfying(
                        PgException.class, e -> assertThat(e.getSqlState()).isEqualTo("23503"));

        assertThat(events()).isZero();
        assertThat(jobs()).isZero();
    }

    @Test
    void two_batches_with_the_same_keys_in_opposite_order_never_deadlock() throws Exception {
        for (int round = 0; round < 20; round++) {
            String prefix = "r" + round + "-";
            List<InboundEvent> up =
                    IntStream.range(0, 200).mapToObj(i -> event(prefix + i)).toList();
            List<InboundEvent> down = new ArrayList<>(
                    IntStream.range(0, 200).mapToObj(i -> event(prefix + i)).toList());
            Collections.reverse(down);

            CompletableFuture<List<Receipt>> one = store.recordAll(up).subscribeAsCompletionStage();
            CompletableFuture<List<Receipt>> other = store.recordAll(down).subscribeAsCompletionStage();

            List<Receipt> all = new ArrayList<>(one.get(20, TimeUnit.SECONDS));
            all.addAll(other.get(20, TimeUnit.SECONDS));
            assertThat(all.stream().filter(Accepted.class::isInstance)).hasSize(200);
            Set<UUID> traces = new HashSet<>();
            all.forEach(receipt -> traces.add(receipt.traceId()));
            assertThat(traces).hasSize(200);
        }
    }

    @Test
    void a_duplicate_of_an_event_that_is_being_committed_waits_and_names_its_trace() throws Exception {
        UUID trace = UUID.randomUUID();
        try (Connection other = db.connect();
                Statement sql = other.createStatement()) {
            other.setAutoCommit(false);
            sql.execute(
                    "INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload, trace_id) "
                            + "VALUES ('" + tenant + "', 'ghl', 'x', 'ghl:wh:1', '{}', '" + trace + "')");
            CompletableFuture<List<Receipt>> second =
                    store.recordAll(List.of(event("1"))).subscribeAsCompletionStage();
            org.awaitility.Awaitility.await()
                    .until(() ->
                            db.count("pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = ?", db.name()) > 0);

            other.commit();

            assertThat(second.get(10, TimeUnit.SECONDS)).containsExactly(new Duplicate(trace));
        }
        assertThat(jobs()).isZero();
    }

    // --- a short window for events without an id

    private InboundEvent windowed(Instant at) {
        byte[] body = "{\"tag\":\"x\"}".getBytes(StandardCharsets.UTF_8);
        return event(EventKey.ofBodyWithin("ghl-workflow", body, at, Duration.ofSeconds(60)), Payload.json(body), 0);
    }

    private static final Instant EDGE = Instant.ofEpochSecond(1_790_000_040L / 60 * 60);

    @Test
    void a_body_again_over_the_edge_of_its_window_is_a_duplicate() {
        InboundEvent first = windowed(EDGE.minusMillis(5));
        record(first);

        assertThat(record(windowed(EDGE.plusMillis(5)))).containsExactly(new Duplicate(first.traceId()));

        assertThat(events()).isOne();
        assertThat(jobs()).isOne();
    }

    @Test
    void a_body_again_over_the_edge_within_one_batch_is_a_duplicate() {
        InboundEvent first = windowed(EDGE.minusMillis(5));

        assertThat(record(first, windowed(EDGE.plusMillis(5))))
                .containsExactly(new Accepted(first.traceId()), new Duplicate(first.traceId()));
    }

    @Test
    void a_body_again_much_later_is_a_new_event() {
        record(windowed(EDGE));
        InboundEvent later = windowed(EDGE.plusSeconds(120));

        assertThat(record(later)).containsExactly(new Accepted(later.traceId()));
    }

    // --- whatever a genuine body holds, it is stored

    static List<Payload> bodies() {
        List<byte[]> bodies = new ArrayList<>();
        for (String text : List.of(
                "{\"body\":\"a\\u0000b\"}",
                "{\"a\\u0000\":1}",
                "{\"body\":\"\\ud800\"}",
                "{\"body\":\"\\udc00\"}",
                "{\"\\ud800\":{\"x\":[\"\\udfff\"]}}",
                "{\"n\":1e999999999}",
                "{\"n\":1e-20000}",
                "{\"n\":1e308,\"m\":-1.7976931348623157e308,\"t\":1e-308}",
                "{\"n\":" + "9".repeat(400) + "}",
                "{\"n\":" + "9".repeat(401) + "}",
                "{\"n\":0." + "0".repeat(390) + "1}",
                "{\"k\":1,\"k\":2}",
                "{\"a\":".repeat(64) + "1" + "}".repeat(64),
                "{\"a\":".repeat(100) + "1" + "}".repeat(100),
                "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}",
                "{\"" + "k".repeat(100_000) + "\":\"" + "v".repeat(500_000) + "\"}",
                "{\"emoji\":\"😀\",\"escaped\":\"\\ud83d\\ude00\",\"last\":\"\\uffff\uFFFF\"}",
                "\uFEFF{\"a\":1}",
                "{",
                "",
                "[]",
                "null",
                "not json at all",
                "{\"a\":\"\u0000\"}")) {
            bodies.add(text.getBytes(StandardCharsets.UTF_8));
        }
        bodies.add("{\"a\":1}".getBytes(StandardCharsets.UTF_16));
        bodies.add(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'});
        return bodies.stream().map(Payload::json).toList();
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void every_body_fits_the_column(Payload payload) {
        InboundEvent event = event(EventKey.of("ghl", "wh", UUID.randomUUID().toString()), payload, 0);

        assertThat(record(event)).containsExactly(new Accepted(event.traceId()));

        JsonObject stored = new JsonObject(db.value(
                String.class, "SELECT payload::text FROM bot.inbound_events WHERE inbound_event_id = ?", event.id()));
        assertThat(stored.containsKey("$raw")).isEqualTo(payload.reason() != null);
    }

    @Test
    void ten_thousand_random_objects_all_fit_the_column() {
        Random random = new Random(42);
        for (int round = 0; round < 50; round++) {
            List<InboundEvent> batch = new ArrayList<>();
            for (int at = 0; at < 200; at++) {
                batch.add(event(
                        EventKey.of("ghl", "wh", round + "-" + at), json("{\"v\":" + randomValue(random, 0) + "}"), 0));
            }
            assertThat(store.recordAll(batch).await().indefinitely()).allMatch(Accepted.class::isInstance);
        }
    }

    private static String randomValue(Random random, int depth) {
        return switch (random.nextInt(depth > 4 ? 5 : 7)) {
            case 0 -> randomText(random);
            case 1 -> String.valueOf(random.nextLong());
            case 2 -> random.nextInt(2000) + "." + random.nextInt(2000) + "e" + (random.nextInt(700) - 350);
            case 3 -> "true";
            case 4 -> "null";
            case 5 -> "[" + randomValue(random, depth + 1) + "," + randomValue(random, depth + 1) + "]";
            default -> "{" + randomText(random) + ":" + randomValue(random, depth + 1) + "}";
        };
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder("\"");
        for (int at = random.nextInt(6); at > 0; at--) {
            text.append(
                    random.nextInt(4) == 0
                            ? "\\u%04x".formatted(random.nextInt(0x10000))
                            : Character.toString(' ' + 3 + random.nextInt(50)));
        }
        return text.append('"').toString();
    }

    @Test
    void what_only_the_database_finds_fault_with_can_be_kept_as_bytes() {
        InboundEvent refused = event(EventKey.of("ghl", "wh", "x"), Payload.unchecked("{\"a\":\"\\u0000\"}"), 0);
        assertThatThrownBy(() -> record(refused))
                .isInstanceOfSatisfying(
                        PgException.class, e -> assertThat(e.getSqlState()).isEqualTo("22P05"));

        record(refused.reducedToBytes("SQLSTATE 22P05"));

        assertThat(db.value(String.class, """
                        SELECT event_type || ' ' || convert_from(decode(payload ->> '$raw', 'base64'), 'UTF8')
                        FROM bot.inbound_events WHERE inbound_event_id = ?
                        """, refused.id())).isEqualTo("quarantined {\"a\":\"\\u0000\"}");
    }

    // --- plans

    @Test
    void keys_are_looked_up_by_index_in_a_large_table() {
        db.execute("""
                INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                SELECT ?, 'ghl', 'x', 'ghl:bulk:' || n, '{}' FROM generate_series(1, 100000) n
                """, tenant.value());
        db.execute("ANALYZE bot.inbound_events");

        for (String statement : List.of(InboundEventStore.RECORD, InboundEventStore.FIRST_TRACES)) {
            String plan = explained(statement);
            assertThat(plan)
                    .contains("inbound_events_tenant_id_dedupe_key_key")
                    .doesNotContain("Seq Scan on inbound_events");
        }
    }

    /** With the parameters of a full batch, so that the planner sees what it will see. */
    private String explained(String statement) {
        List<InboundEvent> batch = IntStream.range(0, 256)
                .mapToObj(i -> windowed(EDGE.plusSeconds(60L * i)))
                .toList();
        Tuple parameters = statement.equals(InboundEventStore.RECORD)
                ? InboundEventStore.recordParameters(batch)
                : Tuple.of(
                        batch.stream().map(e -> e.tenant().value()).toArray(UUID[]::new),
                        batch.stream().map(e -> e.key().value()).toArray(String[]::new));
        return StreamSupport.stream(
                        db.pool()
                                .preparedQuery("EXPLAIN " + statement)
                                .execute(parameters)
                                .await()
                                .indefinitely()
                                .spliterator(),
                        false)
                .map(row -> row.getString(0))
                .reduce("", (one, next) -> one + next + "\n");
    }

    @Test
    void nobody_who_ingests_can_change_what_was_stored() {
        record(event("1"));

        assertThatThrownBy(() -> db.execute(Login.INGEST, "UPDATE bot.inbound_events SET provider = 'x'"))
                .hasMessageContaining("permission denied");
        assertThat(events()).isOne();
    }
}
