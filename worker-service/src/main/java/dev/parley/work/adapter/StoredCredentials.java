package dev.parley.work.adapter;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import dev.parley.tenant.VaultException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;

/**
 * Credentials that stay as they are until somebody replaces them, read for every call: what was replaced or withdrawn
 * counts at once.
 */
public final class StoredCredentials {
    private final Pool db;
    private final Vault vault;
    private final CredentialStore store = new CredentialStore();

    public StoredCredentials(Pool db, Vault vault) {
        this.db = db;
        this.vault = vault;
    }

    /** What is sealed under {@code provider}; fails with {@code UNAUTHORIZED} where there is none, or it does not open. */
    public Uni<JsonObject> of(TenantId tenant, String provider) {
        return store.find(db, tenant, provider).map(found -> {
            CredentialStore.Sealed row =
                    found.orElseThrow(() -> missing("tenant " + tenant + " has none for provider " + provider));
            try {
                return vault.open(row.tenant(), row.provider(), row.token());
            } catch (VaultException e) {
                throw missing(String.valueOf(e.getMessage()));
            }
        });
    }

    /** The text under {@code key}; its absence is {@code UNAUTHORIZED} and names {@code shape}. */
    public static Secret required(JsonObject credentials, String key, String shape) {
        if (credentials.getValue(key) instanceof String text && !text.isBlank()) {
            return Secret.of(text.strip());
        }
        throw missing("no " + key + " in them; expected " + shape);
    }

    private static AdapterException missing(String why) {
        return new AdapterException(Kind.UNAUTHORIZED, "credentials: " + why);
    }
}
