package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * PgBouncer in transaction mode between the services and the database: sessions are nobody's, LISTEN is dead. Without a
 * direct address for the workers they cannot own lanes and claim job by job.
 */
final class Pooler {
    /** Where packages put it, and where root's PATH may not look. */
    private static final List<Path> PLACES = List.of(
            Path.of("/usr/sbin/pgbouncer"), Path.of("/usr/bin/pgbouncer"), Path.of("/opt/homebrew/bin/pgbouncer"));

    private Pooler() {}

    static Scenario scenario(String name, boolean direct) {
        return Scenario.of(
                        name,
                        "PgBouncer in transaction mode before the database"
                                + (direct ? ", workers' lanes past it" : ", workers without lanes")
                                + "; restarted in between",
                        Pooler::restart)
                .onlyIf(Pooler::obstacle)
                .on(ground -> lay(ground, direct));
    }

    static Scenario poison() {
        return Poison.scenario(
                        "pooler-poison", "as poison, behind PgBouncer in transaction mode, workers without lanes")
                .onlyIf(Pooler::obstacle)
                .on(ground -> {
                    lay(ground, false);
                    Poison.lay(ground);
                });
    }

    private static Optional<String> obstacle() {
        return find().isPresent()
                ? Optional.empty()
                : Optional.of("pgbouncer is not installed (Debian: apt install pgbouncer)");
    }

    private static Optional<Path> find() {
        return PLACES.stream().filter(Files::isExecutable).findFirst();
    }

    private static void lay(Ground ground, boolean direct) {
        String ingest = word();
        String worker = word();
        ground.secret("password.ingest", ingest);
        ground.secret("password.worker", worker);
        int port = freePort();
        Process pooler = start(port, ground.network().workersToDatabase().port(), ingest, worker);
        ground.remains(() -> end(pooler));
        String url = "postgresql://127.0.0.1:" + port + "/parley";
        ground.worker().put("PARLEY_DB_URL", url);
        ground.ingest().put("PARLEY_DB_URL", url);
        // Poolers before PgBouncer 1.21 do not know prepared statements.
        for (Map<String, String> service : List.of(ground.worker(), ground.ingest())) {
            service.put("PARLEY_DB_PREPARED_STATEMENTS", "false");
        }
        if (direct) {
            ground.worker()
                    .put(
                            "PARLEY_DB_DIRECT_URL",
                            "postgresql://127.0.0.1:" + ground.ports().postgres() + "/parley");
        }
    }

    private static Process start(int port, int database, String ingest, String worker) {
        try {
            Path directory = Files.createTempDirectory("parley-pooler-");
            Path users = directory.resolve("users.txt");
            Files.writeString(users, "\"ingest\" \"" + ingest + "\"\n\"worker\" \"" + worker + "\"\n");
            Path settings = directory.resolve("pgbouncer.ini");
            Files.writeString(settings, """
                    [databases]
                    parley = host=127.0.0.1 port=%d dbname=parley
                    [pgbouncer]
                    listen_addr = 127.0.0.1
                    listen_port = %d
                    unix_socket_dir =
                    auth_type = scram-sha-256
                    auth_file = %s
                    pool_mode = transaction
                    max_client_conn = 200
                    default_pool_size = 8
                    ignore_startup_parameters = extra_float_digits,search_path,options
                    server_login_retry = 1
                    """.formatted(database, port, users));
            List<String> command = new ArrayList<>();
            if ("root".equals(System.getProperty("user.name"))) {
                // It refuses to run as root.
                for (Path file : List.of(directory, users, settings)) {
                    Files.setOwner(
                            file,
                            file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
                }
                command.addAll(List.of("setpriv", "--reuid=nobody", "--clear-groups", "--regid=nogroup"));
            }
            Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
            command.add(find().orElseThrow().toString());
            command.add("-q");
            command.add(settings.toString());
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(new File(directory.toFile(), "pgbouncer.log"))
                    .start();
        } catch (IOException e) {
            throw new SandboxException("pgbouncer did not start: " + e, e);
        }
    }

    private static void end(Process pooler) {
        pooler.destroy();
        try {
            if (!pooler.waitFor(5, TimeUnit.SECONDS)) {
                pooler.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            pooler.destroyForcibly();
        }
    }

    /** Its sessions at the database are cut under it. */
    private static void restart(Stage stage) {
        while (stage.goesOn()) {
            stage.pause(Duration.ofSeconds(8));
            stage.say("the pooler's sessions are cut");
            stage.network().workersToDatabase().cut();
        }
    }

    private static String word() {
        return UUID.randomUUID().toString().replace("-", "");
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new SandboxException("no free port on 127.0.0.1: " + e, e);
        }
    }
}
