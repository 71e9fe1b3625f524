package dev.parley.inbound;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An {@code application/x-www-form-urlencoded} body, unescaped but still bytes: vendors sign what was meant, and what was
 * meant need not be text. In the order of the body, nothing trimmed, nothing dropped.
 */
public record Form(List<Field> fields) {
    /** More than any vendor sends; a flood of names is somebody's idea of an attack. */
    public static final int MOST_FIELDS = 500;

    public Form {
        fields = List.copyOf(fields);
    }

    /** One {@code name=value}; do not change the bytes. */
    public record Field(byte[] name, byte[] value) {}

    /** Empty = half an escape, or more than {@value #MOST_FIELDS} fields. Never throws. */
    public static Optional<Form> of(byte[] body) {
        List<Field> fields = new ArrayList<>();
        int from = 0;
        while (from < body.length) {
            int end = indexOf(body, '&', from, body.length);
            if (end > from) {
                int equals = indexOf(body, '=', from, end);
                Optional<byte[]> name = unescaped(body, from, equals);
                Optional<byte[]> value = unescaped(body, Math.min(equals + 1, end), end);
                if (name.isEmpty() || value.isEmpty() || fields.size() == MOST_FIELDS) {
                    return Optional.empty();
                }
                fields.add(new Field(name.get(), value.get()));
            }
            from = end + 1;
        }
        return Optional.of(new Form(fields));
    }

    /** The place of {@code c}, or {@code to}. */
    private static int indexOf(byte[] bytes, char c, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == c) {
                return at;
            }
        }
        return to;
    }

    private static Optional<byte[]> unescaped(byte[] bytes, int from, int to) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(to - from);
        for (int at = from; at < to; at++) {
            if (bytes[at] == '%') {
                int high = at + 2 < to ? Character.digit(bytes[at + 1], 16) : -1;
                int low = at + 2 < to ? Character.digit(bytes[at + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                out.write(high * 16 + low);
                at += 2;
            } else {
                out.write(bytes[at] == '+' ? ' ' : bytes[at]);
            }
        }
        return Optional.of(out.toByteArray());
    }

    /** The values of {@code name}, in order. */
    public List<byte[]> values(byte[] name) {
        return fields.stream()
                .filter(field -> Arrays.equals(field.name(), name))
                .map(Field::value)
                .toList();
    }
}
