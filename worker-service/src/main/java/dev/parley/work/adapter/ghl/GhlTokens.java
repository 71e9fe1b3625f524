package dev.parley.work.adapter.ghl;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.CredentialStore.Sealed;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import dev.parley.tenant.VaultException;
import dev.parley.work.adapter.VendorHttp;
import dev.parley.work.adapter.VendorHttp.Answer;
import dev.parley.work.adapter.VendorHttp.NoAnswer;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import io.vertx.pgclient.PgException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each tenant's access token, read from the database for every call (so a credential that was replaced, refreshed by
 * another worker or withdrawn counts at once) and refreshed when four fifths of its life are over.
 *
 * <p>A refresh token is good for one use: the vendor's answer to it carries the next one. Therefore
 *
 * <ul>
 *   <li>one refresher per tenant: within this process by joining the refresh under way, between processes by the lock on
 *       the credential's row; whoever gets the lock looks again whether there is still something to do;
 *   <li>the new pair is committed before it is used. If the commit fails, the pair is kept (sealed) and stored at the next
 *       occasion instead of asking again;
 *   <li>a refresh under way is never cancelled: the call that needed it may time out, the new pair is stored all the same.
 * </ul>
 *
 * <p>What cannot be mended: the vendor rotated and its answer was lost on the way, or this process died before the
 * commit. Nobody knows then whether the old refresh token is used up; asking again with it is the only way to find out
 * and costs nothing if it is. So a lost answer counts as a failed refresh: the access token at hand is used as long as it
 * lasts (a fifth of its life is left) while refreshing is tried again, and if the answer is {@code invalid_grant} the log
 * says that the tenant must reconnect while there is still time to.
 */
final class GhlTokens {
    static final String PROVIDER = "ghl";

    private static final Logger LOG = LoggerFactory.getLogger(GhlTokens.class);

    // If this process hangs, the server ends its transaction and frees the row for the next refresher.
    private static final String BOUND_THE_LOCK = """
            SELECT set_config('lock_timeout', $1, true),
                   set_config('idle_in_transaction_session_timeout', $2, true)
            """;

    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private final Pool db;
    private final CredentialStore store;
    private final Vault vault;
    private final VendorHttp client;
    private final GhlConfig config;
    private final Clock clock;
    private final Few few;
    private final Map<Flight, Uni<GhlCredential>> underWay = new ConcurrentHashMap<>();
    private final Map<TenantId, Unsaved> unsaved = new ConcurrentHashMap<>();
    private final Map<TenantId, Failed> failed = new ConcurrentHashMap<>();

    GhlTokens(Pool db, CredentialStore store, Vault vault, VendorHttp client, GhlConfig config, Clock clock) {
        this.db = db;
        this.store = store;
        this.vault = vault;
        this.client = client;
        this.config = config;
        this.clock = clock;
        this.few = new Few(config.concurrentRefreshes());
    }

    /** A refresh of this very token; several calls that need it wait for one. */
    private record Flight(TenantId tenant, Secret stale) {}

    /** A new pair, sealed, whose commit failed; it belongs to the row only while that is as it was. */
    private record Unsaved(byte[] before, byte[] after, int keyVersion) {}

    /** The last refresh of this very row failed; until then it is not repeated without need. */
    private record Failed(byte[] token, Instant until, AdapterException reason) {
        /** Even a call that needs a new token does not ask where the answer is known. */
        void throwIfPointless(Instant now) {
            if (reason.kind() == Kind.UNAUTHORIZED || reason.kind() == Kind.THROTTLED) {
                Duration left = reason.kind() == Kind.THROTTLED ? Duration.between(now, until) : null;
                throw new AdapterException(reason.kind(), String.valueOf(reason.getMessage()), left, reason);
            }
        }
    }

    /** The token to use now; fails with {@link AdapterException} if there is none. */
    Uni<GhlCredential> current(TenantId tenant) {
        return store.find(db, tenant, PROVIDER).flatMap(found -> {
            Sealed row = present(found, tenant);
            GhlCredential credential = open(row);
            Instant now = clock.instant();
            if (credential.isExpired(now)) {
                return refresh(tenant, credential);
            }
            if (!credential.isDue(now) || failedLately(row, now) != null) {
                return Uni.createFrom().item(credential);
            }
            return refresh(tenant, credential).onFailure().recoverWithItem(failure -> {
                LOG.warn(
                        "token refresh failed, using the one at hand until {} tenant={}: {}",
                        credential.expiresAt(),
                        tenant,
                        failure.getMessage());
                return credential;
            });
        });
    }

    /**
     * The token to use after the vendor has refused {@code rejected} as expired or invalid: another one that is in the
     * row by now, or a refreshed one. Fails with {@code UNAUTHORIZED} where there can be none.
     */
    Uni<GhlCredential> insteadOf(TenantId tenant, GhlCredential rejected) {
        return refresh(tenant, rejected);
    }

    private Uni<GhlCredential> refresh(TenantId tenant, GhlCredential stale) {
        Flight flight = new Flight(tenant, stale.accessToken());
        return underWay.computeIfAbsent(
                flight,
                key -> few.run(() -> refreshUnderLock(tenant, stale))
                        .onFailure(InvalidGrant.class)
                        .recoverWithUni(() -> lookOnceMore(tenant, stale))
                        .onFailure(failure -> !(failure instanceof AdapterException))
                        .transform(failure ->
                                new AdapterException(Kind.TRANSIENT, databaseTrouble(failure), null, failure))
                        .onTermination()
                        .invoke(() -> underWay.remove(key))
                        // Shared, and beyond the reach of a caller that gives up: see above.
                        .memoize()
                        .indefinitely());
    }

    private Uni<GhlCredential> refreshUnderLock(TenantId tenant, GhlCredential stale) {
        return db.withTransaction(tx -> boundTheLock(tx)
                        .chain(() -> store.lock(tx, tenant, PROVIDER))
                        .flatMap(found -> {
                            Sealed row = present(found, tenant);
                            GhlCredential locked = open(row);
                            Instant now = clock.instant();
                            if (!locked.accessToken().equals(stale.accessToken()) && !locked.isExpired(now)) {
                                return Uni.createFrom().item(locked); // somebody was faster
                            }
                            Unsaved kept = unsaved.get(tenant);
                            if (kept != null && Arrays.equals(kept.before(), row.token())) {
                                return store.update(tx, row, kept.after(), kept.keyVersion())
                                        .replaceWith(() -> open(row, kept.after()));
                            }
                            unsaved.remove(tenant);
                            Failed lately = failedLately(row, now);
                            if (lately != null) {
                                lately.throwIfPointless(now);
                            }
                            return exchange(tenant, row, locked, now).flatMap(fresh -> {
                                byte[] sealed = vault.seal(tenant, PROVIDER, fresh.json());
                                unsaved.put(tenant, new Unsaved(row.token(), sealed, vault.currentVersion()));
                                return store.update(tx, row, sealed, vault.currentVersion())
                                        .replaceWith(fresh);
                            });
                        }))
                .invoke(() -> {
                    unsaved.remove(tenant);
                    failed.remove(tenant);
                });
    }

    private Uni<Void> boundTheLock(SqlConnection tx) {
        Duration lock = config.refreshTimeout().plus(GRACE);
        return tx.preparedQuery(BOUND_THE_LOCK)
                .execute(Tuple.of(lock.toMillis() + "ms", lock.toMillis() + "ms"))
                .replaceWithVoid();
    }

    private Uni<GhlCredential> exchange(TenantId tenant, Sealed row, GhlCredential old, Instant asked) {
        Secret refreshToken = old.refreshToken();
        if (refreshToken == null) {
            throw new AdapterException(
                    Kind.UNAUTHORIZED,
                    "token: GoHighLevel does not accept the stored token, and it cannot be refreshed");
        }
        if (config.clientId().isEmpty() || config.clientSecret().isEmpty()) {
            throw new AdapterException(
                    Kind.UNAUTHORIZED,
                    "token: it must be refreshed, but PARLEY_GHL_CLIENT_ID and PARLEY_GHL_CLIENT_SECRET are not set");
        }
        String clientSecret = config.clientSecret().get();
        String form = Map.of(
                        "client_id", config.clientId().get(),
                        "client_secret", clientSecret,
                        "grant_type", "refresh_token",
                        "refresh_token", refreshToken.reveal(),
                        "user_type", old.userType())
                .entrySet()
                .stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        List<String> quotes =
                List.of(refreshToken.reveal(), clientSecret, old.accessToken().reveal());
        return client.exchange(
                        HttpMethod.POST,
                        "/oauth/token",
                        Map.of("Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"),
                        Buffer.buffer(form),
                        config.refreshTimeout())
                .onFailure(NoAnswer.class)
                .transform(failure -> new AdapterException(
                        Kind.TRANSIENT, "token refresh: " + ((NoAnswer) failure).reason(), null, null))
                .map(answer -> fresh(tenant, old, asked, answer, quotes))
                .onFailure(AdapterException.class)
                .invoke(failure -> remember(tenant, row, (AdapterException) failure));
    }

    private GhlCredential fresh(TenantId tenant, GhlCredential old, Instant asked, Answer answer, List<String> quotes) {
        if (answer.isSuccess()) {
            JsonObject json = answer.json();
            GhlCredential fresh = json == null ? null : old.refreshed(json, asked);
            if (fresh == null) {
                throw new AdapterException(
                        Kind.TRANSIENT, "token refresh: GoHighLevel answered 2xx without an access token");
            }
            LOG.info("token refreshed tenant={} valid until={}", tenant, fresh.expiresAt());
            return fresh;
        }
        GhlRefusal refusal = GhlRefusal.of(answer, quotes);
        String reason = "token refresh: " + refusal.reason(answer.status());
        if (answer.status() == 429) {
            Duration after = VendorHttp.retryAfter(answer.headers(), clock.instant());
            throw new AdapterException(Kind.THROTTLED, reason, after == null ? config.window() : after, null);
        }
        if (answer.status() >= 500 || answer.status() == 408) {
            throw new AdapterException(Kind.TRANSIENT, reason);
        }
        if (isInvalidGrant(answer)) {
            throw new InvalidGrant(reason);
        }
        throw new AdapterException(Kind.UNAUTHORIZED, reason);
    }

    private static boolean isInvalidGrant(Answer answer) {
        JsonObject json = answer.json();
        if (json == null) {
            return false;
        }
        String said = (json.getValue("error") + " " + json.getValue("error_description") + " "
                        + json.getValue("message"))
                .toLowerCase(java.util.Locale.ROOT);
        return said.contains("invalid_grant")
                || said.contains("refresh token") && (said.contains("invalid") || said.contains("expired"));
    }

    /**
     * The refresh token is used up. Perhaps somebody used it who did not ask for the lock first and now waits to store
     * what he got: asking for the lock again lets him go first.
     */
    private Uni<GhlCredential> lookOnceMore(TenantId tenant, GhlCredential stale) {
        return db.withTransaction(tx -> boundTheLock(tx).chain(() -> store.lock(tx, tenant, PROVIDER)))
                .map(found -> {
                    Sealed row = present(found, tenant);
                    GhlCredential now = open(row);
                    if (!now.accessToken().equals(stale.accessToken()) && !now.isExpired(clock.instant())) {
                        return now;
                    }
                    AdapterException reconnect = new AdapterException(
                            Kind.UNAUTHORIZED,
                            "token: GoHighLevel no longer accepts the refresh token (invalid_grant); the account must be connected"
                                    + " again");
                    LOG.error(
                            "refresh token is used up or withdrawn, the account must be connected again tenant={}",
                            tenant);
                    remember(tenant, row, reconnect);
                    return rethrow(reconnect);
                });
    }

    private static GhlCredential rethrow(AdapterException failure) {
        throw failure;
    }

    private void remember(TenantId tenant, Sealed row, AdapterException reason) {
        Duration pause = reason.retryAfter() == null ? config.refreshRetry() : reason.retryAfter();
        failed.put(tenant, new Failed(row.token(), clock.instant().plus(pause), reason));
    }

    private @Nullable Failed failedLately(Sealed row, Instant now) {
        Failed last = failed.get(row.tenant());
        return last != null && now.isBefore(last.until()) && Arrays.equals(last.token(), row.token()) ? last : null;
    }

    private static Sealed present(Optional<Sealed> found, TenantId tenant) {
        return found.orElseThrow(() -> new AdapterException(
                Kind.UNAUTHORIZED, "credentials: tenant " + tenant + " has none for provider ghl"));
    }

    private GhlCredential open(Sealed row) {
        return open(row, row.token());
    }

    private GhlCredential open(Sealed row, byte[] token) {
        try {
            return GhlCredential.of(vault.open(row.tenant(), PROVIDER, token));
        } catch (VaultException | IllegalArgumentException e) {
            throw new AdapterException(Kind.UNAUTHORIZED, "credentials: " + e.getMessage());
        }
    }

    private static String databaseTrouble(Throwable failure) {
        return failure instanceof PgException database && LOCK_NOT_AVAILABLE.equals(database.getSqlState())
                ? "token refresh: another worker has held the credential for too long"
                : "token refresh: the new token could not be stored";
    }

    /** The vendor's word for a refresh token that is used up, withdrawn or was never good. */
    private static final class InvalidGrant extends RuntimeException {
        InvalidGrant(String message) {
            super(message, null, false, false);
        }
    }

    /** Lets so many run at once; the others wait their turn. */
    private static final class Few {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private int free;

        Few(int permits) {
            this.free = Math.max(1, permits);
        }

        <T> Uni<T> run(Supplier<Uni<T>> work) {
            return Uni.createFrom()
                    .<Void>emitter(turn -> enter(turn))
                    .chain(() -> Uni.createFrom()
                            .deferred(() -> work.get())
                            .onTermination()
                            .invoke(this::leave));
        }

        private void enter(UniEmitter<? super Void> turn) {
            synchronized (waiting) {
                if (free == 0) {
                    waiting.add(() -> turn.complete(null));
                    return;
                }
                free--;
            }
            turn.complete(null);
        }

        private void leave() {
            Runnable next;
            synchronized (waiting) {
                next = waiting.poll();
                if (next == null) {
                    free++;
                    return;
                }
            }
            next.run();
        }
    }
}
