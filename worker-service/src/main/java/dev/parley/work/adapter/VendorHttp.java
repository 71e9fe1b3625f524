package dev.parley.work.adapter;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * HTTP exchanges with one vendor's API, each made exactly once: no retry, no redirect, and every failure says whether the
 * request can have arrived. That distinction is why this stands on the plain HTTP client.
 */
public final class VendorHttp implements AutoCloseable {
    private static final int MAX_ANSWER = 1024 * 1024;

    private final Vertx vertx;
    private final HttpClient http;
    private final String base;

    /**
     * @param name of the vendor, for logs
     * @param baseKey the setting that {@code base} comes from, for the error that it is no URL
     * @param base the API; {@code http} is accepted for a loopback address only, because every request carries a secret
     * @param connectTimeout within this time a connection stands, or nothing was sent
     * @param keepAlive an idle connection is closed after this time
     * @param poolSize so many connections at most
     */
    public VendorHttp(
            Vertx vertx,
            String name,
            String baseKey,
            String base,
            Duration connectTimeout,
            Duration keepAlive,
            int poolSize) {
        this.vertx = vertx;
        this.base = checkedBase(baseKey, base);
        this.http = vertx.createHttpClient(new HttpClientOptions()
                .setName(name)
                // One request per connection at a time: a reset then concerns that request alone.
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setConnectTimeout((int) connectTimeout.toMillis())
                .setKeepAliveTimeout((int) Math.max(1, keepAlive.toSeconds()))
                .setMaxPoolSize(poolSize)
                // A queue without end would only move the waiting to where nobody sees it.
                .setMaxWaitQueueSize(poolSize * 8));
    }

    /** What came back, complete. */
    public record Answer(int status, MultiMap headers, Buffer body) {
        /** The body, if it is a JSON object. */
        public @Nullable JsonObject json() {
            try {
                return Json.decodeValue(body) instanceof JsonObject object ? object : null;
            } catch (DecodeException e) {
                return null;
            }
        }

        public boolean isSuccess() {
            return status >= 200 && status < 300;
        }
    }

    /** No clear answer. Messages name what happened, never what was in the request. */
    public static final class NoAnswer extends Exception {
        private final boolean mayHaveArrived;

        NoAnswer(boolean mayHaveArrived, String message) {
            super(message, null, false, false);
            this.mayHaveArrived = mayHaveArrived;
        }

        public boolean mayHaveArrived() {
            return mayHaveArrived;
        }

        public String reason() {
            return String.valueOf(getMessage());
        }
    }

    /**
     * Sends one request and reads the whole answer; ends within {@code limit}, and gives up where it is when cancelled.
     * Every status is an answer; the Uni fails with {@link NoAnswer} only.
     *
     * @param path with query, encoded
     */
    public Uni<Answer> exchange(
            HttpMethod method, String path, Map<String, String> headers, @Nullable Buffer body, Duration limit) {
        return Uni.createFrom().emitter(emitter -> new Exchange(method, path, headers, body, limit, emitter).start());
    }

    private enum Phase {
        CONNECTING,
        SENT,
        OVER
    }

    private final class Exchange {
        private final RequestOptions options;
        private final @Nullable Buffer body;
        private final Duration limit;
        private final UniEmitter<? super Answer> emitter;
        private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.CONNECTING);
        private volatile @Nullable HttpClientRequest request;

        Exchange(
                HttpMethod method,
                String path,
                Map<String, String> headers,
                @Nullable Buffer body,
                Duration limit,
                UniEmitter<? super Answer> emitter) {
            this.options = new RequestOptions().setMethod(method).setAbsoluteURI(base + path);
            headers.forEach(options::putHeader);
            this.body = body;
            this.limit = limit;
            this.emitter = emitter;
        }

        void start() {
            long timer = vertx.setTimer(
                    Math.max(1, limit.toMillis()), id -> end("no answer within " + limit.toMillis() + " ms"));
            emitter.onTermination(() -> {
                vertx.cancelTimer(timer);
                end("given up");
            });
            http.request(options).onComplete(connected -> {
                if (connected.failed()) {
                    end("no connection: " + shown(connected.cause()));
                    return;
                }
                HttpClientRequest ready = connected.result();
                request = ready;
                // Whoever moves on from CONNECTING decides: after this nobody may say that nothing was sent.
                if (!phase.compareAndSet(Phase.CONNECTING, Phase.SENT)) {
                    abandon(ready);
                    return;
                }
                (body == null ? ready.send() : ready.send(body)).onComplete(answered -> {
                    if (answered.failed()) {
                        end("no answer: " + shown(answered.cause()));
                    } else {
                        read(answered.result());
                    }
                });
            });
        }

        private void read(HttpClientResponse response) {
            Buffer bytes = Buffer.buffer();
            response.exceptionHandler(cause -> end("answer broken off: " + shown(cause)));
            response.handler(chunk -> {
                if (bytes.length() + chunk.length() > MAX_ANSWER) {
                    end("answer longer than " + MAX_ANSWER + " bytes");
                } else {
                    bytes.appendBuffer(chunk);
                }
            });
            response.endHandler(end -> {
                if (phase.getAndSet(Phase.OVER) != Phase.OVER) {
                    emitter.complete(new Answer(response.statusCode(), response.headers(), bytes));
                }
            });
        }

        private void end(String reason) {
            Phase reached = phase.getAndSet(Phase.OVER);
            if (reached == Phase.OVER) {
                return;
            }
            HttpClientRequest open = request;
            if (open != null) {
                abandon(open);
            }
            emitter.fail(new NoAnswer(reached == Phase.SENT, reason));
        }

        private void abandon(HttpClientRequest open) {
            boolean unused = open.reset(0);
        }
    }

    /** The kind of trouble, without the vendor's or the runtime's own words where they may repeat the request. */
    private static String shown(Throwable cause) {
        String name = cause.getClass().getSimpleName();
        String text = cause.getMessage();
        return text == null || cause instanceof io.vertx.core.http.StreamResetException ? name : name + ": " + text;
    }

    /** {@code Retry-After} in seconds or as a date; null = absent, or neither. */
    public static @Nullable Duration retryAfter(MultiMap headers, Instant now) {
        String text = headers.get("Retry-After");
        if (text == null) {
            return null;
        }
        try {
            Duration asked = text.strip().matches("\\d{1,9}")
                    ? Duration.ofSeconds(Long.parseLong(text.strip()))
                    : Duration.between(
                            now,
                            ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant());
            return asked.isNegative() ? Duration.ZERO : asked;
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static String checkedBase(String key, String text) {
        URI uri;
        try {
            uri = new URI(text.strip());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(key + " is not a URL");
        }
        String host = uri.getHost();
        if (host == null || uri.getRawQuery() != null || uri.getRawFragment() != null || uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException(key + " must be a plain URL such as https://api.example.com");
        }
        boolean loopback = host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.\\d{1,3}){3}");
        if (!"https".equals(uri.getScheme()) && !("http".equals(uri.getScheme()) && loopback)) {
            throw new IllegalArgumentException(
                    key + " must begin with https:// (http is for loopback addresses only): " + host);
        }
        return text.strip().replaceAll("/+$", "");
    }

    @Override
    public void close() {
        var unused = http.close();
    }
}
