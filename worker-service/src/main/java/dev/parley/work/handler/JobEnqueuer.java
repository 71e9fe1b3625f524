package dev.parley.work.handler;

import dev.parley.queue.NewJob;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.List;

/** The queue as handlers see it. */
@FunctionalInterface
public interface JobEnqueuer {
    /**
     * Enqueues {@code jobs} as due now, through {@code tx}. Their order in the list is their order of work: created_at
     * and run_after increase strictly along it, by the database's clock.
     *
     * @return how many were new; a job that its event already has is left alone
     */
    Uni<Integer> enqueueAll(SqlConnection tx, List<NewJob> jobs);
}
