package dev.parley.work;

import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.Settlement;
import dev.parley.spi.Outcome;
import dev.parley.work.log.LogFacts;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Leased jobs whose workers are gone: each is settled by whoever finds it first, once, unless its worker was quicker. */
final class Orphans {
    private static final Logger LOG = Logger.getLogger(Orphans.class);

    private final JobQueue queue;
    private final FailurePolicy failures;
    private final WorkerMeters meters;
    private final String worker;

    Orphans(JobQueue queue, FailurePolicy failures, WorkerMeters meters, String worker) {
        this.queue = queue;
        this.failures = failures;
        this.meters = meters;
        this.worker = worker;
    }

    /** Settles those of {@code orphans} that are still leased as they were read; in a transaction of its own. */
    Uni<Void> reclaim(SqlConnection session, List<DueJob> orphans) {
        if (orphans.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        List<Held> asRead = orphans.stream()
                .map(orphan -> new Held(orphan.job().id(), orphan.lockedBy()))
                .toList();
        return Transactions.in(
                        session,
                        () -> queue.stillHeld(session, asRead).chain(left -> {
                            Map<Job, Settlement> settled = new LinkedHashMap<>();
                            orphans.stream()
                                    .filter(orphan -> left.contains(orphan.job().id()))
                                    .forEach(orphan -> settled.put(orphan.job(), settle(orphan)));
                            return queue.settleAll(
                                            session,
                                            From.PROCESSING,
                                            List.copyOf(settled.values()),
                                            worker,
                                            OffsetDateTime.MIN)
                                    .replaceWith(settled);
                        }))
                .invoke(settled -> settled.forEach(meters::settled))
                .replaceWithVoid();
    }

    private Settlement settle(DueJob orphan) {
        Job job = orphan.job();
        String holder = Optional.ofNullable(orphan.lockedBy()).orElse("unknown").split("/", 2)[0];
        LogFacts.about(
                job,
                job.attempts(),
                () -> LOG.warnf(
                        "reclaiming job=%s job_type=%s trace=%s attempt=%d left by worker %s",
                        job.id(), job.type(), job.traceId(), job.attempts(), holder));
        // The first time at once: a crash is not the job's error. Then with backoff.
        return failures.settle(
                job,
                Outcome.retry("lease expired (worker " + holder + ")", job.attempts() <= 1 ? Duration.ZERO : null),
                job.attempts());
    }
}
