package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.LogLines;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CircuitGuardTest {
    private final AtomicLong now = new AtomicLong();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final CircuitGuard guard =
            new CircuitGuard("ghl", Set.of("app-a", "app-b"), Duration.ofDays(3), now::get, new IngestMeters(registry));

    private void answered(int good, int bad) {
        for (int at = 0; at < good; at++) {
            guard.answered("ghl", "app-a", true);
        }
        for (int at = 0; at < bad; at++) {
            guard.answered("ghl", "app-a", false);
        }
    }

    private double gauge(String name) {
        return registry.get(name)
                .tag("provider", "ghl")
                .tag("app", "app-a")
                .gauge()
                .value();
    }

    @Test
    void each_level_is_crossed_at_its_percentage() {
        answered(970, 30);
        assertThat(guard.level("ghl", "app-a")).isZero();
        answered(0, 1);
        assertThat(guard.level("ghl", "app-a")).isEqualTo(1);
        answered(0, 21);
        assertThat(guard.level("ghl", "app-a")).isEqualTo(2);
        answered(0, 34);
        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
        assertThat(gauge("parley.ingest.success.alert")).isEqualTo(3);
        assertThat(gauge("parley.ingest.success")).isBetween(91.0, 92.0);
    }

    @Test
    void a_crossing_is_one_line_and_so_is_the_recovery() {
        try (LogLines lines = LogLines.start()) {
            answered(970, 36);
            answered(0, 1);
            answered(2000, 0);

            assertThat(lines.lines().stream().filter(line -> line.contains("succeed less often")))
                    .hasSize(1)
                    .allMatch(line -> line.contains("97"));
            assertThat(lines.lines().stream().filter(line -> line.contains("recover")))
                    .hasSize(1);
        }
    }

    @Test
    void a_few_deliveries_say_nothing() {
        answered(0, CircuitGuard.LEAST - 1);
        assertThat(guard.level("ghl", "app-a")).isZero();
        answered(0, 1);
        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
    }

    @Test
    void what_is_older_than_the_window_is_forgotten() {
        answered(500, 500);
        now.addAndGet(Duration.ofHours(71).toNanos());
        answered(1, 0);
        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
        now.addAndGet(Duration.ofHours(2).toNanos());
        answered(300, 0);

        assertThat(guard.level("ghl", "app-a")).isZero();
        assertThat(gauge("parley.ingest.success")).isEqualTo(100);
    }

    @Test
    void vendors_without_a_breaker_are_not_watched() {
        guard.answered("standard-webhooks", null, false);

        assertThat(guard.level("standard-webhooks", "all")).isNull();
    }

    @Test
    void each_app_has_a_breaker_of_its_own() {
        answered(0, 500);

        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
        assertThat(guard.level("ghl", "app-b")).isZero();
    }

    @Test
    void what_was_turned_away_before_anybody_knew_whose_it_was_counts_for_each_app() {
        for (int at = 0; at < CircuitGuard.LEAST; at++) {
            guard.answered("ghl", null, false);
        }

        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
        assertThat(guard.level("ghl", "app-b")).isEqualTo(3);
    }

    @Test
    void deliveries_of_a_foreign_app_are_in_nobody_s_statistics_here() {
        answered(100, 100);
        for (int at = 0; at < 10_000; at++) {
            guard.answered("ghl", "foreign", true);
        }

        assertThat(guard.level("ghl", "app-a")).isEqualTo(3);
        assertThat(guard.level("ghl", "foreign")).isNull();
    }

    @Test
    void where_nobody_said_which_apps_are_ours_there_is_one_for_all() {
        CircuitGuard one = new CircuitGuard(
                "ghl", Set.of(), Duration.ofDays(3), now::get, new IngestMeters(new SimpleMeterRegistry()));
        for (int at = 0; at < CircuitGuard.LEAST; at++) {
            one.answered("ghl", "any", false);
        }

        assertThat(one.level("ghl", CircuitGuard.ALL)).isEqualTo(3);
    }
}
