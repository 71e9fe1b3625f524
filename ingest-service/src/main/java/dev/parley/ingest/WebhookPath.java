package dev.parley.ingest;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes: {@code /webhooks/{provider}} or {@code /webhooks/{provider}/{tenant_slug}}.
 *
 * @param provider null = the path does not say, or not readably
 * @param slug null = the path does not say, or not readably
 */
record WebhookPath(@Nullable String provider, @Nullable String slug) {
    private static final String PREFIX = "/webhooks/";
    private static final WebhookPath NONE = new WebhookPath(null, null);

    /** @param path undecoded; null = none */
    static WebhookPath of(@Nullable String path) {
        if (path == null || !path.startsWith(PREFIX)) {
            return NONE;
        }
        // One slash too many at the end is nobody's intention.
        int end = path.endsWith("/") ? path.length() - 1 : path.length();
        if (end < PREFIX.length()) {
            return NONE;
        }
        int slash = path.indexOf('/', PREFIX.length());
        if (slash < 0 || slash >= end) {
            return new WebhookPath(decoded(path.substring(PREFIX.length(), end)), null);
        }
        int another = path.indexOf('/', slash + 1);
        return another >= 0 && another < end
                ? NONE
                : new WebhookPath(
                        decoded(path.substring(PREFIX.length(), slash)), decoded(path.substring(slash + 1, end)));
    }

    private static @Nullable String decoded(String part) {
        if (part.indexOf('%') < 0) {
            return part;
        }
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
