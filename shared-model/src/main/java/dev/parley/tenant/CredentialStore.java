package dev.parley.tenant;

import dev.parley.queue.TimeOrderedId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.SqlClient;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.StreamSupport;

/**
 * Owner of {@code core.tenant_credentials}. Holds sealed bytes only; {@link Vault} opens them. Every change is announced
 * on {@code parley_tenants} by a trigger.
 *
 * <p>Secrets that verify incoming webhooks are kept under provider {@code webhook:<provider>}; those are all that the
 * ingest role may read (a row security policy says so).
 */
public final class CredentialStore {
    private static final String FIND = """
            SELECT credential_id, tenant_id, provider, credentials, key_version
            FROM core.tenant_credentials
            WHERE tenant_id = $1 AND provider = $2
            """;

    // The lock is what makes one of all workers the refresher of a rotating token.
    private static final String LOCK = """
            SELECT credential_id, tenant_id, provider, credentials, key_version
            FROM core.tenant_credentials
            WHERE tenant_id = $1 AND provider = $2
            FOR UPDATE
            """;

    private static final String PUT = """
            INSERT INTO core.tenant_credentials (credential_id, tenant_id, provider, credentials, key_version)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant_id, provider) DO UPDATE
            SET credentials = excluded.credentials, key_version = excluded.key_version
            """;

    private static final String UPDATE = """
            UPDATE core.tenant_credentials
            SET credentials = $2, key_version = $3
            WHERE credential_id = $1
            """;

    private static final String PAGE = """
            SELECT credential_id, tenant_id, provider, credentials, key_version
            FROM core.tenant_credentials
            WHERE credential_id > $1
            ORDER BY credential_id
            LIMIT $2
            """;

    // Never waits: rows that a refresher holds, or that changed since they were read, are left out of the answer.
    private static final String RESEAL = """
            WITH unchanged AS MATERIALIZED (
                SELECT stored.credential_id, fresh.token
                FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS fresh (credential_id, read_token, token)
                JOIN core.tenant_credentials stored ON stored.credential_id = fresh.credential_id
                WHERE stored.credentials = fresh.read_token
                FOR UPDATE OF stored SKIP LOCKED
            )
            UPDATE core.tenant_credentials stored
            SET credentials = unchanged.token, key_version = $4
            FROM unchanged
            WHERE stored.credential_id = unchanged.credential_id
            RETURNING stored.credential_id
            """;

    private static final String COUNT_BY_KEY_VERSION = """
            SELECT key_version, count(*) AS credentials
            FROM core.tenant_credentials
            GROUP BY key_version
            ORDER BY key_version
            """;

    private static final UUID BEFORE_ALL = new UUID(0, 0);

    public CredentialStore() {}

    /** One row, still sealed. */
    public record Sealed(UUID id, TenantId tenant, String provider, byte[] token, int keyVersion) {
        @Override
        public String toString() {
            return "Sealed[id=" + id + ", tenant=" + tenant + ", provider=" + provider + ", keyVersion=" + keyVersion
                    + "]";
        }
    }

    /** The sealed credentials of {@code tenant} for {@code provider}, if there are any. */
    public Uni<Optional<Sealed>> find(SqlClient db, TenantId tenant, String provider) {
        return db.preparedQuery(FIND)
                .execute(Tuple.of(tenant.value(), provider))
                .map(CredentialStore::first);
    }

    /**
     * Like {@link #find}, and keeps the row from every other writer until {@code tx} ends. Waits for whoever holds it;
     * {@code lock_timeout} of the transaction bounds the wait (then the Uni fails with SQLSTATE 55P03).
     */
    public Uni<Optional<Sealed>> lock(SqlConnection tx, TenantId tenant, String provider) {
        return tx.preparedQuery(LOCK)
                .execute(Tuple.of(tenant.value(), provider))
                .map(CredentialStore::first);
    }

    /** Stores a token, in place of the one that was there. Fails if the tenant does not exist. */
    public Uni<Void> put(SqlClient db, TenantId tenant, String provider, byte[] token, int keyVersion) {
        return db.preparedQuery(PUT)
                .execute(Tuple.from(
                        List.of(TimeOrderedId.next(), tenant.value(), provider, Buffer.buffer(token), keyVersion)))
                .replaceWithVoid();
    }

    /** Replaces the token of a row that {@link #lock} holds in the same transaction. */
    public Uni<Void> update(SqlConnection tx, Sealed locked, byte[] token, int keyVersion) {
        return tx.preparedQuery(UPDATE)
                .execute(Tuple.of(locked.id(), Buffer.buffer(token), keyVersion))
                .invoke(rows -> {
                    if (rows.rowCount() != 1) {
                        throw new IllegalStateException(
                                "credential " + locked.id() + " is gone although it was locked");
                    }
                })
                .replaceWithVoid();
    }

    /** The next rows in order of their id, for a walk over all of them; {@link #firstPage} begins one. */
    public Uni<List<Sealed>> pageAfter(SqlClient db, UUID after, int limit) {
        return db.preparedQuery(PAGE)
                .execute(Tuple.of(after, limit))
                .map(rows -> StreamSupport.stream(rows.spliterator(), false)
                        .map(CredentialStore::sealed)
                        .toList());
    }

    /** Where a walk over all rows begins. */
    public Uni<List<Sealed>> firstPage(SqlClient db, int limit) {
        return pageAfter(db, BEFORE_ALL, limit);
    }

    /**
     * Replaces the tokens of {@code read} by {@code tokens} (same order), each only if it is still the one that was read
     * and nobody holds its row. Never waits.
     *
     * @return ids of the rows that were replaced
     */
    public Uni<Set<UUID>> resealAll(SqlClient db, List<Sealed> read, List<byte[]> tokens, int keyVersion) {
        UUID[] ids = read.stream().map(Sealed::id).toArray(UUID[]::new);
        Buffer[] before = read.stream().map(row -> Buffer.buffer(row.token())).toArray(Buffer[]::new);
        Buffer[] after = tokens.stream().map(Buffer::buffer).toArray(Buffer[]::new);
        return db.preparedQuery(RESEAL)
                .execute(Tuple.of(ids, before, after, keyVersion))
                .map(rows -> {
                    Set<UUID> replaced = new HashSet<>();
                    rows.forEach(row -> replaced.add(row.getUUID("credential_id")));
                    return replaced;
                });
    }

    /** How many rows name which key version. */
    public Uni<SortedMap<Integer, Long>> countByKeyVersion(SqlClient db) {
        return db.preparedQuery(COUNT_BY_KEY_VERSION).execute().map(rows -> {
            SortedMap<Integer, Long> counts = new TreeMap<>();
            rows.forEach(row -> counts.put(row.getInteger("key_version"), row.getLong("credentials")));
            return counts;
        });
    }

    private static Optional<Sealed> first(RowSet<Row> rows) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(CredentialStore::sealed)
                .findFirst();
    }

    private static Sealed sealed(Row row) {
        return new Sealed(
                row.getUUID("credential_id"),
                new TenantId(row.getUUID("tenant_id")),
                row.getString("provider"),
                row.getBuffer("credentials").getBytes(),
                row.getInteger("key_version"));
    }
}
