package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.Backoff;
import dev.parley.queue.Job;
import dev.parley.queue.QueueUpkeep;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the queue promises to whoever enqueues; read the names. */
class OwnedDrainIT extends Drains {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    OwnedDrainIT() {
        super(db);
    }

    private Map<String, List<UUID>> messages(int contacts, int each) {
        Map<String, List<UUID>> jobs = new HashMap<>();
        db.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events
                        (inbound_event_id, tenant_id, provider, event_type, channel, channel_address, dedupe_key, payload)
                    SELECT gen_random_uuid(), ?, 'ghl', 'inbound_message', 'sms', 'c' || c, 'k' || c || '-' || m || '-' || random(), '{}'
                    FROM generate_series(1, ?) m, generate_series(1, ?) c
                    RETURNING inbound_event_id, tenant_id, channel_address, dedupe_key, trace_id
                )
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id, created_at, run_after)
                SELECT gen_random_uuid(), tenant_id, 'process_inbound_message', inbound_event_id, trace_id, at, at
                FROM (SELECT event.*, clock_timestamp() - interval '1 minute'
                             + split_part(dedupe_key, '-', 2)::int * interval '1 millisecond' AS at FROM event) e
                """, tenant.value(), each, contacts);
        db.rows("""
                SELECT e.channel_address, j.job_id
                FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id)
                WHERE j.tenant_id = ? ORDER BY j.created_at, j.job_id
                """, tenant.value())
                .forEach(row -> jobs.computeIfAbsent((String) row.get("channel_address"), address -> new ArrayList<>())
                        .add((UUID) row.get("job_id")));
        return jobs;
    }

    @Test
    void two_workers_do_every_job_once_and_every_contact_in_order() {
        Map<String, List<UUID>> jobs = messages(60, 40);

        start(TestWorker.on(db).handling(Ledger.of(PROCESS)));
        start(TestWorker.on(db).handling(Ledger.of(PROCESS)));

        awaitAllDone();
        assertThat(Ledger.all(db)).hasSize(2400);
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
    }

    @Test
    void a_done_job_says_who_did_it_and_at_which_attempt() {
        UUID job = given.job(given.event(tenant, "+1"));

        start(TestWorker.on(db).named("anna").handling(Ledger.of(PROCESS)));

        awaitStatus(job, "done");
        assertThat(db.rows("SELECT locked_by, attempts, locked_at IS NOT NULL AS at, last_error FROM bot.job_queue"))
                .singleElement()
                .satisfies(row -> {
                    assertThat((String) row.get("locked_by")).startsWith("anna");
                    assertThat(row.get("attempts")).isEqualTo(1);
                    assertThat(row.get("at")).isEqualTo(true);
                    assertThat(row.get("last_error")).isNull();
                });
    }

    @Test
    void a_failing_job_is_retried_buried_and_its_neighbours_do_not_notice() {
        Map<String, List<UUID>> jobs = messages(30, 3);
        UUID poison = jobs.get("c7").get(1);
        Function<Job, Outcome> decide = job -> {
            if (job.id().value().equals(poison)) {
                throw new IllegalStateException("cannot read this");
            }
            return Outcome.done();
        };

        start(TestWorker.on(db).handling(new Ledger(PROCESS, decide)));

        awaitStatus(poison, "failed");
        awaitStatus(jobs.get("c7").get(2), "done");
        assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(89);
        assertThat(db.value(Integer.class, "SELECT attempts FROM bot.job_queue WHERE job_id = ?", poison))
                .isEqualTo(3);
        String error = db.value(String.class, "SELECT last_error FROM bot.job_queue WHERE job_id = ?", poison);
        assertThat(error.lines()).hasSize(3).allMatch(line -> line.contains("cannot read this"));
        assertThat(error.lines().findFirst().orElseThrow()).contains("attempt 3");
        assertThat(Ledger.all(db)).hasSize(89);
    }

    @Test
    void what_waits_for_its_retry_holds_its_own_line_and_no_other() {
        Map<String, List<UUID>> jobs = messages(20, 5);
        UUID head = jobs.get("c3").get(0);
        AtomicInteger tries = new AtomicInteger();
        Function<Job, Outcome> decide = job -> job.id().value().equals(head) && tries.incrementAndGet() == 1
                ? Outcome.retry("not yet", Duration.ofSeconds(2))
                : Outcome.done();

        start(TestWorker.on(db).handling(new Ledger(PROCESS, decide)));

        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(95));
        assertThat(Ledger.of(db, "c3")).isEmpty();
        awaitAllDone();
        assertThat(Ledger.of(db, "c3")).isEqualTo(jobs.get("c3"));
    }

    @Test
    void a_snoozed_job_costs_no_attempt() {
        UUID job = given.job(given.event(tenant, "+1"));
        AtomicInteger tries = new AtomicInteger();

        start(TestWorker.on(db)
                .handling(new Ledger(
                        PROCESS,
                        any -> tries.incrementAndGet() <= 5
                                ? Outcome.snooze("wait", Duration.ofMillis(10))
                                : Outcome.done())));

        awaitStatus(job, "done");
        assertThat(db.value(Integer.class, "SELECT attempts FROM bot.job_queue WHERE job_id = ?", job))
                .isEqualTo(1);
    }

    @Test
    void what_is_counted_adds_up_to_the_attempts_in_the_database() {
        Map<String, List<UUID>> jobs = messages(10, 3);
        UUID poison = jobs.get("c1").get(0);
        UUID call = send("+1");
        Vendor vendor = new Vendor();
        vendor.answerAtOnce = true;
        AtomicInteger snoozes = new AtomicInteger();
        vendor.end = job ->
                snoozes.incrementAndGet() <= 2 ? Outcome.snooze("not now", Duration.ofMillis(10)) : Outcome.done();

        TestWorker worker = start(TestWorker.on(db).calling(vendor).handling(new Ledger(PROCESS, job -> {
            if (job.id().value().equals(poison)) {
                throw new IllegalStateException("cannot read this");
            }
            return Outcome.done();
        })));

        awaitStatus(poison, "failed");
        awaitStatus(call, "done");
        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(30));
        worker.assertAttemptsAddUp(db);
        assertThat(worker.settled(SEND, "snoozed")).isEqualTo(2);
    }

    @Test
    void a_session_that_is_ended_comes_back_and_nothing_happens_twice() {
        Map<String, List<UUID>> jobs = messages(40, 25);
        AtomicInteger batches = new AtomicInteger();
        Waypoint killOnThird = moment -> {
            if (moment == Waypoint.Moment.BATCH_WRITTEN && batches.incrementAndGet() % 3 == 2 && batches.get() < 9) {
                db.rows(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-worker'");
            }
            return Uni.createFrom().voidItem();
        };

        TestWorker worker = start(TestWorker.on(db).at(killOnThird).handling(Ledger.of(PROCESS)));

        awaitAllDone();
        worker.assertAttemptsAddUp(db);
        assertThat(Ledger.all(db)).hasSize(1000);
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
    }

    @Test
    void a_job_that_kills_its_worker_every_time_becomes_a_dead_letter_and_the_rest_is_done() {
        Map<String, List<UUID>> jobs = messages(10, 4);
        UUID killer = jobs.get("c2").get(1);
        Function<Job, Outcome> decide = job -> {
            if (job.id().value().equals(killer)) {
                db.rows(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-worker'");
            }
            return Outcome.done();
        };

        TestWorker worker = start(TestWorker.on(db).handling(new Ledger(PROCESS, decide)));

        awaitStatus(killer, "failed");
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(db.count("bot.job_queue WHERE status = 'done'"))
                        .isEqualTo(39));
        assertThat(db.value(String.class, "SELECT last_error FROM bot.job_queue WHERE job_id = ?", killer))
                .contains("lease expired (worker ");
        worker.assertAttemptsAddUp(db);
    }

    @Test
    void a_job_that_hangs_is_ended_once_with_its_set_and_then_by_itself() {
        Poisoned handler = new Poisoned(PROCESS, job -> "c7".equals(job.event().channelAddress()), Poisoned.HANGS);
        TestWorker worker = start(TestWorker.on(db).lease(Duration.ofSeconds(2)).handling(handler));
        // What is read first of lanes that nobody owned runs one by one anyway.
        awaitStatus(given.job(given.event(given.tenant(), "+1")), "done");

        UUID hanging = messages(40, 1).get("c7").get(0);

        awaitStatus(hanging, "failed");
        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isEqualTo(40));
        assertThat(handler.sizes().get(0)).isGreaterThan(1);
        assertThat(handler.sizes().subList(1, handler.sizes().size()))
                .as("alone, once for each of three attempts")
                .isEqualTo(List.of(1, 1, 1));
        assertThat(db.value(String.class, "SELECT last_error FROM bot.job_queue WHERE job_id = ?", hanging)
                        .lines())
                .hasSize(3)
                .allMatch(line -> line.contains("statement timeout (57014)"));
        worker.assertAttemptsAddUp(db);
    }

    @Test
    void lanes_are_shared_with_a_newcomer_and_taken_back_when_it_leaves() {
        TestWorker first = start(TestWorker.on(db).handling(Ledger.of(PROCESS)));
        await().untilAsserted(() -> assertThat(first.drain().describe()).isEqualTo("owns 256 lanes"));

        TestWorker second = start(TestWorker.on(db).handling(Ledger.of(PROCESS)));

        await().untilAsserted(() -> {
            assertThat(first.drain().describe()).isEqualTo("owns 128 lanes");
            assertThat(second.drain().describe()).isEqualTo("owns 128 lanes");
        });
        second.close();
        await().untilAsserted(() -> assertThat(first.drain().describe()).isEqualTo("owns 256 lanes"));
    }

    @Test
    void a_silent_owner_is_ended_and_its_lanes_move() throws Exception {
        UUID job = given.job(given.event(tenant, "+1"));
        try (Connection hung = db.connect(TestDatabase.Login.WORKER);
                Statement statement = hung.createStatement()) {
            statement.execute("SELECT pg_advisory_lock_shared(%d, 0)".formatted(Lanes.MEMBER_SPACE));
            statement.execute(
                    "SELECT pg_try_advisory_lock(%d, g) FROM generate_series(0, 255) g".formatted(Lanes.LANE_SPACE));
            Instant begun = Instant.now();

            start(TestWorker.on(db).lease(Duration.ofSeconds(2)).handling(Ledger.of(PROCESS)));

            awaitStatus(job, "done");
            assertThat(Duration.between(begun, Instant.now())).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(6));
            assertThat(hung.isValid(1)).isFalse();
        }
    }

    @Test
    void jobs_of_a_disabled_tenant_wait_untouched_and_go_on_in_order() {
        Map<String, List<UUID>> jobs = messages(3, 10);
        Set<TenantId> disabled = ConcurrentHashMap.newKeySet();
        disabled.add(tenant);
        UUID other = given.job(given.event(given.tenant(), "+9"));

        TestWorker worker =
                start(TestWorker.on(db).without(() -> Set.copyOf(disabled)).handling(Ledger.of(PROCESS)));

        awaitStatus(other, "done");
        assertThat(db.count(
                        "bot.job_queue WHERE tenant_id = ? AND status = 'queued' AND locked_at IS NULL",
                        tenant.value()))
                .isEqualTo(30);
        disabled.clear();
        worker.drain().wake();
        awaitAllDone();
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
    }

    @Test
    void a_tenant_disabled_in_the_middle_of_its_backlog_stops_and_goes_on_in_order() {
        Map<String, List<UUID>> jobs = messages(50, 40);
        Set<TenantId> disabled = ConcurrentHashMap.newKeySet();
        AtomicInteger handled = new AtomicInteger();
        TestWorker worker =
                start(TestWorker.on(db).without(() -> Set.copyOf(disabled)).handling(new Ledger(PROCESS, job -> {
                    if (job.tenant().equals(tenant) && handled.incrementAndGet() == 300) {
                        disabled.add(tenant);
                    }
                    return Outcome.done();
                })));
        await().until(() -> !disabled.isEmpty());

        // Others' jobs, each read in a later turn than the one before: nothing of it is done meanwhile.
        awaitStatus(given.job(given.event(given.tenant(), "+8")), "done");
        String left = "bot.job_queue WHERE tenant_id = ? AND status = 'queued'";
        long before = db.count(left, tenant.value());
        awaitStatus(given.job(given.event(given.tenant(), "+9")), "done");
        assertThat(db.count(left, tenant.value())).isPositive().isEqualTo(before);

        disabled.clear();
        worker.drain().wake();
        awaitAllDone();
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
    }

    @Test
    void a_dead_letter_that_holds_keeps_its_line_until_it_is_redriven() {
        Map<String, List<UUID>> jobs = messages(2, 3);
        UUID bad = jobs.get("c1").get(0);
        AtomicInteger mended = new AtomicInteger();
        Tenant holding = new Tenant(
                tenant, "t", "T", true, null, null, new Settings(new JsonObject().put("on_dead_letter", "hold")));

        start(TestWorker.on(db)
                .knowing(holding)
                .handling(new Ledger(
                        PROCESS,
                        job -> job.id().value().equals(bad) && mended.get() == 0
                                ? Outcome.bury("broken")
                                : Outcome.done())));

        awaitStatus(bad, "failed");
        await().untilAsserted(() -> assertThat(Ledger.of(db, "c2")).hasSize(3));
        assertThat(Ledger.of(db, "c1")).isEmpty();

        mended.set(1);
        new QueueUpkeep().redrive(db.pool(), tenant, List.of()).await().indefinitely();
        awaitAllDone();
        assertThat(Ledger.of(db, "c1")).isEqualTo(jobs.get("c1"));
    }

    @Test
    void a_small_tenant_does_not_wait_behind_a_large_ones_backlog() {
        messages(500, 20);
        UUID small = given.job(given.event(given.tenant(), "+1"));

        start(TestWorker.on(db).handling(Ledger.of(PROCESS)));

        awaitStatus(small, "done");
        awaitAllDone();
        long before = db.value(Long.class, """
                SELECT count(*) FROM test.ledger WHERE n < (SELECT n FROM test.ledger WHERE job_id = ?)
                """, small);
        assertThat(before).isLessThan(3_000);
    }

    @Test
    void a_job_committed_late_is_done_before_what_was_sent_after_it_was_acknowledged() throws Exception {
        UUID lateEvent = given.event(tenant, "+1");
        UUID decoy = given.job(given.event(tenant, "+2"));
        UUID late;
        try (Connection slow = db.connect();
                Statement statement = slow.createStatement()) {
            slow.setAutoCommit(false);
            late = UUID.randomUUID();
            statement.execute("""
                    INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id)
                    VALUES ('%s', '%s', 'process_inbound_message', '%s', gen_random_uuid())
                    """.formatted(late, tenant.value(), lateEvent));
            start(TestWorker.on(db).handling(Ledger.of(PROCESS)));
            awaitStatus(decoy, "done");
            slow.commit();
        }
        UUID next = given.job(given.event(tenant, "+1"));

        awaitAllDone();
        assertThat(Ledger.of(db, "+1")).containsExactly(late, next);
    }

    @Test
    void news_are_found_by_polling_where_nobody_tells_of_them() {
        UUID first = given.job(given.event(tenant, "+1"));
        start(TestWorker.on(db).handling(Ledger.of(PROCESS)));
        awaitStatus(first, "done");

        UUID second = given.job(given.event(tenant, "+1"));

        awaitStatus(second, "done");
    }

    @Test
    void a_notification_wakes_an_idle_worker_before_it_would_have_looked() throws Exception {
        start(TestWorker.on(db).polling(Duration.ofSeconds(60)).handling(Ledger.of(PROCESS)));
        awaitStatus(given.job(given.event(tenant, "+0")), "done");
        List<Duration> waits = new ArrayList<>();

        try (Connection teller = db.connect();
                Statement tell = teller.createStatement()) {
            for (int i = 1; i <= 11; i++) {
                UUID job = given.job(given.event(tenant, "+" + i));
                Instant told = Instant.now();
                tell.execute("NOTIFY " + Session.WAKE_CHANNEL);
                await().pollInterval(Duration.ofMillis(5))
                        .untilAsserted(() -> assertThat(status(job)).isEqualTo("done"));
                waits.add(Duration.between(told, Instant.now()));
            }
        }

        // By itself an idle owner looks once a second, for its lanes' sake.
        assertThat(waits.stream().sorted().toList().get(5)).isLessThan(Duration.ofMillis(500));
    }

    /** {@code count} due messages of the tenant, {@code after} milliseconds behind those of {@link #messages} at the least. */
    private void more(String address, int count, int after) {
        db.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events
                        (inbound_event_id, tenant_id, provider, event_type, channel, channel_address, dedupe_key, payload)
                    SELECT gen_random_uuid(), ?, 'ghl', 'inbound_message', 'sms', replace(?, '*', (m % 500)::text),
                           'more-' || m || '-' || random(), '{}'
                    FROM generate_series(1, ?) m
                    RETURNING inbound_event_id, tenant_id, dedupe_key, trace_id
                )
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id, created_at, run_after)
                SELECT gen_random_uuid(), tenant_id, 'process_inbound_message', inbound_event_id, trace_id, at, at
                FROM (SELECT event.*, clock_timestamp() - interval '1 minute' + ? * interval '1 millisecond'
                             + split_part(dedupe_key, '-', 2)::int * interval '1 microsecond' AS at FROM event) e
                """, tenant.value(), address, count, after);
    }

    @Test
    void a_line_too_long_to_be_remembered_keeps_its_order_while_its_tenant_is_read_on_its_own() {
        // More than a line remembers, then a crowd of others of the tenant, then the latest of the long line: they are
        // read
        // while nobody remembers what stands before them.
        UUID first = messages(1, Lines.KEPT_PER_LINE + 600).get("c1").get(0);
        more("other-*", 30_000, 5_000);
        more("c1", 20, 40_000);
        start(TestWorker.on(db).handling(onceMore(first)));

        awaitAllDone();
        assertThat(Ledger.of(db, "c1")).isEqualTo(inOrder("c1"));
    }

    private List<UUID> inOrder(String address) {
        return db
                .rows(
                        "SELECT j.job_id FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id)"
                                + " WHERE e.tenant_id = ? AND e.channel_address = ? ORDER BY j.created_at, j.job_id",
                        tenant.value(),
                        address)
                .stream()
                .map(row -> (UUID) row.get("job_id"))
                .toList();
    }

    /** Everything succeeds, but {@code first} only at its second attempt. */
    private static Ledger onceMore(UUID first) {
        AtomicBoolean tried = new AtomicBoolean();
        return new Ledger(
                PROCESS,
                job -> job.id().value().equals(first) && tried.compareAndSet(false, true)
                        ? Outcome.retry("not yet", Duration.ofMillis(50))
                        : Outcome.done());
    }

    @Test
    void a_look_for_the_rest_of_a_long_line_that_failed_does_not_count_as_one() {
        String stranger = "stranger_" + UUID.randomUUID().toString().replace("-", "");
        db.execute("CREATE ROLE " + stranger + " LOGIN PASSWORD 'stranger'");
        Pool blind = db.newPool(new TestDatabase.Login(stranger, "stranger"), 1);
        UUID first = messages(1, Lines.KEPT_PER_LINE + 600).get("c1").get(0);
        start(TestWorker.on(db).lookingAsideBy(blind).handling(onceMore(first)));
        await().until(() -> Ledger.of(db, "c1").size() >= Lines.KEPT_PER_LINE);

        // The newest of the line, and then somebody else's, for whom nobody waits.
        UUID newest = given.job(given.event(tenant, "c1"));
        awaitStatus(given.job(given.event(tenant, "c2")), "done");
        awaitStatus(given.job(given.event(tenant, "c3")), "done");
        assertThat(db.value(String.class, "SELECT status FROM bot.job_queue WHERE job_id = ?", newest))
                .isEqualTo("queued");

        db.execute("GRANT parley_worker TO " + stranger);
        awaitAllDone();
        assertThat(Ledger.of(db, "c1")).isEqualTo(inOrder("c1"));
    }

    @Test
    void a_job_behind_every_cursor_is_found_by_the_sweep() {
        UUID first = given.job(given.event(tenant, "+1"));
        start(TestWorker.on(db).handling(Ledger.of(PROCESS)));
        awaitStatus(first, "done");

        UUID old = given.job(given.event(tenant, "+2"));
        db.execute("UPDATE bot.job_queue SET run_after = now() - interval '1 day' WHERE job_id = ?", old);

        awaitStatus(old, "done");
    }

    @Test
    void a_type_nobody_handles_waits() {
        UUID unknown = given.job(given.event(tenant, "+1"), "book_appointment");
        UUID known = given.job(given.event(tenant, "+1"));

        start(TestWorker.on(db)
                .handling(Ledger.of(PROCESS))
                .backoff(new Backoff(Duration.ofMillis(1), Duration.ofMillis(2), 2)));

        awaitStatus(known, "done");
        assertThat(db.rows("SELECT status, attempts FROM bot.job_queue WHERE job_id = ?", unknown)
                        .get(0))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0);
    }

    @Test
    void a_worker_without_sessions_of_its_own_still_keeps_every_contact_in_order() {
        Map<String, List<UUID>> jobs = messages(20, 10);

        start(TestWorker.on(db).withoutLanes().handling(Ledger.of(PROCESS)));
        start(TestWorker.on(db).withoutLanes().handling(Ledger.of(PROCESS)));

        awaitAllDone();
        assertThat(Ledger.all(db)).hasSize(200);
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
    }

    @Test
    void without_sessions_too_nothing_overtakes_what_comes_again_however_much_is_due_before_it() {
        messages(2_100, 1);
        UUID older = given.job(given.event(tenant, "+1"));
        UUID younger = given.job(given.event(tenant, "+1"));
        db.execute("""
                UPDATE bot.job_queue
                SET created_at = now() - interval '3 minutes', locked_at = now(), attempts = 1
                WHERE job_id = ?
                """, older);
        db.execute("UPDATE bot.job_queue SET run_after = now() - interval '2 minutes' WHERE job_id = ?", younger);

        start(TestWorker.on(db).withoutLanes().handling(Ledger.of(PROCESS)));

        awaitAllDone();
        assertThat(Ledger.of(db, "+1")).containsExactly(older, younger);
    }
}
