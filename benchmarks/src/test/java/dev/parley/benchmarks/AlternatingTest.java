package dev.parley.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AlternatingTest {
    @Test
    void another_side_begins_in_every_round() {
        assertThat(Alternating.order(0, "a", "b", "c")).containsExactly("a", "b", "c");
        assertThat(Alternating.order(1, "a", "b", "c")).containsExactly("b", "c", "a");
        assertThat(Alternating.order(2, "a", "b", "c")).containsExactly("c", "a", "b");
        assertThat(Alternating.order(3, "a", "b", "c")).containsExactly("a", "b", "c");
    }

    @Test
    void every_side_stands_in_every_place_equally_often() {
        Map<String, Integer> seen = new HashMap<>();
        for (int round = 0; round < 6; round++) {
            List<String> order = Alternating.order(round, "a", "b", "c");
            for (int place = 0; place < 3; place++) {
                seen.merge(order.get(place) + place, 1, Integer::sum);
            }
        }

        assertThat(seen)
                .hasSize(9)
                .allSatisfy((where, times) -> assertThat(times).isEqualTo(2));
    }
}
