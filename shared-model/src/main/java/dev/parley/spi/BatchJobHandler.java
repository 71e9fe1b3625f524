package dev.parley.spi;

import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.List;

/**
 * A job type whose whole effect is in the database. Its jobs are handled as a set, in one transaction that also marks
 * them done: the effect happens exactly once, however often the worker dies.
 *
 * <p>Promises to the handler: the jobs are in order of work (several of one {@link dev.parley.queue.Line} may be among
 * them, oldest first); nobody else works on the same contacts meanwhile; {@code tx} is the owner's own connection inside
 * an open transaction. Called on the owner's event loop; it must not block.
 */
public interface BatchJobHandler {
    JobType type();

    /**
     * Handles {@code jobs} through {@code tx}, which the caller commits or rolls back.
     *
     * @return one outcome per job, in the same order. {@code Retry}, {@code Snooze} and {@code Bury} promise that nothing
     *     was written for that job. A failed Uni rolls everything back; the caller then finds the culprit by halves and
     *     settles its neighbours. Never null.
     */
    Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs);
}
