package dev.parley.work;

import static dev.parley.work.SampleJobs.due;
import static dev.parley.work.SampleJobs.job;
import static dev.parley.work.SampleJobs.line;
import static dev.parley.work.SampleJobs.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.JobRef;
import dev.parley.queue.Line.Direction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SweepsTest {
    private final Lines lines = new Lines(() -> 1);

    private static JobRef ref(String address, int nth) {
        return JobRef.of(job(line(tenant(1), 1, address), nth));
    }

    @Test
    void what_was_passed_is_remembered_while_there_is_room() {
        Sweeps.Found found = new Sweeps.Found(lines, 2);

        found.add(ref("a", 1));
        found.add(ref("a", 2));
        found.add(ref("b", 1));
        found.add(ref("c", 1));

        assertThat(lines.takeReady(Direction.INCOMING, 100, 100))
                .containsExactly(ref("a", 1), ref("a", 2), ref("b", 1));
    }

    @Test
    void who_found_no_room_is_not_overtaken_when_there_is_some_later_in_the_sweep() {
        lines.runAtHead(ref("a", 1));
        Sweeps.Found found = new Sweeps.Found(lines, 1);
        found.add(ref("b", 1));
        lines.free(ref("a", 1));

        found.add(ref("b", 2));

        assertThat(lines.size()).isZero();
        Sweeps.Found next = new Sweeps.Found(lines, 1);
        next.add(ref("b", 1));
        next.add(ref("b", 2));
        assertThat(lines.takeReady(Direction.INCOMING, 100, 100)).containsExactly(ref("b", 1));
    }

    @Test
    void a_line_that_awaits_the_sweep_gets_its_tail_however_little_room_there_is() {
        // Given a line whose tail was forgotten, and all others of it done
        lines.runAtHead(ref("a", 0));
        IntStream.rangeClosed(1, Lines.KEPT_PER_LINE + 1)
                .forEach(n -> lines.admit(due(ref("a", n).line(), n)));
        IntStream.rangeClosed(0, Lines.KEPT_PER_LINE).forEach(n -> lines.free(ref("a", n)));
        Sweeps.Found found = new Sweeps.Found(lines, 1);
        found.add(ref("b", 1));

        found.add(ref("a", Lines.KEPT_PER_LINE + 1));

        assertThat(lines.knows(ref("b", 1))).isFalse();
        assertThat(lines.knows(ref("a", Lines.KEPT_PER_LINE + 1))).isTrue();
    }
}
