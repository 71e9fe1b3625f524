package dev.parley.work;

import static dev.parley.work.SampleJobs.NOON;
import static dev.parley.work.SampleJobs.line;
import static dev.parley.work.SampleJobs.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.JobRef;
import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LinesTest {
    private static final TenantId TENANT = tenant(1);

    private long now = 1_000;
    private final Lines lines = new Lines(() -> now);

    private static DueJob due(String address, int nth) {
        return SampleJobs.due(line(TENANT, address.hashCode() & 255, address), nth);
    }

    private static JobRef ref(String address, int nth) {
        return JobRef.of(due(address, nth).job());
    }

    private List<JobRef> ready() {
        return lines.takeReady(Direction.INCOMING, 100, 100);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void a_line_nobody_holds_lets_everybody_through() {
        assertThat(lines.admit(due("a", 1))).isTrue();
        assertThat(lines.admit(due("a", 2))).isTrue();
        assertThat(lines.size()).isZero();
    }

    @Test
    void behind_a_waiting_head_everybody_waits_and_comes_back_in_order() {
        lines.waitAtHead(ref("a", 1), Duration.ofSeconds(5));
        assertThat(lines.admit(due("a", 3))).isFalse();
        assertThat(lines.admit(due("a", 2))).isFalse();
        assertThat(lines.admit(due("b", 1))).isTrue();
        assertThat(ready()).isEmpty();

        pass(Duration.ofSeconds(5));
        assertThat(ready()).containsExactly(ref("a", 1));
        assertThat(lines.admit(due("a", 1))).isTrue();
        lines.free(ref("a", 1));
        assertThat(ready()).containsExactly(ref("a", 2), ref("a", 3));
    }

    @Test
    void while_a_call_is_out_its_line_stands_still() {
        lines.runAtHead(ref("a", 1));
        lines.park(ref("a", 2));
        pass(Duration.ofHours(1));
        assertThat(ready()).isEmpty();
        assertThat(lines.busyLanes()).containsExactly("a".hashCode() & 255);

        lines.free(ref("a", 1));
        assertThat(ready()).containsExactly(ref("a", 2));
    }

    @Test
    void a_held_line_has_no_alarm() {
        lines.waitAtHead(ref("a", 1), null);
        assertThat(lines.untilNextAlarm()).isNull();
        assertThat(lines.held()).containsExactly(ref("a", 1));
        pass(Duration.ofDays(1));
        assertThat(ready()).isEmpty();
    }

    @Test
    void of_two_waiting_jobs_the_earlier_is_the_head() {
        lines.waitAtHead(ref("a", 2), Duration.ofSeconds(1));
        lines.waitAtHead(ref("a", 1), Duration.ofSeconds(9));
        pass(Duration.ofSeconds(2));
        assertThat(ready()).isEmpty();
        pass(Duration.ofSeconds(8));
        assertThat(ready()).containsExactly(ref("a", 1));
    }

    @Test
    void what_is_parked_need_not_be_read_again_until_the_cursor_has_passed_it() {
        lines.runAtHead(ref("a", 1));
        lines.admit(due("a", 2));
        lines.admit(due("a", 5));
        assertThat(lines.parkedAfter(Cursor.before(NOON))).hasSize(2);
        assertThat(lines.parkedAfter(Cursor.before(NOON.plusSeconds(3)))).hasSize(1);
    }

    /** A reader may move back, when it joins one that is behind: what was forgotten meanwhile has to come again. */
    @Test
    void what_was_read_and_forgotten_is_read_again() {
        lines.runAtHead(ref("a", 0));
        IntStream.rangeClosed(1, Lines.KEPT_PER_LINE + 10).forEach(n -> lines.admit(due("a", n)));
        // Comes late, and takes the place of the last one that was remembered.
        lines.admit(due("a", -1));

        assertThat(lines.parkedAfter(Cursor.START))
                .hasSize(Lines.KEPT_PER_LINE)
                .contains(ref("a", -1).id().value())
                .doesNotContain(
                        ref("a", Lines.KEPT_PER_LINE).id().value(),
                        ref("a", Lines.KEPT_PER_LINE + 1).id().value());
    }

    @Test
    void who_is_let_go_unhandled_is_read_again() {
        lines.runAtHead(ref("a", 1));
        lines.admit(due("a", 2));

        lines.free(ref("a", 2));

        assertThat(lines.parkedAfter(Cursor.START)).isEmpty();
    }

    @Test
    void lanes_that_come_back_are_read_as_if_for_the_first_time() {
        lines.runAtHead(ref("a", 1));
        lines.admit(due("a", 2));
        lines.runAtHead(ref("b", 1));
        lines.admit(due("b", 2));

        lines.forget(Set.of("a".hashCode() & 255));

        assertThat(lines.parkedAfter(Cursor.START))
                .containsExactly(ref("b", 2).id().value());
    }

    @Test
    void a_line_too_long_to_remember_is_looked_up_again_before_anybody_overtakes() {
        lines.runAtHead(ref("a", 0));
        IntStream.rangeClosed(1, Lines.KEPT_PER_LINE + 10).forEach(n -> lines.admit(due("a", n)));
        lines.free(ref("a", 0));
        for (JobRef kept : lines.takeReady(Direction.INCOMING, 5_000, 5_000)) {
            lines.free(kept);
        }

        assertThat(lines.wantsSweep()).isTrue();
        assertThat(lines.admit(due("a", 99_999))).isFalse();
        long sweep = lines.sweepStarted();
        IntStream.rangeClosed(Lines.KEPT_PER_LINE + 1, Lines.KEPT_PER_LINE + 10).forEach(n -> lines.park(ref("a", n)));
        assertThat(ready()).isEmpty();
        lines.sweepEnded(sweep);
        assertThat(ready()).first().isEqualTo(ref("a", Lines.KEPT_PER_LINE + 1));
    }

    @Test
    void lanes_given_up_are_forgotten() {
        lines.waitAtHead(ref("a", 1), Duration.ofSeconds(1));
        lines.forget(Set.of("a".hashCode() & 255));
        pass(Duration.ofSeconds(2));
        assertThat(ready()).isEmpty();
        assertThat(lines.size()).isZero();
        assertThat(lines.untilNextAlarm()).isNull();
    }

    @Test
    void an_older_job_takes_the_place_of_a_younger_one_that_waits_for_its_time() {
        lines.waitAtHead(ref("a", 5), Duration.ofNanos(100));

        assertThat(lines.admit(due("a", 1))).isTrue();

        lines.runAtHead(ref("a", 1));
        now += 100;
        assertThat(lines.takeReady(Direction.INCOMING, 10, 10)).isEmpty();
        lines.free(ref("a", 1));
        assertThat(lines.takeReady(Direction.INCOMING, 10, 10)).containsExactly(ref("a", 5));
    }

    @Test
    void an_older_job_waits_for_a_younger_one_that_is_out_or_holds_its_line() {
        lines.runAtHead(ref("a", 5));
        lines.waitAtHead(ref("b", 5), null);

        assertThat(lines.admit(due("a", 1))).isFalse();
        assertThat(lines.admit(due("b", 1))).isFalse();
    }

    @Test
    void lines_are_counted_by_tenant_while_they_are_remembered() {
        assertThat(lines.largest(tenant -> true)).isNull();
        lines.waitAtHead(ref("a", 1), Duration.ofSeconds(5));
        lines.park(ref("a", 2));
        lines.runAtHead(ref("b", 1));
        lines.park(ref("c", 1));

        assertThat(lines.sizeOf(TENANT)).isEqualTo(3);
        assertThat(lines.largest(tenant -> true)).isEqualTo(TENANT);
        assertThat(lines.largest(tenant -> !tenant.equals(TENANT))).isNull();

        lines.free(ref("b", 1));
        lines.free(ref("b", 1));
        lines.forget(Set.of(ref("c", 1).line().lane()));
        assertThat(lines.sizeOf(TENANT)).isEqualTo(1);
        lines.free(ref("a", 1));
        assertThat(lines.sizeOf(TENANT)).as("one still stands behind").isEqualTo(1);
        lines.free(ref("a", 2));
        assertThat(lines.sizeOf(TENANT)).isZero();
        assertThat(lines.largest(tenant -> true)).isNull();
    }
}
