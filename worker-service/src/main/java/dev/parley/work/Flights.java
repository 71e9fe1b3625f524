package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue.Held;
import dev.parley.queue.JobRef;
import dev.parley.queue.Line.Direction;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.work.Waypoint.Moment;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls that are out, and those that are back and not settled yet. They outlive the session they were leased on: until its
 * settlement is committed a flight keeps its token known.
 *
 * <p>Confined to the owner's event loop; results of calls come back to it.
 */
final class Flights {
    private final Waypoint waypoint;
    private final Duration lease;
    private final Duration callTimeout;
    private final int most;
    private final LongSupplier nanoTime;
    private final Executor loop;
    private final Runnable wake;
    private final Map<JobId, Flight<?>> inFlight = new LinkedHashMap<>();
    private final Deque<Flight<?>> landed = new ArrayDeque<>();

    /** @param most calls out at once */
    Flights(Waypoint waypoint, WorkerConfig config, int most, LongSupplier nanoTime, Executor loop, Runnable wake) {
        this.waypoint = waypoint;
        this.lease = config.lease().duration();
        this.callTimeout = config.calls().timeout();
        this.most = most;
        this.nanoTime = nanoTime;
        this.loop = loop;
        this.wake = wake;
    }

    static final class Flight<R> {
        final Job job;
        final String token;
        final LeasedJobHandler<R> handler;
        long leasedAt;

        @Nullable
        R result;

        @Nullable
        Throwable failure;

        Flight(Job job, String token, LeasedJobHandler<R> handler, long leasedAt) {
            this.job = job;
            this.token = token;
            this.handler = handler;
            this.leasedAt = leasedAt;
        }

        Finished<R> finished() {
            return new Finished<>(job, result, failure);
        }

        Held held() {
            return new Held(job.id(), token);
        }
    }

    int room() {
        return Math.max(0, most - inFlight.size());
    }

    /** Of that, for work aside of conversations: a quarter of all calls at most, so that slow hosts delay no reply. */
    int roomAside() {
        long aside = inFlight.values().stream()
                .filter(flight -> flight.job.line().direction() == Direction.ASIDE)
                .count();
        return (int) Math.max(0, Math.min(room(), Math.max(1, most / 4) - aside));
    }

    int size() {
        return inFlight.size();
    }

    boolean isIdle() {
        return inFlight.isEmpty();
    }

    Collection<String> tokens() {
        return inFlight.values().stream().map(flight -> flight.token).toList();
    }

    /** The jobs whose calls are out. */
    List<JobRef> out() {
        return inFlight.values().stream().map(flight -> JobRef.of(flight.job)).toList();
    }

    /** Makes the call of {@code job}, leased under {@code token} at {@code leasedAt}. */
    <R> void start(Job job, String token, LeasedJobHandler<R> handler, long leasedAt, Supplier<Uni<R>> call) {
        Flight<R> flight = new Flight<>(job, token, handler, leasedAt);
        inFlight.put(job.id(), flight);
        Uni.createFrom()
                .<R>deferred(() -> {
                    // A process that was stopped and woken may be here long after its lease ran out.
                    if (nanoTime.getAsLong() - flight.leasedAt > lease.toNanos() / 2) {
                        throw new LeaseTooOldException();
                    }
                    return call.get();
                })
                .ifNoItem()
                .after(callTimeout)
                .failWith(() -> new TimeoutException("no answer within " + callTimeout))
                .call(() -> waypoint.reach(Moment.CALLED))
                .emitOn(loop)
                .subscribe()
                .with(result -> land(flight, result, null), failure -> land(flight, null, failure));
    }

    private <R> void land(Flight<R> flight, @Nullable R result, @Nullable Throwable failure) {
        flight.result = result;
        flight.failure = failure;
        landed.add(flight);
        wake.run();
    }

    /** Those that are back. */
    List<Flight<?>> landed() {
        return List.copyOf(landed);
    }

    /** All that are out, back or not. */
    List<Flight<?>> all() {
        return List.copyOf(inFlight.values());
    }

    /** Their settlement is committed. */
    void end(Collection<Flight<?>> ended) {
        ended.forEach(flight -> inFlight.remove(flight.job.id(), flight));
        landed.removeAll(ended);
    }

    /** Leases that are getting old. */
    List<Flight<?>> old(long now) {
        return inFlight.values().stream()
                .<Flight<?>>map(flight -> flight)
                .filter(flight -> now - flight.leasedAt > lease.toNanos() / 3)
                .toList();
    }

    /** The call was not made: by now the job may be somebody else's. */
    static final class LeaseTooOldException extends RuntimeException {
        LeaseTooOldException() {
            super("lease too old, call not made");
        }
    }
}
