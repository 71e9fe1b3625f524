package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** A harness is a command and waits for what it starts; all its waiting is here. */
final class Waiting {
    private Waiting() {}

    static <T> T on(Future<T> future, Duration patience) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new SandboxException("the harness itself failed: " + e, e);
        }
    }

    static void pause(Duration pause) {
        try {
            TimeUnit.NANOSECONDS.sleep(Math.max(0, pause.toNanos()));
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Asks again and again until the answer is yes. False when {@code patience} runs out first. */
    static boolean until(Duration patience, BooleanSupplier question) {
        return until(patience, Duration.ofMillis(100), question);
    }

    static boolean until(Duration patience, Duration every, BooleanSupplier question) {
        long end = System.nanoTime() + patience.toNanos();
        while (!question.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            pause(every);
        }
        return true;
    }

    private static SandboxException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new SandboxException("interrupted", e);
    }
}
