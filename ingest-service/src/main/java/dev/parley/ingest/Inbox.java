package dev.parley.ingest;

import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.InboundEventStore;
import dev.parley.inbound.Receipt;
import dev.parley.ingest.Answer.Delay;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Group commit. One flush is in flight; what arrives meanwhile waits and is the next flush. So a lone event is written at
 * once, a crowd shares a commit, and the order of commits is the order of arrival. There is no timer to wait for. The next
 * flush is on its way before the senders of the last one are told: the database does not wait for our answering.
 *
 * <p>Everything but the counter happens on one event loop.
 */
@Singleton
class Inbox {
    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);

    /** SQLSTATE classes that are about a row: data, integrity, limits. Everything else is about the database. */
    private static final Set<String> ABOUT_A_ROW = Set.of("22", "23", "54");

    /** An event, and where in its delivery it stands. */
    private record Entry(InboundEvent event, Sender sender, int at) {
        void stored(Receipt receipt) {
            sender.receipts[at] = receipt;
            sender.oneLess();
        }

        void failed(Throwable why) {
            sender.failure = sender.failure == null ? why : sender.failure;
            sender.oneLess();
        }
    }

    /** Whoever waits for all events of one delivery. */
    private static final class Sender {
        private final UniEmitter<? super List<Receipt>> told;
        private final Receipt[] receipts;
        private int left;
        private @Nullable Throwable failure;

        Sender(UniEmitter<? super List<Receipt>> told, int events) {
            this.told = told;
            this.receipts = new Receipt[events];
            this.left = events;
        }

        private void oneLess() {
            left--;
            if (left > 0) {
                return;
            }
            if (failure == null) {
                told.complete(List.of(receipts));
            } else {
                told.fail(failure);
            }
        }
    }

    private final Function<List<InboundEvent>, Uni<List<Receipt>>> store;
    private final Executor loop;
    private final IngestConfig.Flush limits;
    private final long maxBytes;
    private final IngestMeters meters;
    private final Runnable stored;

    private final Deque<Entry> waiting = new ArrayDeque<>();
    private final AtomicInteger pending = new AtomicInteger();
    /** Answers of the flush that just ended. */
    private final List<Runnable> answers = new ArrayList<>();

    private boolean flushing;

    @Inject
    Inbox(InboundEventStore store, Vertx vertx, IngestConfig config, IngestMeters meters, WorkerHint hint) {
        this(store::recordAll, onContext(vertx.getOrCreateContext()), config.flush(), meters, hint::jobsStored);
    }

    /** @param stored called after senders were answered, whenever a flush stored a job */
    Inbox(
            Function<List<InboundEvent>, Uni<List<Receipt>>> store,
            Executor loop,
            IngestConfig.Flush limits,
            IngestMeters meters,
            Runnable stored) {
        this.store = store;
        this.loop = loop;
        this.limits = limits;
        this.maxBytes = limits.maxBytes().asLongValue();
        this.meters = meters;
        this.stored = stored;
        meters.watchWaiting(pending::get);
    }

    private static Executor onContext(io.vertx.core.Context context) {
        return task -> context.runOnContext(ignored -> task.run());
    }

    /**
     * Stores {@code events} and says what became of each, in the same order, once they are committed.
     *
     * @return fails with {@link LaterException} where any of them was not certainly stored; sending all of them again is
     *     safe
     */
    Uni<List<Receipt>> put(List<InboundEvent> events) {
        if (pending.addAndGet(events.size()) > limits.maxWaiting()) {
            pending.addAndGet(-events.size());
            return Uni.createFrom()
                    .failure(new LaterException(Delay.OVERLOADED, "more events are waiting than is good"));
        }
        return Uni.createFrom().emitter(told -> loop.execute(() -> enter(events, new Sender(told, events.size()))));
    }

    /** In one go, so that what came together is written together. */
    private void enter(List<InboundEvent> events, Sender sender) {
        for (int at = 0; at < events.size(); at++) {
            waiting.add(new Entry(events.get(at), sender, at));
        }
        if (!flushing) {
            flush();
        }
    }

    private void flush() {
        List<Entry> batch = nextBatch();
        flushing = !batch.isEmpty();
        if (flushing) {
            store(batch).subscribe().with(done -> endFlush(), this::brokenFlush);
        }
    }

    private void endFlush() {
        List<Runnable> due = List.copyOf(answers);
        answers.clear();
        flush();
        due.forEach(Runnable::run);
    }

    private List<Entry> nextBatch() {
        List<Entry> batch = new ArrayList<>();
        long bytes = 0;
        while (!waiting.isEmpty() && batch.size() < limits.maxEvents()) {
            bytes += waiting.element().event().payload().size();
            if (bytes > maxBytes && !batch.isEmpty()) {
                break;
            }
            batch.add(waiting.remove());
        }
        return batch;
    }

    /** @return whether the database is there; by then there is an answer for everyone in {@code batch} */
    private Uni<Boolean> store(List<Entry> batch) {
        long start = System.nanoTime();
        return Uni.createFrom()
                .deferred(() -> store.apply(batch.stream().map(Entry::event).toList()))
                .ifNoItem()
                .after(limits.timeout())
                .failWith(() -> new LaterException(Delay.DATABASE, "no answer within " + limits.timeout()))
                .emitOn(loop)
                .invoke(receipts -> meters.flushed(batch.size(), System.nanoTime() - start))
                .map(receipts -> answers.add(() -> answer(batch, receipts)))
                .onFailure()
                .recoverWithUni(failure -> afterFailure(batch, failure));
    }

    private void answer(List<Entry> batch, List<Receipt> receipts) {
        boolean jobs = false;
        for (int at = 0; at < batch.size(); at++) {
            jobs |= receipts.get(at) instanceof Receipt.Accepted
                    && batch.get(at).event().job() != null;
            pending.decrementAndGet();
            batch.get(at).stored(receipts.get(at));
        }
        if (jobs) {
            stored.run();
        }
    }

    private Uni<Boolean> afterFailure(List<Entry> batch, Throwable failure) {
        if (!isAboutARow(failure)) {
            meters.flushFailed("unavailable");
            giveUp(batch, failure);
            return Uni.createFrom().item(false);
        }
        if (batch.size() > 1) {
            // Somebody in here is the culprit; its neighbours shall not pay for it.
            meters.flushFailed("split");
            int half = batch.size() / 2;
            List<Entry> rest = batch.subList(half, batch.size());
            return store(batch.subList(0, half)).chain(there -> {
                if (there) {
                    return store(rest);
                }
                giveUp(rest, failure);
                return Uni.createFrom().item(false);
            });
        }
        Entry culprit = batch.get(0);
        String state = sqlState(failure);
        if (InboundEvent.QUARANTINED.equals(culprit.event().type())) {
            meters.flushFailed("unstorable");
            LOG.error(
                    "event cannot be stored, its sender is told to come back: tenant={} provider={} sqlstate={}",
                    culprit.event().tenant(),
                    culprit.event().provider(),
                    state);
            fail(batch, new LaterException(Delay.DATABASE, "the database refuses the row", failure));
            return Uni.createFrom().item(true);
        }
        meters.flushFailed("reduced");
        LOG.warn(
                "the database refuses an event, keeping its bytes in quarantine: tenant={} provider={} sqlstate={}",
                culprit.event().tenant(),
                culprit.event().provider(),
                state);
        return store(List.of(new Entry(
                culprit.event().reducedToBytes("refused by the database, SQLSTATE " + state),
                culprit.sender(),
                culprit.at())));
    }

    /** The database is away: those who wait behind learn it now, not after a timeout of their own. */
    private void giveUp(List<Entry> batch, Throwable failure) {
        LaterException later = failure instanceof LaterException known
                ? known
                : new LaterException(Delay.DATABASE, "not certainly stored", failure);
        fail(batch, later);
        List<Entry> behind = List.copyOf(waiting);
        waiting.clear();
        fail(behind, later);
    }

    private void fail(List<Entry> entries, LaterException failure) {
        for (Entry entry : entries) {
            pending.decrementAndGet();
            entry.failed(failure);
        }
    }

    private void brokenFlush(Throwable failure) {
        // Cannot happen unless an answer's own code throws; the inbox must go on whatever it is.
        LOG.error("a flush ended in a defect", failure);
        endFlush();
    }

    private static boolean isAboutARow(Throwable failure) {
        String state = sqlState(failure);
        return state != null && state.length() == 5 && ABOUT_A_ROW.contains(state.substring(0, 2));
    }

    private static @Nullable String sqlState(Throwable failure) {
        return failure instanceof PgException refused ? refused.getSqlState() : null;
    }
}
