package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.JobRef;
import dev.parley.queue.Lane;
import dev.parley.queue.Line;
import dev.parley.queue.Settlement;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Lines behind a dead letter of a tenant that wants them held ({@code on_dead_letter = hold}), where no owner keeps them in
 * memory: a job claimed from one is given back and looked at again a little later.
 */
final class HeldLines {
    private static final Duration AGAIN = Duration.ofSeconds(5);

    private static final Integer[] EVERY_LANE =
            IntStream.range(0, Lane.COUNT).boxed().toArray(Integer[]::new);

    private final Owner.Parts parts;

    HeldLines(Owner.Parts parts) {
        this.parts = parts;
    }

    /**
     * Gives back, at no attempt's cost, those of {@code claimed} that must wait, and returns the others. A claim keeps
     * everybody else from its line, so no letter can die there meanwhile.
     */
    Uni<List<Job>> letGo(SqlConnection connection, List<Job> claimed, String token) {
        Set<TenantId> holding = parts.holdingTenants().get();
        if (claimed.stream().noneMatch(job -> holding.contains(job.tenant()))) {
            return Uni.createFrom().item(claimed);
        }
        UUID[] tenants = holding.stream().map(TenantId::value).toArray(UUID[]::new);
        return parts.queue()
                .holdingDeadLetters(
                        connection, tenants, EVERY_LANE, parts.handlers().types())
                .chain(dead -> {
                    Map<Line, JobRef> earliest = new HashMap<>();
                    dead.forEach(letter -> earliest.merge(
                            letter.job().line(), JobRef.of(letter.job()), BinaryOperator.minBy(JobRef.ORDER_OF_WORK)));
                    Map<Boolean, List<Job>> behind = claimed.stream().collect(Collectors.partitioningBy(job -> {
                        JobRef letter = earliest.get(job.line());
                        return letter != null && JobRef.ORDER_OF_WORK.compare(letter, JobRef.of(job)) < 0;
                    }));
                    return giveBack(connection, Objects.requireNonNull(behind.get(true)), token)
                            .replaceWith(Objects.requireNonNull(behind.get(false)));
                });
    }

    private Uni<Void> giveBack(SqlConnection connection, List<Job> jobs, String token) {
        if (jobs.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        List<Held> held = jobs.stream().map(job -> new Held(job.id(), token)).toList();
        return Transactions.in(
                        connection,
                        () -> parts.queue()
                                .stillHeld(connection, held)
                                .call(still -> parts.queue()
                                        .settleAll(
                                                connection,
                                                From.PROCESSING,
                                                still.stream()
                                                        .map(HeldLines::wait)
                                                        .toList(),
                                                parts.worker(),
                                                OffsetDateTime.MIN)))
                .invoke(still -> jobs.stream()
                        .filter(job -> still.contains(job.id()))
                        .forEach(job -> parts.meters().settled(job, wait(job.id()))))
                .replaceWithVoid();
    }

    private static Settlement wait(JobId job) {
        return new Settlement.Snooze(job, AGAIN, "behind a dead letter that holds its line");
    }
}
