package dev.parley.ingest;

import dev.parley.inbound.InboundEventStore;
import dev.parley.session.SessionPool;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.TenantDirectory;
import dev.parley.tenant.TenantStore;
import dev.parley.tenant.TenantWatch;
import dev.parley.tenant.Vault;
import io.quarkus.reactive.pg.client.PgPoolCreator;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgConnectOptions;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes beans of what shared-model offers without CDI, and keeps the tenants fresh from start to stop. */
@Singleton
class Wiring {
    private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);

    private final TenantWatch watch;

    @Inject
    Wiring(Vertx vertx, TenantDirectory tenants, WebhookSecrets secrets, IngestConfig config) {
        config.check();
        PgConnectOptions session = PgConnectOptions.fromUri(config.db().url())
                .setUser(config.db().user())
                .setPassword(config.db().password().orElse(""));
        watch = new TenantWatch(
                vertx,
                SessionPool.quick(named(session)),
                tenants,
                config.tenants().refresh(),
                secrets::forget);
    }

    void start(@Observes StartupEvent event) {
        // Nothing here has a request scope or a transaction that would have to follow a Uni from thread to thread, and
        // carrying contexts along costs every step of every Uni (docs/performance.md).
        Infrastructure.clearInterceptors();
        watch.start();
    }

    void stop(@Observes ShutdownEvent event) {
        watch.stop();
    }

    /** Beans that need nothing of this class's own state. */
    @Singleton
    static final class Stores {
        @Produces
        @Singleton
        TenantStore tenantStore(Pool db) {
            return new TenantStore(db);
        }

        @Produces
        @Singleton
        TenantDirectory tenantDirectory(TenantStore store, ProviderRegistry providers) {
            return new TenantDirectory(store, providers.accountSettings());
        }

        @Produces
        @Singleton
        CredentialStore credentialStore() {
            return new CredentialStore();
        }

        @Produces
        @Singleton
        InboundEventStore inboundEventStore(Pool db) {
            return new InboundEventStore(db);
        }

        @Produces
        @Singleton
        Optional<Vault> vault(IngestConfig config) {
            Optional<Vault> vault =
                    config.encryptionKeys().filter(keys -> !keys.isBlank()).map(Vault::of);
            if (vault.isEmpty()) {
                LOG.warn("TENANT_ENCRYPTION_KEY is not set: webhooks that tenants' own secrets verify cannot be taken");
            }
            return vault;
        }
    }

    /** Nobody waits longer for a connection that is dead than for a flush. */
    @Singleton
    static final class Pools implements PgPoolCreator {
        private static final int MOST_WAITING = 100;

        private final IngestConfig config;

        @Inject
        Pools(IngestConfig config) {
            this.config = config;
        }

        @Override
        public io.vertx.sqlclient.Pool create(Input input) {
            input.pgConnectOptionsList().forEach(Wiring::named);
            return SessionPool.of(
                    input.vertx(),
                    input.pgConnectOptionsList(),
                    input.poolOptions()
                            // Every use of the pool has a deadline of its own, and the pool's timer survives a refused
                            // connection and then fails it once more, loudly.
                            .setConnectionTimeout(0)
                            .setMaxWaitQueueSize(MOST_WAITING),
                    config.db().deadAfter());
        }
    }

    private static PgConnectOptions named(PgConnectOptions options) {
        options.getProperties().put("application_name", "parley-ingest");
        return options;
    }
}
