package dev.parley.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** A Java to run a service with. */
record JavaHome(Path home) {
    private static final String NAMED = "PARLEY_BENCH_JAVA25";

    /** The one this program runs on. */
    static JavaHome own() {
        return new JavaHome(Path.of(System.getProperty("java.home")));
    }

    /**
     * The home that {@code PARLEY_BENCH_JAVA25} names, else a neighbour of this program's own whose name contains 25.
     *
     * @throws IllegalStateException if the variable names something else than the home of a Java
     */
    static Optional<JavaHome> java25() throws IOException {
        String named = System.getenv(NAMED);
        return named == null || named.isBlank()
                ? neighbour(own().home(), "25")
                : Optional.of(named(Path.of(named.strip())));
    }

    private static JavaHome named(Path home) {
        JavaHome found = new JavaHome(home);
        if (!found.isThere()) {
            throw new IllegalStateException(NAMED + " is " + home + ", but there is no bin/java in it");
        }
        return found;
    }

    /** The last by name, if there are several: of two updates the newer. */
    static Optional<JavaHome> neighbour(Path home, String part) throws IOException {
        Path parent = home.toRealPath().getParent();
        if (parent == null) {
            return Optional.empty();
        }
        try (Stream<Path> siblings = Files.list(parent)) {
            return siblings.filter(path -> String.valueOf(path.getFileName()).contains(part))
                    .sorted(java.util.Comparator.reverseOrder())
                    .map(JavaHome::new)
                    .filter(JavaHome::isThere)
                    .findFirst();
        }
    }

    Path program() {
        return home.resolve("bin").resolve("java");
    }

    private boolean isThere() {
        return Files.isExecutable(program());
    }
}
