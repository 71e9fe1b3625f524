package dev.parley.work.adapter;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** A tenant with sealed credentials, for tests of adapters. */
public final class Sealed {
    public static final String KEY = Vault.newKey();

    private final TestDatabase db;
    private final Vault vault = Vault.of(KEY);
    private final TenantId tenant;

    public Sealed(TestDatabase db) {
        this.db = db;
        this.tenant = new Fixtures(db).tenant();
    }

    public TenantId tenant() {
        return tenant;
    }

    public Vault vault() {
        return vault;
    }

    public void put(String provider, JsonObject credentials) {
        new CredentialStore()
                .put(db.pool(), tenant, provider, vault.seal(tenant, provider, credentials), vault.currentVersion())
                .await()
                .atMost(Duration.ofSeconds(20));
    }
}
