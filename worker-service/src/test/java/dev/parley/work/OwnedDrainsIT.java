package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.TestDatabase;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.queue.Lane;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One worker with two sessions: what each of them does for itself, and what both keep together. */
class OwnedDrainsIT extends Drains {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    OwnedDrainsIT() {
        super(db);
    }

    private Map<String, List<UUID>> messages(int contacts, int each) {
        Map<String, List<UUID>> jobs = new LinkedHashMap<>();
        for (int message = 0; message < each; message++) {
            for (int contact = 0; contact < contacts; contact++) {
                String address = "c" + contact;
                jobs.computeIfAbsent(address, added -> new ArrayList<>()).add(given.job(given.event(tenant, address)));
            }
        }
        return jobs;
    }

    private static List<Integer> lanesBySession() {
        return db
                .rows(
                        "SELECT pid, count(*)::int AS lanes FROM pg_locks WHERE locktype = 'advisory' AND granted"
                                + " AND classid = ? AND objsubid = 2"
                                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                                + " GROUP BY pid ORDER BY pid",
                        Lanes.LANE_SPACE)
                .stream()
                .map(row -> (Integer) row.get("lanes"))
                .toList();
    }

    private static int aSession() {
        return db.value(
                Integer.class,
                "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = ? AND objsubid = 2"
                        + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                Lanes.LANE_SPACE);
    }

    private static void awaitEvenShares() {
        await().untilAsserted(() -> assertThat(lanesBySession()).containsExactly(128, 128));
    }

    @Test
    void both_own_half_and_every_contact_is_done_once_and_in_order() {
        TestWorker worker = start(TestWorker.on(db).sessions(2).handling(Ledger.of(PROCESS)));
        awaitEvenShares();
        Map<String, List<UUID>> jobs = messages(60, 5);

        worker.drain().wake();

        awaitAllDone();
        assertThat(Ledger.all(db)).hasSize(300);
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
        await().untilAsserted(() -> assertThat(worker.drain().describe()).isEqualTo("owns 256 lanes"));
    }

    @Test
    void a_session_that_is_ended_takes_nothing_with_it() {
        TestWorker worker = start(TestWorker.on(db).sessions(2).handling(Ledger.of(PROCESS)));
        awaitEvenShares();
        Map<String, List<UUID>> jobs = messages(60, 5);

        worker.drain().wake();
        db.value(Boolean.class, "SELECT pg_terminate_backend(?)", aSession());

        awaitAllDone();
        assertThat(Ledger.all(db)).hasSize(300);
        jobs.forEach((address, inOrder) -> assertThat(Ledger.of(db, address)).isEqualTo(inOrder));
        assertThat(worker.drain().isTurning()).isTrue();
        awaitEvenShares();
    }

    @Test
    void what_hangs_in_one_holds_up_its_contacts_and_no_others() {
        CompletableFuture<Void> release = new CompletableFuture<>();
        CompletableFuture<Void> hangs = new CompletableFuture<>();
        BatchJobHandler ledger = Ledger.of(PROCESS);
        start(TestWorker.on(db).sessions(2).handling(new BatchJobHandler() {
            @Override
            public JobType type() {
                return PROCESS;
            }

            @Override
            public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
                if (jobs.stream().noneMatch(job -> "stuck".equals(job.event().channelAddress()))) {
                    return ledger.handle(tx, jobs);
                }
                hangs.complete(null);
                return Uni.createFrom().completionStage(release).chain(() -> ledger.handle(tx, jobs));
            }
        }));
        awaitEvenShares();
        UUID stuck = given.job(given.event(tenant, "stuck"));
        await().until(hangs::isDone);

        Map<String, List<UUID>> others = messages(40, 1);

        await().untilAsserted(() ->
                assertThat(db.count("bot.job_queue WHERE status = 'done'")).isBetween(1L, 40L));
        assertThat(status(stuck)).isEqualTo("queued");
        release.complete(null);
        awaitAllDone();
        assertThat(Ledger.all(db)).hasSize(1 + others.size());
    }

    /** Both sessions end, and the first to come back takes all there is: the other's calls are out, and not its own. */
    @Test
    void a_call_whose_lane_went_to_the_other_session_is_settled_once_and_the_contacts_next_send_goes_after_it() {
        Vendor vendor = new Vendor();
        TestWorker worker = start(TestWorker.on(db).sessions(2).calling(vendor));
        awaitEvenShares();
        List<UUID> first = IntStream.range(0, 12).mapToObj(n -> send("c" + n)).toList();
        worker.drain().wake();
        await().untilAsserted(() -> assertThat(vendor.calls).containsExactlyInAnyOrderElementsOf(first));
        List<UUID> second = IntStream.range(0, 12).mapToObj(n -> send("c" + n)).toList();

        db.execute(
                "SELECT pg_terminate_backend(pid) FROM (SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
                        + " AND classid = " + Lanes.LANE_SPACE
                        + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) owner");
        await().untilAsserted(() -> assertThat(
                        lanesBySession().stream().mapToInt(lanes -> lanes).sum())
                .isEqualTo(Lane.COUNT));
        awaitEvenShares();

        assertThat(vendor.calls).as("nobody goes ahead meanwhile").hasSize(12);
        vendor.answerAtOnce = true;
        first.forEach(job -> vendor.open.get(job).complete("ok"));
        awaitAllDone();
        assertThat(vendor.calls).hasSize(24);
        assertThat(vendor.calls.subList(12, 24)).containsExactlyInAnyOrderElementsOf(second);
        assertThat(db.value(Integer.class, "SELECT max(attempts) FROM bot.job_queue"))
                .isEqualTo(1);
    }

    @Test
    void a_stop_gives_back_what_all_of_them_own() {
        TestWorker worker = start(TestWorker.on(db).sessions(2).handling(Ledger.of(PROCESS)));
        awaitEvenShares();

        worker.stop(Duration.ofSeconds(2));

        await().untilAsserted(() -> assertThat(lanesBySession()).isEmpty());
        assertThat(worker.drain().isTurning()).isFalse();
    }
}
