package dev.parley.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where everything listens, always on 127.0.0.1. The second worker takes {@code worker + 1} and
 * {@code workerManagement + 1}, and so on.
 */
public record Ports(
        int postgres, int ingest, int ingestManagement, int worker, int workerManagement, int standIn, boolean free) {

    /** The documented ones. */
    public static Ports usual() {
        return new Ports(54321, 8080, 9000, 8081, 9001, 8090, false);
    }

    /** Ports nobody uses now; those of the workers are chosen one by one when they start. */
    public static Ports unused() {
        List<Integer> ports = pick(4);
        return new Ports(ports.get(0), ports.get(1), ports.get(2), 0, 0, ports.get(3), true);
    }

    int worker(int number) {
        return free ? pick(1).get(0) : worker + number - 1;
    }

    int workerManagement(int number) {
        return free ? pick(1).get(0) : workerManagement + number - 1;
    }

    /** @throws SandboxException naming every port that is taken, and by whom where the system tells */
    void checkUntaken(int workers) {
        if (free) {
            return;
        }
        Map<String, Integer> wanted = new LinkedHashMap<>();
        wanted.put("Postgres", postgres);
        wanted.put("ingest", ingest);
        wanted.put("ingest management", ingestManagement);
        for (int number = 1; number <= workers; number++) {
            wanted.put("worker " + number, worker(number));
            wanted.put("worker " + number + " management", workerManagement(number));
        }
        wanted.put("the GoHighLevel stand-in", standIn);
        List<String> taken = new ArrayList<>();
        Map<Integer, String> claimed = new LinkedHashMap<>();
        wanted.forEach((who, port) -> {
            String other = claimed.putIfAbsent(port, who);
            if (other != null) {
                taken.add("port " + port + " is given to both " + other + " and " + who);
            } else if (isTaken(port)) {
                Optional<String> owner = PortOwner.find(port);
                taken.add("port " + port + " (for " + who + ") is taken"
                        + owner.map(o -> " by " + o).orElse(""));
            }
        });
        if (!taken.isEmpty()) {
            throw new SandboxException(String.join("\n        ", taken)
                    + "\nEnd that program, choose another port (see `./parley help up`) or use --free-ports.");
        }
    }

    static boolean isTaken(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Asked for all together, so that no two are the same. */
    private static List<Integer> pick(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } catch (IOException e) {
            throw new SandboxException("no free port on 127.0.0.1: " + e, e);
        } finally {
            for (ServerSocket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new IllegalStateException("closing an unused socket failed", e);
                }
            }
        }
    }
}
