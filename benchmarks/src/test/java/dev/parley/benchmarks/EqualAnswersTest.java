package dev.parley.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EqualAnswersTest {
    private final Random random = new Random(1);

    /** Times as they are: around 300 µs, with a tail. */
    private long[] times(long more) {
        return LongStream.generate(() -> 300_000 + more + Math.round(-40_000 * Math.log(1 - random.nextDouble())))
                .limit(500)
                .toArray();
    }

    @Test
    void times_of_one_kind_cannot_be_told_apart() {
        assertThat(EqualAnswersScenario.standardErrors(times(0), times(0))).isLessThan(4);
    }

    @Test
    void the_work_of_one_signature_is_seen() {
        assertThat(EqualAnswersScenario.standardErrors(times(0), times(95_000))).isGreaterThan(20);
        assertThat(EqualAnswersScenario.standardErrors(times(95_000), times(0))).isGreaterThan(20);
    }
}
