package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ManifestsIT {
    static final List<String> OVERLAYS =
            List.of("k8s/overlays/dev", "k8s/overlays/production", "k8s/overlays/without-keda");

    /** The overlays, and what else has to be put on a base to be rendered. */
    private static final List<String> VARIANTS = Stream.concat(
                    OVERLAYS.stream(), Stream.of("k8s/src/test/kustomize/database-ca", "k8s/src/test/kustomize/alerts"))
            .toList();

    @TestFactory
    Stream<DynamicTest> what_kustomize_renders_keeps_to_every_rule() {
        assumeTrue(
                Kustomize.available(),
                "kubectl is not on the path: only the files as they are written are checked, not what they render to");
        return VARIANTS.stream().flatMap(overlay -> rules(overlay, Manifests.parse(Kustomize.render(overlay))));
    }

    @TestFactory
    Stream<DynamicTest> files_as_they_are_written_keep_to_every_rule() {
        return VARIANTS.stream().flatMap(overlay -> rules(overlay, Manifests.parse(Kustomize.assemble(overlay))));
    }

    private static Stream<DynamicTest> rules(String overlay, Manifests manifests) {
        return Stream.of(Rule.values())
                .map(rule -> DynamicTest.dynamicTest(
                        overlay + ": " + rule,
                        () -> assertThat(rule.findings(manifests))
                                .as(rule.because)
                                .isEmpty()));
    }

    @Test
    void every_overlay_is_tested_here() throws IOException {
        try (Stream<Path> found = Files.list(Checkout.root().resolve("k8s/overlays"))) {
            assertThat(found.map(path -> "k8s/overlays/" + path.getFileName()))
                    .containsExactlyInAnyOrderElementsOf(OVERLAYS);
        }
    }

    @Test
    void every_manifest_belongs_to_a_kustomization() throws IOException {
        List<String> listed = new ArrayList<>();
        List<String> present = new ArrayList<>();
        for (Path directory : kustomizations()) {
            Map<String, Object> kustomization =
                    Yaml.document(Files.readString(directory.resolve("kustomization.yaml")));
            for (String field : List.of("resources", "configurations")) {
                if (kustomization.get(field) instanceof List<?> entries) {
                    entries.forEach(entry -> listed.add(
                            directory.resolve((String) entry).normalize().toString()));
                }
            }
            if (kustomization.get("patches") instanceof List<?> patches) {
                patches.forEach(patch -> listed.add(directory
                        .resolve(String.valueOf(((Map<?, ?>) patch).get("path")))
                        .normalize()
                        .toString()));
            }
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> file.toString().endsWith(".yaml") && !file.endsWith("kustomization.yaml"))
                        .forEach(file -> present.add(file.normalize().toString()));
            }
        }

        assertThat(listed).containsAll(present);
    }

    @TestFactory
    Stream<DynamicTest> kustomizations_parse_strictly() throws IOException {
        return kustomizations().stream()
                .map(directory -> DynamicTest.dynamicTest(
                        Checkout.root().relativize(directory).toString(),
                        () -> assertThat(Schemas.KUSTOMIZATION.findings(
                                        Yaml.document(Files.readString(directory.resolve("kustomization.yaml")))))
                                .isEmpty()));
    }

    private static List<Path> kustomizations() throws IOException {
        try (Stream<Path> files = Files.walk(Checkout.root().resolve("k8s"))) {
            return files.filter(file -> file.endsWith("kustomization.yaml")
                            && !file.toString().contains("/target/"))
                    .map(Path::getParent)
                    .sorted()
                    .toList();
        }
    }

    @Test
    void workers_scale_on_due_work_with_keda_and_on_processor_time_without() {
        Manifests production = manifests("k8s/overlays/production");
        Manifests without = manifests("k8s/overlays/without-keda");

        assertThat(production.all("ScaledObject")).hasSize(1);
        assertThat(names(production)).containsExactly("parley-ingest");
        assertThat(without.all("ScaledObject")).isEmpty();
        assertThat(without.all("TriggerAuthentication")).isEmpty();
        assertThat(names(without)).containsExactlyInAnyOrder("parley-ingest", "parley-worker");
    }

    private static List<String> names(Manifests manifests) {
        return manifests.all(HorizontalPodAutoscaler.class).stream()
                .map(scaler -> scaler.getMetadata().getName())
                .toList();
    }

    @Test
    void changed_configuration_rolls_the_pods() {
        assumeTrue(Kustomize.available(), "kubectl is not on the path: names get their hashes from kustomize");
        Manifests production = Manifests.parse(Kustomize.render("k8s/overlays/production"));

        assertThat(production.all(ConfigMap.class))
                .isNotEmpty()
                .allSatisfy(map -> assertThat(map.getMetadata().getName()).matches(".*-[a-z0-9]{10}"));
    }

    @Test
    void the_secret_template_is_a_form_and_nothing_else() {
        assertThat(Manifests.parse(SecretTemplate.documents()).findings()).isEmpty();
        assertThat(SecretTemplate.values().values())
                .allSatisfy(values -> values.forEach((key, value) -> {
                    if (!key.equals("username")) {
                        assertThat(value).isEqualTo(SecretTemplate.PLACEHOLDER);
                    }
                }));
        assertThat(SecretTemplate.values().values().stream()
                        .flatMap(values -> Stream.ofNullable(values.get("username"))))
                .as("every program has a login of its own")
                .doesNotHaveDuplicates()
                .contains("ingest", "worker", "scaler");
    }

    @ParameterizedTest
    @EnumSource(Program.class)
    void the_database_s_authority_joins_those_java_knows(Program program, @TempDir Path scratch) throws Exception {
        assumeTrue(Kustomize.available(), "kubectl is not on the path: the component is a patch");
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash here; the image has one");
        // Given
        Path java = Path.of(System.getProperty("java.home"));
        String keytool = java.resolve("bin/keytool").toString();
        Files.createDirectories(scratch.resolve("ca"));
        Files.createDirectories(scratch.resolve("trust"));
        run(
                keytool,
                "-genkeypair",
                "-alias",
                "own",
                "-dname",
                "CN=database",
                "-keyalg",
                "RSA",
                "-storepass",
                "secret",
                "-keystore",
                scratch.resolve("own").toString());
        run(
                keytool,
                "-exportcert",
                "-rfc",
                "-alias",
                "own",
                "-storepass",
                "secret",
                "-keystore",
                scratch.resolve("own").toString(),
                "-file",
                scratch.resolve("ca/ca.crt").toString());
        List<String> command = Manifests.parse(Kustomize.render("k8s/src/test/kustomize/database-ca"))
                .pods()
                .get(program.deployment)
                .getSpec()
                .getInitContainers()
                .get(0)
                .getCommand();

        // When
        run(
                "/bin/bash",
                "-c",
                command.get(2)
                        .replace("$JAVA_HOME", java.toString())
                        .replace("keytool", keytool)
                        .replace("/trust/", scratch.resolve("trust") + "/")
                        .replace("/ca/", scratch.resolve("ca") + "/"));

        // Then
        KeyStore trusted = KeyStore.getInstance(scratch.resolve("trust/cacerts").toFile(), "changeit".toCharArray());
        assertThat(trusted.isCertificateEntry("database")).isTrue();
        assertThat(trusted.size()).as("Java's own are still there").isGreaterThan(50);
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
    }

    static Manifests manifests(String overlay) {
        return Manifests.parse(Kustomize.available() ? Kustomize.render(overlay) : Kustomize.assemble(overlay));
    }
}
