package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.JobType;
import dev.parley.spi.Outcome;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the queue promises of jobs that call outside: leased, in line with their contact, never lost with their worker. */
class LeasedCallsIT extends Drains {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    LeasedCallsIT() {
        super(db);
    }

    /** Holds a worker at one moment of its path while it is closed. */
    private static final class Gate implements Waypoint {
        private final Moment moment;
        private final CompletableFuture<Void> held = new CompletableFuture<>();
        private volatile CompletableFuture<Void> opened = CompletableFuture.completedFuture(null);

        Gate(Moment moment) {
            this.moment = moment;
        }

        void close() {
            opened = new CompletableFuture<>();
        }

        void awaitHeld() {
            held.orTimeout(20, TimeUnit.SECONDS).join();
        }

        void open() {
            opened.complete(null);
        }

        @Override
        public Uni<Void> reach(Moment reached) {
            CompletableFuture<Void> until = opened;
            if (reached != moment || until.isDone()) {
                return Uni.createFrom().voidItem();
            }
            held.complete(null);
            return Uni.createFrom().completionStage(until);
        }
    }

    @Test
    void a_contacts_next_send_waits_for_the_one_before_it() {
        UUID first = send("+1");
        UUID second = send("+1");
        UUID other = send("+2");
        Vendor vendor = new Vendor();

        start(TestWorker.on(db).calling(vendor));

        await().untilAsserted(() -> assertThat(vendor.calls).containsExactlyInAnyOrder(first, other));
        assertThat(status(first)).isEqualTo("processing");
        assertThat(status(second)).isEqualTo("queued");
        vendor.open.get(other).complete("ok");
        awaitStatus(other, "done");
        assertThat(vendor.calls).doesNotContain(second);
        vendor.open.get(first).complete("ok");
        await().untilAsserted(() -> assertThat(vendor.calls).contains(second));
        vendor.open.get(second).complete("ok");
        awaitAllDone();
    }

    private UUID fetch(UUID event) {
        return given.job(event, JobType.FETCH_MEDIA.name());
    }

    @Test
    void what_is_done_aside_holds_up_nobody_and_waits_for_nobody() {
        UUID event = given.event(tenant, "+1");
        UUID first = fetch(event);
        UUID second = fetch(given.event(tenant, "+1"));
        UUID snoozed = fetch(given.event(tenant, "+1"));
        UUID heard = given.job(event);
        UUID said = given.job(event, SEND.name());
        Vendor media = new Vendor(JobType.FETCH_MEDIA);
        Vendor sends = new Vendor();
        media.end = job -> job.id().value().equals(snoozed)
                ? Outcome.snooze("not shown yet", Duration.ofHours(1))
                : Outcome.done();

        start(TestWorker.on(db).handling(Ledger.of(PROCESS)).calling(media).calling(sends));

        await().untilAsserted(() -> assertThat(media.calls).containsExactlyInAnyOrder(first, second, snoozed));
        await().untilAsserted(() -> assertThat(sends.calls).containsExactly(said));
        awaitStatus(heard, "done");
        media.open.get(snoozed).complete("nothing");
        awaitStatus(snoozed, "queued");
        sends.open.get(said).complete("ok");
        awaitStatus(said, "done");
        UUID later = given.job(given.event(tenant, "+1"));
        awaitStatus(later, "done");
        media.open.get(second).complete("ok");
        awaitStatus(second, "done");
        assertThat(status(first)).as("still out").isEqualTo("processing");
        media.open.get(first).complete("ok");
        awaitStatus(first, "done");
    }

    @Test
    void slow_calls_aside_leave_room_for_sends_and_all_get_their_turn() {
        List<UUID> fetches = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            fetches.add(fetch(given.event(tenant, "+" + i)));
        }
        Vendor media = new Vendor(JobType.FETCH_MEDIA);
        Vendor sends = new Vendor();

        start(TestWorker.on(db).calls(8).calling(media).calling(sends));
        await().untilAsserted(() -> assertThat(media.calls).hasSize(2));
        UUID said = send("+1");

        await().untilAsserted(() -> assertThat(sends.calls).containsExactly(said));
        assertThat(media.calls).as("a quarter of eight").hasSize(2);
        sends.open.get(said).complete("ok");
        media.answerAtOnce = true;
        List.copyOf(media.calls).forEach(id -> media.open.get(id).complete("ok"));
        awaitAllDone();
        assertThat(media.calls).containsExactlyInAnyOrderElementsOf(fetches);
    }

    @Test
    void without_lanes_too_what_is_done_aside_holds_up_nobody() {
        UUID event = given.event(tenant, "+1");
        UUID first = fetch(event);
        UUID second = fetch(given.event(tenant, "+1"));
        UUID heard = given.job(event);
        Vendor media = new Vendor(JobType.FETCH_MEDIA);

        start(TestWorker.on(db).withoutLanes().handling(Ledger.of(PROCESS)).calling(media));

        await().untilAsserted(() -> assertThat(media.calls).containsExactlyInAnyOrder(first, second));
        awaitStatus(heard, "done");
        UUID later = given.job(given.event(tenant, "+1"));
        awaitStatus(later, "done");
        media.open.values().forEach(call -> call.complete("ok"));
        awaitAllDone();
    }

    @Test
    void a_lease_left_by_a_dead_worker_is_taken_over_and_its_late_result_dropped() {
        UUID job = send("+1");
        Vendor dying = new Vendor();
        TestWorker first = start(TestWorker.on(db).named("first").calling(dying));
        await().untilAsserted(() -> assertThat(dying.calls).containsExactly(job));
        Vendor heir = new Vendor();
        heir.answerAtOnce = true;
        // Its database connections die and stay dead, its call lives on: a worker cut off from the database.
        db.execute("ALTER ROLE worker_login CONNECTION LIMIT 0");
        try {
            db.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-worker'");
        } finally {
            first.drain().stop(Duration.ZERO).await().indefinitely();
            db.execute("ALTER ROLE worker_login CONNECTION LIMIT -1");
        }

        start(TestWorker.on(db).named("second").calling(heir));

        awaitStatus(job, "done");
        assertThat(heir.finished).containsExactly(job);
        dying.open.get(job).complete("late");
        assertThat(dying.finished).isEmpty();
        assertThat(db.value(String.class, "SELECT last_error FROM bot.job_queue WHERE job_id = ?", job))
                .contains("lease expired (worker first)");
        assertThat(db.value(Integer.class, "SELECT attempts FROM bot.job_queue WHERE job_id = ?", job))
                .isEqualTo(2);
    }

    @Test
    void a_call_survives_its_session_and_is_settled_on_the_next() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        TestWorker worker = start(TestWorker.on(db).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));

        db.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-worker'");
        await().untilAsserted(() -> assertThat(worker.drain().describe()).isEqualTo("owns 256 lanes"));
        vendor.open.get(job).complete("ok");

        awaitStatus(job, "done");
        assertThat(vendor.calls).containsExactly(job);
    }

    @Test
    void a_throttled_tenants_sends_all_wait_and_no_other_tenants_do() {
        UUID first = send("+1");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        AtomicInteger times = new AtomicInteger();
        vendor.end = job ->
                times.incrementAndGet() == 1 ? Outcome.pauseTenant("429", Duration.ofSeconds(3)) : Outcome.done();
        List<UUID> others = new ArrayList<>();
        start(TestWorker.on(db).calls(1).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.finished).containsExactly(first));
        await().untilAsserted(() -> assertThat(
                        db.count("bot.job_queue WHERE status = 'queued' AND last_error LIKE '%tenant paused: 429%'"))
                .isEqualTo(1));

        for (int i = 2; i < 6; i++) {
            others.add(send("+" + i));
        }
        TenantId elsewhere = given.tenant();
        UUID unaffected = given.job(given.event(elsewhere, "+1"), SEND.name());

        awaitStatus(unaffected, "done");
        assertThat(vendor.calls).containsExactly(first, unaffected);
        awaitAllDone();
        assertThat(vendor.finished).containsAll(others).contains(first);
        assertThat(db.value(Integer.class, "SELECT attempts FROM bot.job_queue WHERE job_id = ?", first))
                .isEqualTo(1);
    }

    @Test
    void a_send_its_owner_had_not_read_when_its_tenant_was_paused_still_goes_before_the_next_one() {
        // Given two workers that share the lanes, and one contact of each
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        Vendor throttled = new Vendor();
        throttled.answerAtOnce = true;
        Gate gate = new Gate(Waypoint.Moment.READ);
        TestWorker owner = start(TestWorker.on(db).at(gate).calling(vendor));
        TestWorker other = start(TestWorker.on(db).calling(throttled));
        await().untilAsserted(() -> {
            assertThat(owner.drain().describe()).isEqualTo("owns 128 lanes");
            assertThat(other.drain().describe()).isEqualTo("owns 128 lanes");
        });
        Map<UUID, String> addresses = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            addresses.put(send("+" + i), "+" + i);
        }
        awaitAllDone();
        String contact = addresses.get(vendor.calls.get(0));
        String elsewhere = addresses.get(throttled.calls.get(0));
        // and a send that its owner has not read yet when the other worker pauses the tenant
        gate.close();
        owner.drain().wake();
        gate.awaitHeld();
        UUID older = send(contact);
        AtomicInteger times = new AtomicInteger();
        throttled.end = job ->
                times.incrementAndGet() == 1 ? Outcome.pauseTenant("429", Duration.ofSeconds(2)) : Outcome.done();
        send(elsewhere);
        await().untilAsserted(() -> assertThat(
                        db.count("bot.job_queue WHERE status = 'queued' AND last_error LIKE '%tenant paused: 429%'"))
                .isPositive());

        // When another one follows during the pause
        UUID younger = send(contact);
        gate.open();

        // Then
        awaitAllDone();
        assertThat(vendor.calls).containsSubsequence(older, younger);
    }

    @Test
    void a_tenant_with_too_many_waiting_contacts_keeps_their_order_and_holds_up_no_other() {
        // Given a worker with room for twenty waiting contacts, and sixty that wait, three sends each
        Map<String, List<UUID>> sendsTo = new HashMap<>();
        for (int nth = 0; nth < 3; nth++) {
            for (int contact = 0; contact < 60; contact++) {
                String address = "+" + contact;
                sendsTo.computeIfAbsent(address, first -> new ArrayList<>()).add(send(address));
            }
        }
        Vendor vendor = new Vendor();
        start(TestWorker.on(db)
                .calls(300)
                .remembering(20)
                .handling(Ledger.of(PROCESS))
                .calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).hasSizeGreaterThanOrEqualTo(16));

        // Then another tenant is answered, first word to last
        TenantId other = given.tenant();
        UUID heard = given.job(given.event(other, "+1"));
        UUID said = given.job(given.event(other, "+1"), SEND.name());
        awaitStatus(heard, "done");
        await().untilAsserted(() -> assertThat(vendor.open).containsKey(said));
        vendor.open.get(said).complete("ok");
        awaitStatus(said, "done");
        assertThat(vendor.calls).as("the rest is left in the queue").hasSizeLessThan(60);

        // and so is everybody else, in order
        vendor.answerAtOnce = true;
        List.copyOf(vendor.open.values()).forEach(call -> call.complete("ok"));
        awaitAllDone();
        assertThat(vendor.calls).doesNotHaveDuplicates().hasSize(3 * 60 + 1);
        assertThat(sendsTo.values())
                .allSatisfy(sends -> assertThat(vendor.calls).containsSubsequence(sends));
    }

    @Test
    void what_was_throttled_once_and_fails_now_for_another_reason_pauses_nobody() {
        UUID failing = send("+1");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        AtomicInteger times = new AtomicInteger();
        vendor.end = job -> !job.id().value().equals(failing)
                ? Outcome.done()
                : times.incrementAndGet() == 1
                        ? Outcome.pauseTenant("429", Duration.ofMillis(100))
                        : Outcome.retry("500", Duration.ofMinutes(5));
        start(TestWorker.on(db).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.finished).containsExactly(failing, failing));

        UUID next = send("+2");

        awaitStatus(next, "done");
    }

    @Test
    void a_send_that_cannot_begin_is_buried_and_strands_none_of_those_read_with_it() {
        UUID poison = send("+1");
        UUID neighbour = send("+2");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        vendor.cannotBegin = poison;

        TestWorker worker = start(TestWorker.on(db).calling(vendor));

        awaitStatus(neighbour, "done");
        awaitStatus(poison, "failed");
        assertThat(vendor.calls).containsExactly(neighbour);
        worker.assertAttemptsAddUp(db);
    }

    @Test
    void a_stopping_worker_hands_back_what_is_out_at_no_attempts_cost() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        TestWorker worker = start(TestWorker.on(db).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));

        worker.stop(Duration.ofMillis(50));

        assertThat(db.rows("SELECT status, attempts, last_error FROM bot.job_queue"))
                .singleElement()
                .satisfies(row -> {
                    assertThat(row.get("status")).isEqualTo("queued");
                    assertThat(row.get("attempts")).isEqualTo(0);
                    assertThat((String) row.get("last_error")).contains("worker stopped during the call");
                });
        worker.assertAttemptsAddUp(db);
        assertThat(worker.settled("snoozed")).isEqualTo(1);
    }

    @Test
    void a_stopping_worker_waits_for_a_call_that_comes_back_in_time() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        TestWorker worker = start(TestWorker.on(db).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));

        Uni<Void> stopping = worker.drain().stop(Duration.ofSeconds(10));
        CompletableFuture<Void> stopped = stopping.subscribeAsCompletionStage();
        vendor.open.get(job).complete("ok");

        await().until(stopped::isDone);
        assertThat(status(job)).isEqualTo("done");
    }

    @Test
    void a_long_calls_lease_is_extended() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        start(TestWorker.on(db).lease(Duration.ofSeconds(2)).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));
        Instant leased = Instant.parse(
                db.value(
                        String.class,
                        "SELECT to_char(locked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM bot.job_queue"));

        await().untilAsserted(() -> assertThat(
                        Instant.parse(
                                db.value(
                                        String.class,
                                        "SELECT to_char(locked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM bot.job_queue")))
                .isAfter(leased));
        vendor.open.get(job).complete("ok");
        awaitStatus(job, "done");
    }

    @Test
    void without_sessions_too_a_throttled_tenants_sends_all_wait() {
        UUID first = send("+1");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        AtomicInteger times = new AtomicInteger();
        vendor.end = job ->
                times.incrementAndGet() == 1 ? Outcome.pauseTenant("429", Duration.ofSeconds(3)) : Outcome.done();
        start(TestWorker.on(db).withoutLanes().calling(vendor));
        await().untilAsserted(() -> assertThat(
                        db.count("bot.job_queue WHERE status = 'queued' AND last_error LIKE '%tenant paused: 429%'"))
                .isEqualTo(1));

        UUID second = send("+2");
        UUID unaffected = given.job(given.event(given.tenant(), "+1"), SEND.name());

        awaitStatus(unaffected, "done");
        assertThat(vendor.calls).containsExactly(first, unaffected);
        awaitStatus(second, "done");
        awaitStatus(first, "done");
    }
}
