package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is to die at a moment dies there, and nowhere else. */
class DebuggerIT {
    @TempDir
    Path directory;

    private final Debugger debugger = Debugger.listening();
    private Process process;

    private Path start() throws IOException {
        Path said = directory.resolve("said");
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        debugger.javaOptions(),
                        "-cp",
                        Path.of("target", "test-classes").toAbsolutePath().toString(),
                        Loitering.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(Waiting.until(Duration.ofSeconds(30), () -> lines(said).contains("SECOND")))
                .isTrue();
        return said;
    }

    private static List<String> lines(Path said) {
        try {
            return Files.readAllLines(said);
        } catch (IOException e) {
            return List.of();
        }
    }

    @AfterEach
    void end() {
        process.destroyForcibly();
        debugger.close();
    }

    private static Waypoint moment(String name) {
        return new Waypoint(name, false, Loitering.class.getName(), "pass", name);
    }

    @Test
    void a_process_is_killed_before_it_does_what_the_moment_is_about() throws Exception {
        Path said = start();

        boolean reached = debugger.at(
                moment("SECOND"),
                Duration.ofSeconds(20),
                pid -> ProcessHandle.of(pid).orElseThrow().destroyForcibly());

        assertThat(reached).isTrue();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(137);
        List<String> lines = lines(said);
        assertThat(lines.get(lines.size() - 1)).isEqualTo("FIRST");
    }

    @Test
    void a_moment_that_nobody_comes_to_is_not_reached_and_nobody_stands_still() throws Exception {
        Path said = start();

        assertThat(debugger.at(moment("THIRD"), Duration.ofSeconds(1), pid -> {}))
                .isFalse();

        int then = lines(said).size();
        assertThat(Waiting.until(Duration.ofSeconds(20), () -> lines(said).size() > then + 10))
                .isTrue();
    }
}
