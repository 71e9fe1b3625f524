package dev.parley.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A process that a pid alone cannot name: pids are reused, a pid with its start time is not.
 *
 * @param started milliseconds since 1970 as the system tells it; 0 = it did not say
 */
record ProcessIdentity(long pid, long started) {

    static ProcessIdentity current() {
        return of(ProcessHandle.current());
    }

    static ProcessIdentity of(ProcessHandle process) {
        return new ProcessIdentity(
                process.pid(),
                process.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
    }

    String written() {
        return pid + " " + started + "\n";
    }

    void writeTo(Path file) {
        try {
            Files.writeString(file, written());
        } catch (IOException e) {
            throw new SandboxException("cannot write " + file + ": " + e, e);
        }
    }

    /** What {@link #writeTo} left; empty if there is no such file or it holds something else. */
    static Optional<ProcessIdentity> read(Path file) {
        try {
            String[] words =
                    Files.readString(file, StandardCharsets.US_ASCII).strip().split(" ");
            return words.length == 2
                    ? Optional.of(new ProcessIdentity(Long.parseLong(words[0]), Long.parseLong(words[1])))
                    : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** The very same process, if it still runs. */
    Optional<ProcessHandle> running() {
        return ProcessHandle.of(pid).filter(process -> !isGone(process)).filter(p -> of(p).started == started);
    }

    /** Ended, even if nobody has collected its exit code yet (in many containers nobody ever does). */
    static boolean isGone(ProcessHandle process) {
        if (!process.isAlive()) {
            return true;
        }
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            // The name stands in brackets and may contain anything; the state is the first letter after it.
            int state = stat.lastIndexOf(')') + 2;
            return state < stat.length() && stat.charAt(state) == 'Z';
        } catch (IOException e) {
            return false;
        }
    }

    /** Waits until {@code process} is gone. False when {@code patience} runs out first. */
    static boolean awaitGone(ProcessHandle process, Duration patience) {
        Instant until = Instant.now().plus(patience);
        while (!isGone(process)) {
            if (Instant.now().isAfter(until)) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SandboxException("interrupted while pid " + process.pid() + " was ending", e);
            }
        }
        return true;
    }
}
