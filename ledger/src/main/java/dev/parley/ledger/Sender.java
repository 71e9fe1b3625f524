package dev.parley.ledger;

import dev.parley.sandbox.standin.RetryPolicy;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Delivers a script as GoHighLevel does: over several connections at once, without waiting for anybody; what is not taken
 * comes again after a growing pause. Each copy has its own retries and stops at its own acknowledgement. Waits before
 * retries come from the seed too, so that two runs differ only in what the machine makes of them.
 */
final class Sender implements AutoCloseable {
    private static final int CONNECTIONS = 32;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /**
     * GoHighLevel's twelve retries over hours, in a run of minutes: the first after a fifth of a second, then doubling up to
     * two seconds; longer than a service is away in any run.
     */
    private static final RetryPolicy RETRIES =
            new RetryPolicy(400, Duration.ofSeconds(10), Duration.ofSeconds(100), 0.02);

    private final Vertx vertx;
    private final HttpClient client;
    private final int port;
    private final Book book;
    private final long seed;
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger givenUp = new AtomicInteger();
    private volatile boolean givesUp;

    Sender(Vertx vertx, int port, Book book, long seed) {
        this.vertx = vertx;
        this.port = port;
        this.book = book;
        this.seed = seed;
        this.client = vertx.createHttpClient(
                new HttpClientOptions().setKeepAlive(true).setConnectTimeout(2_000),
                new PoolOptions().setHttp1MaxSize(CONNECTIONS));
    }

    /** Every delivery leaves at its time from now, whatever became of those before it. */
    void start(List<Script.Step> steps, List<Book.Parcel> parcels) {
        int[] places = parcels.stream().mapToInt(book::enter).toArray();
        underWay.addAndGet(steps.size());
        int copy = 0;
        for (Script.Step step : steps) {
            Book.Parcel parcel = parcels.get(step.event());
            Random random = new Random(seed * 1_000_003 + 31L * parcel.number() + copy++);
            long wait = Math.max(1, step.at().toMillis());
            vertx.setTimer(wait, timer -> attempt(places[step.event()], parcel, 1, random));
        }
    }

    /** Deliveries that were neither taken nor given up. */
    int underWay() {
        return underWay.get();
    }

    /** Deliveries that nobody acknowledged and that are not tried again. */
    int givenUp() {
        return givenUp.get();
    }

    /** From now on nothing is tried again. */
    void giveUp() {
        givesUp = true;
    }

    @Override
    public void close() {
        giveUp();
        Waiting.on(client.close(), Duration.ofSeconds(10));
    }

    private record Answer(
            int status, @Nullable UUID trace, @Nullable Duration retryAfter) {}

    private void attempt(int place, Book.Parcel parcel, int tries, Random random) {
        if (givesUp) {
            endUnacknowledged();
            return;
        }
        RequestOptions request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI("/webhooks/ghl")
                .setTimeout(TIMEOUT.toMillis())
                .putHeader("Content-Type", "application/json")
                .putHeader("X-GHL-Signature", parcel.signature());
        book.leaves(place);
        client.request(request)
                .compose(open -> {
                    Duration leaves = book.now();
                    return open.send(Buffer.buffer(parcel.body().utf8()))
                            .compose(response -> response.body().map(body -> answer(response, body)))
                            .onSuccess(any -> book.answered(book.now().minus(leaves)));
                })
                .onComplete(outcome -> {
                    Answer answer = outcome.succeeded() ? outcome.result() : new Answer(0, null, null);
                    if (answer.status() >= 200 && answer.status() < 300) {
                        book.acknowledged(place, answer.trace());
                        underWay.decrementAndGet();
                    } else if (tries > RETRIES.maxRetries()) {
                        endUnacknowledged();
                    } else {
                        long wait = RETRIES.waitBefore(tries, answer.retryAfter(), random)
                                .toMillis();
                        vertx.setTimer(Math.max(1, wait), timer -> attempt(place, parcel, tries + 1, random));
                    }
                });
    }

    private void endUnacknowledged() {
        // In this order: nobody may see nothing under way and nothing given up.
        givenUp.incrementAndGet();
        underWay.decrementAndGet();
    }

    private static Answer answer(HttpClientResponse response, Buffer body) {
        String after = response.getHeader("Retry-After");
        Duration wait = after != null && after.matches("[0-9]{1,4}") ? Duration.ofSeconds(Long.parseLong(after)) : null;
        return new Answer(response.statusCode(), trace(body), wait);
    }

    private static @Nullable UUID trace(Buffer body) {
        try {
            return new JsonObject(body).getValue("trace_id") instanceof String text ? uuid(text) : null;
        } catch (DecodeException | IllegalArgumentException e) {
            return null;
        }
    }

    /** With dashes or as the 32 digits of a W3C trace id. */
    static UUID uuid(String text) {
        return UUID.fromString(
                text.length() == 32 ? text.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5") : text);
    }
}
