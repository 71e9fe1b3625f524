package dev.parley.ingest.provider.standardwebhooks;

import dev.parley.benchmarks.pure.Signed;
import dev.parley.spi.Delivery;
import dev.parley.spi.Verdict;
import dev.parley.tenant.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.NullMarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What it costs to verify a Standard Webhooks delivery of 1 KiB, by shared secret (v1) and by public key (v1a).
 *
 * <p>In this package because the constructor is nobody else's.
 */
@NullMarked
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class VerifyStandardWebhooks {
    private static final Instant AT = Instant.parse("2026-11-21T10:15:30Z");
    private static final String ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";

    private final StandardWebhooks provider = new StandardWebhooks(Duration.ofMinutes(5));
    private final byte[] body = Signed.body(1024);
    private final Delivery symmetric;
    private final Delivery asymmetric;
    private final List<Secret> shared;
    private final List<Secret> publicKey;

    /** Whatever is measured gives the right verdict. */
    public VerifyStandardWebhooks() {
        byte[] key = new byte[32];
        key[0] = 1;
        Signed.Key pair = new Signed.Key();
        shared = List.of(Secret.of("whsec_" + Base64.getEncoder().encodeToString(key)));
        publicKey = List.of(Secret.of("whpk_" + Base64.getEncoder().encodeToString(pair.raw())));
        byte[] prefix = (ID + "." + AT.getEpochSecond() + ".").getBytes(StandardCharsets.US_ASCII);
        symmetric = delivery("v1," + Base64.getEncoder().encodeToString(mac(key, prefix, body)));
        asymmetric = delivery("v1a," + pair.sign(prefix, body));
        Signed.expect(Verdict.Genuine.class, hmac());
        Signed.expect(Verdict.Genuine.class, ed25519());
    }

    private static byte[] mac(byte[] key, byte[] prefix, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(prefix);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private Delivery delivery(String signature) {
        return Signed.delivery(
                body,
                AT,
                "webhook-id",
                ID,
                "webhook-timestamp",
                Long.toString(AT.getEpochSecond()),
                "webhook-signature",
                signature);
    }

    @Benchmark
    public Verdict hmac() {
        return provider.verify(symmetric, shared);
    }

    @Benchmark
    public Verdict ed25519() {
        return provider.verify(asymmetric, publicKey);
    }
}
