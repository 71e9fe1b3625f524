package dev.parley.ledger;

import dev.parley.queue.Lane;
import dev.parley.sandbox.SandboxException;
import dev.parley.sandbox.ServiceProcess;
import dev.parley.sandbox.Stack;
import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.Options;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** What a scenario has in its hands: the stack, the network between its parts, a seeded random, and a clock. */
final class Stage {
    /** Of a worker, as it is shipped: each owns lanes. */
    private static final int SESSIONS = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Stack stack;
    private final Network network;
    private final Book book;
    private final Eyes eyes;
    private final Random random;
    private final Measured measured;
    private final Consumer<String> say;
    private final Duration length;
    private final Instant began = Instant.now();

    Stage(
            Stack stack,
            Network network,
            Book book,
            Random random,
            Measured measured,
            Consumer<String> say,
            Duration length) {
        this.stack = stack;
        this.network = network;
        this.book = book;
        this.eyes = new Eyes(stack.database());
        this.random = random;
        this.measured = measured;
        this.say = say;
        this.length = length;
    }

    Stack stack() {
        return stack;
    }

    /** A vendor that lets out whatever comes: else its limit for the noisy tenant, a few a second, would be the load. */
    void withoutLimits() {
        provider().changeLimits(new Options.Limits(Integer.MAX_VALUE, Duration.ofSeconds(10), Integer.MAX_VALUE));
    }

    GhlStandIn provider() {
        return stack.standIn();
    }

    Network network() {
        return network;
    }

    Eyes eyes() {
        return eyes;
    }

    Random random() {
        return random;
    }

    Book book() {
        return book;
    }

    Measured measured() {
        return measured;
    }

    void say(String text) {
        say.accept(text);
    }

    Duration left() {
        Duration left = length.minus(Duration.between(began, Instant.now()));
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** Is there time for something that takes {@code span}? */
    boolean hasTimeFor(Duration span) {
        return left().compareTo(span) > 0;
    }

    boolean goesOn() {
        return hasTimeFor(Duration.ZERO);
    }

    /** Or until the time is over. */
    void pause(Duration pause) {
        Waiting.pause(pause.compareTo(left()) < 0 ? pause : left());
    }

    /** Between the two, from the seed. */
    Duration between(int leastMillis, int mostMillis) {
        return Duration.ofMillis(leastMillis + random.nextInt(mostMillis - leastMillis + 1));
    }

    ServiceProcess anyWorker() {
        List<ServiceProcess> alive =
                stack.workers().stream().filter(ServiceProcess::isAlive).toList();
        if (alive.isEmpty()) {
            Waiting.until(PATIENCE, () -> stack.workers().stream().anyMatch(ServiceProcess::isAlive));
            return stack.workers().get(0);
        }
        return alive.get(random.nextInt(alive.size()));
    }

    /** SIGTERM, as a deployment sends it; the stack starts the service again. */
    static void terminate(ServiceProcess service) {
        ProcessHandle.of(service.pid()).ifPresent(ProcessHandle::destroy);
    }

    /** @return false, and says so, when it is not in good time */
    boolean awaitReady(ServiceProcess service) {
        try {
            service.awaitReady(PATIENCE);
            return true;
        } catch (SandboxException e) {
            say(service.name() + " is not ready: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            return false;
        }
    }

    /** The sessions that own lanes, once for each lane. 1885434369 is the workers' space of advisory locks. */
    List<Long> owners() {
        return eyes.numbers(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1885434369 AND granted");
    }

    /**
     * As {@link #owners}, once every worker has its share; nobody, where that does not come in time: of a worker that just
     * came back nothing could move.
     */
    List<Long> ownersAtRest() {
        boolean rest = Waiting.until(
                atMost(Duration.ofSeconds(10)),
                () -> owners().stream().distinct().count()
                        >= SESSIONS
                                * stack.workers().stream()
                                        .filter(ServiceProcess::isAlive)
                                        .count());
        return rest ? owners() : List.of();
    }

    /** {@code patience}, or what is left of the run if that is less. */
    Duration atMost(Duration patience) {
        Duration left = left();
        return patience.compareTo(left) < 0 ? patience : left;
    }

    /**
     * A worker's sessions, of those {@code before}, are gone and every lane has an owner again; of nobody there is nothing to
     * measure.
     */
    void measureLanesMove(String what, List<Long> before) {
        if (before.isEmpty()) {
            say("not every worker owned lanes: whether they move was not measured");
            return;
        }
        long begin = System.nanoTime();
        boolean moved = Waiting.until(PATIENCE, () -> {
            List<Long> now = owners();
            Set<Long> gone = new HashSet<>(before);
            now.forEach(gone::remove);
            return now.size() == Lane.COUNT && gone.size() >= SESSIONS;
        });
        measured.time(what, moved ? Duration.ofNanos(System.nanoTime() - begin) : PATIENCE);
    }

    /** Everything that was waiting to be handled at this moment was handled, and this took so long. */
    void measureHandled(String what) {
        long begin = System.nanoTime();
        String moment = Instant.now().toString();
        // Whatever clock the database has, it is this machine's.
        boolean handled = Waiting.until(
                PATIENCE,
                () -> eyes.is(
                        "SELECT count(*) FROM bot.job_queue WHERE job_type = 'process_inbound_message'"
                                + " AND status IN ('queued', 'processing') AND created_at <= '" + moment + "'",
                        0));
        measured.time(what, handled ? Duration.ofNanos(System.nanoTime() - begin) : PATIENCE);
    }

    /** Both services work again from this moment on: something new was acknowledged, and something new was handled. */
    void measureWorking(String what) {
        if (!hasTimeFor(Duration.ofSeconds(5))) {
            // Too little is still sent to tell by.
            return;
        }
        Duration moment = book.now();
        String time = Instant.now().toString();
        long begin = System.nanoTime();
        boolean takes = Waiting.until(PATIENCE, () -> book.isAcknowledgedSince(moment));
        measured.time(what + " → ingest acknowledges", takes ? Duration.ofNanos(System.nanoTime() - begin) : PATIENCE);
        boolean handles = Waiting.until(PATIENCE, () -> {
            java.util.OptionalLong found = eyes.number("SELECT count(*) FROM bot.messages WHERE direction = 'inbound'"
                    + " AND created_at > '" + time + "'");
            return found.isPresent() && found.getAsLong() > 0;
        });
        measured.time(what + " → workers handle", handles ? Duration.ofNanos(System.nanoTime() - begin) : PATIENCE);
    }
}
