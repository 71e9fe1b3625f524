package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An alert on a number that nobody counts never rings. */
class AlertsIT {
    private static final Pattern METRIC = Pattern.compile("\\bparley_[a-z_]+");
    private static final Pattern METER = Pattern.compile("\"(parley\\.[a-z.]+)\"");
    private static final Pattern ENDING = Pattern.compile("(_total|_seconds|_seconds_bucket|_events|_bytes|_percent)$");

    private static Map<String, Object> resource() {
        return Yaml.document(Checkout.text("k8s/components/alerts/alerts.yaml"));
    }

    private static List<Map<?, ?>> rules() {
        List<?> groups = (List<?>) ((Map<?, ?>) resource().get("spec")).get("groups");
        return groups.stream()
                .flatMap(group -> ((List<?>) ((Map<?, ?>) group).get("rules")).stream())
                .<Map<?, ?>>map(rule -> (Map<?, ?>) rule)
                .toList();
    }

    @Test
    void every_metric_is_one_that_the_programs_count() throws IOException {
        Set<String> known = meters();
        Set<String> asked = rules().stream()
                .flatMap(
                        rule -> METRIC.matcher(String.valueOf(rule.get("expr"))).results())
                .map(MatchResult::group)
                .map(name -> ENDING.matcher(name).replaceFirst(""))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(asked).hasSizeGreaterThan(8);
        assertThat(known).containsAll(asked);
    }

    /** Names of the programs' meters, as Prometheus writes them, without unit and ending. */
    private static Set<String> meters() throws IOException {
        Set<String> names = new TreeSet<>();
        for (Program program : Program.values()) {
            try (Stream<Path> sources = Files.walk(Checkout.root().resolve(program.module + "/src/main/java"))) {
                for (Path source : sources.filter(path -> path.toString().endsWith("Meters.java"))
                        .toList()) {
                    METER.matcher(Files.readString(source))
                            .results()
                            .forEach(found -> names.add(found.group(1).replace('.', '_')));
                }
            }
        }
        return names;
    }

    @Test
    void gohighlevels_levels_are_those_of_the_gauge() {
        Set<String> levels = rules().stream()
                .filter(rule -> String.valueOf(rule.get("alert")).startsWith("ParleyGoHighLevelBelow"))
                .map(rule -> String.valueOf(rule.get("expr")).replaceFirst(".*< 0\\.", ""))
                .collect(Collectors.toSet());

        assertThat(levels).containsExactlyInAnyOrder("97", "95", "92");
        assertThat(Checkout.text("ingest-service/src/main/java/dev/parley/ingest/CircuitGuard.java"))
                .contains("{97, 95, 92}");
    }

    @Test
    void every_metric_is_explained_to_whoever_is_woken() {
        String operations = Checkout.text("docs/operations.md");

        assertThat(rules())
                .filteredOn(rule -> rule.containsKey("alert"))
                .allSatisfy(rule -> METRIC.matcher(String.valueOf(rule.get("expr")))
                        .results()
                        .forEach(metric ->
                                assertThat(operations).contains(metric.group().replace("_bucket", ""))));
    }

    @Test
    void they_ring_when_they_should_and_only_then(@TempDir Path directory) throws Exception {
        assumeTrue(
                Kustomize.isOnPath("promtool"),
                "promtool is not on the path (Debian: apt install prometheus): only names are checked");
        Files.writeString(
                directory.resolve("rules.yaml"),
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .writeValueAsString(resource().get("spec")));
        Files.writeString(directory.resolve("test.yaml"), Checkout.text("k8s/src/test/prometheus/alerts.test.yaml"));

        Process promtool = new ProcessBuilder("promtool", "test", "rules", "test.yaml")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(promtool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(promtool.exitValue()).as(said).isZero();
    }
}
