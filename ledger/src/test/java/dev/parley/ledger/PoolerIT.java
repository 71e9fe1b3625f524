package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both services behind a transaction-mode pooler that does not know prepared statements, told so by one setting. */
class PoolerIT {
    @TempDir
    Path directory;

    @Test
    void both_services_work_behind_a_pooler_and_nothing_is_lost_doubled_or_overtaken() {
        Scenario scenario = Objects.requireNonNull(Scenarios.all().get("pooler"));
        Optional<String> obstacle = scenario.obstacle().get();
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElse(""));
        Run run = new Run(
                scenario, Settings.of("pooler", 3, Duration.ofSeconds(10)), directory.resolve("data"), text -> {});

        Outcome outcome = run.play();

        assertThat(outcome.judgement().holds())
                .as("%s%n%n%s", run.story(), outcome.judgement().table())
                .isTrue();
        assertThat(outcome.judgement().counts().get("events acknowledged")).isGreaterThan(100);
    }
}
