package dev.parley.benchmarks;

import dev.parley.benchmarks.pure.PureParts;
import dev.parley.ingest.provider.ghl.VerifyGhl;
import dev.parley.ingest.provider.standardwebhooks.VerifyStandardWebhooks;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What needs no I/O, measured by JMH in a JVM of its own each: time and allocated bytes of one operation. */
final class JmhScenario implements Scenario {
    private static final TimeValue ITERATION = TimeValue.milliseconds(800);
    private static final int WARM_UPS = 3;

    /** One benchmark method under the name it is reported by. */
    private record Subject(String name, Class<?> owner, String method) {
        String benchmark() {
            return owner.getName() + "." + method;
        }
    }

    private final String title;
    private final List<Subject> subjects;

    private JmhScenario(String title, List<Subject> subjects) {
        this.title = title;
        this.subjects = subjects;
    }

    /** Verifying 1 KiB, by provider. */
    static JmhScenario crypto() {
        return new JmhScenario(
                "crypto: is this delivery of 1 KiB genuine?",
                List.of(
                        new Subject("ghl, Ed25519, one key", VerifyGhl.class, "oneKey"),
                        new Subject("ghl, Ed25519, genuine by the second key", VerifyGhl.class, "secondKey"),
                        new Subject("ghl-workflow, secret header", VerifyGhl.class, "workflow"),
                        new Subject("standard-webhooks, v1 (HMAC)", VerifyStandardWebhooks.class, "hmac"),
                        new Subject("standard-webhooks, v1a (Ed25519)", VerifyStandardWebhooks.class, "ed25519")));
    }

    /** The rest. */
    static JmhScenario pure() {
        return new JmhScenario(
                "pure: parse, key, backoff, dialog",
                List.of(
                        new Subject("Payload.json, 1 KiB", PureParts.class, "parse1k"),
                        new Subject("Payload.json, 16 KiB", PureParts.class, "parse16k"),
                        new Subject("EventKey of a delivery id", PureParts.class, "keyOfId"),
                        new Subject("EventKey of a body of 1 KiB", PureParts.class, "keyOfBody"),
                        new Subject("Backoff.after", PureParts.class, "backoff"),
                        new Subject("FirstDialog.answer, a greeting", PureParts.class, "dialogGreeting"),
                        new Subject("FirstDialog.answer, STOP", PureParts.class, "dialogStop")));
    }

    @Override
    public Report run(Lab lab, int rounds) {
        Report report = new Report(title);
        Collection<RunResult> results = measure(rounds);
        report.check("benchmarks that gave a result", subjects.size(), results.size());
        for (Subject subject : subjects) {
            for (RunResult result : results) {
                if (result.getParams().getBenchmark().equals(subject.benchmark())) {
                    add(report, subject.name(), result);
                }
            }
        }
        report.note("each in a JVM of its own, one thread, " + WARM_UPS + " warm-ups and " + rounds + " iterations of "
                + ITERATION);
        return report;
    }

    private Collection<RunResult> measure(int rounds) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .forks(1)
                .threads(1)
                .warmupIterations(WARM_UPS)
                .warmupTime(ITERATION)
                .measurementIterations(rounds)
                .measurementTime(ITERATION)
                .jvmArgsAppend("-Xmx256m")
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        subjects.forEach(subject -> options.include("^" + Pattern.quote(subject.benchmark()) + "$"));
        try {
            return new Runner(options.build()).run();
        } catch (RunnerException e) {
            throw new IllegalStateException("JMH failed on \"" + title + "\"", e);
        }
    }

    private static void add(Report report, String name, RunResult result) {
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                report.series(name, "µs").add(iteration.getPrimaryResult().getScore());
                Result<?> allocated = Objects.requireNonNull(
                        iteration.getSecondaryResults().get("gc.alloc.rate.norm"), "JMH's gc profiler said nothing");
                report.series(name + ", allocated", "bytes").add(allocated.getScore());
            }
        }
    }
}
