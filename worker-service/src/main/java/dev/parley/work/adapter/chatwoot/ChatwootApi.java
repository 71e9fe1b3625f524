package dev.parley.work.adapter.chatwoot;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.OutboundMessage;
import dev.parley.tenant.Tenant;
import dev.parley.work.adapter.Pauses;
import dev.parley.work.adapter.VendorCall;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorWords;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests to Chatwoot's application API, and what its refusals mean. */
final class ChatwootApi implements AutoCloseable {
    private final VendorHttp client;
    private final ChatwootConfig config;
    private final Clock clock;
    private final Pauses pauses;

    ChatwootApi(ChatwootConfig config, Vertx vertx, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.client = new VendorHttp(
                vertx,
                "chatwoot",
                "parley.chatwoot.base-url",
                config.baseUrl(),
                config.connectTimeout(),
                config.keepAlive(),
                config.poolSize());
        this.pauses = new Pauses(clock);
    }

    /**
     * One request with {@code token}; every status is an answer. Throws {@code THROTTLED} while the tenant has to wait.
     *
     * @param message whose trace goes along; null = it is about none of ours
     */
    Uni<Answer> call(
            Tenant tenant,
            @Nullable OutboundMessage message,
            HttpMethod method,
            String path,
            String token,
            @Nullable JsonObject body,
            VendorCall time) {
        pauses.check(tenant.id());
        Map<String, String> headers = new HashMap<>();
        headers.put("api_access_token", token);
        headers.put("Accept", "application/json");
        if (message != null) {
            Map.Entry<String, String> trace = VendorCall.trace(message);
            headers.put(trace.getKey(), trace.getValue());
        }
        if (body != null) {
            headers.put("Content-Type", "application/json");
        }
        return time.requesting(
                () -> client.exchange(method, path, headers, body == null ? null : body.toBuffer(), time.timeLeft()));
    }

    /**
     * What an answer other than 2xx means.
     *
     * @param quotes what may come back in an error and must not be shown
     * @param writes whether the request would have changed something
     */
    AdapterException failure(Answer answer, Tenant tenant, List<String> quotes, boolean writes) {
        int status = answer.status();
        JsonObject json = answer.json();
        String said = "";
        if (json != null) {
            for (String key : List.of("error", "message", "errors")) {
                said = said.isEmpty() && json.getValue(key) instanceof String text ? text : said;
            }
        }
        String words = VendorWords.shown(said, quotes);
        String reason = "Chatwoot answered " + status + (words.isEmpty() ? "" : " \"" + words + "\"");
        Duration asked = VendorHttp.retryAfter(answer.headers(), clock.instant());
        if (status == 429) {
            Duration pause = pauses.begin(tenant.id(), asked == null ? config.throttledPause() : asked);
            return new AdapterException(Kind.THROTTLED, reason, pause, null);
        }
        if (status >= 500) {
            boolean saysItDidNothing = status == 503 && asked != null;
            Kind kind = writes && !saysItDidNothing ? Kind.AMBIGUOUS : Kind.TRANSIENT;
            return new AdapterException(kind, reason, kind == Kind.TRANSIENT ? asked : null, null);
        }
        if (status == 408 || status == 425 || status < 400) {
            return new AdapterException(Kind.TRANSIENT, reason);
        }
        return status == 401 || status == 403
                ? new AdapterException(Kind.UNAUTHORIZED, "token: " + reason)
                : new AdapterException(Kind.REFUSED, reason);
    }

    /** A number in practice, a text in Chatwoot's documentation; null = none. */
    static @Nullable String id(JsonObject json) {
        Object id = json.getValue("id");
        return id instanceof Integer || id instanceof Long
                ? String.valueOf(id)
                : id instanceof String text && !text.isBlank() ? text : null;
    }

    @Override
    public void close() {
        client.close();
    }
}
