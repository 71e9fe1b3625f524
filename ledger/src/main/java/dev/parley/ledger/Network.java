package dev.parley.ledger;

import io.vertx.core.Vertx;
import java.util.List;

/** The wires between every pair that talks. */
record Network(
        Wire providerToIngest,
        Wire reportsToIngest,
        Wire ingestToDatabase,
        Wire workersToDatabase,
        Wire workersToProvider)
        implements AutoCloseable {

    static Network between(Vertx vertx, int ingest, int database, int provider) {
        return new Network(
                Wire.to(ingest, "customers' webhooks → ingest", vertx),
                Wire.to(ingest, "reports → ingest", vertx),
                Wire.to(database, "ingest → Postgres", vertx),
                Wire.to(database, "workers → Postgres", vertx),
                Wire.to(provider, "workers → provider", vertx));
    }

    List<Wire> wires() {
        return List.of(providerToIngest, reportsToIngest, ingestToDatabase, workersToDatabase, workersToProvider);
    }

    void clear() {
        wires().forEach(Wire::clear);
    }

    @Override
    public void close() {
        wires().forEach(Wire::close);
    }
}
