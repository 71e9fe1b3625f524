package dev.parley.benchmarks;

import dev.parley.sandbox.Layout;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Locale;

/** On what, and of what, was measured. */
final class Machine {
    private Machine() {}

    static JsonObject facts(Lab lab) throws IOException, SQLException, InterruptedException {
        JsonObject settings = new JsonObject()
                .put("fsync", lab.text("SHOW fsync"))
                .put("synchronous_commit", lab.text("SHOW synchronous_commit"))
                .put("full_page_writes", lab.text("SHOW full_page_writes"));
        for (String name : Lab.SERVER.keySet().stream().sorted().toList()) {
            settings.put(name, lab.text("SHOW " + name));
        }
        return new JsonObject()
                .put("cpu", cpu())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("memory_gb", memory())
                .put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"))
                .put("postgres", lab.text("SHOW server_version"))
                .put("postgres_settings", settings)
                .put("commit", commit());
    }

    private static String cpu() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        return Files.exists(info)
                ? Files.readAllLines(info).stream()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse("unknown")
                : System.getProperty("os.arch");
    }

    private static String memory() throws IOException {
        Path info = Path.of("/proc/meminfo");
        return Files.exists(info)
                ? String.format(
                        Locale.ROOT,
                        "%.0f",
                        Double.parseDouble(Files.readAllLines(info).get(0).replaceAll("[^0-9]", "")) / 1024 / 1024)
                : "unknown";
    }

    /** With a plus where the sources differ from it. */
    private static String commit() throws IOException, InterruptedException {
        Process git = new ProcessBuilder("git", "describe", "--always", "--dirty=+", "--abbrev=12")
                .directory(Layout.found().root().toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return git.waitFor() == 0 ? said : "unknown";
    }
}
