package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a scenario measures of itself must be able to miss. */
class BarsTest {
    private final Measured measured = new Measured();

    @Test
    void the_longest_of_the_times_is_held_against_the_bar() {
        measured.time("again", Duration.ofSeconds(2));
        measured.time("again", Duration.ofMillis(5_100));

        assertThat(measured.bars(Map.of("again", Duration.ofSeconds(5)))).noneMatch(Bar::holds);
        assertThat(measured.bars(Map.of("again", Duration.ofSeconds(6)))).allMatch(Bar::holds);
    }

    @Test
    void a_bar_that_nothing_was_measured_for_is_missed_and_says_so() {
        List<Bar> bars = measured.bars(Map.of("never", Duration.ofSeconds(5)));

        assertThat(bars).singleElement().satisfies(bar -> {
            assertThat(bar.holds()).isFalse();
            assertThat(bar.line()).contains("✗").contains("not measured");
        });
    }

    @Test
    void a_ratio_is_of_medians_and_without_a_rate_in_peace_it_is_missed() {
        List<Double> peace = List.of(100.0, 90.0, 1_000.0);

        assertThat(Burst.ratio("drain", List.of(85.0, 86.0, 10.0), peace, 0.85).holds())
                .isTrue();
        assertThat(Burst.ratio("drain", List.of(84.0, 84.0, 99.0), peace, 0.85).holds())
                .isFalse();
        assertThat(Burst.ratio("drain", List.of(85.0), List.of(), 0.85).holds()).isFalse();
        assertThat(Burst.ratio("drain", List.of(), peace, 0.85).holds()).isFalse();
    }

    @Test
    void growth_is_the_slope_of_all_samples_and_not_the_difference_of_two() {
        assertThat(Soak.slope(List.of(5L, 7L, 9L, 11L))).isEqualTo(2.0);
        assertThat(Soak.slope(List.of(10L, 30L, 30L, 10L))).isEqualTo(0.0);
        assertThat(Soak.slope(List.of())).isEqualTo(0.0);
    }

    @Test
    void a_run_that_gave_something_up_or_never_came_to_rest_misses_its_bars() {
        assertThat(List.of(Ending.givenUp(0), Ending.open(0))).allMatch(Bar::holds);
        assertThat(List.of(Ending.givenUp(1), Ending.open(1), Ending.open(Double.NaN)))
                .noneMatch(Bar::holds);
    }

    @Test
    void every_moment_of_the_path_must_have_been_reached() {
        assertThat(Deaths.bar(24, 24).holds()).isTrue();
        assertThat(Deaths.bar(23, 24).holds()).isFalse();
    }

    @Test
    void a_redrive_of_less_than_what_came_misses_its_bar() {
        assertThat(Redrive.dead(10, 10).holds()).isTrue();
        assertThat(Redrive.dead(9, 10).holds()).isFalse();
        assertThat(Redrive.dead(0, 0).holds()).isFalse();
    }
}
