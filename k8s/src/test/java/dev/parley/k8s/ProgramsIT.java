package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Holds {@link Program}, and with it every deployment file, against the programs' own configuration. */
class ProgramsIT {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]+)[:}]");

    private static final Pattern MAPPING = Pattern.compile("@ConfigMapping\\(prefix = \"([a-z.-]+)\"\\)");
    private static final Pattern PROPERTY = Pattern.compile("@ConfigProperty\\(name = \"([A-Z][A-Z0-9_]+)\"");

    private static final Pattern GROUP = Pattern.compile("\\binterface (\\w+) \\{");
    private static final Pattern KEY = Pattern.compile("\\s*([\\w<>]+) (\\w+)\\(\\);");

    /** Quarkus' own, known without a word in the program. */
    private static final Set<String> QUARKUS = Set.of("QUARKUS_SHUTDOWN_DELAY", "QUARKUS_SHUTDOWN_TIMEOUT");

    @ParameterizedTest
    @EnumSource(Program.class)
    void ports_are_those_of_the_program(Program program) throws IOException {
        Properties settings = settings(program);

        assertThat(settings.getProperty("quarkus.http.port", "8080")).matches(".*\\b" + program.httpPort + "\\b.*");
        assertThat(settings.getProperty("quarkus.management.port", "9000"))
                .matches(".*\\b" + program.managementPort + "\\b.*");
        assertThat(settings.getProperty("quarkus.management.enabled"))
                .as("health and metrics are on a port of their own")
                .isEqualTo("true");
    }

    @Test
    void ingest_can_wait_before_it_stops() throws IOException {
        assertThat(settings(Program.INGEST).getProperty("quarkus.shutdown.delay-enabled"))
                .as("QUARKUS_SHUTDOWN_DELAY means nothing in a program that was built without it")
                .isEqualTo("true");
    }

    @ParameterizedTest
    @EnumSource(Program.class)
    void variables_in_the_deployment_files_are_variables_of_the_program(Program program) throws IOException {
        Set<String> known = known(program);

        assertThat(known)
                .containsAll(Compose.read().environment(program.container).keySet());
        for (String overlay : ManifestsIT.OVERLAYS) {
            Manifests manifests = ManifestsIT.manifests(overlay);
            assertThat(known).as(overlay).containsAll(variables(manifests, program));
        }
    }

    /** What the program reads: named in its properties, or by a configuration mapping. */
    private static Set<String> known(Program program) throws IOException {
        Set<String> known = new TreeSet<>(QUARKUS);
        for (Object value : settings(program).values()) {
            VARIABLE.matcher(value.toString()).results().forEach(found -> known.add(found.group(1)));
        }
        try (Stream<Path> sources = Files.walk(Checkout.root().resolve(program.module + "/src/main/java"))) {
            for (Path source :
                    sources.filter(path -> path.toString().endsWith(".java")).toList()) {
                String text = Files.readString(source);
                PROPERTY.matcher(text).results().forEach(found -> known.add(found.group(1)));
                Matcher mapping = MAPPING.matcher(text);
                if (mapping.find()) {
                    keys(text).forEach(key -> known.add(variable(mapping.group(1) + "." + key)));
                }
            }
        }
        return known;
    }

    /** The keys of a configuration mapping, with those of the groups nested in it: {@code keep.done}. */
    private static List<String> keys(String source) {
        Map<String, List<String[]>> methods = new LinkedHashMap<>();
        Deque<String> open = new ArrayDeque<>();
        for (String line : source.split("\n")) {
            if (line.strip().startsWith("}")) {
                open.pop();
            }
            if (line.endsWith("{")) {
                Matcher group = GROUP.matcher(line);
                open.push(group.find() ? group.group(1) : "a body");
            }
            Matcher key = KEY.matcher(line);
            if (key.matches() && !open.peek().equals("a body")) {
                methods.computeIfAbsent(open.peek(), name -> new ArrayList<>())
                        .add(new String[] {key.group(1), key.group(2)});
            }
        }
        return keys(methods.keySet().iterator().next(), methods);
    }

    private static List<String> keys(String group, Map<String, List<String[]>> methods) {
        List<String> keys = new ArrayList<>();
        for (String[] method : methods.get(group)) {
            if (methods.containsKey(method[0])) {
                keys(method[0], methods).forEach(key -> keys.add(method[1] + "." + key));
            } else {
                keys.add(method[1]);
            }
        }
        return keys;
    }

    /** {@code parley.worker.drainTimeout} is PARLEY_WORKER_DRAIN_TIMEOUT. */
    private static String variable(String key) {
        return key.replaceAll("([a-z])([A-Z])", "$1_$2").replace('.', '_').toUpperCase(Locale.ROOT);
    }

    private static Set<String> variables(Manifests manifests, Program program) {
        Container container = manifests
                .pods()
                .get(program.deployment)
                .getSpec()
                .getContainers()
                .get(0);
        Set<String> variables = new TreeSet<>();
        for (EnvVar variable : container.getEnv()) {
            // Parts of PARLEY_DB_URL, put together in the manifest.
            if (!variable.getName().matches("PARLEY_DB_(HOST|PORT|NAME|SSLMODE)")) {
                variables.add(variable.getName());
            }
        }
        variables.addAll(
                manifests.config("parley-" + program.container + "-settings").keySet());
        container.getEnvFrom().stream()
                .filter(from -> from.getSecretRef() != null)
                .forEach(from -> variables.addAll(
                        SecretTemplate.keys().get(from.getSecretRef().getName())));
        return variables;
    }

    /** The program's own. */
    private static Properties settings(Program program) throws IOException {
        String file = program.module + "/src/main/resources/application.properties";
        assertThat(Checkout.has(file)).as(program.module + " has no " + file).isTrue();
        return Checkout.properties(file);
    }
}
