package dev.parley.inbound;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * By what a repeated delivery is recognised ({@code bot.inbound_events.dedupe_key}, unique per tenant). Made only of what
 * the sender signed; always led by the provider; parts are escaped, so {@code a + bc} is not {@code ab + c}; long keys are
 * hashed, because the index takes no more than 2,704 bytes.
 *
 * <p>The ladder a provider climbs down: delivery id → message id and event type → SHA-256 of the body.
 *
 * @param value what is stored
 * @param before an older key under which the same event may have been stored; null = none. See {@link #ofBodyWithin}
 */
public record EventKey(String value, @Nullable String before) {
    private static final int MAX_LENGTH = 200;

    public EventKey {
        if (value.isBlank()) {
            throw new IllegalArgumentException("an event key is never blank");
        }
    }

    /** {@code provider:kind:part…}, each escaped. */
    public static EventKey of(String provider, String kind, String... parts) {
        StringBuilder key = new StringBuilder(escaped(provider)).append(':').append(escaped(kind));
        for (String part : parts) {
            key.append(':').append(escaped(part));
        }
        return new EventKey(bounded(provider, key.toString()), null);
    }

    /** For deliveries without any id: equal bytes are the same event, for ever. */
    public static EventKey ofBody(String provider, byte[] body) {
        return of(provider, "sha256", sha256(body));
    }

    /**
     * For deliveries without any id whose body may honestly come again later: equal bytes are the same event within
     * {@code window}. Time is cut into windows and the key names its own; as a repetition may fall just over an edge, the
     * key of the window {@link #before} counts too. So a repetition is recognised for at least one window and at most two.
     */
    public static EventKey ofBodyWithin(String provider, byte[] body, Instant at, Duration window) {
        String hash = sha256(body);
        long bucket = Math.floorDiv(at.toEpochMilli(), window.toMillis());
        return new EventKey(
                of(provider, "sha256", hash, Long.toString(bucket)).value(),
                of(provider, "sha256", hash, Long.toString(bucket - 1)).value());
    }

    private static String bounded(String provider, String key) {
        return key.length() <= MAX_LENGTH
                ? key
                : escaped(provider) + ":long:" + sha256(key.getBytes(StandardCharsets.UTF_8));
    }

    private static String escaped(String part) {
        for (int at = 0; at < part.length(); at++) {
            char c = part.charAt(at);
            if (c <= ' ' || c == '%' || c == ':' || c > '~') {
                return escapedWithCare(part);
            }
        }
        // The usual id needs nothing.
        return part;
    }

    private static String escapedWithCare(String part) {
        StringBuilder out = new StringBuilder(part.length());
        for (int at = 0; at < part.length(); at++) {
            char c = part.charAt(at);
            if (c < ' ' || c == '%' || c == ':') {
                out.append('%').append(HexFormat.of().withUpperCase().toHexDigits((byte) c));
            } else {
                out.append(c);
            }
        }
        return Payload.mended(out.toString());
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
