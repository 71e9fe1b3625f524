package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommandLineTest {
    private static final Set<String> COMMANDS = Set.of("up", "down", "demo", "trace", "psql", "credentials", "help");

    @Test
    void a_slip_of_the_finger_finds_the_command_that_was_meant() {
        assertThat(Suggestion.among(COMMANDS, "tarce")).contains("trace");
        assertThat(Suggestion.among(COMMANDS, "dmeo")).contains("demo");
        assertThat(Suggestion.among(COMMANDS, "cred")).contains("credentials");
        assertThat(Suggestion.among(COMMANDS, "pu")).contains("up");
    }

    @Test
    void a_word_like_none_of_the_commands_finds_nothing() {
        assertThat(Suggestion.among(COMMANDS, "kubernetes")).isEmpty();
    }

    @Test
    void neighbours_swapped_count_as_one_slip() {
        assertThat(Suggestion.distance("trace", "tarce")).isEqualTo(1);
        assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
        assertThat(Suggestion.distance("same", "same")).isZero();
    }

    @Test
    void options_are_taken_with_a_space_and_with_an_equals_sign() {
        Arguments arguments = Arguments.parse(
                List.of("--workers", "3", "--data=/tmp/a b", "--json", "id"),
                Set.of("--workers", "--data"),
                Set.of("--json"));

        assertThat(arguments.number("--workers", 1, 1, 9)).isEqualTo(3);
        assertThat(arguments.option("--data")).contains("/tmp/a b");
        assertThat(arguments.has("--json")).isTrue();
        assertThat(arguments.rest()).containsExactly("id");
    }

    @Test
    void an_unknown_option_is_refused_with_the_nearest_one() {
        assertThatThrownBy(() -> Arguments.parse(List.of("--wrokers", "3"), Set.of("--workers"), Set.of("--json")))
                .isInstanceOf(SandboxException.class)
                .hasMessage("unknown option --wrokers; did you mean --workers?");
    }

    @Test
    void an_option_without_its_value_is_refused() {
        assertThatThrownBy(() -> Arguments.parse(List.of("--workers"), Set.of("--workers"), Set.of()))
                .hasMessage("--workers needs a value");
    }

    @Test
    void a_number_outside_its_range_is_refused_with_the_range() {
        Arguments arguments = Arguments.parse(List.of("--workers", "99"), Set.of("--workers"), Set.of());

        assertThatThrownBy(() -> arguments.number("--workers", 1, 1, 32))
                .hasMessage("--workers takes a number from 1 to 32, not 99");
    }

    @Test
    void pauses_before_a_restart_double_up_to_their_bound() {
        assertThat(ServiceProcess.pauseBefore(1)).isEqualTo(Duration.ofMillis(500));
        assertThat(ServiceProcess.pauseBefore(2)).isEqualTo(Duration.ofSeconds(1));
        assertThat(ServiceProcess.pauseBefore(6)).isEqualTo(Duration.ofSeconds(15));
        assertThat(ServiceProcess.pauseBefore(1_000_000)).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void a_json_log_line_is_shown_as_time_level_and_message() {
        String line =
                "{\"timestamp\":\"2026-11-21T10:00:00Z\",\"level\":\"ERROR\",\"loggerName\":\"dev.parley.work.Loop\","
                        + "\"message\":\"lane lost\",\"exception\":{\"exceptionType\":\"java.io.IOException\",\"message\":\"gone\"}}";

        assertThat(LogTail.readable(line))
                .isEqualTo("2026-11-21T10:00:00Z ERROR dev.parley.work.Loop lane lost · java.io.IOException: gone");
        assertThat(LogTail.readable("{broken")).isEqualTo("{broken");
        assertThat(LogTail.readable("plain")).isEqualTo("plain");
    }

    @Test
    void a_claim_that_fails_shows_what_was_expected_and_what_was_seen() {
        String table = Claim.table(List.of(Claim.that("contacts", 2, 2), Claim.that("replies", 7, 6)));

        assertThat(table).isEqualTo("""
                  ✓ contacts: 2
                  ✗ replies
                      expected: 7
                      seen:     6
                """);
    }
}
