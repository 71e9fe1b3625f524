package dev.parley.work.adapter.ghl;

import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * Typed view of what is sealed under provider {@code ghl}: {@code {"private_token"}}, or {@code {"access_token",
 * "refresh_token", "expires_at", "location_id", "user_type"}}, to which a refresh adds {@code issued_at}. Keys we do not
 * know are kept.
 *
 * @param refreshToken null = the access token cannot be refreshed (a private token never is)
 * @param expiresAt null = unknown: the token is used until the vendor refuses it
 */
record GhlCredential(
        JsonObject json,
        Secret accessToken,
        @Nullable Secret refreshToken,
        @Nullable Instant issuedAt,
        @Nullable Instant expiresAt,
        @Nullable String locationId) {

    /** A day's token without {@code issued_at} is refreshed this long before its end. */
    private static final Duration MARGIN_OF_UNKNOWN_LIFE = Duration.ofMinutes(5);

    /** A token this close to its end may be over it when it arrives. */
    private static final Duration TOO_CLOSE = Duration.ofSeconds(5);

    /** @throws IllegalArgumentException if there is no token in it; the message holds no secret */
    static GhlCredential of(JsonObject json) {
        String privateToken = text(json, "private_token");
        if (privateToken != null) {
            return new GhlCredential(json, Secret.of(privateToken), null, null, null, text(json, "location_id"));
        }
        String accessToken = text(json, "access_token");
        if (accessToken == null) {
            throw new IllegalArgumentException(
                    "the stored ghl credentials have neither private_token nor access_token");
        }
        String refreshToken = text(json, "refresh_token");
        return new GhlCredential(
                json,
                Secret.of(accessToken),
                refreshToken == null ? null : Secret.of(refreshToken),
                time(json, "issued_at"),
                time(json, "expires_at"),
                text(json, "location_id"));
    }

    boolean isExpired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt.minus(TOO_CLOSE));
    }

    /** Past four fifths of its life: from here a refresh that fails still has time to be tried again. */
    boolean isDue(Instant now) {
        if (refreshToken == null || expiresAt == null) {
            return false;
        }
        Duration margin = issuedAt == null || !issuedAt.isBefore(expiresAt)
                ? MARGIN_OF_UNKNOWN_LIFE
                : Duration.between(issuedAt, expiresAt).dividedBy(5);
        return !now.isBefore(expiresAt.minus(margin));
    }

    String userType() {
        String type = text(json, "user_type");
        return type == null ? "Location" : type;
    }

    /**
     * The credential after a refresh; null if the vendor's answer has no access token.
     *
     * @param asked when the refresh was asked for: the new life cannot have begun before, so it cannot end later
     */
    @Nullable
    GhlCredential refreshed(JsonObject answer, Instant asked) {
        String access = text(answer, "access_token");
        if (access == null) {
            return null;
        }
        JsonObject next = json.copy().put("access_token", access).put("issued_at", asked.toString());
        // Rotates normally; where the vendor gives none, the old one stays good (RFC 6749, 6).
        String refresh = text(answer, "refresh_token");
        if (refresh != null) {
            next.put("refresh_token", refresh);
        }
        if (answer.getValue("expires_in") instanceof Number seconds && seconds.longValue() > 0) {
            next.put("expires_at", asked.plusSeconds(seconds.longValue()).toString());
        } else {
            next.remove("expires_at");
        }
        String location = text(answer, "locationId");
        if (locationId == null && location != null) {
            next.put("location_id", location);
        }
        return of(next);
    }

    private static @Nullable String text(JsonObject json, String key) {
        return json.getValue(key) instanceof String text && !text.isBlank() ? text.strip() : null;
    }

    private static @Nullable Instant time(JsonObject json, String key) {
        String text = text(json, key);
        if (text == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }

    @Override
    public String toString() {
        return "GhlCredential[expiresAt=" + expiresAt + ", locationId=" + locationId + "]";
    }
}
