package dev.parley.sandbox;

import dev.parley.migrations.Migrate;
import dev.parley.migrations.Migrated;
import dev.parley.migrations.MigrationException;
import dev.parley.tenant.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/**
 * The sandbox's database as each of its users reaches it: the superuser migrates, and every program has a login of its
 * own that is a member of exactly one role of the schema, so that the rights of production are what the sandbox runs
 * under.
 */
public final class Database {
    static final String NAME = "parley";

    /** Login user → group role of the schema. */
    private static final Map<String, String> LOGINS =
            Map.of("ingest", "parley_ingest", "worker", "parley_worker", "operator", "parley_operator");

    private final int port;
    private final Map<String, Secret> passwords;

    private Database(int port, Map<String, Secret> passwords) {
        this.port = port;
        this.passwords = Map.copyOf(passwords);
    }

    static Secret superuserPassword(Secrets secrets) {
        return secrets.keep("password." + Postgres.SUPERUSER, Secrets::password);
    }

    static Database on(int port, Secrets secrets) {
        Map<String, Secret> passwords = new LinkedHashMap<>();
        passwords.put(Postgres.SUPERUSER, superuserPassword(secrets));
        for (String login : LOGINS.keySet()) {
            passwords.put(login, secrets.keep("password." + login, Secrets::password));
        }
        return new Database(port, passwords);
    }

    /** As the services take it: {@code postgresql://127.0.0.1:54321/parley}. */
    public String url() {
        return "postgresql://127.0.0.1:" + port + "/" + NAME;
    }

    public Secret password(String login) {
        Secret password = passwords.get(login);
        if (password == null) {
            throw new IllegalArgumentException("no login " + login + "; there are " + passwords.keySet());
        }
        return password;
    }

    /** A new session of {@code login}; the caller closes it. */
    public Connection connect(String login) {
        return connect(NAME, login);
    }

    /** Creates what is missing and brings the schema up to date. Safe to repeat. */
    Migrated prepare() {
        try (Connection server = connect("postgres", Postgres.SUPERUSER)) {
            if (!exists(server, "SELECT 1 FROM pg_catalog.pg_database WHERE datname = ?", NAME)) {
                run(server, "CREATE DATABASE " + NAME);
            }
        } catch (SQLException e) {
            throw new SandboxException("cannot create the database: " + e.getMessage(), e);
        }
        Migrated migrated;
        try {
            migrated = Migrate.run(
                    "jdbc:" + url(),
                    Postgres.SUPERUSER,
                    password(Postgres.SUPERUSER).reveal());
        } catch (MigrationException e) {
            throw new SandboxException("migrating failed: " + e.getMessage(), e);
        }
        try (Connection db = connect(Postgres.SUPERUSER)) {
            for (Map.Entry<String, String> login : LOGINS.entrySet()) {
                String name = login.getKey();
                if (!exists(db, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ?", name)) {
                    run(db, "CREATE ROLE " + name + " LOGIN");
                }
                // Generated passwords are letters and digits: nothing to quote.
                run(db, "ALTER ROLE " + name + " PASSWORD '" + password(name).reveal() + "'");
                run(db, "GRANT " + login.getValue() + " TO " + name);
            }
        } catch (SQLException e) {
            throw new SandboxException("cannot create the login users: " + e.getMessage(), e);
        }
        return migrated;
    }

    private Connection connect(String database, String login) {
        Properties properties = new Properties();
        properties.setProperty("user", login);
        properties.setProperty("password", password(login).reveal());
        properties.setProperty("ApplicationName", "parley-sandbox");
        properties.setProperty("connectTimeout", "5");
        try {
            return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
        } catch (SQLException e) {
            throw new SandboxException(
                    "the database at 127.0.0.1:" + port + " is not reachable as " + login + ": " + e.getMessage(), e);
        }
    }

    private static boolean exists(Connection db, String query, String value) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(query)) {
            statement.setString(1, value);
            try (ResultSet found = statement.executeQuery()) {
                return found.next();
            }
        }
    }

    private static void run(Connection db, String sql) throws SQLException {
        try (Statement statement = db.createStatement()) {
            statement.execute(sql);
        }
    }
}
