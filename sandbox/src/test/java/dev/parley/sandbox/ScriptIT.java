package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script alone, on machines that lack something: a copy in a directory with a space, programs that only pretend. */
class ScriptIT {
    private static final String ESSENTIALS = "cat sed head find dirname readlink touch mktemp rm grep env";

    @TempDir
    Path directory;

    private Path checkout;
    private Path programs;

    record Run(int exit, String output) {}

    @BeforeEach
    void aCheckoutWithASpaceInItsName() throws IOException {
        checkout = Files.createDirectories(directory.resolve("my parley"));
        programs = Files.createDirectories(directory.resolve("bin"));
        Files.copy(
                Layout.found().root().resolve("parley"),
                checkout.resolve("parley"),
                StandardCopyOption.COPY_ATTRIBUTES);
        for (String name : ESSENTIALS.split(" ")) {
            pretend(name, "exec " + Command.find(name).orElseThrow().toAbsolutePath() + " \"$@\"");
        }
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        for (String module : List.of("sandbox", "ingest-service", "worker-service")) {
            Files.createDirectories(checkout.resolve(module).resolve("src/main/java"));
            Files.writeString(checkout.resolve(module).resolve("pom.xml"), "<project/>");
        }
    }

    @Test
    void without_java_it_says_what_to_install() throws Exception {
        Run run = run("help");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output()).contains("parley: no Java found").contains("JDK 17");
    }

    @Test
    void java_11_is_refused_by_its_version() throws Exception {
        pretend("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");

        Run run = run("help");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output()).contains("is Java 11.0.2; Parley needs 17 or newer");
    }

    @Test
    void java_8_is_refused_by_its_old_kind_of_version() throws Exception {
        pretend("java", "echo 'java version \"1.8.0_392\"' >&2");

        assertThat(run("up").output()).contains("is Java 1.8.0").contains("needs 17 or newer");
    }

    @Test
    void a_java_home_without_a_java_is_named() throws Exception {
        Run run = runWith("JAVA_HOME", "/nowhere", "help");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output()).contains("JAVA_HOME is /nowhere, but there is no bin/java in it");
    }

    @Test
    void building_without_maven_says_what_to_install() throws Exception {
        pretendJdk17();

        Run run = run("up");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output()).contains("building needs Maven");
    }

    @Test
    void building_with_a_runtime_that_has_no_compiler_says_so() throws Exception {
        pretend("java", """
                case "$*" in
                  *version*) echo 'openjdk version "17.0.15" 2025-04-15' >&2 ;;
                  *list-modules*) echo 'java.base@17.0.15' ;;
                esac""");

        assertThat(run("up").output()).contains("building needs a JDK");
    }

    @Test
    void what_was_never_built_is_built_first_and_said_so() throws Exception {
        pretendJdk17();
        pretend("mvn", "echo mvn \"$@\" && mkdir -p sandbox/target && echo > sandbox/target/sandbox.jar");

        Run run = run("up", "--workers", "2");

        assertThat(run.output())
                .contains("building, because it was not built yet: mvn -q -B -DskipTests package")
                .contains("mvn -q -B -DskipTests package")
                .contains("sandbox/target/sandbox.jar up --workers 2");
        assertThat(run.exit()).isZero();
    }

    @Test
    void what_is_built_is_started_at_once() throws Exception {
        pretendJdk17();
        built(Instant.now().plusSeconds(5));

        Run run = run("trace", "an id with spaces");

        assertThat(run.output()).doesNotContain("building").contains("sandbox.jar trace an id with spaces");
    }

    @Test
    void a_source_newer_than_the_build_is_named_and_built() throws Exception {
        pretendJdk17();
        pretend("mvn", "exit 0");
        built(Instant.now().plusSeconds(5));
        Files.writeString(checkout.resolve("worker-service/src/main/java/Changed.java"), "class Changed {}");
        Files.setLastModifiedTime(
                checkout.resolve("worker-service/src/main/java/Changed.java"),
                FileTime.from(Instant.now().plusSeconds(60)));

        assertThat(run("up").output()).contains("building, because worker-service/src/main/java/Changed.java changed");
    }

    @Test
    void a_failed_build_starts_nothing() throws Exception {
        pretendJdk17();
        pretend("mvn", "echo 'COMPILATION ERROR' && exit 1");

        Run run = run("up");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output())
                .contains("COMPILATION ERROR")
                .contains("the build failed")
                .doesNotContain("-jar");
    }

    @Test
    void psql_gets_the_service_file_and_every_argument() throws Exception {
        pretend("psql", "echo \"$PGSERVICE|$PGSERVICEFILE|$#|$2\"");
        Path file = checkout.resolve(".data/secrets/pg_service.conf");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "[operator]\n");

        assertThat(run("psql", "-c", "SELECT 1; -- a b").output())
                .contains("operator|" + file.toRealPath() + "|2|SELECT 1; -- a b");
        assertThat(run("psql", "--as", "postgres").output()).contains("postgres|");
    }

    @Test
    void psql_without_a_sandbox_says_how_to_start_one() throws Exception {
        pretend("psql", "echo should not run");

        Run run = run("psql");

        assertThat(run.exit()).isEqualTo(1);
        assertThat(run.output()).contains("start one with ./parley up").doesNotContain("should not run");
    }

    @Test
    void a_link_to_the_script_finds_the_checkout() throws Exception {
        pretendJdk17();
        built(Instant.now().plusSeconds(5));
        Path link = Files.createSymbolicLink(directory.resolve("shortcut"), checkout.resolve("parley"));

        Run run = execute(List.of(link.toString(), "help"), "", "");

        assertThat(run.output()).contains(checkout.toRealPath() + "/sandbox/target/sandbox.jar help");
    }

    private void pretendJdk17() throws IOException {
        pretend("java", """
                case "$*" in
                  *version*) echo 'openjdk version "17.0.15" 2025-04-15' >&2 ;;
                  *list-modules*) echo 'jdk.compiler@17.0.15' ;;
                  *) echo java "$@" ;;
                esac""");
    }

    private void pretend(String name, String script) throws IOException {
        Path program = programs.resolve(name);
        Files.writeString(program, "#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void built(Instant when) throws IOException {
        for (String jar : List.of(
                "sandbox/target/sandbox.jar",
                "ingest-service/target/quarkus-app/quarkus-run.jar",
                "worker-service/target/quarkus-app/quarkus-run.jar")) {
            Path file = checkout.resolve(jar);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "");
            Files.setLastModifiedTime(file, FileTime.from(when));
        }
    }

    private Run run(String... words) throws Exception {
        return runWith("", "", words);
    }

    private Run runWith(String variable, String value, String... words) throws Exception {
        List<String> command =
                new java.util.ArrayList<>(List.of(checkout.resolve("parley").toString()));
        command.addAll(List.of(words));
        return execute(command, variable, value);
    }

    private Run execute(List<String> command, String variable, String value) throws Exception {
        Path output = Files.createTempFile(directory, "output", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", programs.toString());
        if (!variable.isEmpty()) {
            builder.environment().put(variable, value);
        }
        Process process = builder.start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the script ended").isTrue();
        return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }
}
