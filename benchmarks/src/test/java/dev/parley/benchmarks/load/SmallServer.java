package dev.parley.benchmarks.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers POST requests on the loopback address, one thread for each connection, in a way the test decides. */
final class SmallServer implements AutoCloseable {
    /** How a request is answered. */
    interface Answer {
        /**
         * @param number of the request, from 1, over all connections
         */
        void to(int number, OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket listening = new ServerSocket(0, 300, InetAddress.getLoopbackAddress());
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger early = new AtomicInteger();
    private final Answer answer;

    SmallServer(Answer answer) throws IOException {
        this.answer = answer;
        daemon(this::accept);
    }

    static byte[] response(String status, String body) {
        return ("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] accepted() {
        return response("200 OK", "{\"status\":\"accepted\"}");
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listening.getInetAddress(), listening.getLocalPort());
    }

    int requests() {
        return requests.get();
    }

    /** Requests that came on a connection whose request before had no answer yet. */
    int early() {
        return early.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                connections.add(socket);
                daemon(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (readRequest(in)) {
                int number = requests.incrementAndGet();
                if (in.available() > 0) {
                    early.incrementAndGet();
                }
                answer.to(number, socket.getOutputStream());
            }
        } catch (IOException | InterruptedException e) {
            // the other side has gone, or the test is over
        }
    }

    private static boolean readRequest(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return false;
            }
            head.append((char) next);
        }
        int length = head.toString()
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(
                        line.substring("content-length:".length()).strip()))
                .findFirst()
                .orElse(0);
        return in.readNBytes(length).length == length;
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "small-server");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
