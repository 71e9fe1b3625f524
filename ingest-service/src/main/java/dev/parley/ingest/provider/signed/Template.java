package dev.parley.ingest.provider.signed;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is signed, such as {@code v0:{timestamp}:{body}}: literals and values in order.
 *
 * <p>Where two values touch, a byte could be moved from one to the other under the same signature; therefore something
 * must stand between them that neither id nor timestamp can contain.
 */
record Template(List<Part> parts) {
    enum Value {
        BODY,
        TIMESTAMP,
        ID
    }

    /** Exactly one of the two is meant: a literal, or a value (then {@code literal} is empty). */
    record Part(String literal, java.util.Optional<Value> value) {}

    private static final Pattern PLACE = Pattern.compile("\\{([^{}]*)}");
    private static final Pattern SEPARATOR = Pattern.compile("[^A-Za-z0-9_-]");

    Template {
        parts = List.copyOf(parts);
    }

    /** @throws IllegalArgumentException says what is wrong with it */
    static Template of(String text) {
        List<Part> parts = new ArrayList<>();
        Matcher place = PLACE.matcher(text);
        int from = 0;
        while (place.find()) {
            addLiteral(parts, text.substring(from, place.start()));
            parts.add(new Part("", java.util.Optional.of(value(place.group(1)))));
            from = place.end();
        }
        addLiteral(parts, text.substring(from));
        Template template = new Template(parts);
        template.check();
        return template;
    }

    private static void addLiteral(List<Part> parts, String literal) {
        if (!literal.isEmpty()) {
            parts.add(new Part(literal, java.util.Optional.empty()));
        }
    }

    private static Value value(String name) {
        return switch (name) {
            case "body" -> Value.BODY;
            case "timestamp" -> Value.TIMESTAMP;
            case "id" -> Value.ID;
            default ->
                throw new IllegalArgumentException("{" + name + "} is unknown: there are {body}, {timestamp}, {id}");
        };
    }

    private void check() {
        for (Value value : Value.values()) {
            long count = parts.stream()
                    .filter(part -> part.value().filter(value::equals).isPresent())
                    .count();
            if (value == Value.BODY ? count != 1 : count > 1) {
                throw new IllegalArgumentException("needs {body} exactly once, {timestamp} and {id} at most once");
            }
        }
        for (int at = 1; at < parts.size(); at++) {
            boolean touches = parts.get(at).value().isPresent()
                    && parts.get(at - 1).value().isPresent();
            boolean isWeak = at + 1 < parts.size()
                    && parts.get(at).value().isEmpty()
                    && parts.get(at - 1).value().isPresent()
                    && parts.get(at + 1).value().isPresent()
                    && !SEPARATOR.matcher(parts.get(at).literal()).find();
            if (touches || isWeak) {
                throw new IllegalArgumentException(
                        "needs a separator such as . or : between two values, else bytes could move between them");
            }
        }
    }

    boolean has(Value value) {
        return parts.stream()
                .anyMatch(part -> part.value().filter(value::equals).isPresent());
    }

    /** Gives the signed bytes, piece by piece. */
    void write(byte[] body, String timestamp, String id, Consumer<byte[]> to) {
        for (Part part : parts) {
            to.accept(
                    part.value().isEmpty()
                            ? part.literal().getBytes(StandardCharsets.UTF_8)
                            : switch (part.value().get()) {
                                case BODY -> body;
                                case TIMESTAMP -> timestamp.getBytes(StandardCharsets.UTF_8);
                                case ID -> id.getBytes(StandardCharsets.UTF_8);
                            });
        }
    }
}
