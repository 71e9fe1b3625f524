package dev.parley.work.adapter;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorHttp.NoAnswer;
import io.smallrye.mutiny.TimeoutException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One call of an adapter: the time it has, and whether a request of it is out without an answer. */
public final class VendorCall {
    private final long end;
    private final AtomicBoolean mayHaveArrived = new AtomicBoolean();

    private VendorCall(Duration limit) {
        this.end = System.nanoTime() + limit.toNanos();
    }

    /** The header that carries a message's trace to the vendor: its 32 digits are ours, the span is new for every request. */
    public static Map.Entry<String, String> trace(OutboundMessage message) {
        String trace = message.traceId().toString().replace("-", "");
        return Map.entry(
                "traceparent",
                "00-%s-%016x-01".formatted(trace, ThreadLocalRandom.current().nextLong() | 1));
    }

    /** What is left of it, never nothing. */
    public Duration timeLeft() {
        return Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime()));
    }

    /** Makes a request of this call, so that its doubts are known. */
    public Uni<Answer> requesting(Supplier<Uni<Answer>> exchange) {
        return Uni.createFrom().deferred(() -> {
            mayHaveArrived.set(true);
            return exchange.get().onItemOrFailure().invoke((answer, failure) -> settled(answer, failure));
        });
    }

    /** A refusal settles it; after anything else, even a fault of ours leaves the doubt. */
    private void settled(@Nullable Answer answer, @Nullable Throwable failure) {
        mayHaveArrived.set(
                answer == null
                        ? failure instanceof NoAnswer lost && lost.mayHaveArrived()
                        : answer.isSuccess() || answer.status() >= 500);
    }

    /**
     * Runs {@code work} so that it ends in time, on the caller's event loop, with an {@link AdapterException} if at all.
     *
     * @param what for the reason
     * @param writes whether a lost answer leaves a doubt; reading can simply be done again
     */
    public static <T> Uni<T> ending(String what, boolean writes, Duration within, Function<VendorCall, Uni<T>> work) {
        return Uni.createFrom().deferred(() -> {
            VendorCall call = new VendorCall(within);
            // A little later than the request's own limit, which knows better how far it came.
            Duration limit = within.plusMillis(50);
            Uni<T> bounded = Uni.createFrom()
                    .deferred(() -> work.apply(call))
                    .ifNoItem()
                    .after(limit)
                    .fail()
                    .onFailure(failure -> !(failure instanceof AdapterException))
                    .transform(failure -> {
                        boolean doubt = writes && call.mayHaveArrived.get();
                        String reason = failure instanceof NoAnswer lost
                                ? lost.reason()
                                : failure instanceof TimeoutException
                                        ? "not done within " + within.toMillis() + " ms"
                                        : failure.getClass().getSimpleName();
                        return new AdapterException(
                                doubt ? Kind.AMBIGUOUS : Kind.TRANSIENT, what + ": " + reason, null, failure);
                    });
            Context caller = io.vertx.core.Vertx.currentContext();
            return caller == null ? bounded : bounded.emitOn(task -> caller.runOnContext(ignored -> task.run()));
        });
    }
}
