package dev.parley.sandbox.standin;

import dev.parley.tenant.Secret;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an installation hands to the app.
 *
 * @param refresh null for a private token
 * @param expiresAt of {@code access}; null for a private token
 */
public record TokenPair(
        TokenKind kind,
        String locationId,
        Secret access,
        @Nullable Secret refresh,
        @Nullable Instant expiresAt) {}
