package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.LogLines;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CircuitGuardTest {
    private final AtomicLong now = new AtomicLong();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final CircuitGuard guard =
            new CircuitGuard("ghl", Duration.ofDays(3), now::get, new IngestMeters(registry));

    private void answered(int good, int bad) {
        for (int at = 0; at < good; at++) {
            guard.answered("ghl", true);
        }
        for (int at = 0; at < bad; at++) {
            guard.answered("ghl", false);
        }
    }

    private double gauge(String name) {
        return registry.get(name).tag("provider", "ghl").gauge().value();
    }

    @Test
    void each_level_is_crossed_at_its_percentage() {
        answered(970, 30);
        assertThat(guard.level("ghl")).isZero();
        answered(0, 1);
        assertThat(guard.level("ghl")).isEqualTo(1);
        answered(0, 21);
        assertThat(guard.level("ghl")).isEqualTo(2);
        answered(0, 34);
        assertThat(guard.level("ghl")).isEqualTo(3);
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
        assertThat(guard.level("ghl")).isZero();
        answered(0, 1);
        assertThat(guard.level("ghl")).isEqualTo(3);
    }

    @Test
    void what_is_older_than_the_window_is_forgotten() {
        answered(500, 500);
        now.addAndGet(Duration.ofHours(71).toNanos());
        answered(1, 0);
        assertThat(guard.level("ghl")).isEqualTo(3);
        now.addAndGet(Duration.ofHours(2).toNanos());
        answered(300, 0);

        assertThat(guard.level("ghl")).isZero();
        assertThat(gauge("parley.ingest.success")).isEqualTo(100);
    }

    @Test
    void vendors_without_a_breaker_are_not_watched() {
        guard.answered("standard-webhooks", false);

        assertThat(guard.level("standard-webhooks")).isNull();
    }
}
