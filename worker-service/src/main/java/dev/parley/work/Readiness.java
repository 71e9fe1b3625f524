package dev.parley.work;

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
import org.jboss.logging.Logger;

/** Ready = the database answers, has the schema these statements need, and the drain turns. A vendor being down is not in it. */
@org.eclipse.microprofile.health.Readiness
@Singleton
final class Readiness implements AsyncHealthCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Logger LOG = Logger.getLogger(Readiness.class);

    private final AtomicBoolean said = new AtomicBoolean();
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
                .onFailure(PoolerException.class)
                .invoke(this::say)
                .onFailure()
                .recoverWithItem(failure -> named().down()
                        .withData("reason", FailurePolicy.describe(failure))
                        .build());
    }

    /** Once: it is asked every few seconds, and the setting stays wrong until a restart. */
    private void say(Throwable failure) {
        if (!said.getAndSet(true)) {
            LOG.error(failure.getMessage());
        }
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
