package dev.parley.k8s;

import java.time.Duration;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * What the deployment files must agree on with the programs.
 *
 * @see ProgramsIT which holds these numbers against the programs' own configuration
 */
enum Program {
    INGEST("ingest-service", "parley-ingest", "ingest", 8080, 9000),
    WORKER("worker-service", "parley-worker", "worker", 8081, 9001);

    /** For what has no bound of its own: closing sessions, a slow machine. */
    static final Duration SLACK = Duration.ofSeconds(10);

    final String module;
    /** Name of its Deployment and value of its pods' name label. */
    final String deployment;
    /** Name of its container and of its Compose service. */
    final String container;

    final int httpPort;
    final int managementPort;

    Program(String module, String deployment, String container, int httpPort, int managementPort) {
        this.module = module;
        this.deployment = deployment;
        this.container = container;
        this.httpPort = httpPort;
        this.managementPort = managementPort;
    }

    /**
     * How long it may go on after SIGTERM by its own settings: what routers need to notice, what requests in flight need,
     * and what jobs in flight need, one after the other. A bound that is not set is no bound.
     *
     * @param setting the value of a variable of its environment, null if not set
     */
    Duration stop(UnaryOperator<String> setting) {
        // Quarkus has no delay unless it is told one; its two other bounds have to be said for this sum to hold.
        String delay = setting.apply("QUARKUS_SHUTDOWN_DELAY");
        Duration stop = delay == null ? Duration.ZERO : duration(delay);
        stop = stop.plus(duration(setting.apply("QUARKUS_SHUTDOWN_TIMEOUT")));
        return this == WORKER ? stop.plus(duration(setting.apply("PARLEY_WORKER_DRAIN_TIMEOUT"))) : stop;
    }

    private static Duration duration(String value) {
        return value == null ? Duration.ofHours(1) : Duration.parse("PT" + value.toUpperCase(Locale.ROOT));
    }
}
