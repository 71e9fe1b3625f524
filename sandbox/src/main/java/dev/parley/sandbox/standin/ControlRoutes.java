package dev.parley.sandbox.standin;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code /_control}: what {@link GhlStandIn}'s methods do, for those who are not Java. */
final class ControlRoutes {
    private static final Duration USUAL_TIME_OF_MEDIA = Duration.ofSeconds(3);

    private final GhlStandIn standIn;

    ControlRoutes(GhlStandIn standIn) {
        this.standIn = standIn;
    }

    void mount(Router router) {
        on(router, HttpMethod.GET, "/_control/status", call -> done(status()));
        on(router, HttpMethod.GET, "/_control/calls", call -> done(new JsonObject().put("calls", calls(call))));
        on(router, HttpMethod.DELETE, "/_control/calls", call -> {
            standIn.forgetCalls();
            return done(new JsonObject());
        });
        on(router, HttpMethod.GET, "/_control/deliveries", call -> {
            String message = call.queryParams().get("message");
            return done(deliveries(message == null ? standIn.deliveries() : standIn.deliveriesOf(Set.of(message))));
        });
        on(router, HttpMethod.DELETE, "/_control/deliveries", call -> {
            standIn.forgetDeliveries();
            return done(new JsonObject());
        });
        on(router, HttpMethod.GET, "/_control/faults", call -> done(faults()));
        on(router, HttpMethod.POST, "/_control/faults", this::addFault);
        on(router, HttpMethod.DELETE, "/_control/faults", call -> {
            standIn.clearFaults();
            return done(faults());
        });
        on(router, HttpMethod.POST, "/_control/locations", this::addLocation);
        on(router, HttpMethod.POST, "/_control/tokens", this::issueTokens);
        on(router, HttpMethod.POST, "/_control/tokens/expire", this::expireTokens);
        on(router, HttpMethod.POST, "/_control/webhooks", this::changeWebhooks);
        on(router, HttpMethod.POST, "/_control/webhooks/send", this::sendWebhook);
        on(router, HttpMethod.POST, "/_control/forge", this::forge);
        on(router, HttpMethod.POST, "/_control/dnd", this::dnd);
        on(router, HttpMethod.POST, "/_control/message-status", this::messageStatus);
        on(router, HttpMethod.POST, "/_control/media", this::media);
        on(router, HttpMethod.POST, "/_control/install", call -> {
            Instruction body = Instruction.of(call);
            String location = body.text("location");
            body.nothingElse();
            return Future.fromCompletionStage(standIn.install(location)).map(ControlRoutes::deliveries);
        });
        on(router, HttpMethod.POST, "/_control/uninstall", call -> {
            Instruction body = Instruction.of(call);
            String location = body.text("location");
            body.nothingElse();
            return Future.fromCompletionStage(standIn.uninstall(location)).map(ControlRoutes::deliveries);
        });
    }

    /** Also for the phone's routes: JSON in, JSON out, a mistake in the instruction is 400 with its reason. */
    static void on(Router router, HttpMethod method, String path, Function<RoutingContext, Future<JsonObject>> action) {
        router.route(method, path).handler(call -> {
            Future<JsonObject> outcome;
            try {
                outcome = action.apply(call);
            } catch (IllegalArgumentException e) {
                outcome = Future.failedFuture(e);
            }
            outcome.onSuccess(json -> answer(call, 200, json)).onFailure(error -> {
                boolean asked = error instanceof IllegalArgumentException;
                String message = error.getMessage() == null ? error.toString() : error.getMessage();
                answer(call, asked ? 400 : 500, new JsonObject().put("error", message));
            });
        });
    }

    private static void answer(RoutingContext call, int status, JsonObject json) {
        if (!call.response().closed()) {
            call.response()
                    .setStatusCode(status)
                    .putHeader("Content-Type", "application/json; charset=utf-8")
                    .putHeader("Cache-Control", "no-store")
                    .end(json.encodePrettily() + "\n");
        }
    }

    static Future<JsonObject> done(JsonObject json) {
        return Future.succeededFuture(json);
    }

    static JsonObject deliveries(List<WebhookDelivery> deliveries) {
        JsonArray array = new JsonArray();
        deliveries.forEach(delivery -> array.add(delivery.toJson()));
        return new JsonObject().put("deliveries", array);
    }

    private JsonObject status() {
        JsonArray locations = new JsonArray();
        for (Location location : standIn.locations()) {
            locations.add(new JsonObject()
                    .put("id", location.id())
                    .put("name", location.name())
                    .put("phone", location.phone())
                    .put("email", location.email()));
        }
        return new JsonObject()
                .put("url", standIn.url().toString())
                .put("app_id", standIn.app().appId())
                .put("client_id", standIn.app().clientId())
                .put("public_key", standIn.publicKey())
                .put("locations", locations)
                .put("webhooks", webhooks())
                .put("faults", faults().getJsonArray("faults"));
    }

    private JsonArray calls(RoutingContext call) {
        String after = call.queryParams().get("after");
        long from = after == null ? 0 : Long.parseLong(after);
        String path = call.queryParams().get("path");
        JsonArray array = new JsonArray();
        for (ReceivedCall one : standIn.calls()) {
            if (one.number() > from && (path == null || one.path().startsWith(path))) {
                array.add(one.toJson());
            }
        }
        return array;
    }

    private JsonObject faults() {
        JsonArray array = new JsonArray();
        for (Fault fault : standIn.faults()) {
            JsonObject json =
                    new JsonObject().put("kind", Words.of(fault.kind())).put("path", fault.pathPrefix());
            if (fault.kind() == Fault.Kind.STATUS) {
                json.put("status", fault.status());
            }
            if (fault.kind() == Fault.Kind.SLOW) {
                json.put("delay_ms", fault.delay().toMillis());
            }
            array.add(json.put("times", fault.times())
                    .put("method", fault.method())
                    .put("location", fault.location()));
        }
        return new JsonObject().put("faults", array);
    }

    private Future<JsonObject> addFault(RoutingContext call) {
        Instruction body = Instruction.of(call);
        Fault.Kind kind = Fault.Kind.of(body.text("kind"));
        Duration delay = body.findMillis("delay_ms");
        if (kind == Fault.Kind.SLOW && delay == null) {
            throw new IllegalArgumentException("a fault of kind slow needs delay_ms");
        }
        String everywhere = kind == Fault.Kind.REFUSE_REFRESH ? "/oauth/token" : "/";
        Fault fault = new Fault(
                kind,
                body.number("status", 0),
                delay == null ? Duration.ZERO : delay,
                body.findSeconds("retry_after"),
                body.findNumber("times"),
                body.findSeconds("seconds"),
                body.findText("method")
                        .map(word -> word.toUpperCase(Locale.ROOT))
                        .orElse(null),
                body.text("path", everywhere),
                body.findText("location").orElse(null));
        body.nothingElse();
        standIn.fault(fault);
        return done(faults());
    }

    private Future<JsonObject> addLocation(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String id = body.text("id");
        Location plain = Location.of(id, body.text("name", id), body.text("phone"));
        Location location = new Location(plain.id(), plain.name(), plain.phone(), body.text("email", plain.email()));
        body.nothingElse();
        standIn.addLocation(location);
        return done(status());
    }

    /** The one answer here with secrets in it: they are what is asked for. */
    private Future<JsonObject> issueTokens(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        TokenKind kind = tokenKind(body.text("kind", "location"));
        Set<String> scopes =
                body.findTexts("scopes").map(Set::copyOf).orElse(standIn.app().scopes());
        body.nothingElse();
        TokenPair pair = standIn.issueTokens(location, kind, scopes);
        JsonObject json = new JsonObject()
                .put("kind", Words.of(kind))
                .put("location", location)
                .put("access_token", pair.access().reveal());
        if (pair.refresh() != null && pair.expiresAt() != null) {
            json.put("refresh_token", pair.refresh().reveal()).put("expires_at", Wire.time(pair.expiresAt()));
        }
        return done(json);
    }

    private static TokenKind tokenKind(String text) {
        try {
            return TokenKind.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("no such kind of token: " + text, e);
        }
    }

    private Future<JsonObject> expireTokens(RoutingContext call) {
        Instruction body = Instruction.of(call);
        @Nullable String location = body.findText("location").orElse(null);
        body.nothingElse();
        if (location == null) {
            standIn.expireTokens();
        } else {
            standIn.expireTokens(location);
        }
        return done(new JsonObject());
    }

    private JsonObject webhooks() {
        Options.Webhooks now = standIn.webhooks();
        return new JsonObject()
                .put("url", now.url() == null ? null : now.url().toString())
                .put("timeout_ms", now.timeout().toMillis())
                .put("max_retries", now.retry().maxRetries())
                .put("retry_scale", now.retry().scale())
                .put("copies", now.copies())
                .put("together", now.together())
                .put("shuffle", now.shuffle())
                .put("shuffle_window_ms", now.shuffleWindow().toMillis())
                .put(
                        "delivered_after_ms",
                        now.deliveredAfter() == null
                                ? null
                                : now.deliveredAfter().toMillis());
    }

    private Future<JsonObject> changeWebhooks(RoutingContext call) {
        Instruction body = Instruction.of(call);
        Options.Webhooks now = standIn.webhooks();
        RetryPolicy retry = now.retry();
        Duration timeout = body.findMillis("timeout_ms");
        Duration window = body.findMillis("shuffle_window_ms");
        Options.Webhooks changed = new Options.Webhooks(
                body.findText("url").map(URI::create).orElse(now.url()),
                timeout == null ? now.timeout() : timeout,
                new RetryPolicy(
                        body.number("max_retries", retry.maxRetries()),
                        retry.base(),
                        retry.cap(),
                        body.fraction("retry_scale", retry.scale())),
                body.number("copies", now.copies()),
                body.flag("together", now.together()),
                body.flag("shuffle", now.shuffle()),
                window == null ? now.shuffleWindow() : window,
                // null is a wish too: never
                body.has("delivered_after_ms") ? body.findMillis("delivered_after_ms") : now.deliveredAfter());
        body.nothingElse();
        standIn.changeWebhooks(changed);
        return done(webhooks());
    }

    private Future<JsonObject> sendWebhook(RoutingContext call) {
        Instruction body = Instruction.of(call);
        JsonObject json = body.findObject("body");
        String raw = body.findText("raw").orElse(null);
        int copies = body.number("copies", 1);
        body.nothingElse();
        if ((json == null) == (raw == null)) {
            throw new IllegalArgumentException("give either body (a JSON object) or raw (a text)");
        }
        byte[] bytes = json == null
                ? String.valueOf(raw).getBytes(StandardCharsets.UTF_8)
                : json.toBuffer().getBytes();
        return Future.fromCompletionStage(standIn.deliverRaw(bytes, copies)).map(ControlRoutes::deliveries);
    }

    private Future<JsonObject> forge(RoutingContext call) {
        Instruction body = Instruction.of(call);
        Forgery how;
        try {
            how = Forgery.valueOf(
                    body.text("how", "wrong_key").toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "how must be wrong_key, tampered_body, no_signature or not_applicable", e);
        }
        String location = body.text("location");
        String from = body.text("from");
        String text = body.text("text");
        body.nothingElse();
        return Future.fromCompletionStage(standIn.forge(location, from, text, how))
                .map(WebhookDelivery::toJson);
    }

    private Future<JsonObject> dnd(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        String contact = body.text("contact");
        String key = body.text("channel", "SMS");
        String status = body.text("status");
        body.nothingElse();
        return Future.fromCompletionStage(standIn.setDnd(location, contact, key, status))
                .map(ControlRoutes::deliveries);
    }

    private Future<JsonObject> media(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String location = body.text("location");
        String from = body.text("from");
        @Nullable String name = body.findText("name").orElse(null);
        List<String> urls = body.findTexts("urls")
                .orElse(List.of(standIn.mediaUrl("voice-note.ogg").toString()));
        // null is a wish too: never
        Duration shownAfter = body.has("shown_after_ms") ? body.findMillis("shown_after_ms") : USUAL_TIME_OF_MEDIA;
        body.nothingElse();
        return Future.fromCompletionStage(standIn.customerSendsMedia(location, from, name, urls, shownAfter))
                .map(written -> deliveries(written.deliveries())
                        .put("message_id", written.message().id()));
    }

    private Future<JsonObject> messageStatus(RoutingContext call) {
        Instruction body = Instruction.of(call);
        String message = body.text("message");
        String status = body.text("status");
        body.nothingElse();
        return done(standIn.reportStatus(message, status).toApiJson());
    }
}
