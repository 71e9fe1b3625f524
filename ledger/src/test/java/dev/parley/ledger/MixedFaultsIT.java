package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form of {@code ./parley ledger mixed}: real processes, faults drawn from a fixed seed, and the judge. It holds
 * Parley to what it promises and to nothing that depends on how fast this machine is.
 */
class MixedFaultsIT {
    private static final long SEED = 7;

    @TempDir
    Path directory;

    @Test
    void nothing_is_lost_doubled_or_overtaken_whatever_happens() {
        Run run = new Run(
                Objects.requireNonNull(Scenarios.all().get("mixed")),
                new Settings("mixed", SEED, Duration.ofSeconds(90), 10, 2),
                directory.resolve("data"),
                text -> {});

        Outcome outcome = run.play();

        List<Finding> broken = outcome.judgement().findings().stream()
                .filter(finding -> !finding.holds())
                .toList();
        assertThat(broken)
                .as("%s%n%n%s", run.story(), outcome.judgement().table())
                .isEmpty();
        assertThat(outcome.judgement().counts().get("events acknowledged")).isGreaterThan(800);
    }
}
