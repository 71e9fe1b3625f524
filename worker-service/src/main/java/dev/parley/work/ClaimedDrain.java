package dev.parley.work;

import dev.parley.queue.FreeLines;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue.From;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.core.Vertx;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Draining where no session can be kept, behind a transaction-mode pooler: every job is claimed under a token, claimers take
 * turns, and nobody claims from a line that has work in hand. Correct and slower; a dead worker's jobs come back when their
 * leases run out, one by one, and news come by polling alone.
 */
final class ClaimedDrain implements Drain {
    private static final Logger LOG = Logger.getLogger(ClaimedDrain.class);

    private final Owner.Parts parts;
    private final Vertx vertx;
    private final Loop loop;
    private final HeldLines heldLines;
    private final FreeLines freeLines = new FreeLines();
    private boolean stopping;
    private long reclaimedAt = Long.MIN_VALUE;
    private volatile boolean turning;
    private @Nullable CompletableFuture<Void> drained;

    ClaimedDrain(Owner.Parts parts, Vertx vertx, Loop loop) {
        this.parts = parts;
        this.vertx = vertx;
        this.loop = loop;
        this.heldLines = new HeldLines(parts);
    }

    @Override
    public void start() {
        loop.execute(this::begin);
    }

    private void begin() {
        loop.run(this::turn, () -> jittered(parts.config().poll()), failure -> {
            turning = false;
            LOG.warnf("turn failed: %s", FailurePolicy.describe(failure));
            vertx.getDelegate()
                    .setTimer(
                            jittered(Duration.ofMillis(500)).toMillis(),
                            fired -> loop.execute(() -> {
                                if (stopping && parts.calls().isIdle()) {
                                    finish();
                                } else {
                                    begin();
                                }
                            }));
        });
    }

    @Override
    public void wake() {
        loop.wake();
    }

    @Override
    public boolean isTurning() {
        return turning;
    }

    @Override
    public String describe() {
        return "claims without lanes";
    }

    private Uni<Boolean> turn() {
        if (stopping && parts.calls().isIdle()) {
            finish();
            return Uni.createFrom().item(false);
        }
        return parts.aside()
                .getConnection()
                .chain(connection -> finishLanded(connection)
                        .chain(landed -> reclaimIfTime(connection)
                                .chain(() -> stopping ? Uni.createFrom().item(false) : claimAndRun(connection))
                                .map(worked -> worked || landed))
                        .invoke(() -> {
                            turning = true;
                            parts.share().is(0, 0, parts.calls().size(), 0);
                        })
                        .eventually(connection::close));
    }

    private Uni<Boolean> finishLanded(SqlConnection connection) {
        return parts.calls().finishLanded(connection).map(settled -> !settled.isEmpty());
    }

    private Uni<Void> reclaimIfTime(SqlConnection connection) {
        long now = parts.nanoTime().getAsLong();
        if (reclaimedAt != Long.MIN_VALUE
                && now - reclaimedAt < Duration.ofSeconds(1).toNanos()) {
            return Uni.createFrom().voidItem();
        }
        reclaimedAt = now;
        return parts.calls()
                .keepLeases(connection)
                .chain(() -> freeLines.expiredLeases(
                        connection, parts.config().lease().duration()))
                .chain(expired -> parts.orphans().reclaim(connection, expired));
    }

    private Uni<Boolean> claimAndRun(SqlConnection connection) {
        String token = parts.worker() + '/' + TimeOrderedId.next();
        UUID[] not = parts.disabledTenants().get().stream().map(TenantId::value).toArray(UUID[]::new);
        return Transactions.in(connection, () -> freeLines.claim(connection, Lanes.LANE_SPACE, types(), not, token))
                .chain(claimed -> claimed.isEmpty()
                        ? Uni.createFrom().item(false)
                        : heldLines
                                .letGo(connection, claimed, token)
                                .chain(free -> run(connection, free, token))
                                .replaceWith(true));
    }

    /** While as many calls are out as may be, nothing is claimed that would make another. */
    private String[] types() {
        return parts.calls().room() > 0
                ? parts.handlers().types()
                : parts.handlers().typesWithoutCalls();
    }

    private Uni<Void> run(SqlConnection connection, List<Job> claimed, String token) {
        if (claimed.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        Map<JobId, String> tokens = new HashMap<>();
        List<Job> together = new ArrayList<>();
        List<Job> calls = new ArrayList<>();
        for (Job job : claimed) {
            tokens.put(job.id(), token);
            (parts.handlers().isLeased(job.type()) ? calls : together).add(job);
        }
        OffsetDateTime readAt = claimed.get(0).runAfter();
        return parts.runner()
                .run(connection, together, From.PROCESSING, readAt, tokens)
                .chain(() -> parts.calls().launchClaimed(connection, calls, token))
                .onFailure(OwnershipLostException.class)
                .invoke(lost -> LOG.warn(lost.getMessage()))
                .onFailure(OwnershipLostException.class)
                .recoverWithNull();
    }

    private Duration jittered(Duration duration) {
        return Duration.ofMillis(
                Math.max(1, (long) (duration.toMillis() * (0.5 + parts.random().nextDouble() / 2))));
    }

    @Override
    public Uni<Void> stop(Duration patience) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            drained = done;
            stopping = true;
            loop.wake();
        });
        return Uni.createFrom()
                .completionStage(done)
                .ifNoItem()
                .after(patience.isZero() ? Duration.ofMillis(1) : patience)
                .recoverWithItem((Void) null)
                .emitOn(loop)
                .chain(() -> {
                    loop.halt();
                    turning = false;
                    return parts.calls().isIdle()
                            ? Uni.createFrom().voidItem()
                            : parts.aside()
                                    .withConnection(connection -> parts.calls().handBack(connection));
                })
                .onFailure()
                .recoverWithNull();
    }

    private void finish() {
        if (drained != null) {
            drained.complete(null);
        }
    }
}
