package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/** A {@link Ledger} in which one job's handling goes wrong in the database. */
final class Poisoned implements BatchJobHandler {
    static final String HANGS = "SELECT pg_sleep(600)";
    static final String ENDS_ITS_SESSION = "SELECT pg_terminate_backend(pg_backend_pid())";

    private final Ledger ledger;
    private final Predicate<Job> poison;
    private final String statement;
    private final Queue<Integer> sizes = new ConcurrentLinkedQueue<>();

    Poisoned(JobType type, Predicate<Job> poison, String statement) {
        this.ledger = Ledger.of(type);
        this.poison = poison;
        this.statement = statement;
    }

    /** How many jobs each set had that the poison was in. */
    List<Integer> sizes() {
        return List.copyOf(sizes);
    }

    @Override
    public JobType type() {
        return ledger.type();
    }

    @Override
    public Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        if (jobs.stream().noneMatch(poison)) {
            return ledger.handle(tx, jobs);
        }
        sizes.add(jobs.size());
        return tx.query(statement).execute().chain(() -> ledger.handle(tx, jobs));
    }
}
