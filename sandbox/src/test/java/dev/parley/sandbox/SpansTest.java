package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpansTest {
    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");

    @ParameterizedTest
    @CsvSource({"90s, PT1M30S", "30m, PT30M", "2h, PT2H", "3d, PT72H", "250ms, PT0.25S", "PT15M, PT15M", "2H, PT2H"})
    void a_span_is_read_as_people_type_it(String text, Duration span) {
        assertThat(Spans.parse(text)).isEqualTo(span);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2", "2 hours", "-2h", "1.5h", "soon"})
    void what_is_no_span_is_refused_with_an_example(String text) {
        assertThatThrownBy(() -> Spans.parse(text)).hasMessageContaining("such as 30m, 2h or 3d");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-28T10:00:00Z, 2026-11-28T10:00:00Z",
        "2026-11-28T11:00:00+01:00, 2026-11-28T10:00:00Z",
        "2026-11-28, 2026-11-28T00:00:00Z",
        "2h, 2026-11-28T10:00:00Z",
        "3d, 2026-11-25T12:00:00Z"
    })
    void a_moment_is_a_time_a_day_or_how_long_ago(String text, Instant moment) {
        assertThat(Spans.past(text, NOW)).isEqualTo(moment);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yesterday", "2026-11-28T10:00:00", "28.11.2026", "2026-13-01", ""})
    void what_is_no_moment_is_refused_with_examples(String text) {
        assertThatThrownBy(() -> Spans.past(text, NOW))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("a time with its zone such as 2026-11-28T10:00:00Z");
    }

    @Test
    void the_future_and_another_century_are_refused() {
        assertThatThrownBy(() -> Spans.past("2026-11-28T12:00:01Z", NOW)).hasMessageContaining("lies ahead");
        assertThatThrownBy(() -> Spans.past("2016-11-28", NOW)).hasMessageContaining("more than 400 days ago");
    }

    @ParameterizedTest
    @CsvSource({"PT5S, 5 s", "PT3M10S, 3 min", "PT2H, 2 h", "PT3H12M, 3 h 12 min", "P3D, 3 days"})
    void a_span_is_told_as_far_as_anybody_wants_to_know(Duration span, String words) {
        assertThat(Spans.inWords(span)).isEqualTo(words);
    }
}
