package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The tokens given out, and {@code POST /oauth/token}. Safe from any thread. */
final class Tokens {
    static final String COMPANY_ID = "SandboxCompany000001";

    /** @param expiresAt null: never */
    record Token(
            String value,
            TokenKind kind,
            String locationId,
            Set<String> scopes,
            @Nullable Instant expiresAt) {}

    private final Options.App app;
    private final Options.TokenLife life;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Token> access = new HashMap<>();
    private final Map<String, Token> refresh = new HashMap<>();

    Tokens(Options.App app, Options.TokenLife life, Clock clock) {
        this.app = app;
        this.life = life;
        this.clock = clock;
    }

    synchronized TokenPair issue(TokenKind kind, String locationId, Set<String> scopes) {
        Instant now = clock.instant();
        access.values()
                .removeIf(token -> token.expiresAt() != null
                        && token.expiresAt().plus(life.access()).isBefore(now));
        if (!kind.isOAuth()) {
            String value = "pit-" + new UUID(random.nextLong(), random.nextLong());
            access.put(value, new Token(value, kind, locationId, scopes, null));
            return new TokenPair(kind, locationId, Secret.of(value), null, null);
        }
        Instant accessEnds = now.plus(life.access());
        Instant refreshEnds = now.plus(life.refresh());
        String accessValue = jwtLike(kind, locationId, accessEnds);
        String refreshValue = jwtLike(kind, locationId, refreshEnds);
        access.put(accessValue, new Token(accessValue, kind, locationId, scopes, accessEnds));
        refresh.put(refreshValue, new Token(refreshValue, kind, locationId, scopes, refreshEnds));
        return new TokenPair(kind, locationId, Secret.of(accessValue), Secret.of(refreshValue), accessEnds);
    }

    /** Expired ones included: the caller says why it refuses. */
    synchronized Optional<Token> find(String value) {
        return Optional.ofNullable(access.get(value));
    }

    boolean isExpired(Token token) {
        Instant end = token.expiresAt();
        return end != null && !clock.instant().isBefore(end);
    }

    /** Access tokens of the location, or of all with null, expire now; refresh tokens stay. */
    synchronized void expire(@Nullable String locationId) {
        Instant now = clock.instant();
        access.replaceAll(
                (value, token) -> concerns(token, locationId) && token.kind().isOAuth()
                        ? new Token(value, token.kind(), token.locationId(), token.scopes(), now)
                        : token);
    }

    /** The app was removed from the location: nothing it was given works any more. */
    synchronized void revoke(String locationId) {
        access.values().removeIf(token -> concerns(token, locationId));
        refresh.values().removeIf(token -> concerns(token, locationId));
    }

    private static boolean concerns(Token token, @Nullable String locationId) {
        return locationId == null || token.locationId().equals(locationId);
    }

    /** {@code POST /oauth/token}; a refresh token is good for one use. */
    synchronized Answer refresh(MultiMap form) {
        List<String> findings = new ArrayList<>();
        for (String required : List.of("client_id", "client_secret", "grant_type")) {
            if (blank(form.get(required))) {
                findings.add(required + " must be a string");
            }
        }
        String userType = form.get("user_type");
        if (userType != null && !userType.equals("Location") && !userType.equals("Company")) {
            findings.add("user_type must be one of the following values: Company, Location");
        }
        if (!findings.isEmpty()) {
            return Answer.unprocessable(findings);
        }
        if (!app.clientId().equals(form.get("client_id")) || !app.clientSecret().matches(form.get("client_secret"))) {
            return oauthError(401, "invalid_client", "Invalid client: client is invalid");
        }
        if (!"refresh_token".equals(form.get("grant_type"))) {
            return oauthError(400, "unsupported_grant_type", "the stand-in knows grant_type refresh_token only");
        }
        String presented = form.get("refresh_token");
        if (blank(presented)) {
            return Answer.unprocessable(List.of("refresh_token must be a string"));
        }
        Token old = refresh.get(presented);
        if (old == null || isExpired(old)) {
            return invalidGrant();
        }
        String itsType = old.kind() == TokenKind.COMPANY ? "Company" : "Location";
        if (userType != null && !userType.equals(itsType)) {
            return oauthError(400, "invalid_request", "user_type does not fit this refresh token");
        }
        refresh.remove(presented);
        return Answer.ok(toJson(issue(old.kind(), old.locationId(), old.scopes()), old.scopes()));
    }

    static Answer invalidGrant() {
        return oauthError(400, "invalid_grant", "Invalid grant: refresh token is invalid");
    }

    /** The shape both token endpoints answer with. */
    JsonObject toJson(TokenPair pair, Set<String> scopes) {
        boolean company = pair.kind() == TokenKind.COMPANY;
        JsonObject json = new JsonObject()
                .put("access_token", pair.access().reveal())
                .put("token_type", "Bearer")
                .put("expires_in", life.access().toSeconds())
                .put(
                        "refresh_token",
                        pair.refresh() == null ? null : pair.refresh().reveal())
                .put("scope", String.join(" ", new TreeSet<>(scopes)))
                .put("userType", company ? "Company" : "Location")
                .put("companyId", COMPANY_ID)
                .put("userId", "SandboxUser000000001")
                .put("isBulkInstallation", company);
        if (!company) {
            json.put("locationId", pair.locationId()).put("approvedLocations", new JsonArray().add(pair.locationId()));
        }
        return json;
    }

    private static Answer oauthError(int status, String error, String description) {
        return Answer.json(status, new JsonObject().put("error", error).put("error_description", description));
    }

    private static boolean blank(@Nullable String text) {
        return text == null || text.isBlank();
    }

    /** Opaque, but of the shape and length of the real ones, so that whoever stores them meets real sizes. */
    private String jwtLike(TokenKind kind, String locationId, Instant expires) {
        JsonObject header = new JsonObject().put("alg", "RS256").put("typ", "JWT");
        JsonObject claims = new JsonObject()
                .put("authClass", kind == TokenKind.COMPANY ? "Company" : "Location")
                .put("authClassId", kind == TokenKind.COMPANY ? COMPANY_ID : locationId)
                .put("source", "INTEGRATION")
                .put("sourceId", app.clientId())
                .put("channel", "OAUTH")
                .put("exp", expires.getEpochSecond());
        byte[] signature = new byte[256];
        random.nextBytes(signature);
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        return base64.encodeToString(header.encode().getBytes(StandardCharsets.UTF_8))
                + "."
                + base64.encodeToString(claims.encode().getBytes(StandardCharsets.UTF_8))
                + "."
                + base64.encodeToString(signature);
    }
}
