package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.queue.JobQueue.DuePage;
import dev.parley.queue.JobQueue.DueQuery;
import dev.parley.tenant.TenantId;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
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

    private DuePage page(TenantId only, Integer... lanes) {
        return queue.due(
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
    }

    private Job read(TenantId only, Integer... lanes) {
        DuePage page = page(only, lanes);
        assertThat(page.size()).isEqualTo(1);
        assertThat(page.jobs()).hasSize(1);
        return page.jobs().get(0).job();
    }

    @Test
    void of_a_page_come_the_jobs_of_ones_own_lanes_and_the_last_one() {
        for (int more = 2; more <= 40; more++) {
            given.job(given.event(tenant, "+" + more));
        }
        Integer[] all = IntStream.range(0, Lane.COUNT).boxed().toArray(Integer[]::new);

        for (TenantId only : new TenantId[] {null, tenant}) {
            DuePage whole = page(only, all);
            List<Job> jobs = whole.jobs().stream().map(DueJob::job).toList();
            Job last = jobs.get(15);
            int lane = jobs.stream()
                    .map(job -> job.line().lane())
                    .filter(each -> each != last.line().lane())
                    .findFirst()
                    .orElseThrow();

            DuePage own = page(only, lane);

            assertThat(whole.size()).isEqualTo(16);
            assertThat(own.size()).isEqualTo(16);
            assertThat(own.jobs())
                    .extracting(due -> due.job().id())
                    .containsExactlyElementsOf(jobs.stream()
                            .filter(job -> job.line().lane() == lane || job == last)
                            .map(Job::id)
                            .toList());
        }
    }

    @Test
    void an_empty_page_has_no_last_one() {
        db.execute("DELETE FROM bot.job_queue");

        assertThat(page(null, 1)).isEqualTo(new DuePage(List.of(), 0));
    }

    @Test
    void a_last_job_of_other_lanes_is_read_and_whoever_asks_for_its_payload_is_told_that_it_was_not() {
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
