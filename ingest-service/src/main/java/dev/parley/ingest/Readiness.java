package dev.parley.ingest;

import dev.parley.schema.PoolerException;
import dev.parley.schema.SchemaVersion;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ready = the database answers and has the schema this program writes to. A newer schema is fine: upgrades roll. */
@org.eclipse.microprofile.health.Readiness
@Singleton
class Readiness implements AsyncHealthCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);

    private final AtomicBoolean said = new AtomicBoolean();
    private final Pool db;

    @Inject
    Readiness(Pool db) {
        this.db = db;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return SchemaVersion.read(db)
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .map(Readiness::response)
                .onFailure(PoolerException.class)
                .invoke(this::say)
                .onFailure()
                .recoverWithItem(failure -> named().down()
                        // The driver's messages name host and SQLSTATE, never a password.
                        .withData("reason", "database: " + failure.getMessage())
                        .build());
    }

    /** Once: it is asked every few seconds, and the setting stays wrong until a restart. */
    private void say(Throwable failure) {
        if (!said.getAndSet(true)) {
            LOG.error(failure.getMessage());
        }
    }

    private static HealthCheckResponse response(int version) {
        HealthCheckResponseBuilder response = named().status(version >= SchemaVersion.NEEDED)
                .withData("schema_version", version)
                .withData("schema_version_needed", SchemaVersion.NEEDED);
        return version >= SchemaVersion.NEEDED
                ? response.build()
                : response.withData("reason", "run the migrations first").build();
    }

    private static HealthCheckResponseBuilder named() {
        return HealthCheckResponse.named("database and schema");
    }
}
