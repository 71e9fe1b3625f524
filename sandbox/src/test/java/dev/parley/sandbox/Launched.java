package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The packaged program in a process of its own, as the script starts it, with what it has printed so far. */
final class Launched implements AutoCloseable {
    private final Process process;
    private final Path output;

    private Launched(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    static Launched with(Path scratch, String... words) {
        Path jar = Layout.found().root().resolve("sandbox/target/sandbox.jar");
        assertThat(jar).as("the packaged sandbox").exists();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                jar.toString()));
        command.addAll(List.of(words));
        try {
            Path output = Files.createTempFile(scratch, "launched", ".txt");
            return new Launched(
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start(),
                    output);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs to its end and gives its exit code. */
    int exit() throws InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS))
                .as("ended; it printed:%n%s", output())
                .isTrue();
        return process.exitValue();
    }

    String output() {
        try {
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    Launched awaitOutput(String text) {
        await().atMost(Duration.ofSeconds(150))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> output().contains(text) || !process.isAlive());
        assertThat(output()).contains(text);
        return this;
    }

    long pid() {
        return process.pid();
    }

    void signal(String name) {
        Command.signal(name, process.pid());
    }

    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
