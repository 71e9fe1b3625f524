package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an endpoint says. The shapes of named errors are GoHighLevel's. */
public record Answer(int status, String contentType, String body, Map<String, String> headers) {
    private static final String JSON = "application/json; charset=utf-8";

    public static Answer ok(JsonObject body) {
        return json(200, body);
    }

    public static Answer json(int status, JsonObject body) {
        return new Answer(status, JSON, body.encode(), Map.of());
    }

    static Answer of(int status, String contentType, String body) {
        return new Answer(status, contentType, body, Map.of());
    }

    static Answer badRequest(String message) {
        return error(400, message, "Bad Request");
    }

    static Answer unauthorized(String message) {
        return error(401, message, "Unauthorized");
    }

    static Answer forbidden(String message) {
        return error(403, message, "Forbidden");
    }

    /** A request body or query that breaks the declared shape: every finding at once. */
    static Answer unprocessable(List<String> findings) {
        return json(
                422,
                new JsonObject()
                        .put("statusCode", 422)
                        .put("message", new JsonArray(findings))
                        .put("error", "Unprocessable Entity"));
    }

    static Answer error(int status, String message, String error) {
        return json(
                status,
                new JsonObject()
                        .put("statusCode", status)
                        .put("message", message)
                        .put("error", error));
    }

    Answer with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.putAll(more);
        return new Answer(status, contentType, body, all);
    }
}
