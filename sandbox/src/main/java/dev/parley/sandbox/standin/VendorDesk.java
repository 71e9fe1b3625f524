package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.BindException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Where a small stand-in receives its API's calls, on 127.0.0.1, and from where it posts its webhooks: a book of the
 * calls, and faults on purpose. All methods may be called from any thread.
 */
public final class VendorDesk implements AutoCloseable {
    private static final int LARGEST_BODY = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** One call of the API, complete. Its headers hold secrets: do not print them. */
    public record Call(String method, String path, String query, MultiMap headers, String body) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /** What the API says. */
    public record Said(int status, JsonObject body, Map<String, String> headers) {
        public static Said json(int status, JsonObject body) {
            return new Said(status, body, Map.of());
        }
    }

    /** What the receiver of a webhook answered; status 0 = nothing. */
    public record Posted(int status, Map<String, List<String>> headers, String body) {}

    private final Vertx vertx;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Faults faults = new Faults(Clock.systemUTC());
    private final Function<Call, Said> api;
    private final Function<Fault, JsonObject> failure;
    private final List<Call> calls = new ArrayList<>();

    private VendorDesk(int port, Function<Call, Said> api, Function<Fault, JsonObject> failure) {
        this.api = api;
        this.failure = failure;
        this.vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        this.server = vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(port))
                .requestHandler(this::receive);
    }

    /**
     * @param vendor for the error that the port is taken
     * @param port 0 = any that is free
     * @param failure the vendor's error body for a fault on purpose
     * @throws IllegalStateException if the port is taken
     */
    public static VendorDesk open(
            String vendor, int port, Function<Call, Said> api, Function<Fault, JsonObject> failure) {
        VendorDesk desk = new VendorDesk(port, api, failure);
        try {
            desk.server.listen().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            return desk;
        } catch (ExecutionException e) {
            desk.close();
            throw e.getCause() instanceof BindException
                    ? new IllegalStateException(
                            "port " + port + " is taken: the " + vendor + " stand-in needs another one", e.getCause())
                    : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            desk.close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (TimeoutException e) {
            desk.close();
            throw new IllegalStateException("the " + vendor + " stand-in did not start", e);
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    public void fault(Fault fault) {
        faults.add(fault);
    }

    public void clearFaults() {
        faults.clear();
    }

    /** Every call, oldest first, the unanswered ones too. */
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** One webhook; never fails because of the receiver. */
    public CompletableFuture<Posted> post(URI to, Map<String, String> headers, byte[] body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(to).timeout(PATIENCE).POST(HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        return client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
                .handle((answer, lost) -> lost != null
                        ? new Posted(0, Map.of(), String.valueOf(lost.getClass().getSimpleName()))
                        : new Posted(answer.statusCode(), answer.headers().map(), answer.body()));
    }

    private void receive(HttpServerRequest request) {
        request.body().onSuccess(bytes -> {
            if (bytes.length() > LARGEST_BODY) {
                request.response().setStatusCode(413).end();
                return;
            }
            Call call = new Call(
                    request.method().name(),
                    request.path(),
                    request.query() == null ? "" : request.query(),
                    request.headers(),
                    bytes.toString(StandardCharsets.UTF_8));
            synchronized (this) {
                calls.add(call);
            }
            faults.strike(call.method(), call.path(), null)
                    .ifPresentOrElse(fault -> strike(fault, call, request), () -> say(request, api.apply(call)));
        });
    }

    private void strike(Fault fault, Call call, HttpServerRequest request) {
        switch (fault.kind()) {
            case STATUS -> {
                Duration after = fault.retryAfter();
                say(
                        request,
                        new Said(
                                fault.status(),
                                failure.apply(fault),
                                after == null ? Map.of() : Map.of("Retry-After", Long.toString(after.toSeconds()))));
            }
            case HTML ->
                request.response().putHeader("Content-Type", "text/html").end("<!doctype html><title>Wait</title>");
            case SLOW -> vertx.setTimer(Math.max(1, fault.delay().toMillis()), timer -> say(request, api.apply(call)));
            case SILENCE -> {}
            case ACCEPT_THEN_SILENCE -> {
                Said unsaid = api.apply(call);
                assert unsaid != null;
            }
            case CUT -> request.connection().close();
            case ACCEPT_THEN_CUT -> {
                Said unsaid = api.apply(call);
                assert unsaid != null;
                request.connection().close();
            }
            case REFUSE_REFRESH -> say(request, new Said(401, failure.apply(fault), Map.of()));
        }
    }

    private static void say(HttpServerRequest request, Said said) {
        HttpServerResponse response = request.response();
        if (response.closed()) {
            return;
        }
        response.setStatusCode(said.status()).putHeader("Content-Type", "application/json; charset=utf-8");
        said.headers().forEach(response::putHeader);
        response.end(said.body().encode());
    }

    @Override
    public void close() {
        vertx.close()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }
}
