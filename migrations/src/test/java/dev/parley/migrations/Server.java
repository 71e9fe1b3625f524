package dev.parley.migrations;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** An embedded Postgres that asks for passwords as a real one does; only the superuser gets in without. */
final class Server implements AutoCloseable {
    static final String SUPERUSER = "postgres";
    private static final Server SHARED = new Server();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(SHARED::close, "stop test postgres"));
    }

    private final EmbeddedPostgres postgres;

    /** A server of one's own, for what concerns the whole server: roles. */
    Server() {
        try {
            Path access = Files.createTempFile("parley-hba", ".conf");
            access.toFile().deleteOnExit();
            Files.writeString(access, """
                    local all all trust
                    host all postgres 127.0.0.1/32 trust
                    host all all 127.0.0.1/32 scram-sha-256
                    """);
            postgres = EmbeddedPostgres.builder()
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("timezone", "America/St_Johns")
                    .setServerConfig("hba_file", access.toString())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Server shared() {
        return SHARED;
    }

    int port() {
        return postgres.getPort();
    }

    /** Another session to a database that is there. */
    Database database(String name) {
        return new Database(name);
    }

    /** An empty database of its own, owned by {@code owner}. */
    Database newDatabase(String owner) {
        String name = "db_" + UUID.randomUUID().toString().replace('-', '_');
        try (Database admin = new Database("postgres")) {
            admin.execute("CREATE DATABASE %s OWNER %s".formatted(name, owner));
        }
        return new Database(name);
    }

    Database newDatabase() {
        return newDatabase(SUPERUSER);
    }

    Database migratedDatabase() {
        Database database = newDatabase();
        Migrate.run(database.url(), SUPERUSER, null);
        return database;
    }

    /** Makes a login user with this password once per server. */
    void createUser(String name, String password, String options) {
        try (Database admin = new Database("postgres")) {
            if (admin.rows("SELECT FROM pg_roles WHERE rolname = ?", name).isEmpty()) {
                admin.execute("CREATE ROLE %s LOGIN PASSWORD '%s' %s".formatted(name, password, options));
            }
        }
    }

    @Override
    public void close() {
        try {
            postgres.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One database with the superuser's session to it. */
    final class Database implements AutoCloseable {
        private final String name;
        private final Connection session;

        private Database(String name) {
            this.name = name;
            this.session = connect(SUPERUSER, "");
        }

        String name() {
            return name;
        }

        String url() {
            return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port(), name);
        }

        Connection connect(String user, String password) {
            try {
                return DriverManager.getConnection(url(), user, password);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        Connection session() {
            return session;
        }

        List<Map<String, Object>> rows(String sql, Object... args) {
            return Server.rows(session, sql, args);
        }

        <T> T value(String sql, Object... args) {
            return Server.value(session, sql, args);
        }

        int execute(String sql, Object... args) {
            return Server.execute(session, sql, args);
        }

        @Override
        public void close() {
            try {
                session.close();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static List<Map<String, Object>> rows(Connection session, String sql, Object... args) {
        try (PreparedStatement statement = bind(session, sql, args);
                ResultSet result = statement.executeQuery()) {
            List<Map<String, Object>> rows = new ArrayList<>();
            while (result.next()) {
                Map<String, Object> row = new LinkedHashMap<>();
                for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
                    row.put(result.getMetaData().getColumnLabel(column), result.getObject(column));
                }
                rows.add(row);
            }
            return rows;
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    @SuppressWarnings("unchecked")
    static <T> T value(Connection session, String sql, Object... args) {
        List<Map<String, Object>> rows = rows(session, sql, args);
        if (rows.size() != 1) {
            throw new AssertionError(rows.size() + " rows: " + sql);
        }
        return (T) rows.get(0).values().iterator().next();
    }

    static int execute(Connection session, String sql, Object... args) {
        try {
            if (args.length == 0) {
                try (Statement statement = session.createStatement()) {
                    statement.execute(sql);
                    return statement.getUpdateCount();
                }
            }
            try (PreparedStatement statement = bind(session, sql, args)) {
                statement.execute();
                return statement.getUpdateCount();
            }
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    private static PreparedStatement bind(Connection session, String sql, Object... args) throws SQLException {
        PreparedStatement statement = session.prepareStatement(sql);
        for (int i = 0; i < args.length; i++) {
            statement.setObject(i + 1, args[i]);
        }
        return statement;
    }

    /** What the server said no to. */
    static final class Refused extends RuntimeException {
        Refused(SQLException cause) {
            super(cause.getMessage() + " [" + cause.getSQLState() + "]", cause);
        }

        String state() {
            return ((SQLException) getCause()).getSQLState();
        }
    }
}
