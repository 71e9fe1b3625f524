package dev.parley.dialog;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads JSON that somebody else wrote: what is missing or of another type counts as absent; nothing throws. */
public final class Lenient {
    private Lenient() {}

    /** The object under {@code key}, or an empty one. To be read only: it may or may not be part of {@code json}. */
    public static JsonObject object(JsonObject json, String key) {
        return json.getValue(key) instanceof JsonObject object ? object : new JsonObject();
    }

    /** The array under {@code key}, or an empty one. */
    public static JsonArray array(JsonObject json, String key) {
        return json.getValue(key) instanceof JsonArray array ? array : new JsonArray();
    }

    /** The non-blank string under {@code key}. */
    public static @Nullable String text(JsonObject json, String key) {
        return json.getValue(key) instanceof String text && !text.isBlank() ? text : null;
    }

    /** The first non-blank string among {@code keys}. */
    public static @Nullable String firstText(JsonObject json, String... keys) {
        for (String key : keys) {
            String text = text(json, key);
            if (text != null) {
                return text;
            }
        }
        return null;
    }

    /** The strings of the array under {@code key}; anything else in it is left out. */
    public static List<String> texts(JsonObject json, String key) {
        return array(json, key).stream()
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .toList();
    }

    public static int integer(JsonObject json, String key, int otherwise) {
        return json.getValue(key) instanceof Number number ? number.intValue() : otherwise;
    }

    /** The ISO-8601 instant under {@code key}, with {@code Z} or an offset. */
    public static @Nullable Instant instant(JsonObject json, String key) {
        String text = text(json, key);
        if (text == null) {
            return null;
        }
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            // Postgres and ISO printing both have four-digit years; a vendor's year 292278994 is a bug, not a time.
            return instant.isBefore(Instant.EPOCH) || instant.isAfter(LATEST) ? null : instant;
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");
}
