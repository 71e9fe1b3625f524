package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.migrations.Migrate;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the script that Compose, the cluster and administrators run, on a server of its own: users belong to servers. */
class LoginsIT {
    private static final String SCRIPT = "k8s/components/logins/logins.sql";
    private static final List<String> LOGINS = List.of("ingest", "worker", "operator", "scaler");

    /** A field, because loggers nobody holds forget their level. */
    private static final Logger FLYWAY = Logger.getLogger("org.flywaydb");

    private static EmbeddedPostgres server;

    @BeforeAll
    static void startServer() throws Exception {
        FLYWAY.setLevel(Level.WARNING);
        server = EmbeddedPostgres.builder()
                .setServerConfig("listen_addresses", "127.0.0.1")
                .start();
        Migrate.run(server.getJdbcUrl("postgres", "postgres"), "postgres", "postgres");
        askForPasswords();
    }

    /** The embedded server lets everybody in; these users shall prove who they are. */
    private static void askForPasswords() throws Exception {
        Path rules = Path.of(value("SHOW hba_file"));
        Files.writeString(rules, """
                local all all              trust
                host  all postgres all     trust
                host  all all      all     scram-sha-256
                """);
        execute("SELECT pg_reload_conf()");
        execute("CREATE ROLE probe LOGIN");
        Awaitility.await()
                .untilAsserted(
                        () -> assertThatThrownBy(() -> open("probe", "any")).isInstanceOf(SQLException.class));
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @BeforeEach
    void forgetLogins() throws SQLException {
        for (String login : LOGINS) {
            execute("DROP ROLE IF EXISTS " + login);
        }
    }

    @Test
    void each_login_gets_in_and_has_its_role_and_no_other() throws SQLException {
        run(Map.of(
                "PARLEY_INGEST_DB_PASSWORD", "i-1",
                "PARLEY_WORKER_DB_PASSWORD", "w-1",
                "PARLEY_OPERATOR_DB_PASSWORD", "o-1",
                "PARLEY_SCALER_DB_PASSWORD", "s-1"));

        for (String login : LOGINS) {
            try (Connection connection = open(login, login.charAt(0) + "-1")) {
                assertThat(value(
                                connection,
                                "SELECT string_agg(r.rolname, ',') FROM pg_auth_members m"
                                        + " JOIN pg_roles r ON r.oid = m.roleid"
                                        + " JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = current_user"))
                        .isEqualTo("parley_" + login);
                assertThat(value(
                                connection,
                                "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication"
                                        + " FROM pg_roles WHERE rolname = current_user"))
                        .isEqualTo("f");
            }
            assertThatThrownBy(() -> open(login, "wrong")).hasMessageContaining("password authentication failed");
        }
    }

    @Test
    void a_login_without_a_password_is_left_as_it_is() throws SQLException {
        run(Map.of("PARLEY_INGEST_DB_PASSWORD", "i-1"));
        run(Map.of("PARLEY_WORKER_DB_PASSWORD", "w-1"));

        open("ingest", "i-1").close();
        open("worker", "w-1").close();
        assertThat(value("SELECT count(*) FROM pg_roles WHERE rolname IN ('operator', 'scaler')"))
                .isEqualTo("0");
    }

    @Test
    void running_it_again_changes_a_password() throws SQLException {
        run(Map.of("PARLEY_INGEST_DB_PASSWORD", "old"));
        run(Map.of("PARLEY_INGEST_DB_PASSWORD", "new"));

        open("ingest", "new").close();
        assertThatThrownBy(() -> open("ingest", "old")).hasMessageContaining("password authentication failed");
    }

    @Test
    void odd_characters_in_a_password_stay_a_password() throws SQLException {
        String odd = "a'b\"c\\d$$e%s; DROP SCHEMA bot --";
        run(Map.of("PARLEY_INGEST_DB_PASSWORD", odd));

        open("ingest", odd).close();
        assertThat(value("SELECT count(*) FROM pg_namespace WHERE nspname = 'bot'"))
                .isEqualTo("1");
    }

    @Test
    void the_server_gives_up_on_a_slow_count() throws SQLException {
        run(Map.of("PARLEY_SCALER_DB_PASSWORD", "s-1"));

        try (Connection scaler = open("scaler", "s-1")) {
            assertThat(value(scaler, "SHOW statement_timeout")).isEqualTo("5s");
            assertThat(value(scaler, "SHOW default_transaction_read_only")).isEqualTo("on");
        }
    }

    @Test
    void before_the_migrations_it_says_so_and_leaves_nothing_behind() throws SQLException {
        execute("ALTER ROLE parley_worker RENAME TO parley_worker_away");
        try {
            assertThatThrownBy(
                            () -> run(Map.of("PARLEY_INGEST_DB_PASSWORD", "i-1", "PARLEY_WORKER_DB_PASSWORD", "w-1")))
                    .hasMessageContaining("role parley_worker does not exist: run the migrations first");
            assertThat(value("SELECT count(*) FROM pg_roles WHERE rolname IN ('ingest', 'worker')"))
                    .isEqualTo("0");
        } finally {
            execute("ALTER ROLE parley_worker_away RENAME TO parley_worker");
        }
    }

    @Test
    void psql_runs_it_and_prints_no_password() throws Exception {
        assumeTrue(onPath("psql"), "psql is not on the path; the other tests run the same statements without it");
        Path output = Files.createTempFile("logins", ".txt");
        try {
            ProcessBuilder psql = new ProcessBuilder(
                            "psql",
                            "--no-psqlrc",
                            "--quiet",
                            "--file=" + Checkout.root().resolve(SCRIPT))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            psql.environment()
                    .putAll(Map.of(
                            "PGHOST", "127.0.0.1",
                            "PGPORT", String.valueOf(server.getPort()),
                            "PGUSER", "postgres",
                            "PGDATABASE", "postgres",
                            "PARLEY_INGEST_DB_PASSWORD", "pass-of-ingest'",
                            "PARLEY_WORKER_DB_PASSWORD", "pass-of-worker"));
            Process process = psql.start();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(output)).doesNotContain("pass-of");
            assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        } finally {
            Files.delete(output);
        }

        open("ingest", "pass-of-ingest'").close();
        open("worker", "pass-of-worker").close();
    }

    private static boolean onPath(String program) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /** Does what psql does with the script: {@code \set} and {@code \getenv}, then {@code :'name'} as a literal. */
    private static void run(Map<String, String> environment) throws SQLException {
        Map<String, String> variables = new LinkedHashMap<>();
        List<String> sql = new ArrayList<>();
        for (String line : Checkout.text(SCRIPT).split("\n")) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "\\set" -> variables.put(words[1], "");
                case "\\getenv" -> {
                    if (environment.containsKey(words[2])) {
                        variables.put(words[1], environment.get(words[2]));
                    }
                }
                default -> {
                    assertThat(line).as("a command this test does not know").doesNotStartWith("\\");
                    sql.add(line);
                }
            }
        }
        String script = Pattern.compile(":'(\\w+)'")
                .matcher(String.join("\n", sql))
                .replaceAll(found -> {
                    assertThat(variables).containsKey(found.group(1));
                    return Matcher.quoteReplacement(literal(variables.get(found.group(1))));
                });
        try (Connection connection = open("postgres", "postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(script);
        }
    }

    private static String literal(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        return value.contains("\\") ? "E" + quoted.replace("\\", "\\\\") : quoted;
    }

    private static Connection open(String user, String password) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(server.getPort()), user, password);
    }

    private static void execute(String sql) throws SQLException {
        try (Connection connection = open("postgres", "postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String value(String sql) throws SQLException {
        try (Connection connection = open("postgres", "postgres")) {
            return value(connection, sql);
        }
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
