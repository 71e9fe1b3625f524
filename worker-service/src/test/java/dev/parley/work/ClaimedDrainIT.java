package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Backoff;
import dev.parley.queue.DueJob;
import dev.parley.queue.FreeLines;
import dev.parley.queue.JobQueue;
import dev.parley.queue.QueueUpkeep;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What of the queue's promises still holds where neither session locks nor LISTEN work: all of them. */
class ClaimedDrainIT extends Drains {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    ClaimedDrainIT() {
        super(db);
    }

    private static TestWorker.Builder worker() {
        return TestWorker.on(db).withoutLanes();
    }

    private UUID message(String address) {
        return given.job(given.event(tenant, address));
    }

    private Map<String, Object> row(UUID job) {
        return db.rows("SELECT status, attempts, last_error FROM bot.job_queue WHERE job_id = ?", job)
                .get(0);
    }

    @Test
    void news_come_by_polling_alone() {
        UUID first = message("+1");
        start(worker().handling(Ledger.of(PROCESS)));
        awaitStatus(first, "done");

        // Nobody is told of it, and nobody listens.
        UUID second = message("+1");

        awaitStatus(second, "done");
        assertThat(Ledger.of(db, "+1")).containsExactly(first, second);
    }

    @Test
    void jobs_of_a_disabled_tenant_wait_untouched_and_go_on_in_order() {
        List<UUID> waiting = IntStream.range(0, 5).mapToObj(i -> message("+1")).toList();
        Set<TenantId> disabled = ConcurrentHashMap.newKeySet();
        disabled.add(tenant);
        UUID other = given.job(given.event(given.tenant(), "+9"));
        start(worker().without(() -> Set.copyOf(disabled)).handling(Ledger.of(PROCESS)));
        awaitStatus(other, "done");
        assertThat(db.count(
                        "bot.job_queue WHERE tenant_id = ? AND status = 'queued' AND attempts = 0 AND locked_at IS NULL",
                        tenant.value()))
                .isEqualTo(5);

        disabled.clear();

        awaitStatus(waiting.get(4), "done");
        assertThat(Ledger.of(db, "+1")).isEqualTo(waiting);
    }

    @Test
    void a_failing_job_is_retried_and_buried_and_its_line_waits_for_it() {
        UUID poison = message("+1");
        UUID behind = message("+1");
        UUID other = message("+2");

        start(worker().handling(new Ledger(PROCESS, job -> {
            if (job.id().value().equals(poison)) {
                throw new IllegalStateException("cannot read this");
            }
            return Outcome.done();
        })));

        awaitStatus(other, "done");
        awaitStatus(behind, "done");
        assertThat(row(poison)).containsEntry("status", "failed").containsEntry("attempts", 3);
        assertThat(((String) row(poison).get("last_error")).lines())
                .hasSize(3)
                .allMatch(line -> line.contains("cannot read this"));
    }

    @Test
    void a_job_that_ends_its_session_every_time_is_buried_and_nothing_that_was_claimed_with_it() {
        List<UUID> jobs = IntStream.range(0, 40).mapToObj(i -> message("+" + i)).toList();
        UUID killer = jobs.get(20);

        TestWorker worker = start(worker().lease(Duration.ofSeconds(1))
                .handling(new Poisoned(PROCESS, job -> job.id().value().equals(killer), Poisoned.ENDS_ITS_SESSION)));

        awaitStatus(killer, "failed");
        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(39));
        assertThat(((String) row(killer).get("last_error")).lines())
                .hasSize(3)
                .allMatch(line -> line.contains("lease expired (worker "));
        assertThat(db.count("bot.job_queue WHERE status = 'done' AND attempts > 2"))
                .isZero();
        assertThat(Ledger.all(db)).hasSize(39);
        worker.assertAttemptsAddUp(db);
    }

    @Test
    void a_job_that_hangs_is_ended_once_with_its_set_and_then_by_itself() {
        List<UUID> jobs = IntStream.range(0, 40).mapToObj(i -> message("+" + i)).toList();
        UUID hanging = jobs.get(20);
        Poisoned handler = new Poisoned(PROCESS, job -> job.id().value().equals(hanging), Poisoned.HANGS);

        start(worker().lease(Duration.ofSeconds(2)).handling(handler));

        awaitStatus(hanging, "failed");
        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(39));
        assertThat(handler.sizes()).containsExactly(40, 1, 1, 1);
        assertThat(((String) row(hanging).get("last_error")).lines())
                .hasSize(3)
                .allMatch(line -> line.contains("statement timeout (57014)"));
    }

    @Test
    void a_dead_letter_that_holds_keeps_its_line_until_it_is_redriven() {
        UUID bad = message("+1");
        UUID behind = message("+1");
        UUID other = message("+2");
        AtomicBoolean mended = new AtomicBoolean();
        Tenant holding = new Tenant(
                tenant, "t", "T", true, null, null, new Settings(new JsonObject().put("on_dead_letter", "hold")));
        start(worker().knowing(holding)
                .handling(new Ledger(
                        PROCESS,
                        job -> job.id().value().equals(bad) && !mended.get()
                                ? Outcome.bury("broken")
                                : Outcome.done())));
        awaitStatus(bad, "failed");
        awaitStatus(other, "done");
        await().untilAsserted(() -> assertThat(row(behind))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .extractingByKey("last_error")
                .asString()
                .contains("behind a dead letter that holds its line"));

        mended.set(true);
        new QueueUpkeep().redrive(db.pool(), tenant, List.of()).await().indefinitely();

        awaitStatus(behind, "done");
        assertThat(Ledger.of(db, "+1")).containsExactly(bad, behind);
    }

    @Test
    void what_a_dead_worker_had_claimed_comes_back_when_its_lease_has_run_out() {
        UUID left = message("+1");
        UUID behind = message("+1");
        claimedBy("dead", left, Duration.ofMinutes(1));

        start(worker().handling(Ledger.of(PROCESS)));

        awaitStatus(behind, "done");
        assertThat(row(left))
                .containsEntry("attempts", 2)
                .extractingByKey("last_error")
                .asString()
                .contains("lease expired (worker dead)");
        assertThat(Ledger.of(db, "+1")).containsExactly(left, behind);
    }

    @Test
    void thousands_behind_a_waiting_head_hold_up_nobody_else_and_follow_it_in_order() {
        UUID head = message("+1");
        db.execute("""
                UPDATE bot.job_queue
                SET attempts = 1, locked_at = now(), locked_by = 'somebody', run_after = now() + interval '1 hour'
                WHERE job_id = ?
                """, head);
        List<UUID> behind = messages("+1", 3_000);
        UUID other = message("+2");

        start(worker().handling(Ledger.of(PROCESS)));

        awaitStatus(other, "done");
        assertThat(Ledger.of(db, "+1")).isEmpty();
        // Due again, it stands behind all of them in time, and before them in line.
        db.execute("UPDATE bot.job_queue SET run_after = now() WHERE job_id = ?", head);
        awaitStatus(behind.get(1), "done");
        assertThat(Ledger.of(db, "+1")).startsWith(head, behind.get(0), behind.get(1));
    }

    /** Of one contact, in order, due since a minute ago. */
    private List<UUID> messages(String address, int count) {
        db.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events
                        (inbound_event_id, tenant_id, provider, event_type, channel, channel_address, dedupe_key, payload)
                    SELECT gen_random_uuid(), ?, 'ghl', 'inbound_message', 'sms', ?, 'k-' || m, '{}'
                    FROM generate_series(1, ?) m
                    RETURNING inbound_event_id, tenant_id, dedupe_key, trace_id
                ), placed AS (
                    SELECT event.*, split_part(dedupe_key, '-', 2)::int * interval '1 millisecond' AS place FROM event
                )
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id, created_at, run_after)
                SELECT gen_random_uuid(), tenant_id, 'process_inbound_message', inbound_event_id, trace_id,
                       clock_timestamp() + place, clock_timestamp() - interval '1 minute' + place
                FROM placed
                """, tenant.value(), address, count);
        return db.rows("""
                        SELECT j.job_id
                        FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id)
                        WHERE e.tenant_id = ? AND e.channel_address = ? AND j.attempts = 0
                        ORDER BY j.created_at
                        """, tenant.value(), address).stream()
                .map(row -> (UUID) row.get("job_id"))
                .toList();
    }

    @Test
    void a_lease_that_ran_out_is_reclaimed_and_counted_once_though_two_claimers_saw_it() {
        UUID left = message("+1");
        claimedBy("dead", left, Duration.ofMinutes(1));
        SimpleMeterRegistry counted = new SimpleMeterRegistry();
        Orphans orphans = orphans(counted);
        List<DueJob> seen = expired();
        assertThat(seen).hasSize(1);
        Supplier<Uni<Void>> claimer =
                () -> db.pool(Login.WORKER).withConnection(connection -> orphans.reclaim(connection, seen));

        Uni.join().all(claimer.get(), claimer.get()).andFailFast().await().indefinitely();

        assertThat(counted.get("parley.jobs.settled")
                        .tag("outcome", "retried")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(row(left)).containsEntry("status", "queued").containsEntry("attempts", 1);
        assertThat(((String) row(left).get("last_error")).lines()).hasSize(1);
    }

    @Test
    void a_lease_that_was_claimed_again_meanwhile_is_left_alone() {
        UUID left = message("+1");
        claimedBy("dead", left, Duration.ofMinutes(1));
        SimpleMeterRegistry counted = new SimpleMeterRegistry();
        Orphans orphans = orphans(counted);
        List<DueJob> seen = expired();
        claimedBy("quicker", left, Duration.ZERO);

        db.pool(Login.WORKER)
                .withConnection(connection -> orphans.reclaim(connection, seen))
                .await()
                .indefinitely();

        assertThat(row(left)).containsEntry("status", "processing").containsEntry("last_error", null);
        assertThat(counted.find("parley.jobs.settled").counters()).isEmpty();
    }

    @Test
    void a_lease_that_still_runs_keeps_its_line() {
        UUID held = message("+1");
        UUID behind = message("+1");
        UUID other = message("+2");
        claimedBy("alive", held, Duration.ZERO);

        start(worker().lease(Duration.ofMinutes(5)).handling(Ledger.of(PROCESS)));

        awaitStatus(other, "done");
        // Another turn has looked at the queue since.
        UUID later = message("+3");
        awaitStatus(later, "done");
        assertThat(row(held)).containsEntry("status", "processing");
        assertThat(row(behind)).containsEntry("status", "queued");
    }

    private static Orphans orphans(SimpleMeterRegistry counted) {
        RetryPolicies policies = new RetryPolicies(
                new Backoff(Duration.ofMillis(20), Duration.ofMillis(100), 3), id -> Optional.empty());
        return new Orphans(new JobQueue(), new FailurePolicy(policies, () -> 0.5), new WorkerMeters(counted), "heir");
    }

    private static List<DueJob> expired() {
        return new FreeLines()
                .expiredLeases(db.pool(Login.WORKER), Duration.ofSeconds(10))
                .await()
                .indefinitely();
    }

    private void claimedBy(String worker, UUID job, Duration ago) {
        db.execute("""
                UPDATE bot.job_queue
                SET status = 'processing', attempts = 1, locked_by = ? || '/claim',
                    locked_at = now() - ? * interval '1 millisecond'
                WHERE job_id = ?
                """, worker, ago.toMillis(), job);
    }

    @Test
    void a_long_calls_lease_is_extended() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        start(worker().lease(Duration.ofSeconds(2)).calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));

        await().atMost(Duration.ofSeconds(20))
                .until(() -> db.count("bot.job_queue WHERE locked_at > run_after + interval '3 seconds'") == 1);
        vendor.open.get(job).complete("ok");

        awaitStatus(job, "done");
        assertThat(vendor.calls).containsExactly(job);
    }

    @Test
    void no_more_calls_are_begun_than_may_be_out() {
        UUID first = send("+1");
        Vendor vendor = new Vendor();
        start(worker().calls(1).calling(vendor).handling(Ledger.of(PROCESS)));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(first));

        UUID second = send("+2");
        // What calls nobody goes on meanwhile, and shows that the queue was looked at.
        UUID message = message("+3");
        awaitStatus(message, "done");
        assertThat(row(second)).containsEntry("status", "queued").containsEntry("attempts", 0);
        vendor.open.get(first).complete("ok");

        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(first, second));
        vendor.open.get(second).complete("ok");
        awaitStatus(second, "done");
    }

    @Test
    void a_throttled_tenants_sends_wait_together_and_nobody_elses() {
        UUID first = send("+1");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        AtomicInteger times = new AtomicInteger();
        vendor.end = job ->
                times.incrementAndGet() == 1 ? Outcome.pauseTenant("429", Duration.ofSeconds(6)) : Outcome.done();
        start(worker().calling(vendor));
        await().untilAsserted(() -> assertThat(row(first))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .extractingByKey("last_error")
                .asString()
                .contains("tenant paused: 429"));

        UUID elsewhere = given.job(given.event(given.tenant(), "+1"), SEND.name());

        awaitStatus(elsewhere, "done");
        assertThat(row(first)).containsEntry("status", "queued");
        awaitStatus(first, "done");
    }

    @Test
    void a_stopping_worker_hands_back_what_is_out_at_no_attempts_cost() {
        UUID job = send("+1");
        Vendor vendor = new Vendor();
        TestWorker worker = start(worker().calling(vendor));
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactly(job));

        worker.stop(Duration.ofMillis(50));

        assertThat(row(job))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .extractingByKey("last_error")
                .asString()
                .contains("worker stopped during the call");
        worker.assertAttemptsAddUp(db);
        assertThat(worker.settled("snoozed")).isEqualTo(1);
    }

    @Test
    void what_is_counted_adds_up_to_the_attempts_in_the_database() {
        UUID left = message("+1");
        claimedBy("dead", left, Duration.ofMinutes(1));
        UUID poison = message("+2");
        List<UUID> good = IntStream.range(3, 10).mapToObj(i -> message("+" + i)).toList();
        UUID call = send("+20");
        AtomicInteger snoozes = new AtomicInteger();
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        vendor.end = job ->
                snoozes.incrementAndGet() <= 2 ? Outcome.snooze("not now", Duration.ofMillis(10)) : Outcome.done();

        TestWorker worker = start(worker().calling(vendor).handling(new Ledger(PROCESS, job -> {
            if (job.id().value().equals(poison)) {
                throw new IllegalStateException("cannot read this");
            }
            return Outcome.done();
        })));

        awaitStatus(poison, "failed");
        awaitStatus(left, "done");
        awaitStatus(call, "done");
        good.forEach(job -> awaitStatus(job, "done"));
        worker.assertAttemptsAddUp(db);
        assertThat(worker.settled("snoozed")).isEqualTo(2);
    }
}
