package dev.parley.tenant;

import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Owner of {@code core.tenants}: every statement that names the table is here. */
public final class TenantStore {
    private static final String ALL = """
            SELECT tenant_id, tenant_slug, name, is_enabled, messaging_adapter, calendar_adapter, settings
            FROM core.tenants
            """;

    private static final String BY_ID = """
            SELECT tenant_id, tenant_slug, name, is_enabled, messaging_adapter, calendar_adapter, settings
            FROM core.tenants
            WHERE tenant_id = $1
            """;

    private final SqlClient db;

    public TenantStore(SqlClient db) {
        this.db = db;
    }

    public Uni<List<Tenant>> findAll() {
        return db.preparedQuery(ALL)
                .execute()
                .map(rows -> StreamSupport.stream(rows.spliterator(), false)
                        .map(TenantStore::tenant)
                        .toList());
    }

    public Uni<Optional<Tenant>> find(TenantId id) {
        return db.preparedQuery(BY_ID)
                .execute(Tuple.of(id.value()))
                .map(rows -> StreamSupport.stream(rows.spliterator(), false)
                        .map(TenantStore::tenant)
                        .findFirst());
    }

    private static Tenant tenant(Row row) {
        return new Tenant(
                new TenantId(row.getUUID("tenant_id")),
                row.getString("tenant_slug"),
                row.getString("name"),
                row.getBoolean("is_enabled"),
                row.getString("messaging_adapter"),
                row.getString("calendar_adapter"),
                // Settings are written by people: anything but an object counts as none.
                row.getValue("settings") instanceof JsonObject json ? new Settings(json) : Settings.empty());
    }
}
