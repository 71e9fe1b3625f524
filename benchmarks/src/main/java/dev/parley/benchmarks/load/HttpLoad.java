package dev.parley.benchmarks.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Sends HTTP/1.1 requests over a fixed number of connections from one thread, one request at a time on each.
 *
 * <p>{@link #closed}: the next request leaves when the answer before it is there: the most a service can do.
 * {@link #open}: requests leave by a schedule, whatever the service does, and latency counts from the moment a request was
 * due, not from when it could be sent: a stall is felt by everybody who came during it (no coordinated omission).
 *
 * <p>A connection that the service ends with its answer is opened anew.
 */
public final class HttpLoad {
    private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final int ROOM = 16 * 1024;
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** Writes complete requests. Called from the generator's thread. */
    public interface Requests {
        /** Puts the next request for {@code connection} into {@code into}, which is empty. */
        void next(int connection, ByteBuffer into);
    }

    /**
     * What came of it.
     *
     * @param sent requests written, over the whole time
     * @param answers responses over the whole time, by status and the JSON field {@code status} ("200 accepted")
     * @param counted responses within the measured time
     * @param measured how long that was
     * @param latencyMicros of those
     */
    public record Result(
            long sent, Map<String, Long> answers, long counted, Duration measured, Histogram latencyMicros) {
        public double perSecond() {
            return counted / (measured.toNanos() / 1e9);
        }

        public long answered(String kind) {
            return answers.getOrDefault(kind, 0L);
        }

        /** Answers of all other kinds than {@code expected}. */
        public long others(String... expected) {
            long all = answers.values().stream().mapToLong(Long::longValue).sum();
            for (String kind : expected) {
                all -= answered(kind);
            }
            return all;
        }
    }

    private final class Connection {
        final int number;
        final ByteBuffer out = ByteBuffer.allocateDirect(ROOM);
        final ByteBuffer in = ByteBuffer.allocate(ROOM);

        SocketChannel channel;
        SelectionKey key;
        boolean busy;
        long due;

        Connection(int number) throws IOException {
            this.number = number;
            this.channel = opened();
            this.key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        private SocketChannel opened() throws IOException {
            SocketChannel fresh = SocketChannel.open();
            if (from != null) {
                fresh.bind(new InetSocketAddress(from, 0));
            }
            fresh.connect(address);
            fresh.setOption(StandardSocketOptions.TCP_NODELAY, true);
            fresh.configureBlocking(false);
            return fresh;
        }

        private void reopen() throws IOException {
            channel.close();
            channel = opened();
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send(long dueNanos) throws IOException {
            busy = true;
            due = dueNanos;
            out.clear();
            requests.next(number, out);
            out.flip();
            write();
            sent++;
        }

        void write() throws IOException {
            channel.write(out);
            key.interestOps(out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        }

        /** @return whether the answer is complete */
        boolean read() throws IOException {
            int count = channel.read(in);
            if (count < 0) {
                throw new IOException("the service closed a connection: "
                        + new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII));
            }
            int end = endOfResponse();
            if (end < 0) {
                return false;
            }
            boolean isLast = note(in.array(), end);
            in.clear();
            busy = false;
            if (isLast) {
                reopen();
            }
            return true;
        }

        private int endOfResponse() {
            byte[] bytes = in.array();
            int limit = in.position();
            for (int at = 3; at < limit; at++) {
                if (bytes[at] == '\n' && bytes[at - 1] == '\r' && bytes[at - 2] == '\n' && bytes[at - 3] == '\r') {
                    int end = at + 1 + contentLength(bytes, at);
                    return end <= limit ? end : -1;
                }
            }
            return -1;
        }
    }

    private final InetSocketAddress address;
    private final @Nullable String from;
    private final Requests requests;
    private final List<Connection> connections = new ArrayList<>();
    private final Selector selector;
    private final Map<String, Long> answers = new HashMap<>();
    private final Histogram latency = new Histogram(TimeUnit.MINUTES.toMicros(1), 3);
    private long sent;
    private int busy;
    private long countFrom;
    private long countUntil;
    private long counted;

    private HttpLoad(InetSocketAddress address, @Nullable String from, int connections, Requests requests)
            throws IOException {
        this.address = address;
        this.from = from;
        this.requests = requests;
        this.selector = Selector.open();
        for (int number = 0; number < connections; number++) {
            this.connections.add(new Connection(number));
        }
    }

    /** As fast as answers come; the first {@code lead} is not measured. Returns when every answer is there. */
    public static Result closed(
            InetSocketAddress address, int connections, Duration lead, Duration measured, Requests requests)
            throws IOException {
        HttpLoad load = new HttpLoad(address, null, connections, requests);
        try {
            return load.runClosed(lead, measured);
        } finally {
            load.close();
        }
    }

    /** {@code perSecond} requests a second by the clock, evenly; a request that finds no free connection waits for one. */
    public static Result open(
            InetSocketAddress address,
            int connections,
            double perSecond,
            Duration lead,
            Duration measured,
            Requests requests)
            throws IOException {
        return open(address, null, connections, perSecond, lead, measured, requests);
    }

    /** @param from the loopback address it comes from; null = the usual one */
    public static Result open(
            InetSocketAddress address,
            @Nullable String from,
            int connections,
            double perSecond,
            Duration lead,
            Duration measured,
            Requests requests)
            throws IOException {
        HttpLoad load = new HttpLoad(address, from, connections, requests);
        try {
            return load.runOpen(perSecond, lead, measured);
        } finally {
            load.close();
        }
    }

    private void span(Duration lead, Duration measured) {
        countFrom = System.nanoTime() + lead.toNanos();
        countUntil = countFrom + measured.toNanos();
    }

    private Result runClosed(Duration lead, Duration measured) throws IOException {
        span(lead, measured);
        for (Connection connection : connections) {
            connection.send(System.nanoTime());
            busy++;
        }
        long giveUp = countUntil + GRACE.toNanos();
        while (busy > 0 && System.nanoTime() < giveUp) {
            selector.select(100);
            for (SelectionKey key : selector.selectedKeys()) {
                Connection connection = (Connection) key.attachment();
                if (key.isWritable()) {
                    connection.write();
                }
                if (key.isReadable() && connection.read()) {
                    long now = System.nanoTime();
                    count(connection, now);
                    if (now < countUntil) {
                        connection.send(now);
                    } else {
                        busy--;
                    }
                }
            }
            selector.selectedKeys().clear();
        }
        return result(measured);
    }

    private Result runOpen(double perSecond, Duration lead, Duration measured) throws IOException {
        span(lead, measured);
        Deque<Connection> free = new ArrayDeque<>(connections);
        Deque<Long> late = new ArrayDeque<>();
        double gap = 1e9 / perSecond;
        long start = System.nanoTime();
        long scheduled = 0;
        long giveUp = countUntil + GRACE.toNanos();
        while (System.nanoTime() < giveUp) {
            long now = System.nanoTime();
            long due = start + (long) (scheduled * gap);
            while (due <= now && due < countUntil) {
                late.add(due);
                scheduled++;
                due = start + (long) (scheduled * gap);
            }
            while (!late.isEmpty() && !free.isEmpty()) {
                free.remove().send(late.remove());
                busy++;
            }
            if (due >= countUntil && busy == 0 && late.isEmpty()) {
                break;
            }
            // Up to a millisecond late, which counts as latency: a generator that spins to be on time takes the
            // processor
            // from what it measures.
            selector.select(1);
            for (SelectionKey key : selector.selectedKeys()) {
                Connection connection = (Connection) key.attachment();
                if (key.isWritable()) {
                    connection.write();
                }
                if (key.isReadable() && connection.read()) {
                    count(connection, System.nanoTime());
                    busy--;
                    free.add(connection);
                }
            }
            selector.selectedKeys().clear();
        }
        return result(measured);
    }

    /** Of a schedule, everybody who was due in the measured time counts; else everybody answered in it. */
    private void count(Connection connection, long now) {
        if (connection.due >= countFrom && connection.due < countUntil && now < countUntil + GRACE.toNanos()) {
            latency.recordValue(
                    Math.min(latency.getHighestTrackableValue(), TimeUnit.NANOSECONDS.toMicros(now - connection.due)));
        }
        if (now >= countFrom && now < countUntil) {
            counted++;
        }
    }

    private Result result(Duration measured) {
        return new Result(sent, Map.copyOf(answers), counted, measured, latency);
    }

    /** @return whether the service ends the connection with this answer */
    private boolean note(byte[] bytes, int end) {
        String text = new String(bytes, 0, end, StandardCharsets.US_ASCII);
        String status = text.substring(9, 12);
        int at = text.indexOf("\"status\":\"");
        String word = at < 0 ? "" : " " + text.substring(at + 10, text.indexOf('"', at + 10));
        answers.merge(status + word, 1L, Long::sum);
        return text.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n");
    }

    private static int contentLength(byte[] bytes, int headEnd) {
        for (int at = 0; at < headEnd - LENGTH.length; at++) {
            if (bytes[at] == '\n' && matches(bytes, at + 1)) {
                int value = 0;
                for (int digit = at + 1 + LENGTH.length; bytes[digit] != '\r'; digit++) {
                    if (bytes[digit] != ' ') {
                        value = value * 10 + bytes[digit] - '0';
                    }
                }
                return value;
            }
        }
        return 0;
    }

    private static boolean matches(byte[] bytes, int at) {
        for (int i = 0; i < LENGTH.length; i++) {
            if ((bytes[at + i] | 0x20) != LENGTH[i] && bytes[at + i] != LENGTH[i]) {
                return false;
            }
        }
        return true;
    }

    private void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }
}
