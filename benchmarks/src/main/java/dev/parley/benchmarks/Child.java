package dev.parley.benchmarks;

import dev.parley.sandbox.Database;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A JVM of its own for one side of a comparison, with the memory a service gets. It reads its standard input and ends when
 * that ends, so it cannot outlive the benchmark.
 */
final class Child implements AutoCloseable {
    private final Process process;
    private final Path log;

    private Child(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Runs {@code main} as database user {@code login}. */
    static Child start(Lab lab, String login, String name, String main, String... arguments) throws IOException {
        return start(lab, login, name, List.of(), main, arguments);
    }

    /** @param options of the JVM, where it would not choose them itself */
    static Child start(Lab lab, String login, String name, List<String> options, String main, String... arguments)
            throws IOException {
        Path log = lab.directory().resolve("log").resolve(name + ".log");
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager"));
        words.addAll(options);
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        Database database = lab.stack().database();
        builder.environment()
                .putAll(Map.of(
                        "PARLEY_DB_URL",
                        database.url(),
                        "PARLEY_DB_USER",
                        login,
                        "PARLEY_DB_PASSWORD",
                        database.password(login).reveal()));
        return new Child(builder.start(), log);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Returns when it has written a line that contains {@code text}. */
    String awaitLine(String text, int seconds) throws IOException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < until) {
            for (String line : Files.readAllLines(log)) {
                if (line.contains(text)) {
                    return line;
                }
            }
            if (!process.isAlive()) {
                break;
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("no \"" + text + "\" in " + log + ":\n" + Files.readString(log));
    }

    void say(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** What a child does: waits until its input ends. For the child's main thread. */
    static void untilParentEnds() {
        untilParentEnds(line -> {
            // nothing is asked of it
        });
    }

    /** The same, told of every line meanwhile. */
    static void untilParentEnds(Consumer<String> told) {
        try (BufferedReader parent =
                new BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            String line;
            while ((line = parent.readLine()) != null) {
                told.accept(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets it end by itself, or ends it after ten seconds. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
