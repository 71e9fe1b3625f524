package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.queue.JobQueue.DueQuery;
import dev.parley.tenant.TenantId;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DueIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final JobQueue queue = new JobQueue();
    private TenantId tenant;

    @BeforeEach
    void oneJob() {
        db.execute("DELETE FROM bot.job_queue");
        tenant = given.tenant();
        given.job(given.event(tenant, "+1"));
    }

    private Job read(TenantId only, Integer... lanes) {
        List<DueJob> due = queue.due(
                        db.pool(),
                        new DueQuery(
                                lanes,
                                Cursor.START,
                                new String[] {JobType.PROCESS_INBOUND_MESSAGE.name()},
                                only,
                                new UUID[0],
                                new UUID[0],
                                0))
                .await()
                .indefinitely();
        assertThat(due).hasSize(1);
        return due.get(0).job();
    }

    @Test
    void a_job_of_other_lanes_is_read_and_whoever_asks_for_its_payload_is_told_that_it_was_not() {
        int lane = read(null).line().lane();

        for (TenantId only : new TenantId[] {null, tenant}) {
            Job theirs = read(only, (lane + 1) % Lane.COUNT);

            assertThatThrownBy(() -> theirs.event().payload())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("read without its event's payload");
            assertThat(read(only, lane).event().payload().getString("body")).isEqualTo("hello");
        }
    }
}
