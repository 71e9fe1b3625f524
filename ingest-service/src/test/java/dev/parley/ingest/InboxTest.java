package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.Payload;
import dev.parley.inbound.Receipt;
import dev.parley.queue.JobType;
import dev.parley.tenant.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.pgclient.PgException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The test holds every flush in its hand: nothing here depends on time, except the test of the timeout. */
class InboxTest {
    private static final TenantId TENANT = new TenantId(UUID.randomUUID());

    /** A flush that the database has and has not answered. */
    private record Flush(List<InboundEvent> events, UniEmitter<? super List<Receipt>> database) {
        void succeed() {
            database.complete(events.stream()
                    .map(event -> (Receipt) new Receipt.Accepted(event.traceId()))
                    .toList());
        }

        void fail(String sqlState) {
            database.fail(new PgException("refused", "ERROR", sqlState, "no detail"));
        }

        List<String> keys() {
            return events.stream()
                    .map(event -> event.key().value().substring("t:k:".length()))
                    .toList();
        }
    }

    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final Deque<Flush> flushes = new ArrayDeque<>();
    private final List<String> answers = new ArrayList<>();
    private final AtomicInteger hints = new AtomicInteger();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private Inbox inbox = inbox(new FlushLimits(4, 1_000, 20, Duration.ofMinutes(1)));

    private Inbox inbox(FlushLimits limits) {
        return new Inbox(
                events -> Uni.createFrom().<List<Receipt>>emitter(database -> {
                    synchronized (flushes) {
                        flushes.add(new Flush(events, database));
                    }
                }),
                loop,
                limits,
                new IngestMeters(registry),
                hints::incrementAndGet);
    }

    @AfterEach
    void stop() {
        loop.shutdownNow();
    }

    private static InboundEvent event(String name, int padding) {
        byte[] body = ("{\"x\":\"" + "y".repeat(padding) + "\"}").getBytes(StandardCharsets.UTF_8);
        return InboundEvent.create(
                TENANT,
                "t",
                "inbound_message",
                null,
                null,
                "sms",
                "+1",
                EventKey.of("t", "k", name),
                Payload.json(body),
                0,
                JobType.PROCESS_INBOUND_MESSAGE);
    }

    private void put(String name) {
        put(name, List.of(event(name, 0)));
    }

    private void put(String name, List<InboundEvent> events) {
        inbox.put(events)
                .subscribe()
                .with(
                        receipts -> answered(name + " ok"),
                        failure -> answered(name + " " + ((LaterException) failure).why()));
    }

    private void answered(String answer) {
        synchronized (answers) {
            answers.add(answer);
        }
    }

    private List<String> answers() {
        synchronized (answers) {
            return List.copyOf(answers);
        }
    }

    /** Everything handed to the loop so far is done. */
    private void settle() throws Exception {
        loop.submit(() -> {}).get();
        loop.submit(() -> {}).get();
    }

    private Flush flush() {
        await().until(() -> {
            synchronized (flushes) {
                return !flushes.isEmpty();
            }
        });
        synchronized (flushes) {
            return flushes.remove();
        }
    }

    private int inFlight() throws Exception {
        settle();
        synchronized (flushes) {
            return flushes.size();
        }
    }

    @Test
    void a_lone_event_is_written_at_once() {
        put("a");

        assertThat(flush().keys()).containsExactly("a");
    }

    @Test
    void one_flush_is_in_flight_and_the_rest_waits_for_the_next() throws Exception {
        put("a");
        Flush first = flush();
        put("b");
        put("c");
        assertThat(inFlight()).isZero();

        first.succeed();

        assertThat(flush().keys()).containsExactly("b", "c");
        await().until(() -> answers().equals(List.of("a ok")));
    }

    @Test
    void a_flush_takes_no_more_than_its_limit_and_a_full_one_does_not_wait() {
        put("0");
        Flush first = flush();
        IntStream.range(1, 7).forEach(i -> put(String.valueOf(i)));
        first.succeed();

        Flush full = flush();
        assertThat(full.keys()).containsExactly("1", "2", "3", "4");
        full.succeed();

        assertThat(flush().keys()).containsExactly("5", "6");
    }

    @Test
    void a_flush_is_bounded_in_bytes_but_always_takes_one() {
        put("a");
        Flush first = flush();
        put("big", List.of(event("big", 5_000)));
        put("b", List.of(event("b", 600)));
        put("c", List.of(event("c", 600)));
        first.succeed();

        Flush big = flush();
        assertThat(big.keys()).containsExactly("big");
        big.succeed();
        Flush b = flush();
        assertThat(b.keys()).containsExactly("b");
        b.succeed();
        assertThat(flush().keys()).containsExactly("c");
    }

    @Test
    void what_came_in_one_delivery_is_written_in_one_flush() {
        put("several", List.of(event("a", 0), event("b", 0), event("c", 0)));

        Flush flush = flush();
        assertThat(flush.keys()).containsExactly("a", "b", "c");
        flush.succeed();

        await().until(() -> answers().equals(List.of("several ok")));
    }

    @Test
    void everybody_gets_their_own_receipt() throws Exception {
        InboundEvent one = event("1", 0);
        InboundEvent two = event("2", 0);
        UUID firstTrace = UUID.randomUUID();
        put("0");
        Flush first = flush();
        List<Receipt> receipts = new ArrayList<>();
        inbox.put(List.of(one)).subscribe().with(receipts::addAll);
        inbox.put(List.of(two)).subscribe().with(receipts::addAll);
        first.succeed();

        flush().database().complete(List.of(new Receipt.Duplicate(firstTrace), new Receipt.Accepted(two.traceId())));
        settle();

        assertThat(receipts).containsExactly(new Receipt.Duplicate(firstTrace), new Receipt.Accepted(two.traceId()));
    }

    @Test
    void one_bad_row_never_fails_its_neighbours() {
        put("0");
        Flush first = flush();
        List.of("a", "bad", "c", "d").forEach(this::put);
        first.succeed();

        Flush whole = flush();
        assertThat(whole.keys()).containsExactly("a", "bad", "c", "d");
        whole.fail("22P05");
        Flush firstHalf = flush();
        assertThat(firstHalf.keys()).containsExactly("a", "bad");
        firstHalf.fail("22P05");
        Flush a = flush();
        assertThat(a.keys()).containsExactly("a");
        a.succeed();
        flush().fail("22P05");
        Flush reduced = flush();
        assertThat(reduced.keys()).containsExactly("bad");
        assertThat(reduced.events().get(0).type()).isEqualTo("quarantined");
        assertThat(reduced.events().get(0).payload().stored()).contains("$raw");
        reduced.succeed();
        Flush rest = flush();
        assertThat(rest.keys()).containsExactly("c", "d");
        rest.succeed();

        await().until(() -> answers().equals(List.of("0 ok", "a ok", "bad ok", "c ok", "d ok")));
    }

    @Test
    void a_row_that_cannot_even_be_quarantined_is_told_to_come_back_alone() {
        put("0");
        Flush first = flush();
        put("bad");
        put("good");
        first.succeed();
        flush().fail("23503");
        flush().fail("23503");
        flush().fail("23503");
        flush().succeed();

        await().until(() -> answers().equals(List.of("0 ok", "bad DATABASE", "good ok")));
    }

    @Test
    void a_delivery_of_which_one_event_is_not_stored_comes_again_once_the_others_are() throws Exception {
        put("0");
        Flush first = flush();
        put("delivery", List.of(event("bad", 0), event("good", 0)));
        first.succeed();
        flush().fail("23503");
        flush().fail("23503");
        flush().fail("23503");
        Flush good = flush();
        settle();
        assertThat(answers()).containsExactly("0 ok");

        good.succeed();

        await().until(() -> answers().equals(List.of("0 ok", "delivery DATABASE")));
    }

    @Test
    void nothing_new_is_written_while_a_batch_is_being_split() throws Exception {
        put("0");
        Flush first = flush();
        put("a");
        put("b");
        first.succeed();
        flush().fail("22P05");
        Flush a = flush();
        put("later");
        assertThat(inFlight()).isZero();

        a.succeed();
        flush().succeed();

        assertThat(flush().keys()).containsExactly("later");
    }

    @Test
    void when_the_database_is_away_all_who_wait_learn_it_at_once() {
        put("a");
        Flush flush = flush();
        IntStream.range(0, 10).forEach(i -> put("w" + i));

        flush.fail("57P01");

        await().until(() -> answers().size() == 11);
        assertThat(answers()).allMatch(answer -> answer.endsWith("DATABASE"));
        put("next");
        assertThat(flush().keys()).containsExactly("next");
    }

    @Test
    void a_database_that_goes_away_during_a_split_fails_the_rest_at_once() {
        put("0");
        Flush first = flush();
        List.of("a", "b", "c", "d").forEach(this::put);
        first.succeed();
        flush().fail("22P05");

        flush().fail("08006");

        await().until(() -> answers().equals(List.of("0 ok", "a DATABASE", "b DATABASE", "c DATABASE", "d DATABASE")));
    }

    @Test
    void a_commit_nobody_heard_of_is_told_to_come_back() {
        inbox = inbox(new FlushLimits(4, 1_000, 20, Duration.ofMillis(50)));
        put("a");
        flush();

        await().until(() -> answers().equals(List.of("a DATABASE")));
        put("b");
        assertThat(flush().keys()).containsExactly("b");
    }

    @Test
    void waiting_is_bounded_and_the_rest_is_told_at_once() throws Exception {
        put("0");
        Flush first = flush();
        IntStream.range(1, 20).forEach(i -> put(String.valueOf(i)));
        settle();

        put("one too many");

        assertThat(answers()).containsExactly("one too many OVERLOADED");
        first.succeed();
        await().until(() -> answers().contains("0 ok"));
        put("room again");
        assertThat(answers()).doesNotContain("room again OVERLOADED");
    }

    @Test
    void workers_are_told_after_the_answer_and_only_of_jobs() throws Exception {
        put("a");
        Flush flush = flush();
        assertThat(hints).hasValue(0);
        flush.succeed();
        await().until(() -> hints.get() == 1);
        assertThat(answers()).containsExactly("a ok");

        put("dup");
        flush().database().complete(List.of(new Receipt.Duplicate(UUID.randomUUID())));
        settle();
        InboundEvent noJob = InboundEvent.create(
                TENANT,
                "t",
                "app_installed",
                null,
                null,
                null,
                null,
                EventKey.of("t", "k", "i"),
                Payload.json("{}".getBytes(StandardCharsets.UTF_8)),
                0,
                null);
        put("no job", List.of(noJob));
        flush().succeed();
        settle();

        assertThat(hints).hasValue(1);
    }

    @Test
    void nothing_is_pending_once_everybody_has_an_answer() throws Exception {
        put("a");
        put("b");
        flush().fail("57P01");
        settle();
        await().until(() -> answers().size() == 2);

        assertThat(registry.get("parley.ingest.waiting").gauge().value()).isZero();
    }
}
