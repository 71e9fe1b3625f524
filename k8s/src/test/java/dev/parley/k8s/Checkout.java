package dev.parley.k8s;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The repository these tests read. */
final class Checkout {
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

    private Checkout() {}

    /** Where the root pom is; found from the working directory upwards, so that an IDE can run a test too. */
    static Path root() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve("k8s/base/kustomization.yaml"))) {
                return at;
            }
        }
        throw new IllegalStateException(
                "not inside the repository: " + Path.of("").toAbsolutePath());
    }

    static String text(String path) {
        try {
            return Files.readString(root().resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean has(String path) {
        return Files.exists(root().resolve(path));
    }

    static Properties properties(String path) {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(root().resolve(path))) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /** The modules of the default build, as the root pom lists them. */
    static List<String> modules() {
        return MODULE.matcher(text("pom.xml").replaceAll("(?s)<profiles>.*</profiles>", ""))
                .results()
                .map(MatchResult::group)
                .map(element -> element.replaceAll("</?module>", ""))
                .toList();
    }

    /** What is being built, without the mark of an unfinished release. */
    static String version() {
        var version = Pattern.compile("<artifactId>parley</artifactId>\\s*<version>([^<]+)</version>")
                .matcher(text("pom.xml"));
        if (!version.find()) {
            throw new IllegalStateException("the root pom names no version");
        }
        return version.group(1).replace("-SNAPSHOT", "");
    }
}
