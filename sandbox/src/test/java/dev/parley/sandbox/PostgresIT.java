package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.tenant.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresIT {
    private static final Secret PASSWORD = Secret.of("only4this1test");

    private static PostgresBinaries binaries;

    /** A database as initdb leaves it; every test gets a copy. */
    @TempDir
    static Path template;

    @TempDir
    Path directory;

    private DataDirectory data;
    private final List<String> said = new java.util.concurrent.CopyOnWriteArrayList<>();

    @BeforeAll
    static void initialiseOnce() {
        binaries = PostgresBinaries.unpackedIn(Layout.found().binaries());
        Postgres.start(binaries, DataDirectory.at(template), Ports.unused().postgres(), PASSWORD, Map.of())
                .stop();
    }

    @BeforeEach
    void fresh() throws IOException {
        data = copy("my data");
    }

    @AfterEach
    void nothingIsLeft() {
        Postgres.endLeftOver(binaries, data, said::add);
    }

    @Test
    void commits_are_durable_and_only_this_machine_is_listened_to() throws Exception {
        Postgres server = start();

        assertThat(ask(server, "SHOW fsync")).isEqualTo("on");
        assertThat(ask(server, "SHOW synchronous_commit")).isEqualTo("on");
        assertThat(ask(server, "SHOW full_page_writes")).isEqualTo("on");
        assertThat(ask(server, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
        assertThat(ask(server, "SHOW server_version")).startsWith(PostgresBinaries.MAJOR + ".");
        server.stop();
    }

    @Test
    void data_is_there_again_after_a_stop() throws Exception {
        Postgres first = start();
        ask(first, "CREATE TABLE kept AS SELECT 42 AS answer; SELECT 1");
        first.stop();
        assertThat(first.isGone()).isTrue();

        Postgres second = start();

        assertThat(ask(second, "SELECT answer FROM kept")).isEqualTo("42");
        second.stop();
    }

    @Test
    void a_password_is_needed() {
        Postgres server = start();

        assertThatThrownBy(() -> DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres", "postgres", "guessed"))
                .hasMessageContaining("password authentication failed");
        server.stop();
    }

    @Test
    void a_server_that_outlived_its_launcher_is_ended_by_the_next_start() throws Exception {
        Postgres orphan = start();

        Postgres.endLeftOver(binaries, data, said::add);

        assertThat(orphan.isGone()).isTrue();
        assertThat(said).singleElement().asString().contains("stopping Postgres (pid " + orphan.pid() + ")");
        Postgres next = start();
        assertThat(ask(next, "SELECT 1")).isEqualTo("1");
        next.stop();
    }

    @Test
    void a_server_that_was_killed_leaves_a_pid_file_that_hinders_nobody() throws Exception {
        Postgres killed = start();
        Command.signal("KILL", killed.pid());
        assertThat(ProcessIdentity.awaitGone(ProcessHandle.of(killed.pid()).orElseThrow(), Duration.ofSeconds(10)))
                .isTrue();
        assertThat(data.pg().resolve("postmaster.pid")).exists();

        Postgres.endLeftOver(binaries, data, said::add);
        Postgres next = start();

        assertThat(ask(next, "SELECT 1")).isEqualTo("1");
        next.stop();
    }

    @Test
    void a_pid_file_whose_number_is_another_program_now_is_removed() throws Exception {
        start().stop();
        Process innocent = new ProcessBuilder("sleep", "60").start();
        try {
            Files.writeString(
                    data.pg().resolve("postmaster.pid"), innocent.pid() + "\n" + data.pg() + "\n1700000000\n");

            Postgres.endLeftOver(binaries, data, said::add);

            assertThat(innocent.isAlive()).as("the innocent program").isTrue();
            assertThat(said).singleElement().asString().contains("pid " + innocent.pid() + " is now sleep");
            start().stop();
        } finally {
            innocent.destroyForcibly();
        }
    }

    @Test
    void a_pid_file_that_names_somebody_elses_postgres_is_an_error_with_its_pid() throws Exception {
        start().stop();
        DataDirectory others = copy("others");
        Postgres other = Postgres.start(binaries, others, Ports.unused().postgres(), PASSWORD, Map.of());
        Path pidFile = data.pg().resolve("postmaster.pid");
        try {
            Files.writeString(pidFile, other.pid() + "\n" + data.pg() + "\n1700000000\n");

            assertThatThrownBy(() -> Postgres.endLeftOver(binaries, data, said::add))
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("names process " + other.pid())
                    .hasMessageContaining("not certainly the Postgres of this directory");

            assertThat(other.isGone()).isFalse();
        } finally {
            Files.deleteIfExists(pidFile);
            other.stop();
        }
    }

    @Test
    void data_of_another_major_version_is_refused_and_left_alone() throws Exception {
        start().stop();
        Files.writeString(data.pg().resolve("PG_VERSION"), "16\n");

        assertThatThrownBy(this::start)
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("was written by Postgres 16");

        assertThat(data.pg().resolve("base")).isDirectory();
    }

    @Test
    void it_runs_in_a_session_of_its_own_so_that_an_interrupt_of_ours_does_not_reach_it() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs /proc");
        Postgres server = start();

        assertThat(session(server.pid()))
                .isNotEqualTo(session(ProcessHandle.current().pid()));
        server.stop();
    }

    private DataDirectory copy(String name) throws IOException {
        DataDirectory copy = DataDirectory.at(directory.resolve(name));
        Path from = template.toRealPath().resolve("pg");
        try (Stream<Path> all = Files.walk(from)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                Files.copy(file, copy.pg().resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return copy;
    }

    private Postgres start() {
        return Postgres.start(binaries, data, Ports.unused().postgres(), PASSWORD, Map.of());
    }

    private static String ask(Postgres server, String sql) throws Exception {
        try (Connection db = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres", "postgres", PASSWORD.reveal());
                Statement statement = db.createStatement()) {
            boolean rows = statement.execute(sql);
            while (!rows) {
                rows = statement.getMoreResults();
            }
            ResultSet row = statement.getResultSet();
            row.next();
            return row.getString(1);
        }
    }

    private static String session(long pid) throws Exception {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[3];
    }
}
