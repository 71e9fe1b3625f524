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
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The providers that are on the class path, by name. */
@Singleton
final class ProviderRegistry {
    private final Map<String, WebhookProvider> byName;

    private final Map<String, WebhookProvider> disabled;

    @Inject
    ProviderRegistry(@All List<WebhookProvider> providers, IngestConfig config) {
        this(providers, config.disabledProviders().orElse(List.of()));
    }

    /** @throws IllegalStateException if two have one name, or one that is to be disabled is not there */
    ProviderRegistry(List<WebhookProvider> providers, List<String> off) {
        Map<String, WebhookProvider> all = new HashMap<>();
        for (WebhookProvider provider : providers) {
            WebhookProvider other = all.put(provider.name(), provider);
            if (other != null) {
                throw new IllegalStateException("two webhook providers are called " + provider.name() + ": "
                        + other.getClass().getName() + " and "
                        + provider.getClass().getName());
            }
        }
        Map<String, WebhookProvider> without = new HashMap<>();
        for (String name : off) {
            WebhookProvider provider = all.remove(name.strip());
            if (provider != null) {
                without.put(provider.name(), provider);
            } else if (!name.isBlank()) {
                throw new IllegalStateException("parley.ingest.disabled-providers: there is no provider called "
                        + name.strip() + ", there are " + new TreeSet<>(all.keySet()));
            }
        }
        byName = Map.copyOf(all);
        disabled = Map.copyOf(without);
    }

    /** @param name as in the URL; {@code signed.stripe} is {@code signed}, if that has sources */
    Optional<WebhookProvider> find(String name) {
        return find(byName, name);
    }

    private static Optional<WebhookProvider> find(Map<String, WebhookProvider> among, String name) {
        WebhookProvider exact = among.get(name);
        if (exact != null) {
            return Optional.of(exact);
        }
        return source(name) == null
                ? Optional.empty()
                : Optional.ofNullable(among.get(family(name))).filter(WebhookProvider::hasSources);
    }

    /** As {@link #find}, but also where it is switched off: a stranger is not to learn that by what we would read. */
    Optional<WebhookProvider> likeness(String name) {
        return find(name).or(() -> find(disabled, name));
    }

    /** The part of a provider's name that is ours; what follows the dot is a tenant's own, and no label of a meter. */
    static String family(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    /** What follows the first dot; null = there is none. */
    static @Nullable String source(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? null : name.substring(dot + 1);
    }

    Collection<WebhookProvider> all() {
        return byName.values();
    }

    /** Whose work is done for requests that name no provider of ours, or one that is switched off. */
    WebhookProvider decoy(@Nullable String name) {
        WebhookProvider off = name == null ? null : disabled.get(family(name));
        if (off != null) {
            return off;
        }
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
