package dev.parley.work.handler;

import dev.parley.dialog.DialogSettings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Tenants with what their settings mean, read once per version of the tenant. */
final class TenantSettings {
    record Known(Tenant tenant, DialogSettings dialog) {}

    private final Function<TenantId, Optional<Tenant>> tenants;
    private final Map<TenantId, Known> known = new ConcurrentHashMap<>();

    TenantSettings(Function<TenantId, Optional<Tenant>> tenants) {
        this.tenants = tenants;
    }

    Optional<Known> find(TenantId id) {
        return tenants.apply(id).map(tenant -> {
            Known last = known.get(id);
            if (last != null && last.tenant() == tenant) {
                return last;
            }
            Known now = new Known(tenant, DialogSettings.of(tenant));
            known.put(id, now);
            return now;
        });
    }
}
