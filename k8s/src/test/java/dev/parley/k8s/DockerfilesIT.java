package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the Dockerfiles against what the build has just made; no engine is needed for that. */
class DockerfilesIT {
    static final String MIGRATIONS = "migrations/Dockerfile";
    static final String INGEST = "ingest-service/Dockerfile";
    static final String WORKER = "worker-service/Dockerfile";

    @ParameterizedTest
    @ValueSource(strings = {MIGRATIONS, INGEST, WORKER})
    void images_keep_to_the_house(String file) {
        assertThat(Dockerfile.read(file).findings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {MIGRATIONS, INGEST, WORKER})
    void what_an_image_copies_has_been_built(String file) throws IOException {
        for (Dockerfile.Copy copy : Dockerfile.read(file).copies()) {
            for (String source : copy.sources()) {
                assertThat(built(source))
                        .as("%s copies %s; does the build make it?", file, source)
                        .hasSize(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {INGEST, WORKER})
    void a_service_s_image_holds_the_whole_application(String file) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(file);
        Path application = Checkout.root().resolve(Path.of(file).getParent()).resolve("target/quarkus-app");
        List<String> made;
        try (Stream<Path> entries = Files.list(application)) {
            made = entries.map(entry -> entry.getFileName() + (Files.isDirectory(entry) ? "/" : ""))
                    // Only the build itself reads it.
                    .filter(name -> !name.equals("quarkus-app-dependencies.txt"))
                    .toList();
        }

        // The starter finds the rest beside itself, so each part keeps its name.
        List<String> copied = new ArrayList<>();
        for (Dockerfile.Copy copy : dockerfile.copies()) {
            String name = copy.sources().get(0).replaceFirst(".*/quarkus-app/", "");
            assertThat(copy.target()).isEqualTo(name.endsWith("/") ? name : "./");
            copied.add(name);
        }
        assertThat(copied).containsExactlyInAnyOrderElementsOf(made);
        assertThat(dockerfile.last("ENTRYPOINT")).contains("\"quarkus-run.jar\"");
        assertThat(dockerfile.last("ENV")).contains("QUARKUS_MANAGEMENT_HOST=0.0.0.0");
        assertThat(dockerfile.last("ENV").contains("QUARKUS_HTTP_HOST=0.0.0.0"))
                .as("webhooks come from outside, operators do not")
                .isEqualTo(file.equals(INGEST));
    }

    @Test
    void the_migrations_jar_finds_its_libraries_where_the_image_puts_them() throws IOException {
        Dockerfile dockerfile = Dockerfile.read(MIGRATIONS);
        Map<String, String> targets = new LinkedHashMap<>();
        dockerfile
                .copies()
                .forEach(copy -> targets.put(copy.target(), copy.sources().get(0)));

        Path jar = built(targets.get("./migrations.jar")).get(0);
        try (JarFile opened = new JarFile(jar.toFile())) {
            Attributes manifest = opened.getManifest().getMainAttributes();
            assertThat(manifest.getValue(Attributes.Name.MAIN_CLASS)).isNotBlank();
            for (String library : manifest.getValue(Attributes.Name.CLASS_PATH).split(" ")) {
                assertThat(library).startsWith("lib/");
                assertThat(built(targets.get("lib/")).get(0).resolve(library.substring("lib/".length())))
                        .exists();
            }
        }
    }

    @Test
    void images_expose_the_ports_that_are_reached_from_outside() {
        assertThat(Dockerfile.read(INGEST).last("EXPOSE"))
                .isEqualTo(Program.INGEST.httpPort + " " + Program.INGEST.managementPort);
        assertThat(Dockerfile.read(WORKER).last("EXPOSE")).isEqualTo("" + Program.WORKER.managementPort);
    }

    @Test
    void a_build_sees_every_module_and_no_secret() {
        List<String> lines = Checkout.text(".dockerignore").lines().toList();

        assertThat(lines).contains("*", "!pom.xml");
        for (String module : Checkout.modules()) {
            assertThat(lines)
                    .as("Maven needs every module's pom to read the root's")
                    .contains("!" + module + "/pom.xml");
            if (!module.equals("k8s")) {
                assertThat(lines).contains("!" + module + "/src");
            }
        }
        assertThat(lines.stream().filter(line -> line.startsWith("!")))
                .as("nothing but sources")
                .allMatch(line -> line.matches("!pom\\.xml|![a-z0-9-]+(/[a-z0-9-]+)?/(pom\\.xml|src)"));
    }

    @TestFactory
    Stream<DynamicTest> planted_mistakes_are_caught() {
        Map<String, String[]> mistakes = new LinkedHashMap<>();
        mistakes.put("newest base", new String[] {"FROM eclipse-temurin:17-jre-noble", "FROM eclipse-temurin:latest"});
        mistakes.put("base without a tag", new String[] {"FROM eclipse-temurin:17-jre-noble", "FROM eclipse-temurin"});
        mistakes.put("root", new String[] {"USER 10001:10001", "USER 0:0"});
        mistakes.put("a user by name", new String[] {"USER 10001:10001", "USER parley"});
        mistakes.put("no user", new String[] {"USER 10001:10001\n", ""});
        mistakes.put(
                "a shell in front", new String[] {"ENTRYPOINT [\"java\", ", "ENTRYPOINT [\"sh\", \"-c\", \"java\", "});
        mistakes.put("shell form", new String[] {"ENTRYPOINT [", "ENTRYPOINT java #["});
        mistakes.put("no share of memory", new String[] {"\"-XX:MaxRAMPercentage=65\", ", ""});
        mistakes.put("another signal", new String[] {"STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL"});
        mistakes.put("copied from the context", new String[] {"COPY --from=build ", "COPY "});
        return mistakes.entrySet().stream()
                .map(mistake -> DynamicTest.dynamicTest(mistake.getKey(), () -> {
                    String text = Checkout.text(INGEST);
                    String broken = text.replace(mistake.getValue()[0], mistake.getValue()[1]);
                    assertThat(broken).as("the mistake is planted").isNotEqualTo(text);

                    assertThat(Dockerfile.parse(INGEST, broken).findings()).isNotEmpty();
                }));
    }

    /** What {@code source} of the build stage is here; the stage works in /src. */
    private static List<Path> built(String source) throws IOException {
        assertThat(source).startsWith("/src/");
        Path wanted = Checkout.root().resolve(source.substring("/src/".length()));
        PathMatcher name = FileSystems.getDefault().getPathMatcher("glob:" + wanted.getFileName());
        if (!Files.isDirectory(wanted.getParent())) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(wanted.getParent())) {
            return entries.filter(entry -> name.matches(entry.getFileName())).toList();
        }
    }
}
