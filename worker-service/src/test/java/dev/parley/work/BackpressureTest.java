package dev.parley.work;

import static dev.parley.work.SampleJobs.job;
import static dev.parley.work.SampleJobs.line;
import static dev.parley.work.SampleJobs.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.JobRef;
import dev.parley.tenant.TenantId;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackpressureTest {
    private static final TenantId LARGE = tenant(1);
    private static final TenantId SMALL = tenant(2);
    private static final int MOST = 1_000;

    private final Lines lines = new Lines(() -> 1);
    private final Scans scans = new Scans(256, () -> 1);
    private final Backpressure backpressure = new Backpressure(MOST, lines, scans);

    @BeforeEach
    void lanes() {
        scans.take(Set.of(1), false);
    }

    private static JobRef ref(TenantId tenant, int contact) {
        return JobRef.of(job(line(tenant, 1, "+" + contact), 0));
    }

    private void wait(TenantId tenant, int contacts) {
        IntStream.range(0, contacts).forEach(contact -> lines.runAtHead(ref(tenant, contact)));
    }

    private void goOn(TenantId tenant, int from, int until) {
        IntStream.range(from, until).forEach(contact -> lines.free(ref(tenant, contact)));
    }

    @Test
    void while_there_is_room_nobody_is_held_back() {
        wait(LARGE, MOST - 1);

        backpressure.apply();

        assertThat(scans.heldBack()).isEmpty();
    }

    @Test
    void who_has_most_lines_is_held_back_until_a_tenth_is_free() {
        wait(LARGE, 900);
        wait(SMALL, 100);

        backpressure.apply();
        assertThat(scans.heldBack()).containsExactly(LARGE);

        goOn(LARGE, 0, 100);
        backpressure.apply();
        assertThat(scans.heldBack()).as("900 of 1,000").containsExactly(LARGE);

        goOn(LARGE, 100, 101);
        backpressure.apply();
        assertThat(scans.heldBack()).isEmpty();
    }

    @Test
    void the_next_largest_is_held_back_too_and_let_go_when_few_of_its_own_wait_whatever_the_others_do() {
        wait(LARGE, 900);
        wait(SMALL, 100);
        backpressure.apply();

        backpressure.apply();
        assertThat(scans.heldBack()).containsExactlyInAnyOrder(LARGE, SMALL);

        goOn(SMALL, 0, 96);
        wait(tenant(3), 9);
        backpressure.apply();
        assertThat(scans.heldBack()).containsExactly(LARGE);
    }

    @Test
    void a_tenant_with_less_than_a_hundredth_is_never_held_back() {
        wait(LARGE, MOST);
        backpressure.apply();
        wait(SMALL, 9);

        backpressure.apply();
        assertThat(scans.heldBack()).containsExactly(LARGE);

        lines.runAtHead(ref(SMALL, 9));
        backpressure.apply();
        assertThat(scans.heldBack()).containsExactlyInAnyOrder(LARGE, SMALL);
    }

    @Test
    void a_tenant_that_is_switched_off_is_not_read_anyway() {
        scans.disable(Set.of(LARGE));
        wait(LARGE, MOST);

        backpressure.apply();

        assertThat(scans.heldBack()).isEmpty();
    }

    @Test
    void however_little_the_room_is_who_waits_for_nothing_is_read_on() {
        Backpressure narrow = new Backpressure(20, lines, scans);
        wait(LARGE, 19);
        wait(SMALL, 1);
        narrow.apply();
        narrow.apply();
        assertThat(scans.heldBack()).containsExactlyInAnyOrder(LARGE, SMALL);

        goOn(SMALL, 0, 1);
        narrow.apply();

        assertThat(scans.heldBack()).containsExactly(LARGE);
    }
}
