package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.queue.JobType;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A database of a test class, a tenant of each test's own, and workers that end with it. */
abstract class Drains {
    static final JobType PROCESS = JobType.PROCESS_INBOUND_MESSAGE;
    static final JobType SEND = JobType.SEND_OUTBOUND_MESSAGE;

    final Fixtures given;
    TenantId tenant;

    private final TestDatabase database;
    private final List<TestWorker> workers = new ArrayList<>();

    Drains(TestDatabase database) {
        this.database = database;
        this.given = new Fixtures(database);
    }

    @BeforeEach
    void ownTenant() {
        Ledger.open(database);
        tenant = given.tenant();
    }

    @AfterEach
    void stopAndForget() {
        workers.forEach(TestWorker::close);
        database.execute("DELETE FROM bot.job_queue");
        database.execute("TRUNCATE test.ledger");
    }

    TestWorker start(TestWorker.Builder worker) {
        TestWorker started = worker.start();
        workers.add(started);
        return started;
    }

    UUID send(String address) {
        return given.job(given.event(tenant, address), SEND.name());
    }

    String status(UUID job) {
        return database.value(String.class, "SELECT status FROM bot.job_queue WHERE job_id = ?", job);
    }

    void awaitStatus(UUID job, String status) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(status(job)).isEqualTo(status));
    }

    void awaitAllDone() {
        await().atMost(Duration.ofSeconds(40))
                .untilAsserted(() -> assertThat(database.count("bot.job_queue WHERE status <> 'done'"))
                        .isZero());
    }
}
