package dev.parley.schema;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlClient;

/** Which migrations a database has had. A newer schema than needed is fine: upgrades roll, migrations go first. */
public final class SchemaVersion {
    /** The newest migration that this release's statements rely on. */
    public static final int NEEDED = 7;

    private static final String VERSION = """
            SELECT coalesce(max(version::int), 0) AS version
            FROM parley.schema_history
            WHERE success
              AND version IS NOT NULL
            """;

    private SchemaVersion() {}

    /**
     * The database's version; 0 = migrated by nobody yet. Fails where it cannot be read, with a {@link PoolerException}
     * where that is a pooler's doing.
     */
    public static Uni<Integer> read(SqlClient db) {
        return db.preparedQuery(VERSION)
                .execute()
                .onFailure(PoolerException::isReasonOf)
                .transform(PoolerException::new)
                .map(rows -> rows.iterator().next().getInteger("version"));
    }
}
