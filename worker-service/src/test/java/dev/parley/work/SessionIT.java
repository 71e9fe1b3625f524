package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import io.vertx.mutiny.pgclient.PgConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class SessionIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @Test
    void a_session_of_a_database_is_a_real_one() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(10));

        assertThat(session.whyNotReal().await().atMost(Duration.ofSeconds(10))).isEmpty();
    }

    private static final String SESSIONS = "pg_stat_activity WHERE application_name = 'parley-worker' AND datname = ?";

    @Test
    void the_session_that_was_tested_is_the_next_one_opened() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(10));
        long before = db.count(SESSIONS, db.name());
        session.whyNotReal().await().atMost(Duration.ofSeconds(10));

        PgConnection first = session.open().await().atMost(Duration.ofSeconds(10));

        assertThat(db.count(SESSIONS, db.name())).isEqualTo(before + 1);
        assertThat(first.query("SELECT count(*) FROM pg_listening_channels()")
                        .execute()
                        .await()
                        .atMost(Duration.ofSeconds(10))
                        .iterator()
                        .next()
                        .getLong(0))
                .isZero();
        PgConnection second = session.open().await().atMost(Duration.ofSeconds(10));
        assertThat(db.count(SESSIONS, db.name())).isEqualTo(before + 2);
        first.closeAndAwait();
        second.closeAndAwait();
    }

    @Test
    void a_tested_session_that_died_is_not_handed_out() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(1));
        session.whyNotReal().await().atMost(Duration.ofSeconds(10));
        // The server ends it: nobody used it for the lease.
        await().atMost(Duration.ofSeconds(10)).until(() -> session.spare() == null);

        PgConnection open = session.open().await().atMost(Duration.ofSeconds(10));

        assertThat(open.query("SELECT 1").execute().await().atMost(Duration.ofSeconds(10)))
                .hasSize(1);
        open.closeAndAwait();
    }

    @Test
    void a_statement_with_arguments_is_planned_once() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(10));
        String sql = "SELECT $1::int";
        PgConnection open = session.open().await().atMost(Duration.ofSeconds(10));
        for (int time = 0; time < 2; time++) {
            open.preparedQuery(sql).execute(Tuple.of(time)).await().atMost(Duration.ofSeconds(10));
        }

        Long plannedAnew = open.query(
                        "SELECT sum(custom_plans)::bigint FROM pg_prepared_statements WHERE statement = '" + sql + "'")
                .execute()
                .await()
                .atMost(Duration.ofSeconds(10))
                .iterator()
                .next()
                .getLong(0);

        assertThat(plannedAnew).isZero();
        open.closeAndAwait();
    }

    @Test
    void a_statement_longer_than_the_client_expects_is_prepared_once() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(10));
        String sql = "SELECT 1 -- " + "as long as the queue's own. ".repeat(150);

        Long kept = session.open()
                .chain(open -> open.preparedQuery(sql)
                        .execute()
                        .chain(() -> open.preparedQuery(sql).execute())
                        .chain(() -> open.query("SELECT count(*) FROM pg_prepared_statements"
                                        + " WHERE statement LIKE '%the queue''s own%'")
                                .execute())
                        .map(rows -> rows.iterator().next().getLong(0))
                        .eventually(open::close))
                .await()
                .atMost(Duration.ofSeconds(10));

        assertThat(kept).isEqualTo(1);
    }

    @Test
    void the_server_itself_ends_a_session_that_stays_silent_for_the_lease() {
        Session session = new Session(db.vertx(), db.connectOptions(Login.WORKER), Duration.ofSeconds(1));
        PgConnection open = session.open().await().atMost(Duration.ofSeconds(10));
        boolean[] closed = new boolean[1];
        open.closeHandler(() -> closed[0] = true);

        await().atMost(Duration.ofSeconds(10)).until(() -> closed[0]);
    }

    @Test
    void a_transaction_mode_pooler_is_found_out(@TempDir Path dir) throws Exception {
        Path pgbouncer = Stream.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        assumeTrue(pgbouncer != null, "no pgbouncer on this machine: what a pooler does to sessions is not tried");
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Process pooler = start(pgbouncer, dir, port);
        try {
            Session session =
                    new Session(db.vertx(), db.connectOptions(Login.WORKER).setPort(port), Duration.ofSeconds(10));
            await().atMost(Duration.ofSeconds(10)).ignoreExceptions().until(() -> {
                session.open().await().atMost(Duration.ofSeconds(2)).closeAndAwait();
                return true;
            });

            assertThat(session.whyNotReal().await().atMost(Duration.ofSeconds(15)))
                    .isNotEmpty();
        } finally {
            pooler.destroy();
            pooler.waitFor();
        }
    }

    private static Process start(Path pgbouncer, Path dir, int port) throws IOException {
        Path users = Files.writeString(
                dir.resolve("users.txt"), "\"%s\" \"%s\"%n".formatted(Login.WORKER.user(), Login.WORKER.password()));
        Path config = Files.writeString(
                dir.resolve("pgbouncer.ini"), """
                [databases]
                * = host=%s port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                auth_type = plain
                auth_file = %s
                pool_mode = transaction
                ignore_startup_parameters = extra_float_digits,search_path
                unix_socket_dir =
                logfile = %s
                """.formatted(db.host(), db.port(), port, users, dir.resolve("log")));
        List<String> command = List.of(pgbouncer.toString(), config.toString());
        if (ProcessHandle.current().info().user().filter("root"::equals).isPresent()) {
            // It refuses to run as root.
            for (Path path : List.of(dir, users, config)) {
                Files.setPosixFilePermissions(
                        path, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
            }
            command = List.of(pgbouncer.toString(), "-u", "nobody", config.toString());
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("out").toFile())
                .start();
    }
}
