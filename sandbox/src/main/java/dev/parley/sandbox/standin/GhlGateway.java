package dev.parley.sandbox.standin;

import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every endpoint relies on, in the order of the checks: token, rate limit, version, kind of token, scope. A refusal
 * behind it becomes the answer, and every answer carries the limits' headers.
 */
final class GhlGateway {
    static final Set<TokenKind> WORKS_ON_A_LOCATION = Set.of(TokenKind.LOCATION, TokenKind.PRIVATE);

    private static final Set<String> VERSIONS = Set.of("2021-04-15", "2021-07-28", "2023-02-21", "v3");

    private final Tokens tokens;
    private final RateLimits limits;

    GhlGateway(Tokens tokens, RateLimits limits) {
        this.tokens = tokens;
        this.limits = limits;
    }

    /** An endpoint behind the gateway: the token is known, fits and is not expired. */
    interface Endpoint {
        Answer answer(Tokens.Token token);
    }

    /** The location whose known token the call bears, expired or not; for the book and for faults. */
    @Nullable
    String locationOf(RoutingContext call) {
        return tokens.find(bearer(call)).map(Tokens.Token::locationId).orElse(null);
    }

    /** @param scope none where the kind of token is enough */
    Answer pass(RoutingContext call, @Nullable String scope, Set<TokenKind> kinds, Endpoint endpoint) {
        Map<String, String> headers = new LinkedHashMap<>();
        try {
            Tokens.Token token = authenticate(call);
            RateLimits.Count count = limits.count(token.locationId());
            headers.putAll(count.headers());
            if (count.exceeded()) {
                throw new Refusal(Answer.error(429, "Too Many Requests", "Too Many Requests"));
            }
            checkVersion(call);
            checkKind(token, kinds);
            if (scope != null && !token.scopes().contains(scope)) {
                throw new Refusal(Answer.unauthorized("The token is not authorized for this scope."));
            }
            return endpoint.answer(token).with(headers);
        } catch (Refusal refusal) {
            return refusal.answer().with(headers);
        }
    }

    private Tokens.Token authenticate(RoutingContext call) {
        if (call.request().getHeader("Authorization") == null) {
            throw new Refusal(Answer.unauthorized("Authorization header was not found."));
        }
        String presented = bearer(call);
        Optional<Tokens.Token> token = tokens.find(presented);
        if (token.isEmpty()) {
            throw new Refusal(Answer.unauthorized(
                    presented.startsWith("pit-") ? "Invalid Private Integration token" : "Invalid JWT"));
        }
        if (tokens.isExpired(token.get())) {
            throw new Refusal(Answer.unauthorized("Invalid token: access token is invalid"));
        }
        return token.get();
    }

    private static String bearer(RoutingContext call) {
        String header = call.request().getHeader("Authorization");
        return header != null && header.startsWith("Bearer ") ? header.substring("Bearer ".length()) : "";
    }

    private static void checkVersion(RoutingContext call) {
        String version = call.request().getHeader("Version");
        if (version == null || version.isBlank()) {
            throw new Refusal(Answer.unauthorized("version header was not found."));
        }
        if (!VERSIONS.contains(version)) {
            throw new Refusal(Answer.badRequest("version header is invalid"));
        }
    }

    private static void checkKind(Tokens.Token token, Set<TokenKind> kinds) {
        if (kinds.contains(token.kind())) {
            return;
        }
        throw new Refusal(Answer.unauthorized(
                token.kind().isOAuth()
                        ? "This authClass type is not allowed to access this scope. Please verify your IAM"
                                + " configuration if this is not the case."
                        : "Token's user type mismatch!"));
    }
}
