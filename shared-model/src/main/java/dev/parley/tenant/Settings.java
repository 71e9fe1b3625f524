package dev.parley.tenant;

import io.vertx.core.json.JsonObject;
import java.util.Optional;

/**
 * Typed, tolerant view of {@code core.tenants.settings}; the documented shape is {@code docs/settings.md}. Reading never
 * throws: a value of the wrong type counts as absent.
 */
public record Settings(JsonObject json) {

    public static Settings empty() {
        return new Settings(new JsonObject());
    }

    /** The object under {@code name}, or an empty one. */
    public JsonObject section(String name) {
        return json.getValue(name) instanceof JsonObject section ? section : new JsonObject();
    }

    /** A text at {@code path} (keys separated by dots), if it is there and is a non-blank string. */
    public Optional<String> text(String path) {
        Object value = json;
        for (String key : path.split("\\.", -1)) {
            if (!(value instanceof JsonObject object)) {
                return Optional.empty();
            }
            value = object.getValue(key);
        }
        return value instanceof String text && !text.isBlank() ? Optional.of(text) : Optional.empty();
    }
}
