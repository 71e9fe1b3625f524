package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.Settlement;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;

/** Writes how jobs ended, all of them or none: one that is no longer ours fails the transaction. */
final class Settling {
    private final JobQueue queue;
    private final String worker;

    Settling(JobQueue queue, String worker) {
        this.queue = queue;
        this.worker = worker;
    }

    /** Of jobs whose leases were checked in this transaction. */
    Uni<Void> leased(SqlConnection tx, Map<Job, Settlement> settled) {
        return write(tx, From.PROCESSING, settled, OffsetDateTime.MIN);
    }

    /** @param readAt see {@link JobQueue#settleAll} */
    Uni<Void> write(SqlConnection tx, From from, Map<Job, Settlement> settled, OffsetDateTime readAt) {
        if (settled.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return queue.settleAll(tx, from, List.copyOf(settled.values()), worker, readAt)
                .invoke(count -> {
                    if (count != settled.size()) {
                        throw new OwnershipLostException(settled.size(), count);
                    }
                })
                .replaceWithVoid();
    }
}
