package dev.parley.tenant;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlClient;
import java.util.Optional;
import java.util.UUID;

/**
 * Owner of {@code core.tenant_credentials}. Holds sealed bytes only; {@link Vault} opens them.
 *
 * <p>Secrets that verify incoming webhooks are kept under provider {@code webhook:<provider>}; those are all that the
 * ingest role may read (a row security policy says so).
 */
public final class CredentialStore {
    /** One row, still sealed. */
    public record Sealed(UUID id, TenantId tenant, String provider, byte[] token, int keyVersion) {}

    public CredentialStore() {}

    /** The sealed credentials of {@code tenant} for {@code provider}, if there are any. */
    public Uni<Optional<Sealed>> find(SqlClient db, TenantId tenant, String provider) {
        throw new UnsupportedOperationException();
    }
}
