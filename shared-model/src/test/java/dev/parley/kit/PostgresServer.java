package dev.parley.kit;

import dev.parley.migrations.Migrate;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.postgresql.Driver;

/**
 * The server behind every {@link TestDatabase} of this JVM, started when the first one is wanted, with one migrated
 * database to copy from.
 *
 * <p>{@code -Dparley.test.db-url=postgresql://user:password@host:port/postgres} uses a server that is already there (its
 * user must be a superuser); nothing but what this JVM created is touched or left behind in it, except the roles.
 */
final class PostgresServer {
    /** Deliberately neither UTC nor a whole number of hours from it: a forgotten time zone shows at once. */
    static final String TIME_ZONE = "America/St_Johns";

    private static final String GIVEN = "parley.test.db-url";

    /** One line per script and database is too much; held here, because loggers nobody holds forget their level. */
    private static final Logger FLYWAY = Logger.getLogger("org.flywaydb");

    static {
        FLYWAY.setLevel(Level.WARNING);
    }

    /** Quarkus loads test classes several times over; what is started once per JVM is remembered once per JVM. */
    private static final String STARTED = "parley.test.kit.server";

    private final String host;
    private final int port;
    private final TestDatabase.Login owner;
    private final String template;

    private PostgresServer(String host, int port, TestDatabase.Login owner, String template) {
        this.host = host;
        this.port = port;
        this.owner = owner;
        this.template = template;
    }

    static PostgresServer get() {
        // The one object that all class loaders share.
        synchronized (System.getProperties()) {
            String started = System.getProperty(STARTED);
            if (started != null) {
                String[] parts = started.split("\n", -1);
                return new PostgresServer(
                        parts[0], Integer.parseInt(parts[1]), new TestDatabase.Login(parts[2], parts[3]), parts[4]);
            }
            PostgresServer server = start();
            System.setProperty(
                    STARTED,
                    String.join(
                            "\n",
                            server.host,
                            String.valueOf(server.port),
                            server.owner.user(),
                            server.owner.password(),
                            server.template));
            return server;
        }
    }

    private static PostgresServer start() {
        String given = System.getProperty(GIVEN);
        String template = "parley_template_" + UUID.randomUUID().toString().replace('-', '_');
        PostgresServer server = given == null || given.isBlank() ? embedded(template) : given(given, template);
        server.execute("CREATE DATABASE " + template);
        Migrate.run(server.jdbcUrl(template), server.owner.user(), server.owner.password());
        server.createLogins();
        return server;
    }

    private static PostgresServer embedded(String template) {
        try {
            EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("timezone", TIME_ZONE)
                    .setServerConfig("max_connections", "300")
                    .setServerConfig("shared_buffers", "128MB")
                    // Tests lose nothing in a power cut.
                    .setServerConfig("full_page_writes", "off")
                    .setServerConfig("autovacuum_naptime", "10s")
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> close(postgres), "stop test postgres"));
            return new PostgresServer(
                    "127.0.0.1", postgres.getPort(), new TestDatabase.Login("postgres", "postgres"), template);
        } catch (IOException e) {
            throw new UncheckedIOException("the embedded Postgres did not start", e);
        }
    }

    private static void close(EmbeddedPostgres postgres) {
        try {
            postgres.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PostgresServer given(String url, String template) {
        URI uri = URI.create(url.replaceFirst("^jdbc:", ""));
        String[] login =
                uri.getUserInfo() == null ? new String[0] : uri.getUserInfo().split(":", 2);
        if (uri.getHost() == null || login.length < 2) {
            throw new IllegalArgumentException(GIVEN + " must look like postgresql://user:password@host:port/postgres");
        }
        PostgresServer server = new PostgresServer(
                uri.getHost(),
                uri.getPort() < 0 ? 5432 : uri.getPort(),
                new TestDatabase.Login(login[0], login[1]),
                template);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> server.drop(template), "drop the template database " + template));
        return server;
    }

    /** One login user per role; the server keeps them, so another JVM may have made them before. */
    private void createLogins() {
        StringBuilder sql = new StringBuilder("SELECT pg_advisory_xact_lock(hashtextextended('parley.kit', 0));\n");
        for (TestDatabase.Login login : TestDatabase.Login.LEAST_PRIVILEGED) {
            sql.append("""
                    DO $$ BEGIN
                        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%1$s_login') THEN
                            CREATE ROLE %1$s_login LOGIN PASSWORD '%2$s' IN ROLE parley_%1$s;
                        END IF;
                    END $$;
                    """.formatted(login.user().replace("_login", ""), login.password()));
        }
        execute("BEGIN;\n" + sql + "COMMIT");
    }

    String create() {
        String name = newName();
        execute("CREATE DATABASE %s TEMPLATE %s".formatted(name, template));
        // The embedded server has it in its configuration; here it would be a second connection for every database.
        if (System.getProperty(GIVEN) != null) {
            execute("ALTER DATABASE %s SET timezone TO '%s'".formatted(name, TIME_ZONE));
        }
        return name;
    }

    String createEmpty() {
        String name = newName();
        execute("CREATE DATABASE %s TEMPLATE template0".formatted(name));
        return name;
    }

    void drop(String database) {
        // FORCE: a test that leaves a connection open must not fail the next one.
        execute("DROP DATABASE IF EXISTS %s WITH (FORCE)".formatted(database));
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    TestDatabase.Login owner() {
        return owner;
    }

    String jdbcUrl(String database) {
        return "jdbc:postgresql://%s:%d/%s".formatted(host, port, database);
    }

    Connection connect(String database, TestDatabase.Login login) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", login.user());
        properties.setProperty("password", login.password());
        // Not through DriverManager: it finds drivers only for the class loader that asked first.
        Connection connection = new Driver().connect(jdbcUrl(database), properties);
        try (Statement statement = connection.createStatement()) {
            // pgjdbc has told the server the JVM's.
            statement.execute("SET TimeZone = '" + TIME_ZONE + "'");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private static String newName() {
        return "parley_test_" + UUID.randomUUID().toString().replace('-', '_');
    }

    private void execute(String sql) {
        try (Connection connection = connect("postgres", owner);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("test server, " + sql + ": " + e.getMessage(), e);
        }
    }
}
