package dev.parley.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaHomeIT {
    @TempDir
    Path directory;

    @Test
    void the_newest_neighbour_of_that_name_with_a_program_in_it_is_taken() throws IOException {
        Path own = java("java-17-openjdk");
        java("jdk-25.0.1");
        Path newest = java("jdk-25.0.2");
        Files.createDirectories(directory.resolve("jdk-25.0.3-without-a-program"));

        assertThat(JavaHome.neighbour(own, "25").map(JavaHome::program))
                .contains(newest.toRealPath().resolve("bin/java"));
    }

    @Test
    void without_such_a_neighbour_there_is_none() throws IOException {
        Path own = java("java-17-openjdk");
        java("java-21-openjdk");

        assertThat(JavaHome.neighbour(own, "25")).isEmpty();
    }

    private Path java(String name) throws IOException {
        Path home = directory.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        Path program = Files.createFile(home.resolve("bin/java"));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        return home;
    }
}
