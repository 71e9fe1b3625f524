package dev.parley.ingest;

import dev.parley.ingest.Answer.Delay;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import dev.parley.tenant.VaultException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secrets that verify a tenant's webhooks, opened and kept for a short while: credentials of provider
 * {@code webhook:<provider>}, a JSON object {@code {"secrets": ["newest", "older"]}}. Safe from any thread.
 */
@Singleton
class WebhookSecrets {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookSecrets.class);

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private record Key(TenantId tenant, String provider) {}

    private static final class Entry {
        private @Nullable List<Secret> secrets;
        private long openedAt;
        private boolean stale;
        private @Nullable Uni<List<Secret>> opening;
    }

    private final BiFunction<TenantId, String, Uni<Optional<CredentialStore.Sealed>>> source;
    private final Optional<Vault> vault;
    private final Duration keep;
    private final LongSupplier nanoTime;
    private final Map<Key, Entry> entries;

    @Inject
    WebhookSecrets(CredentialStore store, Pool db, Optional<Vault> vault, IngestConfig config) {
        this(
                (tenant, provider) -> store.find(db, tenant, provider),
                vault,
                config.tenants().secretsFor(),
                config.tenants().secretsOf(),
                System::nanoTime);
    }

    WebhookSecrets(
            BiFunction<TenantId, String, Uni<Optional<CredentialStore.Sealed>>> source,
            Optional<Vault> vault,
            Duration keep,
            int most,
            LongSupplier nanoTime) {
        this.source = source;
        this.vault = vault;
        this.keep = keep;
        this.nanoTime = nanoTime;
        // Longest unused first.
        this.entries = new LinkedHashMap<>(64, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Key, Entry> eldest) {
                return size() > most;
            }
        };
    }

    /**
     * Newest first; empty = the tenant has none for this provider. While the database is away, what was opened last goes
     * on verifying.
     *
     * @return fails with {@link LaterException} where they cannot be read or do not open
     */
    synchronized Uni<List<Secret>> of(TenantId tenant, String provider) {
        Entry entry = entries.computeIfAbsent(new Key(tenant, provider), key -> new Entry());
        List<Secret> known = entry.secrets;
        if (known != null && !entry.stale && nanoTime.getAsLong() - entry.openedAt < keep.toNanos()) {
            return Uni.createFrom().item(known);
        }
        Uni<List<Secret>> opening = entry.opening;
        if (opening == null) {
            entry.stale = false;
            opening = Uni.createFrom()
                    .deferred(() -> source.apply(tenant, "webhook:" + provider))
                    .ifNoItem()
                    .after(PATIENCE)
                    .fail()
                    .onFailure()
                    .transform(
                            failure -> new LaterException(Delay.DATABASE, "webhook secrets could not be read", failure))
                    .map(row -> row.map(this::opened).orElse(List.of()))
                    .onItemOrFailure()
                    .transformToUni((secrets, failure) -> settled(entry, secrets, failure))
                    .memoize()
                    .indefinitely();
            entry.opening = opening;
        }
        return opening;
    }

    private synchronized Uni<List<Secret>> settled(
            Entry entry, @Nullable List<Secret> secrets, @Nullable Throwable failure) {
        entry.opening = null;
        if (secrets != null) {
            entry.secrets = secrets;
            entry.openedAt = nanoTime.getAsLong();
            return Uni.createFrom().item(secrets);
        }
        List<Secret> known = entry.secrets;
        boolean databaseAway = failure instanceof LaterException later && later.why() == Delay.DATABASE;
        if (known != null && databaseAway) {
            return Uni.createFrom().item(known);
        }
        return Uni.createFrom()
                .failure(failure == null ? new IllegalStateException("neither secrets nor failure") : failure);
    }

    private List<Secret> opened(CredentialStore.Sealed row) {
        Vault keys = vault.orElseThrow(() -> {
            LOG.error(
                    "tenant {} has secrets for {}, but TENANT_ENCRYPTION_KEY is not set", row.tenant(), row.provider());
            return new LaterException(Delay.SECRETS, "TENANT_ENCRYPTION_KEY is not set");
        });
        try {
            Object listed = keys.open(row.tenant(), row.provider(), row.token()).getValue("secrets");
            List<Secret> secrets = new ArrayList<>();
            if (listed instanceof JsonArray array) {
                array.forEach(one -> {
                    if (one instanceof String text && !text.isBlank()) {
                        secrets.add(Secret.of(text));
                    }
                });
            }
            if (secrets.isEmpty()) {
                LOG.warn(
                        "credentials {} of tenant {} hold no secrets: expected {\"secrets\": [\"…\"]}",
                        row.provider(),
                        row.tenant());
            }
            return List.copyOf(secrets);
        } catch (VaultException e) {
            LOG.error("credentials {} of tenant {} do not open: {}", row.provider(), row.tenant(), e.getMessage());
            throw new LaterException(Delay.SECRETS, "webhook secrets do not open", e);
        }
    }

    /** Asks again at the next request; null = for every tenant. What is known stays, in case nobody answers. */
    synchronized void forget(@Nullable TenantId tenant) {
        entries.forEach((key, entry) -> {
            if (tenant == null || key.tenant().equals(tenant)) {
                entry.stale = true;
            }
        });
    }
}
