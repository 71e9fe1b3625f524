package dev.parley.work;

import dev.parley.session.Prepared;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgConnection;
import io.vertx.pgclient.PgConnectOptions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Opens the one connection an owner works on, with the server told to end it should its holder hang: that is the backstop
 * where no peer is there to do it.
 */
final class Session {
    static final String WAKE_CHANNEL = "parley_jobs";

    private final Vertx vertx;
    private final PgConnectOptions options;
    private final Duration lease;
    /** The session that was found to be a real one, for whoever opens the next; null = none, or it is gone. */
    private final AtomicReference<@Nullable PgConnection> spare = new AtomicReference<>();

    Session(Vertx vertx, PgConnectOptions options, Duration lease) {
        this.vertx = vertx;
        // One after the other on one session: pipelining needs room, prepared statements a cache.
        this.options = Prepared.longStatementsToo(new PgConnectOptions(options))
                .setCachePreparedStatements(true)
                .setPreparedStatementCacheMaxSize(128)
                .setPipeliningLimit(64)
                .setReconnectAttempts(0)
                .setTcpKeepAlive(true);
        this.lease = lease;
    }

    Uni<PgConnection> open() {
        PgConnection tested = spare.getAndSet(null);
        return tested == null ? openNew() : Uni.createFrom().item(tested);
    }

    @Nullable
    PgConnection spare() {
        return spare.get();
    }

    /** How long a statement may take that handles jobs: its session must not be silent for the whole of {@code lease}. */
    static Duration mostOfAStatement(Duration lease) {
        return Duration.ofMillis(Math.max(1, lease.toMillis() * 8 / 10));
    }

    private Uni<PgConnection> openNew() {
        long millis = lease.toMillis();
        return PgConnection.connect(vertx, options)
                .chain(connection -> connection
                        .query("SET idle_session_timeout = " + millis
                                + "; SET idle_in_transaction_session_timeout = " + millis
                                + "; SET statement_timeout = "
                                + mostOfAStatement(lease).toMillis()
                                + "; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
                                + "; SET application_name = 'parley-worker'; "
                                + Prepared.KEEP_PLANS_BY_KEY
                                + "; " + Prepared.PLAN_ONCE)
                        .execute()
                        .replaceWith(connection)
                        .onFailure()
                        .call(connection::close));
    }

    /**
     * Is a session here a session? Behind a transaction-mode pooler two statements of one client may meet two servers, and
     * locks and LISTEN do not hold. Found out by asking twice for the backend's number while somebody else keeps one busy,
     * and by waiting for a notification of our own. A session that is one is kept for {@link #open}: a start waits for no
     * handshake twice.
     *
     * @return why lanes cannot be owned; empty = they can
     */
    Uni<String> whyNotReal() {
        String channel = "parley_probe_" + UUID.randomUUID().toString().replace("-", "");
        return openNew()
                .chain(probe -> PgConnection.connect(vertx, options)
                        .chain(other -> probeWith(probe, other, channel).eventually(other::close))
                        .onItem()
                        .call(why -> why.isEmpty() ? keep(probe) : probe.close())
                        .onFailure()
                        .call(probe::close));
    }

    private Uni<Void> keep(PgConnection real) {
        real.notificationHandler(notification -> {});
        real.closeHandler(() -> spare.compareAndSet(real, null));
        return real.query("UNLISTEN *").execute().invoke(() -> spare.set(real)).replaceWithVoid();
    }

    private static Uni<String> probeWith(PgConnection probe, PgConnection other, String channel) {
        CompletableFuture<Boolean> notified = new CompletableFuture<>();
        probe.notificationHandler(notification -> {
            if (notification.getChannel().equals(channel)) {
                notified.complete(true);
            }
        });
        Uni<Boolean> heard = Uni.createFrom()
                .completionStage(notified)
                .ifNoItem()
                .after(Duration.ofSeconds(2))
                .recoverWithItem(false);
        Uni<Integer> before = probe.query("LISTEN " + channel).execute().chain(() -> pid(probe));
        return before.chain(first -> other.query("BEGIN")
                        .execute()
                        .chain(() -> pid(other))
                        .chain(() -> pid(probe))
                        .call(() -> other.query("NOTIFY " + channel).execute())
                        .call(() -> other.query("COMMIT").execute())
                        .map(first::equals))
                .chain(sameServer -> {
                    if (!sameServer) {
                        return Uni.createFrom()
                                .item("statements of one session reach different servers (a transaction-mode pooler)");
                    }
                    return heard.map(
                            arrived -> arrived ? "" : "a notification sent to ourselves did not arrive within 2 s");
                });
    }

    private static Uni<Integer> pid(PgConnection connection) {
        return connection
                .query("SELECT pg_backend_pid() AS pid")
                .execute()
                .map(rows -> rows.iterator().next().getInteger("pid"));
    }
}
