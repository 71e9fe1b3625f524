package dev.parley.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SeriesTest {
    @Test
    void median_of_an_odd_number_is_the_middle_one_in_size_not_in_time() {
        assertThat(series(9, 1, 5).median()).isEqualTo(5);
        assertThat(series(100, 1, 2, 3, 4).median()).isEqualTo(3);
    }

    @Test
    void median_of_an_even_number_is_half_way_between_the_two_in_the_middle() {
        assertThat(series(10, 1, 4, 2).median()).isEqualTo(3);
    }

    @Test
    void smallest_and_largest_are_kept_and_values_stay_in_their_order() {
        Series series = series(3, 1, 2);

        assertThat(series.min()).isEqualTo(1);
        assertThat(series.max()).isEqualTo(3);
        assertThat(series.values()).containsExactly(3.0, 1.0, 2.0);
    }

    @Test
    void ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_the_medians() {
        // The machine was slow in the second round, for both.
        Series ours = series(20, 2, 30);
        Series theirs = series(10, 2, 10);

        assertThat(ours.ratioTo(theirs)).isEqualTo(2);
        assertThat(series(10, 40, 90).ratioTo(series(10, 10, 100))).isEqualTo(1);
    }

    @Test
    void ratio_of_different_numbers_of_rounds_is_refused_by_name() {
        assertThatThrownBy(() -> series(1, 2).ratioTo(series(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 rounds")
                .hasMessageContaining("1");
    }

    private static Series series(double... values) {
        Series series = new Series("one of " + values.length, "");
        for (double value : values) {
            series.add(value);
        }
        return series;
    }
}
