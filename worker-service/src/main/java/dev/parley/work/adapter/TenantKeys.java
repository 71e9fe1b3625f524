package dev.parley.work.adapter;

import dev.parley.tenant.Vault;
import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Makes the vault from {@code TENANT_ENCRYPTION_KEY}; a missing or malformed key stops the start, and is named. */
@Singleton
final class TenantKeys {
    @Produces
    @Singleton
    @DefaultBean
    Vault vault(@ConfigProperty(name = "TENANT_ENCRYPTION_KEY") Optional<String> keys) {
        return Vault.of(keys.orElse(""));
    }
}
