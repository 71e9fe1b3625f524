package dev.parley.sandbox.standin;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Signs webhooks and delivers them: with copies, out of order, forged, and again until they are taken. Keeps the book of
 * what came of each. Safe from any thread.
 */
final class WebhookSender {
    private static final int ANSWER_KEPT = 4_096;

    /** One copy on its way. */
    private static final class Flight {
        final long number;
        final Parcel parcel;
        final int copy;
        final List<WebhookDelivery.Attempt> attempts = new ArrayList<>();
        WebhookDelivery.State state = WebhookDelivery.State.UNDER_WAY;

        Flight(long number, Parcel parcel, int copy) {
            this.number = number;
            this.parcel = parcel;
            this.copy = copy;
        }
    }

    /** The bytes, what they are about and how they are signed; the same for every copy and attempt. */
    private record Parcel(
            Buffer body,
            @Nullable String signature,
            String webhookId,
            String type,
            @Nullable String locationId,
            @Nullable String messageId,
            @Nullable Forgery forgery) {}

    /** A webhook held back until its neighbours are there to change places with. */
    private record Held(Parcel parcel, int copies, Promise<List<WebhookDelivery>> firstAnswers) {}

    private final Vertx vertx;
    private final HttpClient client;
    private final SigningKey key;
    private final SigningKey strangersKey = SigningKey.from(null);
    private final Random random = new Random();
    private final int bookSize;
    private final Runnable onChange;

    private volatile Options.Webhooks settings;
    private final TreeMap<Long, Flight> book = new TreeMap<>();
    private final List<Held> held = new ArrayList<>();
    private long last;

    /** @param onChange told, on any thread, that the book changed */
    WebhookSender(Vertx vertx, SigningKey key, Options.Webhooks settings, int bookSize, Runnable onChange) {
        this.vertx = vertx;
        this.key = key;
        this.settings = settings;
        this.bookSize = bookSize;
        this.onChange = onChange;
        this.client = vertx.createHttpClient(
                new HttpClientOptions().setKeepAlive(true).setConnectTimeout(5_000),
                new PoolOptions().setHttp1MaxSize(256));
    }

    Options.Webhooks settings() {
        return settings;
    }

    void change(Options.Webhooks newSettings) {
        settings = newSettings;
    }

    /**
     * Delivers as the settings say.
     *
     * @param copies overrides the settings' number; null leaves it
     * @return completes when the first attempt of every copy has ended, well or not; retries go on after it
     */
    Future<List<WebhookDelivery>> send(JsonObject body, @Nullable String messageId, @Nullable Integer copies) {
        return dispatch(parcel(body.toBuffer().getBytes(), messageId, null), copies);
    }

    /** Signs and delivers bytes as they are, JSON or not. */
    Future<List<WebhookDelivery>> sendRaw(byte[] body, @Nullable Integer copies) {
        return dispatch(parcel(body, null, null), copies);
    }

    /** Delivers once, without retries. */
    Future<WebhookDelivery> forge(JsonObject body, Forgery how) {
        Options.Webhooks now = settings;
        Parcel parcel = parcel(body.toBuffer().getBytes(), null, how);
        return fly(enter(parcel, 1), now.withRetry(new RetryPolicy(0, Duration.ofMillis(1), Duration.ofMillis(1), 1)));
    }

    synchronized List<WebhookDelivery> deliveries() {
        return book.values().stream().map(this::snapshot).toList();
    }

    synchronized List<WebhookDelivery> deliveriesOf(Set<String> messageIds) {
        return book.values().stream()
                .filter(flight -> flight.parcel.messageId() != null && messageIds.contains(flight.parcel.messageId()))
                .map(this::snapshot)
                .toList();
    }

    synchronized void forget() {
        book.clear();
    }

    private Parcel parcel(byte[] body, @Nullable String messageId, @Nullable Forgery forgery) {
        JsonObject read;
        try {
            read = new JsonObject(Buffer.buffer(body));
        } catch (DecodeException | ClassCastException notAnObject) {
            read = new JsonObject();
        }
        byte[] sent = body;
        String signature = key.sign(body);
        if (forgery != null) {
            switch (forgery) {
                case WRONG_KEY -> signature = strangersKey.sign(body);
                case TAMPERED_BODY -> sent = tampered(body);
                case NO_SIGNATURE -> signature = null;
                case NOT_APPLICABLE -> signature = "N/A";
            }
        }
        return new Parcel(
                Buffer.buffer(sent),
                signature,
                text(read, "webhookId", ""),
                text(read, "type", ""),
                read.getValue("locationId") instanceof String location ? location : null,
                messageId,
                forgery);
    }

    private static String text(JsonObject json, String field, String otherwise) {
        return json.getValue(field) instanceof String text ? text : otherwise;
    }

    /** Still the same JSON, but for one more space: nothing but the signature can tell. */
    private static byte[] tampered(byte[] body) {
        byte[] changed = new byte[body.length + 1];
        System.arraycopy(body, 0, changed, 0, body.length);
        changed[body.length] = ' ';
        return changed;
    }

    private Future<List<WebhookDelivery>> dispatch(Parcel parcel, @Nullable Integer copies) {
        Options.Webhooks now = settings;
        int number = copies == null ? now.copies() : copies;
        if (!now.shuffle()) {
            return deliver(parcel, number, now);
        }
        Promise<List<WebhookDelivery>> firstAnswers = Promise.promise();
        synchronized (this) {
            held.add(new Held(parcel, number, firstAnswers));
            if (held.size() == 1) {
                vertx.setTimer(Math.max(1, now.shuffleWindow().toMillis()), timer -> release());
            }
        }
        return firstAnswers.future();
    }

    /** What was held leaves in an order it did not come in, one after the other: so it arrives in that order. */
    private void release() {
        List<Held> leaving;
        synchronized (this) {
            leaving = new ArrayList<>(held);
            held.clear();
        }
        List<Held> came = List.copyOf(leaving);
        Collections.shuffle(leaving, random);
        if (leaving.equals(came)) {
            Collections.rotate(leaving, 1);
        }
        Options.Webhooks now = settings;
        Future<?> before = Future.succeededFuture();
        for (Held one : leaving) {
            Future<List<WebhookDelivery>> sent = before.compose(done -> deliver(one.parcel(), one.copies(), now));
            sent.onComplete(one.firstAnswers());
            before = sent;
        }
    }

    private Future<List<WebhookDelivery>> deliver(Parcel parcel, int copies, Options.Webhooks now) {
        List<Flight> flights = new ArrayList<>();
        for (int copy = 1; copy <= copies; copy++) {
            flights.add(enter(parcel, copy));
        }
        List<Future<WebhookDelivery>> first = new ArrayList<>();
        for (Flight flight : flights) {
            boolean waits = !now.together() && !first.isEmpty();
            first.add(waits ? first.get(first.size() - 1).compose(done -> fly(flight, now)) : fly(flight, now));
        }
        return Future.all(first).map(all -> all.list());
    }

    private Flight enter(Parcel parcel, int copy) {
        Flight flight;
        synchronized (this) {
            flight = new Flight(++last, parcel, copy);
            book.put(flight.number, flight);
            if (book.size() > bookSize) {
                book.pollFirstEntry();
            }
        }
        onChange.run();
        return flight;
    }

    /** @return never fails; completes when the first attempt has ended */
    private Future<WebhookDelivery> fly(Flight flight, Options.Webhooks now) {
        URI url = now.url();
        if (url == null) {
            return Future.succeededFuture(settle(flight, WebhookDelivery.State.NOWHERE));
        }
        Promise<WebhookDelivery> first = Promise.promise();
        attempt(flight, url, now, first);
        return first.future();
    }

    private void attempt(Flight flight, URI url, Options.Webhooks now, Promise<WebhookDelivery> first) {
        Instant at = Instant.now();
        post(flight.parcel, url, now.timeout()).onComplete(sent -> {
            Duration took = Duration.between(at, Instant.now());
            Received received = sent.succeeded() ? sent.result() : new Received(0, "", null, reason(sent.cause()));
            int tries;
            synchronized (this) {
                flight.attempts.add(
                        new WebhookDelivery.Attempt(at, received.status(), received.answer(), received.error(), took));
                tries = flight.attempts.size();
            }
            if (received.status() >= 200 && received.status() < 300) {
                first.tryComplete(settle(flight, WebhookDelivery.State.TAKEN));
                return;
            }
            if (tries > now.retry().maxRetries()) {
                first.tryComplete(settle(flight, WebhookDelivery.State.GIVEN_UP));
                return;
            }
            first.tryComplete(settle(flight, WebhookDelivery.State.UNDER_WAY));
            Duration wait = now.retry().waitBefore(tries, received.retryAfter(), random);
            vertx.setTimer(Math.max(1, wait.toMillis()), timer -> attempt(flight, url, now, first));
        });
    }

    private record Received(
            int status,
            String answer,
            @Nullable Duration retryAfter,
            @Nullable String error) {}

    private Future<Received> post(Parcel parcel, URI url, Duration timeout) {
        RequestOptions request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setAbsoluteURI(url.toString())
                .putHeader("Content-Type", "application/json")
                .putHeader("User-Agent", "axios/1.7.2 (stand-in)");
        if (parcel.signature() != null) {
            request.putHeader("X-GHL-Signature", parcel.signature());
        }
        Promise<Received> outcome = Promise.promise();
        AtomicBoolean late = new AtomicBoolean();
        client.request(request).onComplete(opened -> {
            if (opened.failed()) {
                outcome.tryFail(opened.cause());
                return;
            }
            HttpClientRequest open = opened.result();
            if (late.get()) {
                open.reset();
                return;
            }
            outcome.future().onFailure(lost -> open.reset());
            open.send(parcel.body())
                    .compose(WebhookSender::receive)
                    .onSuccess(outcome::tryComplete)
                    .onFailure(outcome::tryFail);
        });
        long timer = vertx.setTimer(timeout.toMillis(), id -> {
            late.set(true);
            outcome.tryFail("no answer within " + timeout.toMillis() + " ms");
        });
        return outcome.future().onComplete(done -> vertx.cancelTimer(timer));
    }

    private static Future<Received> receive(HttpClientResponse response) {
        Duration retryAfter = retryAfter(response.getHeader("Retry-After"));
        return response.body().map(body -> {
            String text = body.toString(StandardCharsets.UTF_8);
            return new Received(
                    response.statusCode(),
                    text.length() <= ANSWER_KEPT ? text : text.substring(0, ANSWER_KEPT) + "…",
                    retryAfter,
                    null);
        });
    }

    private static @Nullable Duration retryAfter(@Nullable String header) {
        return header != null && header.matches("[0-9]{1,6}") ? Duration.ofSeconds(Long.parseLong(header)) : null;
    }

    private static String reason(Throwable cause) {
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    private WebhookDelivery settle(Flight flight, WebhookDelivery.State state) {
        WebhookDelivery now;
        synchronized (this) {
            flight.state = state;
            now = snapshot(flight);
        }
        onChange.run();
        return now;
    }

    private WebhookDelivery snapshot(Flight flight) {
        Parcel parcel = flight.parcel;
        return new WebhookDelivery(
                flight.number,
                parcel.webhookId(),
                parcel.type(),
                parcel.locationId(),
                parcel.messageId(),
                flight.copy,
                parcel.forgery(),
                flight.state,
                flight.attempts,
                parcel.body().toString(StandardCharsets.UTF_8));
    }
}
