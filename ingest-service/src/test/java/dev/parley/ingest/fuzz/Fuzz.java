package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.LongFunction;

/** Sends cases over plain sockets, so that they arrive exactly as they are, and tells what each was answered. */
public final class Fuzz {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /**
     * @param status 0 = the connection ended without an answer
     * @param body of the answer; where the vendor is answered in its own words, what the headers say beside them
     */
    public record Answered(int status, String body, Duration took) {}

    private final URI base;
    private final int senders;

    public Fuzz(URI base, int senders) {
        this.base = base;
        this.senders = senders;
    }

    /**
     * Cases 0 to {@code count}, whatever becomes of them.
     *
     * @param seen called from many threads
     * @throws IllegalStateException if one was not answered within 20 s; says which
     */
    public void run(long count, LongFunction<FuzzCase> cases, BiConsumer<FuzzCase, Answered> seen) {
        AtomicLong next = new AtomicLong();
        ConcurrentLinkedQueue<Connection> opened = new ConcurrentLinkedQueue<>();
        ExecutorService threads = Executors.newFixedThreadPool(senders);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int at = 0; at < senders; at++) {
                all.add(threads.submit(() -> {
                    Connection connection = new Connection();
                    opened.add(connection);
                    for (long number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                        FuzzCase one = cases.apply(number);
                        seen.accept(one, connection.send(one));
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("the fuzzer itself broke", e.getCause());
        } finally {
            threads.shutdownNow();
            opened.forEach(Connection::close);
        }
    }

    private final class Connection {
        private Socket socket;
        private InputStream in;

        Answered send(FuzzCase one) throws IOException {
            long start = System.nanoTime();
            boolean fresh = socket == null;
            Answered answer = attempt(one, start);
            if (answer.status() == 0 && !fresh) {
                // The server may have closed the idle connection in the same moment: that is no answer to this case.
                answer = attempt(one, start);
            }
            return answer;
        }

        private Answered attempt(FuzzCase one, long start) throws IOException {
            if (socket == null) {
                socket = new Socket(base.getHost(), base.getPort());
                socket.setSoTimeout((int) PATIENCE.toMillis());
                socket.setTcpNoDelay(true);
                in = new BufferedInputStream(socket.getInputStream());
            }
            try {
                socket.getOutputStream().write(one.wire());
            } catch (IOException e) {
                // Refused while it was still being sent; the answer may be there all the same.
            }
            try {
                return answer(start);
            } catch (java.net.SocketTimeoutException e) {
                throw new IllegalStateException("no answer to case " + one.number() + ": " + one.what(), e);
            } catch (IOException e) {
                close();
                return new Answered(0, "", Duration.ofNanos(System.nanoTime() - start));
            }
        }

        private Answered answer(long start) throws IOException {
            String first = line();
            int status = Integer.parseInt(first.split(" ", -1)[1]);
            int length = 0;
            boolean ends = false;
            JsonObject beside = new JsonObject();
            for (String header = line(); !header.isEmpty(); header = line()) {
                String lower = header.toLowerCase(Locale.ROOT);
                if (lower.startsWith("content-length:")) {
                    length = Integer.parseInt(lower.substring(15).strip());
                }
                ends |= lower.startsWith("connection:") && lower.contains("close");
                if (lower.startsWith("parley-")) {
                    String[] both = lower.substring(7).split(":", 2);
                    beside.put(both[0].replace('-', '_'), both[1].strip());
                }
            }
            String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            // Whatever is left of a request that was refused early is not to be taken for the next one.
            if (ends || status >= 402) {
                close();
            }
            return new Answered(
                    status, beside.isEmpty() ? body : beside.encode(), Duration.ofNanos(System.nanoTime() - start));
        }

        private String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream(64);
            for (int one = in.read(); one != '\n'; one = in.read()) {
                if (one < 0) {
                    throw new java.io.EOFException("the connection ended");
                }
                line.write(one);
            }
            return line.toString(StandardCharsets.ISO_8859_1).strip();
        }

        private void close() {
            try {
                if (socket != null) {
                    socket.close();
                }
            } catch (IOException e) {
                // gone is gone
            }
            socket = null;
        }
    }
}
