package dev.parley.work;

import dev.parley.schema.SchemaVersion;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;

/** Ready = the database answers, has the schema these statements need, and the drain turns. A vendor being down is not in it. */
@org.eclipse.microprofile.health.Readiness
@Singleton
final class Readiness implements AsyncHealthCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Pool db;
    private final Worker worker;

    @Inject
    Readiness(Pool db, Worker worker) {
        this.db = db;
        this.worker = worker;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return SchemaVersion.read(db)
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .map(this::response)
                .onFailure()
                .recoverWithItem(failure -> named().down()
                        .withData("reason", FailurePolicy.describe(failure))
                        .build());
    }

    private HealthCheckResponse response(int version) {
        HealthCheckResponseBuilder response = named().withData("schema_version", version)
                .withData("schema_version_needed", SchemaVersion.NEEDED)
                .withData("drain", worker.describe());
        if (version < SchemaVersion.NEEDED) {
            return response.down()
                    .withData("reason", "run the migrations first")
                    .build();
        }
        return response.status(worker.isDraining()).build();
    }

    private static HealthCheckResponseBuilder named() {
        return HealthCheckResponse.named("database, schema and drain");
    }
}
