package dev.parley.work;

import dev.parley.queue.QueueUpkeep;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/** Coarse housekeeping; every worker does it, and it does not matter how many do. */
@Singleton
final class Chores {
    private static final Logger LOG = Logger.getLogger(Chores.class);

    private final QueueUpkeep queue;
    private final Pool db;
    private final WorkerConfig config;
    private final Worker worker;

    @Inject
    Chores(QueueUpkeep queue, Pool db, WorkerConfig config, Worker worker) {
        this.queue = queue;
        this.db = db;
        this.config = config;
        this.worker = worker;
    }

    @Scheduled(every = "60s", delayed = "30s", concurrentExecution = ConcurrentExecution.SKIP)
    Uni<Void> prune() {
        return queue.prune(db, config.keep().done())
                .invoke(count -> {
                    if (count > 0) {
                        LOG.debugf("pruned %d done jobs", count);
                    }
                })
                .replaceWithVoid()
                .onFailure()
                .invoke(failure -> LOG.debugf("pruning: %s", FailurePolicy.describe(failure)))
                .onFailure()
                .recoverWithNull();
    }

    @Scheduled(every = "10s", delayed = "5s", concurrentExecution = ConcurrentExecution.SKIP)
    Uni<Void> measureDepth() {
        return queue.depth(db)
                .invoke(worker::depth)
                .replaceWithVoid()
                .onFailure()
                .recoverWithNull();
    }
}
