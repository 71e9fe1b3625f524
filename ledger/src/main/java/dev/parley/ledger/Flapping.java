package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Workers join and leave all the time: a guest as fast as a process can come and go, and every second one of the owners
 * loses its session and joins again. Lanes must not dance so much that the work stands still.
 */
final class Flapping {
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(40);

    private static final Duration PATIENCE = STOP.plusSeconds(60);
    private static final Map<String, String> ABSENT = Map.of("PARLEY_WORKER_ENABLED", "false");

    private Flapping() {}

    static Scenario scenario() {
        return Scenario.of("flapping", "workers join and leave every second", Flapping::flap)
                .at(Pace.of(60, 300, Settings.PER_SECOND));
    }

    /**
     * Starting a Java process a second takes most of a small machine, whatever the process does. So the drain is held against
     * one beside processes that start and end as often and take no part; and sessions that end are measured without them.
     */
    private static void flap(Stage stage) {
        Burst burst = Burst.on(stage);
        burst.warmUp();
        List<Double> steady = burst.drain(3);
        Duration third = stage.left().dividedBy(3);
        List<Double> interrupted = beside(stage, burst, third, going -> endSessions(stage, going));
        List<Double> crowded = beside(stage, burst, third, going -> comeAndGo(stage, going, ABSENT));
        List<Double> flapping = beside(stage, burst, stage.left(), going -> {
            Thread sessions = new Thread(() -> endSessions(stage, going), "ledger-sessions");
            sessions.start();
            comeAndGo(stage, going, Map.of());
            Waiting.until(PATIENCE, () -> !sessions.isAlive());
        });
        stage.measured().bar(Burst.ratio("drain rate while sessions end, against steady", interrupted, steady, 0.70));
        stage.measured()
                .bar(Burst.ratio(
                        "drain rate while workers come and go, against processes that take no part",
                        flapping,
                        crowded,
                        0.70));
        stage.measured()
                .note(String.format(
                        Locale.ROOT,
                        "jobs a second: steady %,.0f; sessions end %,.0f; processes start %,.0f; workers come and go %,.0f",
                        Burst.median(steady),
                        Burst.median(interrupted),
                        Burst.median(crowded),
                        Burst.median(flapping)));
    }

    /** Drains for {@code length} while {@code trouble} goes on beside it. */
    private static List<Double> beside(Stage stage, Burst burst, Duration length, Consumer<BooleanSupplier> trouble) {
        long until = System.nanoTime() + length.toNanos();
        BooleanSupplier going = () -> stage.goesOn() && System.nanoTime() < until;
        Thread thread = new Thread(() -> trouble.accept(going), "ledger-flapping");
        thread.start();
        List<Double> rates = new ArrayList<>();
        while (going.getAsBoolean()) {
            rates.add(burst.drain());
            stage.pause(EVERY);
        }
        Waiting.until(PATIENCE, () -> !thread.isAlive());
        return rates;
    }

    private static void comeAndGo(Stage stage, BooleanSupplier going, Map<String, String> environment) {
        int guests = 0;
        while (going.getAsBoolean()) {
            ServiceProcess guest = stage.stack().addWorker(stage.stack().workerJar(), environment);
            stage.awaitReady(guest);
            // Asked, or gone at once; nobody starts it again.
            guest.stop(guests++ % 2 == 0 ? STOP : Duration.ZERO);
        }
        stage.measured()
                .note("guests that came and went" + (environment.isEmpty() ? ": " : " and took no part: ") + guests);
    }

    private static void endSessions(Stage stage, BooleanSupplier going) {
        int ended = 0;
        while (going.getAsBoolean()) {
            List<Long> owners = stage.owners().stream().distinct().sorted().toList();
            if (!owners.isEmpty()) {
                long one = owners.get(ended % owners.size());
                stage.eyes().run("SELECT pg_terminate_backend(" + one + ")");
                ended++;
            }
            stage.pause(EVERY);
        }
        stage.measured().note("sessions of owners that were ended: " + ended);
    }
}
