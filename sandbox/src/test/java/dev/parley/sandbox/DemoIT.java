package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {
    @TempDir
    Path scratch;

    @Test
    void the_demo_holds_every_claim_and_leaves_nothing_behind() throws Exception {
        try (Launched demo = Launched.with(scratch, "demo")) {
            int exit = demo.exit();

            assertThat(demo.output()).contains("PASS: ").doesNotContain("✗");
            assertThat(exit).isZero();
            String directory = demo.output()
                    .lines()
                    .filter(line -> line.contains("(data: "))
                    .map(line -> line.replaceFirst(".*\\(data: (.*)\\).*", "$1"))
                    .findFirst()
                    .orElseThrow();
            assertThat(Path.of(directory)).doesNotExist();
        }
    }
}
