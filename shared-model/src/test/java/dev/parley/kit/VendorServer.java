package dev.parley.kit;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A vendor's API that answers exactly what a test told it to, on a free port of the loopback address. What was not
 * scripted is a mistake: it is answered 599 and {@link #assertNothingUnexpected()} fails with it.
 */
public final class VendorServer implements AutoCloseable {
    private final Vertx vertx =
            Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
    private final HttpServer server;
    private final int port;
    private final Map<String, Queue<Behaviour>> script = new HashMap<>();
    private final Map<String, Behaviour> always = new HashMap<>();
    private final List<Request> requests = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    public VendorServer() {
        server = vertx.createHttpServer()
                .requestHandler(this::receive)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        port = server.actualPort();
    }

    /** A request as it arrived; header names in lower case. */
    public record Request(String route, String query, Map<String, String> headers, String body) {
        public JsonObject json() {
            return new JsonObject(body);
        }
    }

    /** What happens to one request. */
    public interface Behaviour {
        void to(HttpServerRequest request, VendorServer server);

        static Behaviour json(int status, JsonObject body) {
            return answer(status, Map.of("Content-Type", "application/json"), body.encode());
        }

        static Behaviour answer(int status, Map<String, String> headers, String body) {
            return (request, server) -> {
                HttpServerResponse response = request.response().setStatusCode(status);
                headers.forEach(response::putHeader);
                response.end(body);
            };
        }

        /** The same once {@link VendorServer#release()} is called. */
        default Behaviour held() {
            return (request, server) ->
                    server.released.thenRun(() -> server.vertx.runOnContext(ignored -> to(request, server)));
        }

        /** The request is read and never answered. */
        static Behaviour silence() {
            return (request, server) -> {};
        }

        /** The request is read, then the connection is gone. */
        static Behaviour cut() {
            return (request, server) -> request.connection().close();
        }

        /** Half of a good answer, then the connection is gone. */
        static Behaviour cutInAnswer(int status, String firstHalf) {
            return (request, server) -> request.response()
                    .setStatusCode(status)
                    .putHeader("Content-Length", String.valueOf(firstHalf.length() * 2))
                    .write(firstHalf)
                    .onComplete(written -> request.connection().close());
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /**
     * The next request to {@code route} that has nothing planned yet gets this.
     *
     * @param route method and path, for example {@code POST /messages}
     */
    public synchronized VendorServer on(String route, Behaviour behaviour) {
        script.computeIfAbsent(route, unknown -> new ArrayDeque<>()).add(behaviour);
        return this;
    }

    /** Every request to {@code route} for which {@link #on} has planned nothing gets this. */
    public synchronized VendorServer always(String route, Behaviour behaviour) {
        always.put(route, behaviour);
        return this;
    }

    /** Lets all held answers go. */
    public void release() {
        released.complete(null);
    }

    /** What has arrived at {@code route}, in order. */
    public synchronized List<Request> requests(String route) {
        return requests.stream()
                .filter(request -> request.route().equals(route))
                .toList();
    }

    public synchronized List<Request> requests() {
        return List.copyOf(requests);
    }

    /** Every request was planned for. */
    public synchronized void assertNothingUnexpected() {
        assertThat(unexpected).as("requests nobody expected").isEmpty();
    }

    /** Every request was planned for, and every planned one came. */
    public synchronized void assertScriptPlayed() {
        assertNothingUnexpected();
        Map<String, Integer> open = new TreeMap<>();
        script.forEach((route, left) -> {
            if (!left.isEmpty()) {
                open.put(route, left.size());
            }
        });
        assertThat(open).as("requests that never came").isEmpty();
    }

    /** From here on connections are refused. */
    public void stopListening() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }

    private void receive(HttpServerRequest http) {
        http.body().onSuccess(body -> {
            Map<String, String> headers = new TreeMap<>();
            http.headers().forEach((name, value) -> headers.put(name.toLowerCase(java.util.Locale.ROOT), value));
            String route = http.method() + " " + http.path();
            Behaviour behaviour;
            synchronized (this) {
                requests.add(new Request(route, http.query() == null ? "" : http.query(), headers, body.toString()));
                Queue<Behaviour> planned = script.get(route);
                behaviour = planned == null || planned.isEmpty() ? always.get(route) : planned.poll();
                if (behaviour == null) {
                    unexpected.add(route);
                }
            }
            if (behaviour == null) {
                http.response().setStatusCode(599).end("{\"message\":\"not in the script\"}");
            } else {
                behaviour.to(http, this);
            }
        });
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
