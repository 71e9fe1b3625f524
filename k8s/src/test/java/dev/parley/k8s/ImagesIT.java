package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Builds the last stage of each Dockerfile with buildah, without its base image: {@code -Dparley.images=buildah}. What
 * the base brings (Java, bash) stays unproven here.
 */
class ImagesIT {
    @TempDir
    Path scratch;

    @ParameterizedTest
    @ValueSource(strings = {DockerfilesIT.MIGRATIONS, DockerfilesIT.INGEST, DockerfilesIT.WORKER})
    void buildah_builds_what_the_dockerfile_says(String file) throws Exception {
        assumeTrue(
                "buildah".equals(System.getProperty("parley.images")),
                "images are built only on request: -Dparley.images=buildah, as root, with buildah installed");
        // Given
        Path recipe = scratch.resolve("Dockerfile");
        Files.writeString(recipe, withoutBase(file));
        Path nothingIgnored = Files.createFile(scratch.resolve("ignore"));

        // When
        buildah(
                "bud",
                "--isolation",
                "chroot",
                "--ignorefile",
                nothingIgnored.toString(),
                "--tag",
                "image",
                "--file",
                recipe.toString(),
                Checkout.root().toString());

        // Then
        Dockerfile dockerfile = Dockerfile.read(file);
        JsonNode config = new ObjectMapper()
                .readTree(buildah("inspect", "--type", "image", "image"))
                .at("/OCIv1/config");
        assertThat(config.path("User").asText()).isEqualTo(dockerfile.last("USER"));
        assertThat(config.path("StopSignal").asText()).isEqualTo("SIGTERM");
        assertThat(config.path("Entrypoint").toString())
                .isEqualTo(new ObjectMapper()
                        .readTree(dockerfile.last("ENTRYPOINT"))
                        .toString());
        Path root = Path.of(buildah("mount", buildah("from", "image").strip()).strip());
        Path program = root.resolve("opt/parley");
        assertThat(program.resolve("lib")).isNotEmptyDirectory();
        try (Stream<Path> files = Files.walk(program)) {
            assertThat(files).allSatisfy(path -> {
                assertThat(Files.getPosixFilePermissions(path))
                        .as("%s can be read by the user it runs as and changed by nobody else", path)
                        .contains(PosixFilePermission.OTHERS_READ)
                        .doesNotContain(PosixFilePermission.OTHERS_WRITE);
                assertThat(Files.getAttribute(path, "unix:uid")).isEqualTo(0);
            });
        }
    }

    private static String withoutBase(String file) {
        StringBuilder text = new StringBuilder();
        for (Dockerfile.Instruction instruction : Dockerfile.read(file).lastStage()) {
            text.append(
                            instruction.word().equals("FROM")
                                    ? "FROM scratch"
                                    : instruction.word() + " " + instruction.rest())
                    .append('\n');
        }
        return text.toString().replace("COPY --from=build /src/", "COPY ");
    }

    private String buildah(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "buildah",
                "--root",
                scratch.resolve("storage").toString(),
                "--runroot",
                scratch.resolve("run").toString(),
                "--storage-driver",
                "vfs"));
        command.addAll(List.of(words));
        Path errors = scratch.resolve("errors");
        Path output = scratch.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectError(errors.toFile())
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
        return Files.readString(output);
    }
}
