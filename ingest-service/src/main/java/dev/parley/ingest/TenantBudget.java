package dev.parley.ingest;

import dev.parley.tenant.TenantId;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How many genuine events one tenant may have stored, so that the flood of one is nobody else's. */
@Singleton
class TenantBudget {
    private final Budgets<TenantId> budgets;

    @Inject
    TenantBudget(IngestConfig config) {
        this(new Budgets<>(
                config.limits().tenantRate(),
                config.limits().tenantBurst(),
                config.tenants().secretsOf(),
                System::nanoTime));
    }

    TenantBudget(Budgets<TenantId> budgets) {
        this.budgets = budgets;
    }

    /**
     * The turn of one delivery. A tenant's first event decides; the others of the same delivery follow it on credit, so that
     * a delivery larger than the budget gets through some day.
     */
    final class Turn {
        private @Nullable Map<TenantId, Duration> others;
        private @Nullable TenantId first;
        private Duration decidedForFirst = Duration.ZERO;

        /** {@link Duration#ZERO} = go on; otherwise when this tenant's event may come again. */
        Duration charge(TenantId tenant) {
            // Almost always there is one event of one tenant: that shall cost no map.
            if (first == null) {
                first = tenant;
                decidedForFirst = budgets.take(tenant);
                return decidedForFirst;
            }
            Duration before = first.equals(tenant) ? decidedForFirst : others == null ? null : others.get(tenant);
            if (before == null) {
                Duration wait = budgets.take(tenant);
                if (others == null) {
                    others = new HashMap<>();
                }
                others.put(tenant, wait);
                return wait;
            }
            if (before.isZero()) {
                budgets.owe(tenant);
            }
            return before;
        }
    }

    Turn turn() {
        return new Turn();
    }
}
