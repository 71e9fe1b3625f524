package dev.parley.sandbox;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Short-lived system commands and where they are found. */
final class Command {
    private Command() {}

    /** @param output standard output and error together */
    record Result(int exit, String output) {
        boolean succeeded() {
            return exit == 0;
        }
    }

    /** Runs {@code words} to their end; past {@code deadline} it is killed and counts as failed. */
    static Result run(List<String> words, Duration deadline) {
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getOutputStream().close();
            CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> read(process.getInputStream()));
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return new Result(-1, "`" + words.get(0) + "` did not end within " + deadline.toSeconds() + " s");
            }
            return new Result(
                    process.exitValue(), output.get(5, TimeUnit.SECONDS).strip());
        } catch (IOException e) {
            return new Result(127, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted while `" + words.get(0) + "` ran", e);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IllegalStateException("reading what `" + words.get(0) + "` printed failed", e);
        }
    }

    /** The program {@code name} on the PATH. */
    static Optional<Path> find(String name) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, name);
            if (Files.isExecutable(candidate) && !Files.isDirectory(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /**
     * {@code words} in a session of their own, so that Ctrl-C in the terminal reaches the launcher alone and the launcher
     * decides the order in which things stop. Where neither {@code setsid} nor {@code perl} is there, the plain command.
     */
    static List<String> inOwnSession(List<String> words) {
        List<String> command = new ArrayList<>();
        if (find("setsid").isPresent()) {
            command.add("setsid");
        } else if (find("perl").isPresent()) {
            command.addAll(List.of("perl", "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV or die $!", "--"));
        }
        command.addAll(words);
        return command;
    }

    /** Sends {@code signal} ({@code STOP}, {@code CONT}…). The shell's own kill: not every system has the program. */
    static void signal(String signal, long pid) {
        Result result = run(
                List.of("sh", "-c", "kill -" + signal + " \"$1\"", "sh", Long.toString(pid)), Duration.ofSeconds(5));
        if (!result.succeeded()) {
            throw new IllegalStateException("kill -" + signal + " " + pid + ": " + result.output());
        }
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
