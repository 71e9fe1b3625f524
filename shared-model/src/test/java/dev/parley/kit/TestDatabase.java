package dev.parley.kit;

import dev.parley.migrations.Migrate;
import dev.parley.migrations.Migrated;
import io.vertx.core.VertxOptions;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgBuilder;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.PoolOptions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real, migrated Postgres database of its own for one test class, copied from a template in about a tenth of a second.
 * Give every test its own tenant ({@link Fixtures#tenant()}) and none has to clean up.
 *
 * <pre>{@code
 * class JobQueueIT {
 *     @RegisterExtension
 *     static final TestDatabase db = TestDatabase.create();
 *
 *     final Fixtures given = new Fixtures(db);
 *     final JobQueue queue = new JobQueue(db.pool(Login.WORKER));   // the rights the worker has in production
 * }
 * }</pre>
 *
 * A service's tests hand it to Quarkus in a resource like this one:
 *
 * <pre>{@code
 * public final class PostgresResource implements QuarkusTestResourceLifecycleManager {
 *     private TestDatabase db;
 *
 *     public Map<String, String> start() {
 *         db = TestDatabase.create();
 *         return Map.of(
 *                 "quarkus.datasource.reactive.url", db.reactiveUrl(),
 *                 "quarkus.datasource.username", Login.INGEST.user(),
 *                 "quarkus.datasource.password", Login.INGEST.password());
 *     }
 *
 *     public void inject(TestInjector test) {
 *         test.injectIntoFields(db, new TestInjector.MatchesType(TestDatabase.class));
 *     }
 *
 *     public void stop() {
 *         db.close();
 *     }
 * }
 * }</pre>
 *
 * <p>Safe to use from several threads. Sessions run in a time zone that is not UTC, on purpose.
 */
public final class TestDatabase implements AutoCloseable, AfterAllCallback {
    /** Who connects. All but {@link #owner()} have exactly the rights of one of Parley's roles. */
    public record Login(String user, String password) {
        public static final Login INGEST = new Login("ingest_login", "ingest-test");
        public static final Login WORKER = new Login("worker_login", "worker-test");
        public static final Login OPERATOR = new Login("operator_login", "operator-test");
        public static final Login SCALER = new Login("scaler_login", "scaler-test");

        static final List<Login> LEAST_PRIVILEGED = List.of(INGEST, WORKER, OPERATOR, SCALER);
    }

    private final PostgresServer server;
    private final String name;
    private final Map<Login, Pool> pools = new ConcurrentHashMap<>();
    private Vertx vertx;
    private boolean closed;

    private TestDatabase(PostgresServer server, String name) {
        this.server = server;
        this.name = name;
    }

    /** A migrated database. Drop it with {@link #close()}, or register it as an extension. */
    public static TestDatabase create() {
        PostgresServer server = PostgresServer.get();
        return new TestDatabase(server, server.create());
    }

    /** A database without a single table, for tests of migrating itself. */
    public static TestDatabase createEmpty() {
        PostgresServer server = PostgresServer.get();
        return new TestDatabase(server, server.createEmpty());
    }

    public Migrated migrate() {
        return Migrate.run(jdbcUrl(), owner().user(), owner().password());
    }

    public String name() {
        return name;
    }

    public String host() {
        return server.host();
    }

    public int port() {
        return server.port();
    }

    public String jdbcUrl() {
        return server.jdbcUrl(name);
    }

    /** As the services take it: {@code postgresql://host:port/name}, without user and password. */
    public String reactiveUrl() {
        return "postgresql://%s:%d/%s".formatted(host(), port(), name);
    }

    /** A superuser: may do everything and sees past row security. */
    public Login owner() {
        return server.owner();
    }

    public Pool pool() {
        return pool(owner());
    }

    /** A pool of up to 8 connections; the same one for the same login, closed with the database. */
    public Pool pool(Login login) {
        return pools.computeIfAbsent(login, who -> newPool(who, 8));
    }

    /** For a test that needs its own limits or wants to close it; {@link #vertx()} closes it in the end. */
    public Pool newPool(Login login, int size) {
        return PgBuilder.pool()
                .with(new PoolOptions().setMaxSize(size).setShared(false))
                .connectingTo(connectOptions(login))
                .using(vertx())
                .build();
    }

    public PgConnectOptions connectOptions(Login login) {
        return new PgConnectOptions()
                .setHost(host())
                .setPort(port())
                .setDatabase(name)
                .setUser(login.user())
                .setPassword(login.password())
                .setCachePreparedStatements(true);
    }

    /** This database's own; closed with it. */
    public synchronized Vertx vertx() {
        if (closed) {
            throw new IllegalStateException("database " + name + " is closed");
        }
        if (vertx == null) {
            vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(2));
        }
        return vertx;
    }

    /** The caller closes it. */
    public Connection connect() throws SQLException {
        return connect(owner());
    }

    /** The caller closes it. */
    public Connection connect(Login login) throws SQLException {
        return server.connect(name, login);
    }

    /**
     * All rows of a query, columns by name in their order.
     *
     * @param args for each {@code ?}
     */
    public List<Map<String, Object>> rows(String sql, Object... args) {
        return rows(owner(), sql, args);
    }

    public List<Map<String, Object>> rows(Login login, String sql, Object... args) {
        return with(login, sql, args, statement -> {
            List<Map<String, Object>> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    Map<String, Object> row = new LinkedHashMap<>();
                    for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
                        row.put(result.getMetaData().getColumnLabel(column), result.getObject(column));
                    }
                    rows.add(row);
                }
            }
            return rows;
        });
    }

    /** The only value of the only row, as {@code type}; null if it is null. */
    public <T> T value(Class<T> type, String sql, Object... args) {
        return with(owner(), sql, args, statement -> {
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    throw new AssertionError("no row: " + sql);
                }
                T value = result.getObject(1, type);
                if (result.next()) {
                    throw new AssertionError("more than one row: " + sql);
                }
                return value;
            }
        });
    }

    /** {@code count(*)} of {@code from}, for example {@code "bot.messages WHERE tenant_id = ?"}. */
    public long count(String from, Object... args) {
        return value(Long.class, "SELECT count(*) FROM " + from, args);
    }

    /** Runs a statement and returns how many rows it changed. */
    public int execute(String sql, Object... args) {
        return execute(owner(), sql, args);
    }

    public int execute(Login login, String sql, Object... args) {
        return with(login, sql, args, statement -> {
            statement.execute();
            return Math.max(0, statement.getUpdateCount());
        });
    }

    private interface Work<T> {
        T run(PreparedStatement statement) throws SQLException;
    }

    private <T> T with(Login login, String sql, Object[] args, Work<T> work) {
        try (Connection connection = connect(login);
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < args.length; i++) {
                statement.setObject(i + 1, args[i]);
            }
            return work.run(statement);
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    /** What the server said to a statement of a test. */
    public static final class Refused extends RuntimeException {
        private Refused(SQLException cause) {
            super(cause.getMessage(), cause);
        }

        public String sqlState() {
            return ((SQLException) getCause()).getSQLState();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    /** Closes the pools and drops the database. A second call does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        pools.values().forEach(Pool::closeAndAwait);
        if (vertx != null) {
            vertx.closeAndAwait();
        }
        server.drop(name);
    }
}
