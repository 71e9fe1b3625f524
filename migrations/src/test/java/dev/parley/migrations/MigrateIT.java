package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.migrations.MigrationException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MigrateIT {
    private static final Server SERVER = Server.shared();
    private static final String HISTORY = "SELECT max(version::int) FROM parley.schema_history WHERE success";

    @Test
    void an_empty_database_gets_the_whole_line_and_a_second_run_nothing() {
        try (Server.Database database = SERVER.newDatabase()) {
            Migrated first = Migrate.run(database.url(), Server.SUPERUSER, null);
            Migrated second = Migrate.run(database.url(), Server.SUPERUSER, null);

            assertThat(first.from()).isZero();
            assertThat(first.to()).isEqualTo(first.scripts().size()).isEqualTo(database.<Integer>value(HISTORY));
            assertThat(first.scripts().get(0)).isEqualTo("V001__tables");
            assertThat(second.from()).isEqualTo(second.to()).isEqualTo(first.to());
            assertThat(second.scripts()).isEmpty();
        }
    }

    @Test
    void the_history_stands_beside_the_contracts_schemas() {
        try (Server.Database database = SERVER.migratedDatabase()) {
            assertThat(database.rows("""
                            SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE c.relkind = 'r' AND n.nspname NOT IN ('core', 'bot', 'pg_catalog', 'information_schema')
                            """)).extracting(row -> row.get("name")).containsExactly("parley.schema_history");
        }
    }

    @Test
    void an_owner_who_is_no_superuser_migrates_if_it_may_create_roles() {
        SERVER.createUser("plain_owner", "secret", "CREATEROLE");
        try (Server.Database database = SERVER.newDatabase("plain_owner")) {
            assertThat(Migrate.run(database.url(), "plain_owner", "secret").to())
                    .isPositive();
        }
    }

    @Test
    void of_migrators_started_together_one_migrates_and_the_others_find_it_done() throws Exception {
        try (Server.Database database = SERVER.newDatabase()) {
            List<Migrated> done = atOnce(4, () -> Migrate.run(database.url(), Server.SUPERUSER, null));

            assertThat(done).filteredOn(one -> !one.scripts().isEmpty()).hasSize(1);
            assertThat(done).allMatch(one -> one.to() == done.get(0).to());
            assertThat(database.<Long>value("SELECT count(*) FROM parley.schema_history WHERE version IS NOT NULL"))
                    .isEqualTo((long) done.get(0).to());
        }
    }

    /** Roles belong to the server; only a fresh one shows whether two databases may be migrated at the same time. */
    @Test
    void two_databases_of_a_fresh_server_are_migrated_at_once() throws Exception {
        try (Server fresh = new Server();
                Server.Database one = fresh.newDatabase();
                Server.Database two = fresh.newDatabase();
                Server.Database three = fresh.newDatabase()) {
            List<Server.Database> databases = new ArrayList<>(List.of(one, two, three));
            List<Migrated> done = atOnce(3, () -> {
                Server.Database mine;
                synchronized (databases) {
                    mine = databases.remove(0);
                }
                return Migrate.run(mine.url(), Server.SUPERUSER, null);
            });
            assertThat(done).allMatch(migrated -> migrated.scripts().size() == migrated.to());
        }
    }

    @Test
    void without_the_right_to_create_roles_it_says_what_to_do_and_goes_on_once_they_are_there() {
        try (Server fresh = new Server()) {
            fresh.createUser("modest", "secret", "");
            try (Server.Database database = fresh.newDatabase("modest")) {
                assertThatExceptionOfType(MigrationException.class)
                        .isThrownBy(() -> Migrate.run(database.url(), "modest", "secret"))
                        .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NOT_ALLOWED))
                        .withMessageContaining("role parley_ingest does not exist and modest may not create it")
                        .withMessageContaining("ALTER ROLE modest CREATEROLE")
                        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
                assertThat(database.<Integer>value(HISTORY)).isEqualTo(3);

                for (String role : List.of("ingest", "worker", "operator", "scaler")) {
                    database.execute("CREATE ROLE parley_" + role + " NOLOGIN");
                }
                assertThat(Migrate.run(database.url(), "modest", "secret").from())
                        .isEqualTo(3);
            }
        }
    }

    @Test
    void a_second_line_has_a_history_of_its_own() {
        SchemaLine shelf = new SchemaLine("shelf", "db/shelf", "schema_history_shelf");
        try (Server.Database database = SERVER.migratedDatabase()) {
            int kernel = database.value(HISTORY);
            Migrated done = Migrate.run(shelf, database.url(), Server.SUPERUSER, null);

            assertThat(done.scripts()).containsExactly("V001__marker");
            assertThat(done)
                    .hasToString("shelf schema 0 → 1 (1 scripts, %d ms)"
                            .formatted(done.took().toMillis()));
            assertThat(database.<Integer>value(HISTORY)).isEqualTo(kernel);
            assertThat(Migrate.run(database.url(), Server.SUPERUSER, null).scripts())
                    .isEmpty();
        }
    }

    // What goes wrong: each has its reason, its exit code and one line that helps

    @Test
    void nothing_listens_there() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Outcome outcome = main("postgresql://127.0.0.1:" + port + "/parley", "parley", "hunter2-secret");
        outcome.failed(3, "cannot reach 127.0.0.1:" + port + "/parley", "refused");
    }

    @Test
    void the_host_does_not_exist() {
        main("postgresql://no-such-host.invalid/parley", "parley", "hunter2-secret")
                .failed(3, "cannot reach no-such-host.invalid/parley");
    }

    @Test
    void the_password_is_wrong() {
        SERVER.createUser("guarded", "right", "");
        try (Server.Database database = SERVER.newDatabase()) {
            main(database.url(), "guarded", "hunter2-secret")
                    .failed(4, "does not let user guarded in", "password authentication failed");
        }
    }

    @Test
    void no_password_is_given_where_one_is_asked_for() {
        SERVER.createUser("guarded", "right", "");
        try (Server.Database database = SERVER.newDatabase()) {
            main(database.url(), "guarded", null).failed(4, "does not let user guarded in");
        }
    }

    @Test
    void the_database_does_not_exist() {
        main("postgresql://127.0.0.1:%d/nowhere".formatted(SERVER.port()), Server.SUPERUSER, "")
                .failed(5, "database \"nowhere\" does not exist", "CREATE DATABASE");
    }

    @Test
    void the_user_may_not_create_schemas() {
        SERVER.createUser("guest", "hunter2-secret", "");
        try (Server.Database database = SERVER.newDatabase()) {
            main(database.url(), "guest", "hunter2-secret")
                    .failed(6, "user guest may not migrate", "permission denied for database");
        }
    }

    @Test
    void the_schema_is_newer_than_this_program() {
        try (Server.Database database = SERVER.migratedDatabase()) {
            database.execute("""
                    INSERT INTO parley.schema_history
                        (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
                    VALUES (99, '999', 'of tomorrow', 'SQL', 'V999__of_tomorrow.sql', 1, 'x', 1, true)
                    """);
            main(database.url(), Server.SUPERUSER, "").failed(7, "schema version 999", "newer Parley");
        }
    }

    @Test
    void a_script_that_ran_was_edited() {
        try (Server.Database database = SERVER.migratedDatabase()) {
            database.execute("UPDATE parley.schema_history SET checksum = checksum + 1 WHERE version = '002'");
            main(database.url(), Server.SUPERUSER, "").failed(8, "V002 (its text changed)", "never edited");
        }
    }

    @Test
    void a_script_that_ran_is_gone() {
        try (Server.Database database = SERVER.migratedDatabase()) {
            database.execute("""
                    INSERT INTO parley.schema_history
                        (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
                    VALUES (99, '003.5', 'lost', 'SQL', 'V003_5__lost.sql', 1, 'x', 1, true)
                    """);
            main(database.url(), Server.SUPERUSER, "").failed(8, "V003.5 (applied versioned migration not resolved)");
        }
    }

    @Test
    void a_script_fails_and_leaves_nothing_behind() {
        SchemaLine broken = new SchemaLine("broken", "db/broken", "schema_history_broken");
        try (Server.Database database = SERVER.newDatabase()) {
            assertThatThrownBy(() -> Migrate.run(broken, database.url(), Server.SUPERUSER, null))
                    .isInstanceOfSatisfying(
                            MigrationException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.FAILED_SCRIPT))
                    .hasMessageContaining("column \"nonsense\" does not exist")
                    .hasMessageContaining("V002__broken");
            assertThat(database.<Boolean>value("SELECT to_regclass('parley.broken_first') IS NOT NULL"))
                    .isTrue();
            assertThat(database.<Boolean>value("SELECT to_regclass('parley.broken_second') IS NULL"))
                    .isTrue();
        }
    }

    @Test
    void the_scripts_of_a_line_are_missing_from_the_class_path() {
        SchemaLine nowhere = new SchemaLine("nowhere", "db/nowhere", "schema_history_nowhere");
        try (Server.Database database = SERVER.newDatabase()) {
            assertThatThrownBy(() -> Migrate.run(nowhere, database.url(), Server.SUPERUSER, null))
                    .isInstanceOf(MigrationException.class)
                    .hasMessageContaining("db/nowhere");
        }
    }

    @Test
    void the_server_is_too_old() {
        assertThatThrownBy(() -> Migrate.refuseOld(14, "db:5432/parley"))
                .isInstanceOfSatisfying(
                        MigrationException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OLD_SERVER))
                .hasMessage("db:5432/parley runs PostgreSQL 14; Parley needs 15 or newer");
        Migrate.refuseOld(15, "db:5432/parley");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "mysql://host/parley",
                "postgresql://host",
                "postgresql:///parley",
                "postgresql://user:hunter2-secret@ho st/parley"
            })
    void the_url_is_missing_or_malformed(String url) {
        main(url, "parley", "hunter2-secret").failed(2, "PARLEY_DB_URL");
    }

    @Test
    void a_caller_in_java_gives_a_url_of_another_kind() {
        assertThatThrownBy(() -> Migrate.run("jdbc:mysql://127.0.0.1/parley", "parley", null))
                .isInstanceOfSatisfying(
                        MigrationException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CONFIGURATION));
    }

    @Test
    void the_user_is_missing() {
        main("postgresql://127.0.0.1/parley", null, null).failed(2, "PARLEY_DB_USER is not set");
    }

    @Test
    void a_secret_in_the_url_is_not_repeated() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        main(
                        "postgresql://parley:hunter2-secret@127.0.0.1:%d/parley?password=hunter2-secret"
                                .formatted(port),
                        null,
                        null)
                .failed(3, "cannot reach 127.0.0.1:%d/parley:".formatted(port));
    }

    // The program as a container runs it

    @Test
    void user_and_password_may_come_with_the_url() {
        SERVER.createUser("urluser", "p@ss/word", "CREATEROLE");
        try (Server.Database database = SERVER.newDatabase("urluser")) {
            Outcome outcome = main(
                    "postgres://urluser:p%%40ss%%2Fword@127.0.0.1:%d/%s?ApplicationName=x"
                            .formatted(SERVER.port(), database.name()),
                    null,
                    null);
            assertThat(outcome.code()).isZero();
        }
    }

    @Test
    void the_program_prints_from_and_to_and_ends_with_zero() throws Exception {
        try (Server.Database database = SERVER.newDatabase()) {
            Process program = program(database.url().replace("jdbc:", ""));
            String out = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String err = new String(program.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(program.waitFor()).isZero();
            assertThat(out).matches("parley-migrate: kernel schema 0 (→|\\?) \\d+ \\(\\d+ scripts, \\d+ ms\\)\\R");
            assertThat(err).isEmpty();
        }
    }

    @Test
    void the_program_ends_with_the_reasons_code() throws Exception {
        Process program = program("postgresql://127.0.0.1:%d/nowhere".formatted(SERVER.port()));
        String err = new String(program.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(program.waitFor()).isEqualTo(5);
        assertThat(err.lines()).hasSize(1);
    }

    private static Process program(String url) throws IOException {
        Path jar;
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            jar = files.filter(file -> file.getFileName().toString().matches("migrations-[^-]+(-SNAPSHOT)?\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("package the module first"));
        }
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar.toString());
        builder.environment().put("PARLEY_DB_URL", url);
        builder.environment().put("PARLEY_DB_USER", Server.SUPERUSER);
        return builder.start();
    }

    private record Outcome(int code, String out, String err) {
        void failed(int expected, String... parts) {
            assertThat(code).as(err).isEqualTo(expected);
            assertThat(out).isEmpty();
            assertThat(err.lines()).hasSize(1);
            assertThat(err).startsWith("parley-migrate: ").contains(parts).doesNotContain("hunter2-secret");
        }
    }

    private static Outcome main(String url, String user, String password) {
        Map<String, String> environment = new HashMap<>();
        environment.put("PARLEY_DB_URL", url);
        if (user != null) {
            environment.put("PARLEY_DB_USER", user);
        }
        if (password != null) {
            environment.put("PARLEY_DB_PASSWORD", password);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Migrate.run(
                environment,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static <T> List<T> atOnce(int times, Callable<T> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(times);
        try {
            CountDownLatch go = new CountDownLatch(1);
            List<Future<T>> started = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                started.add(threads.submit(() -> {
                    go.await();
                    return work.call();
                }));
            }
            go.countDown();
            List<T> results = new ArrayList<>();
            for (Future<T> one : started) {
                results.add(one.get(60, TimeUnit.SECONDS));
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
