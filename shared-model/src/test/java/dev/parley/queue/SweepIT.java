package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SweepIT {
    private static final OffsetDateTime NOON = OffsetDateTime.parse("2026-01-01T12:00:00Z");

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final JobQueue queue = new JobQueue();

    /** Rows that a single statement wrote by hand, say: a reader has passed some of them, and reads the others itself. */
    @Test
    void of_jobs_of_one_instant_those_are_found_that_a_reader_has_passed() {
        TenantId tenant = given.tenant();
        UUID event = given.event(tenant, "+1");
        List<JobId> jobs = List.of(
                new JobId(given.job(event, "a")), new JobId(given.job(event, "b")), new JobId(given.job(event, "c")));
        db.execute("UPDATE bot.job_queue SET run_after = ?, created_at = ?", NOON, NOON);
        Cursor atTheSecond = new Cursor(NOON, NOON, jobs.get(1));

        for (TenantId only : new TenantId[] {null, tenant}) {
            JobQueue.Swept swept = queue.sweep(
                            db.pool(), Cursor.START, atTheSecond, new String[] {"a", "b", "c"}, only, new UUID[0])
                    .await()
                    .indefinitely();

            assertThat(swept.jobs()).extracting(JobRef::id).containsExactly(jobs.get(0), jobs.get(1));
            assertThat(swept.next()).isNull();
        }
    }
}
