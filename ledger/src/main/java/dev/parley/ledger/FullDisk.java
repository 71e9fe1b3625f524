package dev.parley.ledger;

import dev.parley.sandbox.Postgres;
import dev.parley.sandbox.SandboxException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The database on a small disk of its own (a tmpfs), which somebody fills to the last byte and frees again. Logs stay
 * elsewhere: what is tried is the database, not our diary.
 */
final class FullDisk {
    private static final String SIZE = "700m";

    private FullDisk() {}

    static Scenario scenario() {
        return Scenario.of("disk-full", "the database's disk is really full, again and again", FullDisk::fill)
                .onlyIf(() -> "root".equals(System.getProperty("user.name")) && Files.isDirectory(Path.of("/proc/self"))
                        ? Optional.empty()
                        : Optional.of("mounting a small disk needs root on Linux; disk-full-said needs nothing"))
                .on(FullDisk::lay);
    }

    private static void lay(Ground ground) {
        Path disk = ground.directory().resolve("disk");
        try {
            Files.createDirectories(disk);
            command("mount", "-t", "tmpfs", "-o", "size=" + SIZE + ",mode=0700", "parley-ledger", disk.toString());
            ground.remains(() -> command("umount", disk.toString()));
            Path data = disk.resolve("data");
            Files.createDirectories(data);
            for (String kept : List.of("log", "run")) {
                Path elsewhere = ground.directory().resolve(kept);
                Files.createDirectories(elsewhere);
                Files.createSymbolicLink(data.resolve(kept), elsewhere);
            }
            ground.data(data);
        } catch (IOException e) {
            throw new SandboxException("cannot lay a small disk: " + e, e);
        }
    }

    private static void fill(Stage stage) {
        Path ballast = stage.stack().data().resolve("ballast");
        stage.pause(Duration.ofSeconds(3));
        while (stage.goesOn()) {
            Duration span = stage.between(2_000, 6_000);
            long filled = load(ballast);
            stage.say("the disk is full (" + filled / 1_000_000 + " MB of ballast) for " + span.toMillis() + " ms");
            int before = stage.book().acknowledgedSoFar();
            Waiting.pause(span);
            stage.measured()
                    .note("acknowledged while the disk was full: "
                            + (stage.book().acknowledgedSoFar() - before) + " (space inside the database's files)");
            unload(ballast);
            if (stage.eyes().number("SELECT 1").isEmpty()) {
                // Without a byte for its log it gives up, as a database should; somebody starts it again.
                stage.say("Postgres gave up and is started again");
                stage.stack().stopPostgres(Postgres.Stop.IMMEDIATE);
                stage.stack().startPostgres();
            }
            stage.measureWorking("the disk has room again");
            stage.pause(stage.between(3_000, 6_000));
        }
    }

    private static long load(Path ballast) {
        byte[] block = new byte[4096];
        long written = 0;
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(block);
                written += block.length;
            }
        } catch (IOException full) {
            return written;
        }
    }

    private static void unload(Path ballast) {
        try {
            Files.deleteIfExists(ballast);
        } catch (IOException e) {
            throw new SandboxException("the disk stays full: " + e, e);
        }
    }

    private static void command(String... words) {
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new SandboxException(String.join(" ", words) + ": "
                        + new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new SandboxException(String.join(" ", words) + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted", e);
        }
    }
}
