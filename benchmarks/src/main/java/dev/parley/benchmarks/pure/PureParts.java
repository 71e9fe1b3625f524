package dev.parley.benchmarks.pure;

import dev.parley.dialog.Consent;
import dev.parley.dialog.ConversationState;
import dev.parley.dialog.DialogSettings;
import dev.parley.dialog.FirstDialog;
import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.queue.Backoff;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Parse, key, backoff, dialog. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PureParts {
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    // Not final, or the compiler would know it as well as we do.
    private String id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";

    private final byte[] small = Signed.body(1024);
    private final byte[] large = Signed.body(16 * 1024);
    private final Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(15), 8);
    private final FirstDialog dialog = new FirstDialog();
    private final FirstDialog.Turn hello = turn("Hello, do you have a slot tomorrow?");
    private final FirstDialog.Turn stop = turn("STOP");

    /** Whatever is measured does what it should. */
    public PureParts() {
        if (!Payload.json(small).isReadable() || !Payload.json(large).isReadable()) {
            throw new IllegalStateException("the bodies are no JSON");
        }
        if (dialog.answer(hello).reply() == null
                || !dialog.answer(stop).consent().isOptedOut()) {
            throw new IllegalStateException("the dialog does not answer");
        }
    }

    private static FirstDialog.Turn turn(String text) {
        Tenant tenant = new Tenant(
                new TenantId(TimeOrderedId.next()), "bench", "Harbour Dental", true, "ghl", null, Settings.empty());
        return new FirstDialog.Turn(
                DialogSettings.of(tenant),
                ConversationState.start(),
                Consent.none(),
                "sms",
                text,
                "Ada Lovelace",
                false,
                NOW);
    }

    @Benchmark
    public Payload parse1k() {
        return Payload.json(small);
    }

    @Benchmark
    public Payload parse16k() {
        return Payload.json(large);
    }

    @Benchmark
    public EventKey keyOfId() {
        return EventKey.of("standard-webhooks", "wh", id);
    }

    @Benchmark
    public EventKey keyOfBody() {
        return EventKey.ofBody("ghl", small);
    }

    @Benchmark
    public Duration backoff() {
        return backoff.after(4, ThreadLocalRandom.current()::nextDouble);
    }

    @Benchmark
    public FirstDialog.Move dialogGreeting() {
        return dialog.answer(hello);
    }

    @Benchmark
    public FirstDialog.Move dialogStop() {
        return dialog.answer(stop);
    }
}
