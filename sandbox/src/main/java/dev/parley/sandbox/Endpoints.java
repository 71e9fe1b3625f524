package dev.parley.sandbox;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Files that let `psql` and the other commands find a sandbox that another process runs. */
final class Endpoints {
    private static final String OPERATOR = "operator.env";

    private Endpoints() {}

    /**
     * A libpq service file (one section per login, so that {@code PGSERVICE=operator psql} is all it takes) and the
     * environment an operator's command needs.
     *
     * @param vendors how the services reach vendors and know their webhooks
     */
    static void write(
            DataDirectory data, Database database, int port, String encryptionKeys, Map<String, String> vendors) {
        StringBuilder services = new StringBuilder("# Written by the sandbox at every start.\n");
        for (String login : List.of("operator", "ingest", "worker", Postgres.SUPERUSER)) {
            services.append("""
                    [%s]
                    host=127.0.0.1
                    port=%d
                    dbname=%s
                    user=%s
                    password=%s

                    """.formatted(
                    login, port, Database.NAME, login, database.password(login).reveal()));
        }
        Secrets.write(data.secrets().resolve("pg_service.conf"), services.toString());
        Secrets.write(
                data.secrets().resolve(OPERATOR),
                """
                PARLEY_DB_URL=%s
                PARLEY_DB_USER=operator
                PARLEY_DB_PASSWORD=%s
                TENANT_ENCRYPTION_KEY=%s
                """.formatted(database.url(), database.password("operator").reveal(), encryptionKeys) + lines(vendors));
        try {
            Files.writeString(data.endpoints(), "postgres.port=" + port + "\n");
        } catch (IOException e) {
            throw new SandboxException("cannot write " + data.endpoints() + ": " + e, e);
        }
    }

    private static String lines(Map<String, String> settings) {
        StringBuilder lines = new StringBuilder();
        new TreeMap<>(settings)
                .forEach((name, value) -> lines.append(name)
                        .append('=')
                        .append(value.replace("\\", "\\\\"))
                        .append('\n'));
        return lines.toString();
    }

    /** What an operator's command needs to reach the sandbox on {@code directory}; empty if none ever ran there. */
    static Map<String, String> operatorEnvironment(Path directory) {
        Path file = directory.resolve("secrets").resolve(OPERATOR);
        if (!Files.exists(file)) {
            return Map.of();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new SandboxException("cannot read " + file + ": " + e, e);
        }
        Map<String, String> environment = new LinkedHashMap<>();
        properties.stringPropertyNames().forEach(name -> environment.put(name, properties.getProperty(name)));
        return environment;
    }
}
