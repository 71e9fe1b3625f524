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
    private final Map<String, List<String>> headers;
    private final Instant receivedAt;
    private final long arrivedNanos;
    private final boolean query;

    /** One of which nobody needs to know where it was sent. */
    public Delivery(byte[] body, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
        this(body, "", headers, receivedAt, arrivedNanos);
    }

    /**
     * @param body the whole body; the caller gives it away
     * @param target path and query as they stood in the request line, undecoded
     * @param headers values by name, in the order they came; names in any case
     * @param receivedAt this service's clock
     * @param arrivedNanos {@link System#nanoTime()} when the request was first seen
     */
    public Delivery(
            byte[] body, String target, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
        this(body, false, target, headers, receivedAt, arrivedNanos);
    }

    private Delivery(
            byte[] body,
            boolean query,
            String target,
            Map<String, List<String>> headers,
            Instant receivedAt,
            long arrivedNanos) {
        this.body = body;
        this.query = query;
        this.target = target;
        this.receivedAt = receivedAt;
        this.arrivedNanos = arrivedNanos;
        this.headers = new HashMap<>(headers.size() * 2);
        headers.forEach((name, values) -> this.headers
                .computeIfAbsent(name.toLowerCase(Locale.ROOT), lower -> new ArrayList<>(1))
                .addAll(values));
    }

    /** A GET: what it says stands in the query of {@code target}, undecoded, and is read as if it were the body. */
    public static Delivery ofQuery(
            String target, Map<String, List<String>> headers, Instant receivedAt, long arrivedNanos) {
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
        List<String> values = headers.get(header.toLowerCase(Locale.ROOT));
        if (values == null || values.size() != 1) {
            return Optional.empty();
        }
        String value = values.get(0).strip();
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }

    /** Whether the header stands there at all, once or more, with or without a value. */
    public boolean has(String header) {
        return headers.containsKey(header.toLowerCase(Locale.ROOT));
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
