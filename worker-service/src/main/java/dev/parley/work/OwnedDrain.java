package dev.parley.work;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.pgclient.PgConnection;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Draining as the owner of lanes: one session at a time, and a new one when it ends, whoever ended it. See {@link Owner} for
 * what happens within one, and {@link OwnedDrains} for a worker that has several.
 */
final class OwnedDrain implements Drain {
    private static final Logger LOG = Logger.getLogger(OwnedDrain.class);
    private static final Duration FIRST_RECONNECT = Duration.ofMillis(50);
    /** Whoever comes and goes faster than this owns nothing beside others that stay. */
    private static final Duration STAY = Duration.ofSeconds(5);

    private static final Duration SLOWEST_RECONNECT = Duration.ofSeconds(1);

    private final Owner.Parts parts;
    private final Session sessions;
    private final Vertx vertx;
    private final Loop loop;
    private final Random random;
    private @Nullable Owner owner;
    private @Nullable PgConnection connection;
    private Duration reconnect = FIRST_RECONNECT;
    private boolean stopping;
    private boolean everJoined;
    private long joinedAt;
    private volatile int lanesOwned;
    private volatile boolean connected;
    private @Nullable CompletableFuture<Void> drained;

    OwnedDrain(Owner.Parts parts, Session sessions, Vertx vertx, Loop loop) {
        this.parts = parts;
        this.sessions = sessions;
        this.vertx = vertx;
        this.loop = loop;
        this.random = parts.random();
    }

    @Override
    public void start() {
        loop.execute(this::connect);
    }

    @Override
    public void wake() {
        loop.wake();
    }

    @Override
    public boolean isTurning() {
        return connected;
    }

    @Override
    public String describe() {
        return connected ? "owns " + lanesOwned + " lanes" : "no session";
    }

    int lanesOwned() {
        return lanesOwned;
    }

    private void connect() {
        if (stopping) {
            finish();
            return;
        }
        sessions.open()
                .chain(opened -> {
                    Owner fresh = new Owner(parts, opened, this::hasStayed);
                    opened.notificationHandler(notification -> loop.wake());
                    return opened.query("LISTEN " + Session.WAKE_CHANNEL)
                            .execute()
                            .chain(fresh::start)
                            .replaceWith(fresh)
                            .onFailure()
                            .call(opened::close)
                            .invoke(started -> connection = opened);
                })
                .emitOn(loop)
                .subscribe()
                .with(this::own, failure -> reconnectAfter(failure, "cannot open a session"));
    }

    private boolean hasStayed() {
        return everJoined && parts.nanoTime().getAsLong() - joinedAt >= STAY.toNanos();
    }

    private void own(Owner fresh) {
        if (!everJoined) {
            everJoined = true;
            joinedAt = parts.nanoTime().getAsLong();
        }
        owner = fresh;
        parts.owners().joins(fresh);
        connected = true;
        reconnect = FIRST_RECONNECT;
        loop.run(this::turn, () -> fresh.patience(jittered(parts.config().poll())), failure -> {
            connected = false;
            lanesOwned = 0;
            owner = null;
            parts.owners().leaves(fresh);
            parts.meters().sessionLost();
            parts.share().is(0, 0, parts.calls().size(), 0);
            PgConnection lost = connection;
            connection = null;
            // Closing what may be half open: its locks must not outlive our belief in them.
            (lost == null ? Uni.createFrom().voidItem() : lost.close())
                    .onFailure()
                    .recoverWithNull()
                    .emitOn(loop)
                    .subscribe()
                    .with(ignored -> reconnectAfter(failure, "session lost"));
        });
    }

    private Uni<Boolean> turn() {
        Owner current = owner;
        if (current == null) {
            return Uni.createFrom().item(false);
        }
        if (stopping) {
            current.stopReading();
            if (parts.calls().isIdle() && drained != null) {
                drained.complete(null);
            }
        }
        return current.turn().invoke(() -> lanesOwned = current.owned().size());
    }

    private void reconnectAfter(Throwable failure, String what) {
        LOG.warnf("%s: %s; next try in %d ms", what, FailurePolicy.describe(failure), reconnect.toMillis());
        vertx.getDelegate().setTimer(Math.max(1, jittered(reconnect).toMillis()), fired -> loop.execute(this::connect));
        reconnect = reconnect.multipliedBy(2).compareTo(SLOWEST_RECONNECT) < 0
                ? reconnect.multipliedBy(2)
                : SLOWEST_RECONNECT;
    }

    /** Half to whole: workers that wait for the same thing do not come back at the same moment. */
    private Duration jittered(Duration duration) {
        return Duration.ofMillis(Math.max(1, (long) (duration.toMillis() * (0.5 + random.nextDouble() / 2))));
    }

    @Override
    public Uni<Void> stop(Duration patience) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            drained = done;
            stopping = true;
            if (owner == null) {
                done.complete(null);
            }
            loop.wake();
        });
        return Uni.createFrom()
                .completionStage(done)
                .ifNoItem()
                .after(patience.isZero() ? Duration.ofMillis(1) : patience)
                .recoverWithItem((Void) null)
                .emitOn(loop)
                .chain(() -> {
                    loop.halt();
                    Owner last = owner;
                    owner = null;
                    connected = false;
                    if (last == null) {
                        return Uni.createFrom().voidItem();
                    }
                    parts.owners().leaves(last);
                    return last.leave();
                })
                .onFailure()
                .invoke(failure -> LOG.warnf("leaving: %s", FailurePolicy.describe(failure)))
                .onFailure()
                .recoverWithNull();
    }

    private void finish() {
        if (drained != null) {
            drained.complete(null);
        }
    }
}
