package dev.parley.ingest;

import dev.parley.spi.WebhookProvider;
import io.quarkus.arc.All;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The providers that are on the class path, by name. */
@Singleton
final class ProviderRegistry {
    private final Map<String, WebhookProvider> byName;

    @Inject
    ProviderRegistry(@All List<WebhookProvider> providers) {
        Map<String, WebhookProvider> all = new HashMap<>();
        for (WebhookProvider provider : providers) {
            WebhookProvider other = all.put(provider.name(), provider);
            if (other != null) {
                throw new IllegalStateException("two webhook providers are called " + provider.name() + ": "
                        + other.getClass().getName() + " and "
                        + provider.getClass().getName());
            }
        }
        byName = Map.copyOf(all);
    }

    Optional<WebhookProvider> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Collection<WebhookProvider> all() {
        return byName.values();
    }

    /** Whose work is done for requests that name no provider. */
    WebhookProvider decoy() {
        return byName.values().stream()
                .filter(provider -> provider.scope() == WebhookProvider.Scope.TENANT)
                .min((one, other) -> one.name().compareTo(other.name()))
                .orElseThrow(() -> new IllegalStateException("no webhook provider with tenants' secrets"));
    }

    /** By provider: the path in a tenant's settings that names its account. */
    Map<String, String> accountSettings() {
        Map<String, String> settings = new HashMap<>();
        byName.values()
                .forEach(provider -> provider.accountSetting().ifPresent(path -> settings.put(provider.name(), path)));
        return settings;
    }
}
