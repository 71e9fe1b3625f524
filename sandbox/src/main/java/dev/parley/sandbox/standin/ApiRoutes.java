package dev.parley.sandbox.standin;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Puts every call of the API through the book and the faults before and after its endpoint. */
final class ApiRoutes {
    private final Vertx vertx;
    private final GhlGateway gateway;
    private final GhlApi api;
    private final Faults faults;
    private final CallBook book;

    ApiRoutes(Vertx vertx, GhlGateway gateway, GhlApi api, Faults faults, CallBook book) {
        this.vertx = vertx;
        this.gateway = gateway;
        this.api = api;
        this.faults = faults;
        this.book = book;
    }

    void mount(Router router) {
        endpoint(router, HttpMethod.POST, "/oauth/token", api::token);
        endpoint(router, HttpMethod.POST, "/oauth/locationToken", api::locationToken);
        endpoint(router, HttpMethod.POST, "/conversations/messages", api::sendMessage);
        endpoint(router, HttpMethod.GET, "/conversations/search", api::searchConversations);
        endpoint(router, HttpMethod.GET, "/conversations/messages/export", api::exportMessages);
        endpoint(router, HttpMethod.GET, "/conversations/messages/:id", api::message);
        endpoint(router, HttpMethod.GET, "/conversations/:id/messages", api::messagesOfConversation);
        endpoint(router, HttpMethod.GET, "/contacts/:id", api::contact);
    }

    /** What no endpoint is there for; must be mounted after everything else. */
    void mountUnknown(Router router) {
        router.route()
                .handler(call -> serve(
                        call,
                        unknown -> Answer.error(
                                404,
                                "Cannot " + unknown.request().method() + " "
                                        + unknown.request().path(),
                                "Not Found")));
    }

    private void endpoint(Router router, HttpMethod method, String path, Function<RoutingContext, Answer> endpoint) {
        router.route(method, path).handler(call -> serve(call, endpoint));
    }

    private void serve(RoutingContext call, Function<RoutingContext, Answer> endpoint) {
        HttpServerRequest request = call.request();
        String location = gateway.locationOf(call);
        long number = book.enter(given -> entry(given, call, location));
        Optional<Fault> struck = faults.strike(request.method().name(), request.path(), location);
        struck.ifPresent(fault -> book.amend(number, entry -> entry.struckBy(fault.kind())));
        if (struck.isEmpty()) {
            send(call, number, endpoint.apply(call));
            return;
        }
        Fault fault = struck.get();
        switch (fault.kind()) {
            case STATUS -> send(call, number, failure(fault));
            case HTML ->
                send(
                        call,
                        number,
                        Answer.of(200, "text/html; charset=utf-8", "<!doctype html><title>Please wait</title>"));
            case SLOW ->
                vertx.setTimer(
                        Math.max(1, fault.delay().toMillis()), timer -> send(call, number, endpoint.apply(call)));
            case REFUSE_REFRESH -> send(call, number, Tokens.invalidGrant());
            case SILENCE -> {}
            case ACCEPT_THEN_SILENCE -> {
                Answer unsent = endpoint.apply(call);
                book.amend(number, entry -> entry.answered(0, "unsent: " + CallBook.masked(unsent.body()), null));
            }
            case CUT -> request.connection().close();
            case ACCEPT_THEN_CUT -> {
                Answer unsent = endpoint.apply(call);
                book.amend(number, entry -> entry.answered(0, "unsent: " + CallBook.masked(unsent.body()), null));
                request.connection().close();
            }
        }
    }

    private static Answer failure(Fault fault) {
        String words = switch (fault.status()) {
            case 429 -> "Too Many Requests";
            case 500 -> "Internal server error";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            default -> "Failed on purpose";
        };
        Answer answer = Answer.error(fault.status(), words, words);
        Duration retryAfter = fault.retryAfter();
        return retryAfter == null ? answer : answer.with(Map.of("Retry-After", Long.toString(retryAfter.toSeconds())));
    }

    private void send(RoutingContext call, long number, Answer answer) {
        book.amend(number, entry -> {
            Duration took = Duration.between(entry.at(), Instant.now());
            return entry.answered(answer.status(), CallBook.masked(answer.body()), took);
        });
        HttpServerResponse response = call.response();
        if (response.closed()) {
            return;
        }
        response.setStatusCode(answer.status()).putHeader("Content-Type", answer.contentType());
        answer.headers().forEach(response::putHeader);
        response.end(answer.body());
    }

    private static ReceivedCall entry(long number, RoutingContext call, @Nullable String location) {
        HttpServerRequest request = call.request();
        Map<String, String> headers = new TreeMap<>();
        for (String name : new String[] {"Version", "Content-Type", "traceparent"}) {
            String value = request.getHeader(name);
            if (value != null) {
                headers.put(name, value);
            }
        }
        String authorization = request.getHeader("Authorization");
        if (authorization != null) {
            int space = authorization.indexOf(' ');
            headers.put("Authorization", space < 0 ? "***" : authorization.substring(0, space) + " ***");
        }
        Buffer body = call.body().buffer();
        String agent = request.getHeader("User-Agent");
        String query = request.query();
        return new ReceivedCall(
                number,
                Instant.now(),
                request.remoteAddress() + (agent == null ? "" : " " + agent),
                location,
                request.method().name(),
                request.path(),
                query == null ? "" : CallBook.masked(query),
                headers,
                body == null ? "" : CallBook.masked(body.toString(StandardCharsets.UTF_8)),
                0,
                "",
                null,
                null);
    }
}
