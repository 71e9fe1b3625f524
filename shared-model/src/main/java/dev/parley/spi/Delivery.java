package dev.parley.spi;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One HTTP call as it came in: bytes, not text, because signatures cover bytes. Nothing in it is to be believed before
 * {@link WebhookProvider#verify}.
 */
public final class Delivery {
    private final byte[] body;
    private final String target;
    private final Headers headers;
    private final Instant receivedAt;
    private final long arrivedNanos;
    private final boolean query;

    /** The values of a header by its name in any case, in the order they came; none = it does not stand there. */
    @FunctionalInterface
    public interface Headers {
        List<String> all(String name);
    }

    /** One of which nobody needs to know where it was sent. */
    public Delivery(byte[] body, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
        this(body, "", headers, receivedAt, arrivedNanos);
    }

    /** With {@code headers} by names in any case, copied. */
    public Delivery(
            byte[] body, String target, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
        this(body, target, byName(headers), receivedAt, arrivedNanos);
    }

    /**
     * @param body the whole body; the caller gives it away
     * @param target path and query as they stood in the request line, undecoded
     * @param headers asked by whoever verifies or reads, on their thread; what it says must not change meanwhile
     * @param receivedAt this service's clock
     * @param arrivedNanos {@link System#nanoTime()} when the request was first seen
     */
    public Delivery(byte[] body, String target, Headers headers, Instant receivedAt, long arrivedNanos) {
        this(body, false, target, headers, receivedAt, arrivedNanos);
    }

    private Delivery(
            byte[] body, boolean query, String target, Headers headers, Instant receivedAt, long arrivedNanos) {
        this.body = body;
        this.query = query;
        this.target = target;
        this.headers = headers;
        this.receivedAt = receivedAt;
        this.arrivedNanos = arrivedNanos;
    }

    private static Headers byName(Map<String, List<String>> headers) {
        Map<String, List<String>> lower = new HashMap<>();
        headers.forEach(
                (name, values) -> lower.computeIfAbsent(name.toLowerCase(Locale.ROOT), one -> new ArrayList<>(1))
                        .addAll(values));
        return name -> lower.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
    }

    /** A GET: what it says stands in the query of {@code target}, undecoded, and is read as if it were the body. */
    public static Delivery ofQuery(
            String target, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
        return ofQuery(target, byName(headers), receivedAt, arrivedNanos);
    }

    /** The same with {@code headers} as they stand in the request. */
    public static Delivery ofQuery(String target, Headers headers, Instant receivedAt, long arrivedNanos) {
        byte[] query = target.substring(target.indexOf('?') + 1).getBytes(StandardCharsets.UTF_8);
        return new Delivery(
                target.indexOf('?') < 0 ? new byte[0] : query, true, target, headers, receivedAt, arrivedNanos);
    }

    /** Whether {@link #body} is the query of a GET: then there was no body that anybody could have signed. */
    public boolean isQuery() {
        return query;
    }

    /** The raw body. Do not change it. */
    public byte[] body() {
        return body;
    }

    /** Path and query as they were sent, undecoded: some vendors sign them. Empty = not known. */
    public String target() {
        return target;
    }

    /**
     * The value of a header that must stand there exactly once. Empty = missing, blank, or more than one: of two
     * signatures nobody can say which one the sender meant.
     */
    public Optional<String> only(String header) {
        List<String> values = headers.all(header);
        if (values.size() != 1) {
            return Optional.empty();
        }
        String value = values.get(0).strip();
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    /** Whether the header stands there at all, once or more, with or without a value. */
    public boolean has(String header) {
        return !headers.all(header).isEmpty();
    }

    public Instant receivedAt() {
        return receivedAt;
    }

    public long arrivedNanos() {
        return arrivedNanos;
    }

    /** Neither body nor headers: this may end up in a log. */
    @Override
    public String toString() {
        return "Delivery[" + body.length + " bytes at " + receivedAt + "]";
    }
}
