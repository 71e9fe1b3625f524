package dev.parley.work;

import dev.parley.dialog.DialogConflictException;
import dev.parley.queue.Backoff;
import dev.parley.queue.Job;
import dev.parley.queue.Settlement;
import dev.parley.spi.Outcome;
import io.vertx.core.impl.NoStackTraceThrowable;
import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;

/** Where a Throwable becomes an {@link Outcome}, and an Outcome a {@link Settlement}: the only place. */
final class FailurePolicy {
    private static final int REASON_LENGTH = 300;

    private final RetryPolicies policies;
    private final DoubleSupplier random;

    FailurePolicy(RetryPolicies policies, DoubleSupplier random) {
        this.policies = policies;
        this.random = random;
    }

    Outcome outcomeOf(Throwable failure) {
        return Outcome.retry(describe(failure));
    }

    /**
     * @param failedAttempts how many attempts will have failed if this one did
     */
    Settlement settle(Job job, Outcome outcome, int failedAttempts) {
        if (outcome instanceof Outcome.Done) {
            return new Settlement.Done(job.id());
        } else if (outcome instanceof Outcome.Snooze snooze) {
            return new Settlement.Snooze(job.id(), snooze.after(), shorten(snooze.reason()));
        } else if (outcome instanceof Outcome.PauseTenant pause) {
            return new Settlement.Snooze(job.id(), pause.after(), "tenant paused: " + shorten(pause.reason()));
        } else if (outcome instanceof Outcome.Bury bury) {
            return new Settlement.Bury(job.id(), shorten(bury.reason()));
        }
        Outcome.Retry retry = (Outcome.Retry) outcome;
        Backoff backoff = policies.of(job.tenant());
        if (backoff.isLastAttempt(failedAttempts)) {
            return new Settlement.Bury(job.id(), shorten(retry.reason()));
        }
        return new Settlement.Retry(
                job.id(),
                retry.after() != null ? retry.after() : backoff.after(failedAttempts, random),
                shorten(retry.reason()));
    }

    /** May the next job of the line run after this? Not behind one that comes again, nor behind a dead letter that holds. */
    boolean lineGoesOnAfter(Job job, Settlement settlement) {
        return settlement instanceof Settlement.Done
                || (settlement instanceof Settlement.Bury && !policies.holdsOnDeadLetter(job.tenant()));
    }

    /** The connection is gone: says nothing about the jobs, everything about the session. */
    static boolean isConnectionLoss(Throwable failure) {
        return failure instanceof ClosedChannelException
                || failure instanceof IOException
                || failure instanceof io.vertx.sqlclient.ClosedConnectionException
                // Vert.x reports "Connection is not active now" and the like as bare messages
                || failure instanceof NoStackTraceThrowable
                || (failure instanceof PgException pg && isSessionEnd(pg.getSqlState()));
    }

    /** The same statements may pass when run again as they are. */
    static boolean isWorthRepeating(Throwable failure) {
        return failure instanceof DialogConflictException
                || failure instanceof PgException pg
                        // serialization_failure, deadlock_detected, lock_not_available
                        && ("40001".equals(pg.getSqlState())
                                || "40P01".equals(pg.getSqlState())
                                || "55P03".equals(pg.getSqlState()));
    }

    /** A statement was ended for the time it took, or by an administrator. */
    static boolean isOutOfTime(Throwable failure) {
        // query_canceled
        return failure instanceof PgException pg && "57014".equals(pg.getSqlState());
    }

    private static boolean isSessionEnd(@org.jspecify.annotations.Nullable String state) {
        // 57P01..05: shutdown, crash, cannot connect, database dropped, idle session; 08: connection; 25P03: idle in tx
        return state != null && (state.startsWith("57P") || state.startsWith("08") || state.equals("25P03"));
    }

    /** One line for {@code last_error}: what failed, never what was in it (a constraint's detail names values). */
    static String describe(Throwable failure) {
        if (failure instanceof PgException pg) {
            return "database: " + pg.getErrorMessage() + " (" + pg.getSqlState() + ")";
        }
        if (failure instanceof TimeoutException) {
            return "timed out";
        }
        String message = failure.getMessage();
        return message == null || message.isBlank()
                ? failure.getClass().getSimpleName()
                : failure.getClass().getSimpleName() + ": " + message;
    }

    private static String shorten(String reason) {
        String line = reason.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= REASON_LENGTH ? line : line.substring(0, REASON_LENGTH - 1) + "…";
    }
}
