package dev.parley.benchmarks;

import dev.parley.sandbox.Layout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The worker's start, from process to ready: as it is packaged, and from a cache of loaded and linked classes. The caches
 * need the packaging whose classes the JVM's own class loader loads; it is built beside the usual one.
 */
final class StartScenario implements Scenario {
    private static final String READY = ", process start → ready";
    private static final String MEMORY = ", memory idle";
    private static final String CACHED = "Java 25, AOT cache";
    private static final String CACHED_ALONE = "Java 25, AOT cache trained without a database";
    private static final int SETTLE_MILLIS = 1_000;
    private static final List<String> BUILD = List.of(
            "mvn",
            "-q",
            "-B",
            "-pl",
            "worker-service",
            "-am",
            "-DskipTests",
            "-Dquarkus.package.jar.type=aot-jar",
            "-Dquarkus.package.output-directory=quarkus-aot",
            "package");

    /** One way to start it. */
    private record Side(JavaHome java, Path jar, List<String> options) {}

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("start: the worker, process start → ready");
        lab.reset();
        Path target = Layout.found().root().resolve("worker-service/target");
        Path usual = target.resolve("quarkus-app/quarkus-run.jar");
        Path flat = flat(target, usual);
        Map<String, Side> sides = new LinkedHashMap<>();
        JavaHome own = JavaHome.own();
        String mine = "Java " + Runtime.version().feature();
        sides.put(mine, new Side(own, usual, List.of()));
        sides.put(mine + ", AppCDS", appCds(lab, own, flat));
        Optional<JavaHome> java25 = JavaHome.java25();
        if (java25.isPresent()) {
            sides.put("Java 25", new Side(java25.get(), usual, List.of()));
            sides.put(CACHED, aotCache(lab, report, java25.get(), flat, true));
            sides.put(CACHED_ALONE, aotCache(lab, report, java25.get(), flat, false));
        } else {
            report.note("no Java 25 was found: name its home in PARLEY_BENCH_JAVA25 to measure the AOT cache");
        }
        for (int round = 0; round < rounds; round++) {
            for (String name : Alternating.order(round, sides.keySet().toArray(String[]::new))) {
                measure(lab, report, name, Objects.requireNonNull(sides.get(name)));
            }
        }
        if (java25.isPresent()) {
            report.atMost(
                    CACHED + READY + ", s",
                    0.6,
                    report.series(CACHED + READY, "s").median());
        }
        return report;
    }

    private static void measure(Lab lab, Report report, String name, Side side)
            throws IOException, InterruptedException {
        try (WorkerStart worker = WorkerStart.of(lab, side.java(), side.jar(), side.options())) {
            report.series(name + READY, "s").add(worker.untilReady().toNanos() / 1e9);
            // What was needed for the start alone has been done by then.
            TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
            report.series(name + MEMORY, "MB").add(Memory.residentMegabytes(worker.pid()));
        }
    }

    /** A dynamic archive, written by a first run at its end. Java 13 and later. */
    private static Side appCds(Lab lab, JavaHome java, Path jar) throws IOException, InterruptedException {
        Path archive = lab.directory().resolve("worker.jsa");
        try (WorkerStart first = WorkerStart.of(lab, java, jar, List.of("-XX:ArchiveClassesAtExit=" + archive))) {
            endAndCheck(first, archive);
        }
        return new Side(java, jar, List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto"));
    }

    /**
     * Classes loaded and linked, and profiles of their methods, written by a first run at its end. Java 25 and later.
     *
     * @param database whether that run has one; where an image is built there is none
     */
    private static Side aotCache(Lab lab, Report report, JavaHome java, Path jar, boolean database)
            throws IOException, InterruptedException {
        Path cache = lab.directory().resolve(database ? "worker.aot" : "alone.aot");
        List<String> training = List.of("-XX:AOTCacheOutput=" + cache);
        try (WorkerStart first = database
                ? WorkerStart.of(lab, java, jar, training)
                : WorkerStart.withoutDatabase(lab, java, jar, training)) {
            endAndCheck(first, cache);
        }
        report.note(String.format(
                Locale.ROOT,
                "the AOT cache trained %s a database has %.0f MB",
                database ? "with" : "without",
                Files.size(cache) / 1e6));
        // Required: a cache that does not fit this JVM fails the measurement instead of being passed over.
        return new Side(java, jar, List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=on"));
    }

    private static void endAndCheck(WorkerStart first, Path written) {
        first.close();
        if (!Files.isRegularFile(written)) {
            throw new IllegalStateException("the first run wrote no " + written + ":\n" + first.said());
        }
    }

    /** The packaging for caches, built if it is missing or older than the usual one. */
    private static Path flat(Path target, Path usual) throws IOException, InterruptedException {
        Path jar = target.resolve("quarkus-aot/quarkus-run.jar");
        if (Files.isRegularFile(jar)
                && Files.getLastModifiedTime(jar).compareTo(Files.getLastModifiedTime(usual)) >= 0) {
            return jar;
        }
        System.out.println("building the worker for caches: " + String.join(" ", BUILD));
        Process build = new ProcessBuilder(new ArrayList<>(BUILD))
                .directory(Layout.found().root().toFile())
                .redirectErrorStream(true)
                .start();
        build.getOutputStream().close();
        String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (build.waitFor() != 0 || !Files.isRegularFile(jar)) {
            throw new IllegalStateException("the build of " + jar + " failed:\n" + said);
        }
        return jar;
    }
}
