package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call of the API as it came, secrets masked.
 *
 * @param number counts from 1
 * @param caller address and user agent
 * @param locationId whose token it bore; null if none that is known
 * @param headers those that matter: authorization (masked), version, content-type, traceparent
 * @param status answered; 0 while, or because, nothing was answered
 * @param answer the body answered, masked, its beginning
 * @param fault that struck it
 * @param took until the answer left; null while none has
 */
public record ReceivedCall(
        long number,
        Instant at,
        String caller,
        @Nullable String locationId,
        String method,
        String path,
        String query,
        Map<String, String> headers,
        String body,
        int status,
        String answer,
        Fault.@Nullable Kind fault,
        @Nullable Duration took) {
    public ReceivedCall {
        headers = Map.copyOf(headers);
    }

    ReceivedCall answered(int newStatus, String newAnswer, @Nullable Duration after) {
        return new ReceivedCall(
                number, at, caller, locationId, method, path, query, headers, body, newStatus, newAnswer, fault, after);
    }

    ReceivedCall struckBy(Fault.Kind kind) {
        return new ReceivedCall(
                number, at, caller, locationId, method, path, query, headers, body, status, answer, kind, took);
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("number", number)
                .put("at", Wire.time(at))
                .put("caller", caller)
                .put("location", locationId)
                .put("method", method)
                .put("path", path)
                .put("query", query)
                .put("headers", new JsonObject(new java.util.TreeMap<String, Object>(headers)))
                .put("body", body)
                .put("status", status)
                .put("answer", answer);
        if (fault != null) {
            json.put("fault", Words.of(fault));
        }
        if (took != null) {
            json.put("took_ms", took.toMillis());
        }
        return json;
    }
}
