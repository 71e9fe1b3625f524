package dev.parley.sandbox.standin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.BindException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a stand-in of a vendor needs besides the vendor: a server on 127.0.0.1 that fails on order, and a sender of webhooks
 * that comes again until it is heard. Keeps a book of the calls. Safe from any thread.
 */
public final class Switchboard implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A call of the vendor's API, whole. Its headers and its path may hold secrets: do not print them. */
    public record Call(String method, String path, String query, Map<String, String> headers, Buffer body) {
        /** Empty = missing. */
        public String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }

        /** The body as UTF-8. */
        public String text() {
            return body.toString(StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return method + " call";
        }
    }

    /** What the vendor makes of a call. */
    public interface Endpoint {
        Answer answer(Call call);
    }

    /** What came of one webhook: the last attempt's status (0 = no answer), headers and body. */
    public record Heard(int attempts, int status, Map<String, List<String>> headers, String body) {}

    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(1)
            .setInternalBlockingPoolSize(1)
            .setFileSystemOptions(
                    new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final List<Call> calls = new ArrayList<>();
    private final Faults faults = new Faults(Clock.systemUTC());
    private final HttpServer server;

    /**
     * @param whose for the error that the port is taken
     * @param port 0 = any
     * @param failing the vendor's words for a fault of kind {@code STATUS}
     * @throws IllegalStateException if the port is taken
     */
    public Switchboard(String whose, int port, Endpoint endpoint, Function<Fault, Answer> failing) {
        server = vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(port))
                .requestHandler(request -> receive(request, endpoint, failing));
        try {
            await(server.listen());
        } catch (IllegalStateException e) {
            close();
            throw e.getCause() instanceof BindException
                    ? new IllegalStateException(
                            "port " + port + " is taken: the " + whose + " stand-in needs another one")
                    : e;
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    public Faults faults() {
        return faults;
    }

    /** Every call, oldest first, the unanswered ones too. */
    public List<Call> calls() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }

    private void receive(HttpServerRequest request, Endpoint endpoint, Function<Fault, Answer> failing) {
        request.body().onSuccess(body -> {
            Map<String, String> headers = new TreeMap<>();
            request.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
            String query = request.query() == null ? "" : request.query();
            Call call = new Call(request.method().name(), request.path(), query, headers, body);
            synchronized (calls) {
                calls.add(call);
            }
            Fault fault = faults.strike(call.method(), call.path(), null).orElse(null);
            if (fault == null) {
                send(request.response(), endpoint.answer(call));
                return;
            }
            switch (fault.kind()) {
                case STATUS -> {
                    Answer answer = failing.apply(fault);
                    Duration after = fault.retryAfter();
                    send(
                            request.response(),
                            after == null ? answer : answer.with(Map.of("Retry-After", "" + after.toSeconds())));
                }
                case SLOW ->
                    vertx.setTimer(
                            Math.max(1, fault.delay().toMillis()),
                            id -> send(request.response(), endpoint.answer(call)));
                case SILENCE, REFUSE_REFRESH -> {}
                case ACCEPT_THEN_SILENCE -> endpoint.answer(call);
                case CUT -> request.connection().close();
                case ACCEPT_THEN_CUT -> {
                    endpoint.answer(call);
                    request.connection().close();
                }
                case HTML -> send(request.response(), Answer.of(200, "text/html", "<html>Welcome</html>"));
            }
        });
    }

    private static void send(HttpServerResponse response, Answer answer) {
        if (!response.closed()) {
            response.setStatusCode(answer.status()).putHeader("Content-Type", answer.contentType());
            answer.headers().forEach(response::putHeader);
            response.end(answer.body());
        }
    }

    /** Sends the bytes again after each pause until they are answered 2xx; signs each attempt anew. Never fails. */
    public CompletableFuture<Heard> deliver(
            URI to, byte[] body, Supplier<Map<String, String>> headers, List<Duration> pauses) {
        return attempt(to, body, headers, pauses, 1);
    }

    private CompletableFuture<Heard> attempt(
            URI to, byte[] body, Supplier<Map<String, String>> headers, List<Duration> pauses, int number) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(to).timeout(PATIENCE).POST(BodyPublishers.ofByteArray(body));
        headers.get().forEach(request::setHeader);
        return http.sendAsync(request.build(), BodyHandlers.ofString())
                .handle((response, failure) -> failure == null
                        ? new Heard(
                                number,
                                response.statusCode(),
                                response.headers().map(),
                                response.body())
                        : new Heard(number, 0, Map.of(), ""))
                .thenCompose(heard -> {
                    if (heard.status() / 100 == 2 || number > pauses.size()) {
                        return CompletableFuture.completedFuture(heard);
                    }
                    Executor later = CompletableFuture.delayedExecutor(
                            pauses.get(number - 1).toMillis(), TimeUnit.MILLISECONDS);
                    return CompletableFuture.runAsync(() -> {}, later)
                            .thenCompose(now -> attempt(to, body, headers, pauses, number + 1));
                });
    }

    /** One GET, for the handshake. */
    CompletableFuture<HttpResponse<String>> get(URI from) {
        return http.sendAsync(HttpRequest.newBuilder(from).timeout(PATIENCE).build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the stand-in's server did not answer within " + PATIENCE, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
