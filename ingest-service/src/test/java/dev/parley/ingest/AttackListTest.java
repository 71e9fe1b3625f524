package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A rule without a test is a wish: every attack that docs/security.md lists names tests, and they are there. */
class AttackListTest {
    private static final int ATTACKS = 35;
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+) \\|.*$");
    private static final Pattern TEST = Pattern.compile("`([A-Z][A-Za-z0-9]+)\\.([a-z0-9_]+)`");

    @Test
    void every_attack_has_a_test_and_every_test_is_there() throws IOException {
        Path root = Path.of("").toAbsolutePath().getParent();
        String page = Files.readString(root.resolve("docs/security.md"))
                .split("## What the public door withstands", -1)[1]
                .split("\n## ", -1)[0];
        Map<String, String> sources = sources(root);
        List<String> rows = ROW.matcher(page).results().map(MatchResult::group).toList();

        assertThat(ROW.matcher(page).results().map(row -> Integer.valueOf(row.group(1))))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, ATTACKS).boxed().toList());
        for (String row : rows) {
            List<MatchResult> tests = TEST.matcher(row).results().toList();
            assertThat(tests).as(row).isNotEmpty();
            for (MatchResult test : tests) {
                assertThat(sources).containsKey(test.group(1));
                assertThat(sources.get(test.group(1)))
                        .as(row)
                        .containsPattern(
                                "(?s)@(Test|ParameterizedTest)\\b(?:(?!\\bvoid ).)*\\bvoid " + test.group(2) + "\\(")
                        .doesNotContain("@Disabled");
            }
        }
    }

    private static Map<String, String> sources(Path root) throws IOException {
        try (Stream<Path> modules = Files.list(root)) {
            return modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .flatMap(AttackListTest::javaFiles)
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            AttackListTest::text,
                            (one, other) -> one + other));
        }
    }

    private static Stream<Path> javaFiles(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
