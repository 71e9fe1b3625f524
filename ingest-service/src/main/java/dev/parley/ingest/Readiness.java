package dev.parley.ingest;

import dev.parley.schema.SchemaVersion;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;

/** Ready = the database answers and has the schema this program writes to. A newer schema is fine: upgrades roll. */
@org.eclipse.microprofile.health.Readiness
@Singleton
class Readiness implements AsyncHealthCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

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
                .onFailure()
                .recoverWithItem(failure -> named().down()
                        // The driver's messages name host and SQLSTATE, never a password.
                        .withData("reason", "database: " + failure.getMessage())
                        .build());
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
