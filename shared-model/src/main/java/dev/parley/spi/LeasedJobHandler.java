package dev.parley.spi;

import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.List;
import java.util.function.Supplier;

/**
 * A job type that calls the outside world. Three moments, of which only the middle one is outside a transaction: the
 * lease is written together with {@link #begin} ("this attempt is being made"), then the call is made, then its result is
 * recorded together with the job's settlement ({@link #finish}), all under the lease. At most one job of a
 * {@link dev.parley.queue.Line} is in flight; calls of different lines run side by side.
 *
 * @param <R> what one call brought back
 */
public interface LeasedJobHandler<R> {
    JobType type();

    /** What {@link #begin} decided about one job. */
    sealed interface Step<R> {
        /**
         * Make this call. The supplier is subscribed once, after the commit, on the event loop, and only while the lease
         * is certain to hold. It must time out by itself within the lease.
         */
        record Call<R>(Supplier<Uni<R>> call) implements Step<R> {}

        /** No call needed: settle like this, in the same transaction. */
        record Settle<R>(Outcome outcome) implements Step<R> {}
    }

    /** A call that came back: with {@code result}, or with {@code failure} where its Uni failed. Exactly one is non-null. */
    record Finished<R>(
            Job job,
            @org.jspecify.annotations.Nullable R result,
            @org.jspecify.annotations.Nullable Throwable failure) {}

    /** Decides for each job, in the transaction that writes the lease; same rules as {@link BatchJobHandler#handle}. */
    Uni<List<Step<R>>> begin(SqlConnection tx, List<Job> jobs);

    /**
     * Records results in the transaction that settles the jobs; the leases were checked before. One outcome per entry, in
     * the same order.
     */
    Uni<List<Outcome>> finish(SqlConnection tx, List<Finished<R>> finished);
}
