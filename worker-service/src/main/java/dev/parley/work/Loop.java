package dev.parley.work;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs turns one after the other on one event loop: again at once while there is something to do, else after a wait that
 * {@link #wake} ends early.
 */
final class Loop implements Executor {
    private final Vertx vertx;
    private final Context context;
    private @Nullable Supplier<Uni<Boolean>> turn;
    private @Nullable Supplier<Duration> patience;
    private @Nullable Consumer<Throwable> onFailure;
    private long timer = -1;
    private boolean turning;
    private boolean woken;

    Loop(Vertx vertx) {
        this(vertx, vertx.getOrCreateContext());
    }

    private Loop(Vertx vertx, Context context) {
        this.vertx = vertx;
        this.context = context;
    }

    /** Turns of their own on the same event loop. */
    Loop beside() {
        return new Loop(vertx, context);
    }

    @Override
    public void execute(Runnable command) {
        context.runOnContext(ignored -> command.run());
    }

    /** Begins a series of turns; it ends with the first that fails, or with {@link #halt}. On the loop. */
    void run(Supplier<Uni<Boolean>> turns, Supplier<Duration> waits, Consumer<Throwable> failure) {
        turn = turns;
        patience = waits;
        onFailure = failure;
        next();
    }

    void halt() {
        turn = null;
        cancelTimer();
    }

    void wake() {
        execute(() -> {
            if (turning) {
                woken = true;
            } else if (turn != null) {
                next();
            }
        });
    }

    private void cancelTimer() {
        if (timer >= 0) {
            vertx.cancelTimer(timer);
            timer = -1;
        }
    }

    private void next() {
        cancelTimer();
        Supplier<Uni<Boolean>> current = turn;
        if (current == null || turning) {
            return;
        }
        turning = true;
        woken = false;
        // A new task for every turn: the stack stays flat and others on this event loop get their time.
        Uni.createFrom()
                .deferred(current::get)
                .emitOn(this)
                .subscribe()
                .with(
                        more -> {
                            turning = false;
                            if (turn == null) {
                                return;
                            }
                            if (more || woken) {
                                next();
                            } else {
                                rest();
                            }
                        },
                        failure -> {
                            turning = false;
                            Consumer<Throwable> report = onFailure;
                            turn = null;
                            if (report != null) {
                                report.accept(failure);
                            }
                        });
    }

    private void rest() {
        Supplier<Duration> waits = patience;
        long millis = waits == null ? 1_000 : Math.max(1, waits.get().toMillis());
        timer = vertx.setTimer(millis, fired -> execute(this::next));
    }
}
