package dev.parley.benchmarks;

import dev.parley.queue.TimeOrderedId;
import dev.parley.sandbox.Stack;
import dev.parley.sandbox.StackPlan;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A durable Postgres with Parley's schema and twenty tenants, an ingest service beside it, and a superuser's session to
 * prepare and to check. Every scenario starts from empty tables.
 */
final class Lab implements AutoCloseable {
    static final int TENANTS = 20;

    /** As docs/operations.md recommends, but without wal_compression; fsync and synchronous_commit stay on. */
    static final Map<String, String> SERVER = Map.of(
            "shared_buffers", "1GB",
            "max_wal_size", "4GB",
            "checkpoint_timeout", "15min",
            "wal_compression", "off",
            "autovacuum_naptime", "15s",
            "autovacuum_vacuum_cost_limit", "2000",
            "random_page_cost", "1.1",
            "jit", "off",
            "track_io_timing", "off");

    /** The budgets are kept, so that what they cost is measured, but nobody reaches them. */
    private static final Map<String, String> UNLIMITED = Map.of(
            "PARLEY_INGEST_LIMITS_TENANT_RATE", "1000000",
            "PARLEY_INGEST_LIMITS_TENANT_BURST", "1000000",
            "PARLEY_INGEST_LIMITS_BACKLOG_MAX_JOBS", "0");

    private final Path directory;
    private final Stack stack;
    private final Connection admin;
    private final Secret webhookSecret;
    private final List<UUID> tenants = new ArrayList<>();

    private Lab(Path directory, Stack stack, Connection admin, Secret webhookSecret) {
        this.directory = directory;
        this.stack = stack;
        this.admin = admin;
        this.webhookSecret = webhookSecret;
    }

    /** @param workers of the service's own; 0 where a scenario brings its own */
    static Lab open(Path directory, int workers, Map<String, String> ingestEnvironment) throws SQLException {
        return open(directory, workers, ingestEnvironment, SERVER);
    }

    private static Lab open(
            Path directory, int workers, Map<String, String> ingestEnvironment, Map<String, String> server)
            throws SQLException {
        Map<String, String> environment = new HashMap<>(UNLIMITED);
        environment.putAll(ingestEnvironment);
        Stack stack = Stack.start(StackPlan.on(directory)
                .withWorkers(workers)
                .withIngestEnvironment(environment)
                .withPostgresSettings(server));
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        Lab lab = new Lab(
                directory,
                stack,
                stack.database().connect("postgres"),
                Secret.of("whsec_" + Base64.getEncoder().encodeToString(key)));
        lab.addTenants();
        return lab;
    }

    /** Their contacts write the same again and again and are answered each time: no message is cheaper than another. */
    private void addTenants() throws SQLException {
        JsonObject settings = new JsonObject()
                .put("texts", new JsonObject().put("business", "Harbour Dental"))
                .put("dialog", new JsonObject().put("max_replies", 1000).put("max_same_reply", 1000));
        for (int number = 0; number < TENANTS; number++) {
            UUID id = addTenant(slug(number), settings);
            addSecrets(id, "standard-webhooks", List.of(webhookSecret.reveal()));
            tenants.add(id);
        }
    }

    /** One more, which is none of {@link #tenants()}. */
    UUID addTenant(String slug, JsonObject settings) throws SQLException {
        UUID id = TimeOrderedId.next();
        try (PreparedStatement tenant = admin.prepareStatement("""
                INSERT INTO core.tenants (tenant_id, tenant_slug, name, messaging_adapter, settings)
                VALUES (?, ?, ?, 'ghl', ?::jsonb)
                """)) {
            tenant.setObject(1, id);
            tenant.setString(2, slug);
            tenant.setString(3, "Bench " + slug);
            tenant.setString(4, settings.encode());
            tenant.executeUpdate();
        }
        return id;
    }

    /** What {@code provider}'s webhooks of a tenant are signed with. */
    void addSecrets(UUID tenant, String provider, List<String> secrets) throws SQLException {
        String name = "webhook:" + provider;
        try (PreparedStatement credentials = admin.prepareStatement("""
                INSERT INTO core.tenant_credentials (tenant_id, provider, credentials, key_version)
                VALUES (?, ?, ?, ?)
                """)) {
            credentials.setObject(1, tenant);
            credentials.setString(2, name);
            credentials.setBytes(
                    3,
                    stack.vault()
                            .seal(new TenantId(tenant), name, new JsonObject().put("secrets", new JsonArray(secrets))));
            credentials.setInt(4, stack.vault().currentVersion());
            credentials.executeUpdate();
        }
    }

    /** A lab of a scenario's own, where the service has to be set up otherwise; closed by whoever asked. */
    Lab another(String name, Map<String, String> ingestEnvironment) throws SQLException {
        return open(directory.resolve(name), 0, ingestEnvironment);
    }

    /** One whose server has a setting of its own from its start on. */
    Lab withServer(String name, String setting, String value) throws SQLException {
        Map<String, String> server = new HashMap<>(SERVER);
        server.put(setting, value);
        return open(directory.resolve(name), 0, Map.of(), server);
    }

    /** Where ingest takes webhooks. */
    InetSocketAddress door() {
        return new InetSocketAddress("127.0.0.1", stack.ingest().address().getPort());
    }

    static String slug(int number) {
        return "bench-" + number;
    }

    Stack stack() {
        return stack;
    }

    Path directory() {
        return directory;
    }

    Secret webhookSecret() {
        return webhookSecret;
    }

    List<UUID> tenants() {
        return List.copyOf(tenants);
    }

    /** A session of {@code login}; the caller closes it. */
    Connection connect(String login) {
        return stack.database().connect(login);
    }

    /** Empty tables, no dirty pages, and no statistics of the run before. */
    void reset() throws SQLException {
        execute("TRUNCATE bot.messages, bot.conversations, bot.contacts, bot.job_queue, bot.inbound_events");
        execute("CHECKPOINT");
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = admin.createStatement()) {
            statement.execute(sql);
        }
    }

    long number(String sql) throws SQLException {
        return Math.round(real(sql));
    }

    double real(String sql) throws SQLException {
        try (Statement statement = admin.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getDouble(1);
        }
    }

    String text(String sql) throws SQLException {
        try (Statement statement = admin.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** Transactions that wrote something, ever; this question is one of them. */
    long writes() throws SQLException {
        return number("SELECT pg_current_xact_id()::text::bigint");
    }

    /** Returns when {@code sql} answers {@code wanted}. */
    void await(String sql, long wanted, Duration atMost) throws SQLException, InterruptedException {
        long until = System.nanoTime() + atMost.toNanos();
        long found = number(sql);
        while (found != wanted) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException(
                        "after " + atMost.toSeconds() + " s still " + found + " instead of " + wanted + ": " + sql);
            }
            // The question costs the server something: not too often.
            TimeUnit.MILLISECONDS.sleep(100);
            found = number(sql);
        }
    }

    @Override
    public void close() {
        try {
            admin.close();
        } catch (SQLException e) {
            throw new IllegalStateException("closing a session failed", e);
        } finally {
            stack.close();
        }
    }
}
