package dev.parley.ledger;

import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A stretch of network between two programs on this machine, with weather on purpose. Bytes are never changed, dropped or
 * reordered while a connection lives: what TCP promises, this keeps. Safe from any thread.
 */
final class Wire implements AutoCloseable {
    /** Past this much waiting in one direction its sender is held, as a full window would. */
    private static final int WINDOW = 256 * 1024;

    private final String name;
    private final Vertx vertx;
    private final int target;
    private final NetServer server;
    private final NetClient client;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();

    private volatile boolean down;
    private volatile boolean frozen;
    private volatile long delayMillis;
    private volatile int bytesPerSecond;

    private Wire(String name, Vertx vertx, int target) {
        this.name = name;
        this.vertx = vertx;
        this.target = target;
        this.client = vertx.createNetClient(
                new NetClientOptions().setConnectTimeout(2_000).setTcpNoDelay(true));
        this.server = vertx.createNetServer(
                        new NetServerOptions().setHost("127.0.0.1").setPort(0).setTcpNoDelay(true))
                .connectHandler(this::connected);
    }

    /** Listens on a free port and leads to {@code target}, whether anybody listens there yet or not. */
    static Wire to(int target, String name, Vertx vertx) {
        Wire wire = new Wire(name, vertx, target);
        Waiting.on(wire.server.listen(), Duration.ofSeconds(10));
        return wire;
    }

    String name() {
        return name;
    }

    int port() {
        return server.actualPort();
    }

    int connections() {
        return links.size();
    }

    /** Ends every connection on both sides; new ones are possible at once. */
    void cut() {
        List.copyOf(links).forEach(Link::end);
    }

    /** Ends every connection, and those that come are ended too, until {@link #clear()}. */
    void unplug() {
        down = true;
        cut();
    }

    /** Nothing passes, nothing ends: what was sent meanwhile arrives after {@link #clear()}. */
    void freeze() {
        frozen = true;
    }

    /**
     * The far side of every connection is gone and the near side has not heard of it: what it sends goes nowhere. New
     * connections are as usual.
     */
    void loseFarSides() {
        links.forEach(Link::loseFarSide);
    }

    /** Every piece arrives this much later. */
    void delay(Duration delay) {
        delayMillis = delay.toMillis();
    }

    /** So many bytes a second in each direction of each connection; 0: as many as there are. */
    void throttle(int bytes) {
        bytesPerSecond = bytes;
    }

    /** Good weather again. Connections whose other side was lost end now, as when a router finally says so. */
    void clear() {
        down = false;
        frozen = false;
        delayMillis = 0;
        bytesPerSecond = 0;
        for (Link link : links) {
            link.wake();
        }
    }

    @Override
    public void close() {
        cut();
        Waiting.on(server.close(), Duration.ofSeconds(10));
        Waiting.on(client.close(), Duration.ofSeconds(10));
    }

    private void connected(NetSocket near) {
        if (down) {
            near.close();
            return;
        }
        near.pause();
        client.connect(target, "127.0.0.1").onComplete(opened -> opened(near, opened));
    }

    private void opened(NetSocket near, AsyncResult<NetSocket> opened) {
        if (opened.failed() || down) {
            near.close();
            if (opened.succeeded()) {
                opened.result().close();
            }
            return;
        }
        Link link = new Link(near, opened.result());
        links.add(link);
        link.begin();
    }

    /** One connection, as its two halves. */
    private final class Link {
        private final NetSocket near;
        private final NetSocket far;
        private final Half out;
        private final Half back;
        private volatile boolean farIsLost;

        Link(NetSocket near, NetSocket far) {
            this.near = near;
            this.far = far;
            this.out = new Half(near, far);
            this.back = new Half(far, near);
        }

        void begin() {
            near.exceptionHandler(failure -> end());
            far.exceptionHandler(failure -> nearOrBoth());
            near.closeHandler(closed -> {
                out.endAfterLast();
                if (farIsLost) {
                    links.remove(this);
                }
            });
            far.closeHandler(closed -> nearOrBoth());
            out.begin();
            back.begin();
        }

        private void nearOrBoth() {
            if (!farIsLost) {
                back.endAfterLast();
            }
        }

        void loseFarSide() {
            farIsLost = true;
            out.lose();
            far.close();
        }

        void wake() {
            if (farIsLost) {
                end();
            } else {
                out.pump();
                back.pump();
            }
        }

        void end() {
            links.remove(this);
            near.close();
            far.close();
        }

        /** One direction: pieces leave in the order they came, each not before its time. */
        private final class Half {
            private final NetSocket from;
            private final NetSocket to;
            private final Deque<Piece> waiting = new ArrayDeque<>();
            private long lastDue;
            private int bytes;
            private boolean armed;
            private boolean ends;
            private boolean lost;

            Half(NetSocket from, NetSocket to) {
                this.from = from;
                this.to = to;
            }

            void begin() {
                from.handler(this::came);
                from.resume();
            }

            private synchronized void came(Buffer piece) {
                if (lost) {
                    return;
                }
                long due = Math.max(lastDue, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis));
                int rate = bytesPerSecond;
                if (rate > 0) {
                    due += TimeUnit.SECONDS.toNanos(1) * piece.length() / rate;
                }
                lastDue = due;
                waiting.add(new Piece(piece, due));
                bytes += piece.length();
                if (bytes > WINDOW) {
                    from.pause();
                }
                pump();
            }

            synchronized void lose() {
                lost = true;
                waiting.clear();
                from.resume();
            }

            synchronized void endAfterLast() {
                ends = true;
                pump();
            }

            synchronized void pump() {
                while (!waiting.isEmpty() && !frozen) {
                    Piece next = waiting.peek();
                    long left = next.due() - System.nanoTime();
                    if (left > 0) {
                        arm(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                        return;
                    }
                    waiting.remove();
                    bytes -= next.bytes().length();
                    to.write(next.bytes());
                    if (to.writeQueueFull()) {
                        from.pause();
                        to.drainHandler(drained -> from.resume());
                    }
                }
                if (bytes <= WINDOW && !to.writeQueueFull()) {
                    from.resume();
                }
                if (waiting.isEmpty() && ends && !frozen) {
                    end();
                }
            }

            private void arm(long millis) {
                if (!armed) {
                    armed = true;
                    vertx.setTimer(millis, timer -> {
                        synchronized (this) {
                            armed = false;
                        }
                        pump();
                    });
                }
            }
        }
    }

    private record Piece(Buffer bytes, long due) {}
}
