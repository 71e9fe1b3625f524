package dev.parley.work;

import dev.parley.queue.Backoff;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Function;

/** The backoff of each tenant: the worker's, with what {@code settings.retry} overrides. */
final class RetryPolicies {
    private final Backoff standard;
    private final Function<TenantId, Optional<Tenant>> tenants;

    RetryPolicies(Backoff standard, Function<TenantId, Optional<Tenant>> tenants) {
        this.standard = standard;
        this.tenants = tenants;
    }

    /** Never fails: an unusable override counts as none. */
    Backoff of(TenantId tenant) {
        return tenants.apply(tenant).map(Tenant::settings).map(this::override).orElse(standard);
    }

    /** Does a dead letter of this tenant hold its line ({@code settings.on_dead_letter = "hold"})? */
    boolean holdsOnDeadLetter(TenantId tenant) {
        return tenants.apply(tenant)
                .flatMap(found -> found.settings().text("on_dead_letter"))
                .filter("hold"::equals)
                .isPresent();
    }

    private Backoff override(Settings settings) {
        try {
            Object attempts = settings.section("retry").getValue("max_attempts");
            return new Backoff(
                    settings.text("retry.base").map(Duration::parse).orElse(standard.base()),
                    settings.text("retry.cap").map(Duration::parse).orElse(standard.cap()),
                    attempts instanceof Number number ? number.intValue() : standard.maxAttempts());
        } catch (DateTimeParseException | IllegalArgumentException e) {
            return standard;
        }
    }
}
