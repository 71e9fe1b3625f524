package dev.parley.benchmarks;

import dev.parley.ingest.fuzz.FuzzRun;
import dev.parley.ingest.fuzz.FuzzSubject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The fuzzer of {@code mvn verify}, with 100,000 cases, against the service as it runs in production: a process of its own
 * with its small heap. Once, however many rounds are asked for: it judges, it does not measure.
 */
final class FuzzScenario implements Scenario {
    private static final long CASES = 100_000;
    private static final long SEED = 20261121;
    private static final String SLUG = "fuzz";

    @Override
    public Report run(Lab lab, int rounds) throws IOException, SQLException, InterruptedException {
        Report report = new Report("fuzz: 100,000 mutated real bodies, signed and not, at every provider");
        Map<String, String> environment = new LinkedHashMap<>();
        FuzzRun.configuration()
                .forEach((key, value) -> environment.put(
                        key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value));
        try (Lab own = lab.another("fuzz", environment);
                Connection db = own.connect("operator")) {
            UUID tenant = own.addTenant(SLUG, FuzzRun.settings(SLUG));
            for (FuzzSubject subject : FuzzRun.subjects()) {
                if (!subject.secrets().isEmpty()) {
                    own.addSecrets(tenant, subject.provider(), subject.secrets());
                }
            }
            FuzzRun run = new FuzzRun(own.stack().ingest().address(), SLUG, SEED);
            awaitKnown(run);
            long pid = own.stack().ingest().pid();
            report.series("memory of ingest, before", "MB").add(Memory.residentMegabytes(pid));
            List<String> wrong = run.run(CASES, db, () -> liveHeapMegabytes(pid));
            report.series("memory of ingest, after", "MB").add(Memory.residentMegabytes(pid));
            run.summary().lines().forEach(report::note);
            wrong.forEach(each -> report.note("WRONG: " + each));
            report.check("things that must not have happened", 0, wrong.size());
        }
        return report;
    }

    private static void awaitKnown(FuzzRun run) throws InterruptedException {
        long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!run.isKnown()) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException("the service does not take the tenant's webhooks");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** What is left after a full collection, as the JVM itself says. */
    private static long liveHeapMegabytes(long pid) {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        if (!Files.isExecutable(jcmd)) {
            throw new IllegalStateException("needs a JDK: there is no " + jcmd);
        }
        try {
            asked(jcmd, pid, "GC.run");
            String histogram = asked(jcmd, pid, "GC.class_histogram");
            String total = histogram
                    .lines()
                    .filter(line -> line.startsWith("Total"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no total in jcmd's histogram"));
            return Long.parseLong(total.strip().split("\\s+", -1)[2]) >> 20;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String asked(Path jcmd, long pid, String question) throws IOException {
        Process process = new ProcessBuilder(jcmd.toString(), Long.toString(pid), question)
                .redirectErrorStream(true)
                .start();
        try (var answer = process.getInputStream()) {
            return new String(answer.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }
}
