package dev.parley.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/**
 * The database that a command looks into: the one {@code PARLEY_DB_URL}, {@code PARLEY_DB_USER} and
 * {@code PARLEY_DB_PASSWORD} name, else that of the sandbox on a data directory.
 */
record Reach(String url, Map<String, String> passwords, boolean sandbox) {

    static Reach of(Path directory) {
        return of(System.getenv(), directory);
    }

    static Reach of(Map<String, String> environment, Path directory) {
        String url = environment.getOrDefault("PARLEY_DB_URL", "");
        if (!url.isBlank()) {
            String user = environment.getOrDefault("PARLEY_DB_USER", "operator");
            return new Reach(url, Map.of(user, environment.getOrDefault("PARLEY_DB_PASSWORD", "")), false);
        }
        Path endpoints = directory.resolve("run").resolve("endpoints.properties");
        Path secrets = directory.resolve("secrets").resolve("sandbox.secrets");
        if (!Files.exists(endpoints) || !Files.exists(secrets)) {
            throw new SandboxException("no sandbox has run on " + directory
                    + " yet: start one with `./parley up`, or name a database with PARLEY_DB_URL");
        }
        Properties known = new Properties();
        Properties made = new Properties();
        try (var ports = Files.newBufferedReader(endpoints);
                var kept = Files.newBufferedReader(secrets)) {
            known.load(ports);
            made.load(kept);
        } catch (IOException e) {
            throw new SandboxException("cannot read " + directory + ": " + e, e);
        }
        Map<String, String> passwords = new java.util.LinkedHashMap<>();
        for (String name : made.stringPropertyNames()) {
            if (name.startsWith("password.")) {
                passwords.put(name.substring("password.".length()), made.getProperty(name));
            }
        }
        return new Reach(
                "postgresql://127.0.0.1:" + known.getProperty("postgres.port") + "/" + Database.NAME, passwords, true);
    }

    /** As {@code login}; where the environment names the user, that one is taken. */
    Connection connect(String login) {
        String user = sandbox ? login : passwords.keySet().iterator().next();
        String password = passwords.get(user);
        if (password == null) {
            throw new SandboxException("there is no login " + user + "; there are "
                    + String.join(", ", new java.util.TreeSet<>(passwords.keySet())));
        }
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("ApplicationName", "parley-operator");
        properties.setProperty("connectTimeout", "5");
        String plain = url.startsWith("jdbc:") ? url : "jdbc:" + url.replaceFirst("^postgres://", "postgresql://");
        String shown = plain.replaceFirst("^jdbc:postgresql://([^@/]*@)?", "").replaceFirst("\\?.*$", "");
        try {
            return DriverManager.getConnection(plain, properties);
        } catch (SQLException e) {
            String state = e.getSQLState() == null ? "" : e.getSQLState();
            if (state.startsWith("08")) {
                throw new SandboxException(
                        "the database at " + shown + " is not reachable"
                                + (sandbox
                                        ? ": is the sandbox running? Start it with `./parley up`"
                                        : ": " + e.getMessage()),
                        e);
            }
            throw new SandboxException(
                    "the database at " + shown + " does not let " + user + " in: " + e.getMessage(), e);
        }
    }
}
