package dev.parley.sandbox.standin;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON body of a control or phone call, read field by field. A missing, mistyped or unknown field is refused with its
 * name: a misspelt instruction must not be half obeyed.
 */
final class Instruction {
    private final JsonObject body;
    private final Set<String> read = new HashSet<>();

    private Instruction(JsonObject body) {
        this.body = body;
    }

    static Instruction of(RoutingContext call) {
        if (call.body().length() <= 0) {
            return new Instruction(new JsonObject());
        }
        try {
            return new Instruction(new JsonObject(call.body().buffer()));
        } catch (DecodeException | ClassCastException e) {
            throw new IllegalArgumentException("the body must be a JSON object", e);
        }
    }

    String text(String field) {
        return findText(field).orElseThrow(() -> new IllegalArgumentException(field + " is missing"));
    }

    String text(String field, String otherwise) {
        return findText(field).orElse(otherwise);
    }

    Optional<String> findText(String field) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof String text && !text.isBlank()) {
            return Optional.of(text);
        }
        throw new IllegalArgumentException(field + " must be a text that is not empty");
    }

    @Nullable
    Integer findNumber(String field) {
        Object value = value(field);
        if (value == null) {
            return null;
        }
        if (value instanceof Integer number && number >= 0) {
            return number;
        }
        throw new IllegalArgumentException(field + " must be a whole number, not negative");
    }

    int number(String field, int otherwise) {
        Integer number = findNumber(field);
        return number == null ? otherwise : number;
    }

    double fraction(String field, double otherwise) {
        Object value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException(field + " must be a number");
    }

    boolean flag(String field, boolean otherwise) {
        Object value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new IllegalArgumentException(field + " must be true or false");
    }

    @Nullable
    Duration findMillis(String field) {
        Integer millis = findNumber(field);
        return millis == null ? null : Duration.ofMillis(millis);
    }

    @Nullable
    Duration findSeconds(String field) {
        double seconds = fraction(field, -1);
        return seconds < 0 ? null : Duration.ofMillis(Math.round(seconds * 1000));
    }

    @Nullable
    JsonObject findObject(String field) {
        Object value = value(field);
        if (value == null || value instanceof JsonObject) {
            return (JsonObject) value;
        }
        throw new IllegalArgumentException(field + " must be a JSON object");
    }

    Optional<List<String>> findTexts(String field) {
        Object value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonArray array && array.stream().allMatch(String.class::isInstance)) {
            List<String> texts = new ArrayList<>();
            array.forEach(text -> texts.add((String) text));
            return Optional.of(texts);
        }
        throw new IllegalArgumentException(field + " must be a list of texts");
    }

    boolean has(String field) {
        return body.containsKey(field);
    }

    /** To be called when all has been read. */
    void nothingElse() {
        for (String field : body.fieldNames()) {
            if (!read.contains(field)) {
                throw new IllegalArgumentException("unknown field " + field);
            }
        }
    }

    private @Nullable Object value(String field) {
        read.add(field);
        return body.getValue(field);
    }
}
