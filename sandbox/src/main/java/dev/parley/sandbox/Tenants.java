package dev.parley.sandbox;

import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/** Puts the sandbox's tenants and their sealed credentials into the database. What a person changed since is kept. */
final class Tenants {
    private static final String ADD = """
            INSERT INTO core.tenants
                (tenant_id, tenant_slug, name, is_enabled, messaging_adapter, settings)
            VALUES (?, ?, ?, true, 'ghl', ?::jsonb)
            ON CONFLICT (tenant_slug) DO NOTHING
            """;

    private static final String FIND = """
            SELECT tenant_id
            FROM core.tenants
            WHERE tenant_slug = ?
            """;

    private static final String SEAL = """
            INSERT INTO core.tenant_credentials
                (credential_id, tenant_id, provider, credentials, key_version)
            VALUES (?, ?, ?, ?, ?)
            -- The stand-in gives out new tokens at every start.
            ON CONFLICT (tenant_id, provider) DO UPDATE
            SET credentials = excluded.credentials, key_version = excluded.key_version
            """;

    private final Connection db;
    private final Vault vault;

    Tenants(Connection db, Vault vault) {
        this.db = db;
        this.vault = vault;
    }

    /** The tenant of this slug, created with {@code settings} unless it is there already. */
    TenantId keep(String slug, String name, JsonObject settings) throws SQLException {
        try (PreparedStatement add = db.prepareStatement(ADD)) {
            add.setObject(1, TimeOrderedId.next());
            add.setString(2, slug);
            add.setString(3, name);
            add.setString(4, settings.encode());
            add.executeUpdate();
        }
        try (PreparedStatement find = db.prepareStatement(FIND)) {
            find.setString(1, slug);
            try (ResultSet row = find.executeQuery()) {
                row.next();
                return new TenantId(row.getObject(1, UUID.class));
            }
        }
    }

    void seal(TenantId tenant, String provider, JsonObject credentials) throws SQLException {
        try (PreparedStatement put = db.prepareStatement(SEAL)) {
            put.setObject(1, TimeOrderedId.next());
            put.setObject(2, tenant.value());
            put.setString(3, provider);
            put.setBytes(4, vault.seal(tenant, provider, credentials));
            put.setInt(5, vault.currentVersion());
            put.executeUpdate();
        }
    }
}
