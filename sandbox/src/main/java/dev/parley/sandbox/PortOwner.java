package dev.parley.sandbox;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which process listens on a port, as far as this user may know. */
final class PortOwner {
    private static final Pattern LSOF_PID = Pattern.compile("(?m)^p(\\d+)$");

    private PortOwner() {}

    /** Such as {@code pid 4711 (java)}; empty if the system does not tell. */
    static Optional<String> find(int port) {
        Optional<Long> pid = Files.isReadable(Path.of("/proc/net/tcp")) ? fromProc(port) : fromLsof(port);
        return pid.map(number -> "pid " + number
                + ProcessHandle.of(number)
                        .flatMap(process -> process.info().command())
                        .map(path -> " (" + path.substring(path.lastIndexOf('/') + 1) + ")")
                        .orElse(""));
    }

    private static Optional<Long> fromLsof(int port) {
        Matcher matcher = LSOF_PID.matcher(
                Command.run(List.of("lsof", "-nP", "-iTCP:" + port, "-sTCP:LISTEN", "-Fp"), Duration.ofSeconds(5))
                        .output());
        return matcher.find() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
    }

    /** The socket's inode is in the table, the process that has it open under {@code /proc/<pid>/fd}. */
    private static Optional<Long> fromProc(int port) {
        Set<String> sockets = new HashSet<>();
        String address = String.format(Locale.ROOT, ":%04X", port);
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            try {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] columns = line.strip().split("\\s+");
                    if (columns.length > 9 && columns[1].endsWith(address) && columns[3].equals("0A")) {
                        sockets.add("socket:[" + columns[9] + "]");
                    }
                }
            } catch (IOException e) {
                // No such table (no IPv6): the other one decides.
                continue;
            }
        }
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> hasOpen(pid, sockets))
                .findFirst();
    }

    private static boolean hasOpen(long pid, Set<String> sockets) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path descriptor : descriptors) {
                if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
                    return true;
                }
            }
            return false;
        } catch (IOException | RuntimeException e) {
            // Another user's process, or gone meanwhile.
            return false;
        }
    }
}
