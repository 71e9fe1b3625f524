package dev.parley.ingest.provider.ghl;

import dev.parley.benchmarks.pure.Signed;
import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import dev.parley.tenant.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What it costs to tell whether GoHighLevel sent 1 KiB. Only GoHighLevel can sign for its own key, so the check of one key
 * is measured with a signature that another key made: the same arithmetic, and another verdict at its end.
 *
 * <p>In this package because the constructors are nobody else's.
 */
@NullMarked
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class VerifyGhl {
    private static final String SECRET = "a-secret-of-the-workflow-0123456789";

    private final Signed.Key added = new Signed.Key();
    private final GhlWebhooks published = new GhlWebhooks(List.of("67a1b2c3d4e5f60718293a4b"), List.of());
    private final GhlWebhooks rotated = new GhlWebhooks(List.of("67a1b2c3d4e5f60718293a4b"), List.of(added.spki()));
    private final GhlWorkflowWebhooks workflow = new GhlWorkflowWebhooks(Duration.ofMinutes(5));
    private final List<Secret> secrets = List.of(Secret.of(SECRET));
    private final Delivery signed;
    private final Delivery withSecret;

    /** Whatever is measured gives the right verdict. */
    public VerifyGhl() {
        byte[] body = Signed.body(1024);
        signed = Signed.delivery(body, Instant.EPOCH, "X-GHL-Signature", added.sign(body));
        withSecret = Signed.delivery(body, Instant.EPOCH, "X-Parley-Secret", SECRET);
        Signed.expect(Verdict.Forged.class, oneKey());
        Signed.expect(Verdict.Genuine.class, secondKey());
        Signed.expect(Verdict.Genuine.class, workflow());
    }

    @Benchmark
    public Verdict oneKey() {
        return published.verify(signed, List.of());
    }

    @Benchmark
    public Verdict secondKey() {
        return rotated.verify(signed, List.of());
    }

    @Benchmark
    public Verdict workflow() {
        return workflow.verify(withSecret, secrets);
    }
}
