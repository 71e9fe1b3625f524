package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Start, stop and every way in which a launcher can leave without saying goodbye. */
class LauncherIT {
    private static final String UP = "Parley is up";

    @TempDir
    Path scratch;

    private Path data;

    @BeforeEach
    void aDirectoryWithASpaceInItsName() {
        data = scratch.resolve("sand box");
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        try (Launched down = Launched.with(scratch, "down", "--data", data.toString())) {
            down.exit();
        }
        assertThat(ours()).as("processes that still run on %s", data).isEmpty();
    }

    @Test
    void a_running_sandbox_refuses_a_second_one_answers_commands_and_goes_down() throws Exception {
        try (Launched first = up().awaitOutput(UP)) {
            try (Launched second = up()) {
                assertThat(second.exit()).isEqualTo(1);
                assertThat(second.output())
                        .contains("a sandbox is already running on")
                        .contains("(pid " + first.pid() + ")")
                        .contains("./parley down");
            }
            try (Launched sql = run("psql", "-c", "SELECT tenant_slug FROM core.tenants ORDER BY 1")) {
                assertThat(sql.exit()).isZero();
                assertThat(sql.output())
                        .contains("harbor-yoga")
                        .contains("sunrise-dental")
                        .contains("rows)");
            }
            try (Launched sql = run("psql", "-c", "DELETE FROM bot.inbound_events")) {
                assertThat(sql.exit()).isEqualTo(1);
                assertThat(sql.output()).contains("permission denied");
            }
            try (Launched trace = run("trace", "0193a1b2c3d47e8f9a0b1c2d3e4f5061")) {
                assertThat(trace.exit()).isEqualTo(1);
                assertThat(trace.output()).contains("unknown: nothing has this trace id");
            }
            for (String file : List.of("sandbox.secrets", "pg_service.conf", "operator.env")) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(
                                data.resolve("secrets").resolve(file))))
                        .as(file)
                        .isEqualTo("rw-------");
            }
            for (String line : Files.readAllLines(data.resolve("secrets/sandbox.secrets"))) {
                if (!line.startsWith("#")) {
                    String secret = line.substring(line.indexOf('=') + 1);
                    assertThat(first.output()).doesNotContain(secret);
                    for (String log : List.of("ingest", "postgres")) {
                        assertThat(Files.readString(data.resolve("log").resolve(log + ".log")))
                                .as("log of " + log)
                                .doesNotContain(secret);
                    }
                }
            }

            assertThat(Files.readString(data.resolve("log/ingest.log")))
                    .as("started, and no warning that nobody could do anything about")
                    .contains("started in")
                    .doesNotContain("io.micrometer");

            try (Launched down = run("down")) {
                assertThat(down.exit()).isZero();
                assertThat(down.output()).contains("Stopped.");
            }

            first.exit();
            assertThat(first.output()).containsSubsequence("stopping", "stopped");
            assertThat(ours()).isEmpty();
        }
        try (Launched trace = run("trace", "0193a1b2c3d47e8f9a0b1c2d3e4f5061")) {
            assertThat(trace.exit()).isEqualTo(1);
            assertThat(trace.output()).contains("is not reachable: is the sandbox running?");
        }
    }

    @Test
    void an_interrupt_stops_everything() throws Exception {
        try (Launched sandbox = up().awaitOutput(UP)) {
            sandbox.signal("INT");

            assertThat(sandbox.exit()).isEqualTo(130);
            assertThat(sandbox.output())
                    .containsSubsequence("stopping", "stopped")
                    .doesNotContain("parley: ");
        }
        assertThat(ours()).isEmpty();
        assertThat(Files.readString(data.resolve("log/postgres.log"))).contains("database system is shut down");
    }

    @Test
    void a_killed_launcher_leaves_nothing_and_what_even_its_guard_cannot_end_the_next_start_ends() throws Exception {
        try (Launched killed = up().awaitOutput(UP)) {
            assertThat(ours()).hasSizeGreaterThan(2);

            killed.kill();

            await().atMost(Duration.ofSeconds(20)).until(() -> ours().isEmpty());
        }
        List<Long> orphans = new ArrayList<>();
        try (Launched killed = up().awaitOutput(UP)) {
            long guard = ProcessIdentity.read(data.resolve("run/guard.pid"))
                    .orElseThrow()
                    .pid();
            Command.signal("KILL", guard);
            killed.kill();
            orphans.addAll(ours());
            assertThat(orphans)
                    .as("Postgres and ingest live on without launcher and guard")
                    .hasSizeGreaterThan(1);
        }
        try (Launched healed = up().awaitOutput(UP)) {
            assertThat(healed.output())
                    .contains("ending a service (pid ")
                    .contains("stopping Postgres (pid ")
                    .contains("that outlived its launcher");
            assertThat(ours()).doesNotContainAnyElementsOf(orphans);
        }
    }

    @Test
    void a_taken_port_is_named_with_its_owner_before_anything_starts() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Launched refused = Launched.with(
                        scratch,
                        "up",
                        "--data",
                        data.toString(),
                        "--ingest-port",
                        Integer.toString(taken.getLocalPort()))) {
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.output())
                    .contains("port " + taken.getLocalPort() + " (for ingest) is taken by pid "
                            + ProcessHandle.current().pid())
                    .contains("--free-ports");
            assertThat(data.resolve("pg")).doesNotExist();
        }
    }

    @Test
    void a_lost_or_spoiled_encryption_key_is_an_error_and_never_replaced() throws Exception {
        DataDirectory directory = DataDirectory.at(data);
        Files.createDirectories(directory.pg());
        Files.writeString(directory.pg().resolve("PG_VERSION"), "18\n");
        Path secrets = data.resolve("secrets/sandbox.secrets");

        Secrets.write(secrets, "password.postgres=abc\n");
        try (Launched lost = up()) {
            assertThat(lost.exit()).isEqualTo(1);
            assertThat(lost.output())
                    .contains("TENANT_ENCRYPTION_KEY is missing in")
                    .contains("begin anew");
        }
        assertThat(Files.readString(secrets)).isEqualTo("password.postgres=abc\n");

        Secrets.write(secrets, "password.postgres=abc\nTENANT_ENCRYPTION_KEY=tooShort\n");
        try (Launched spoiled = up()) {
            assertThat(spoiled.exit()).isEqualTo(1);
            assertThat(spoiled.output())
                    .contains("TENANT_ENCRYPTION_KEY: key 1 of 1")
                    .contains("sandbox.secrets")
                    .doesNotContain("tooShort");
        }
    }

    @Test
    void a_typing_error_is_answered_with_the_command_that_was_meant() throws Exception {
        try (Launched typo = Launched.with(scratch, "dmeo")) {
            assertThat(typo.exit()).isEqualTo(2);
            assertThat(typo.output()).contains("there is no command dmeo; did you mean `./parley demo`?");
        }
        try (Launched option = Launched.with(scratch, "up", "--free-port")) {
            assertThat(option.exit()).isEqualTo(1);
            assertThat(option.output()).contains("did you mean --free-ports?");
        }
    }

    /** Without workers: this is about the launcher, and a start is quicker. */
    private Launched up() {
        return run("up", "--free-ports", "--workers", "0");
    }

    private Launched run(String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("--data", data.toString()));
        return Launched.with(scratch, all.toArray(String[]::new));
    }

    /** What runs because of this sandbox: services, guard and Postgres. */
    private List<Long> ours() throws Exception {
        List<Long> pids = new ArrayList<>();
        if (!Files.isDirectory(data.resolve("run"))) {
            return pids;
        }
        try (var files = Files.newDirectoryStream(data.resolve("run"), "*.pid")) {
            for (Path file : files) {
                ProcessIdentity.read(file)
                        .flatMap(ProcessIdentity::running)
                        .ifPresent(process -> pids.add(process.pid()));
            }
        }
        Path pidFile = data.resolve("pg/postmaster.pid");
        if (Files.exists(pidFile)) {
            Optional.of(Long.parseLong(Files.readAllLines(pidFile).get(0)))
                    .flatMap(ProcessHandle::of)
                    .filter(process -> !ProcessIdentity.isGone(process))
                    .ifPresent(process -> pids.add(process.pid()));
        }
        return pids;
    }
}
