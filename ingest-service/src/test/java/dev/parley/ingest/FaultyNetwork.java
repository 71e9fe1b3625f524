package dev.parley.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A wire to the database that can be cut, and that can swallow everything, as networks do. */
public final class FaultyNetwork implements AutoCloseable {
    private final String host;
    private final int target;
    private final int port;
    private final Set<Wire> wires = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket server;

    public FaultyNetwork(String host, int target) {
        this.host = host;
        this.target = target;
        this.port = listen(0);
    }

    public int port() {
        return port;
    }

    /** Nobody listens any more and every connection breaks. */
    public void cut() {
        close();
    }

    /** What is cut or swallowing from now on works for new connections; old ones stay as they are. */
    public void mend() {
        if (server.isClosed()) {
            listen(port);
        }
    }

    /** Connections stay, but nothing comes through them any more, for ever. */
    public void swallow() {
        wires.forEach(wire -> wire.swallowing = true);
    }

    private int listen(int wanted) {
        try {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            start(this::accept, "faulty network");
            return server.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        ServerSocket listening = server;
        while (!listening.isClosed()) {
            try {
                Wire wire = new Wire(listening.accept(), new Socket(host, target));
                wires.add(wire);
                start(() -> wire.pump(wire.near, wire.far), "to database");
                start(() -> wire.pump(wire.far, wire.near), "from database");
            } catch (IOException e) {
                // closed, or the database is
            }
        }
    }

    private static void start(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        wires.forEach(Wire::close);
        wires.clear();
    }

    private static final class Wire {
        private final Socket near;
        private final Socket far;
        private volatile boolean swallowing;

        Wire(Socket near, Socket far) throws IOException {
            this.near = near;
            this.far = far;
            // Two small writes would wait for each other's acknowledgement otherwise: 40 ms for each statement.
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
        }

        void pump(Socket from, Socket to) {
            byte[] buffer = new byte[8192];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    if (!swallowing) {
                        out.write(buffer, 0, count);
                        out.flush();
                    }
                }
            } catch (IOException e) {
                // one end is gone
            }
            if (!swallowing) {
                close();
            }
        }

        void close() {
            try {
                near.close();
                far.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
