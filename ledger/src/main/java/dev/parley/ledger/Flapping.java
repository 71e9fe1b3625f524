package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Workers join and leave all the time: a guest as fast as a process can come and go, and every second one of the owners
 * loses its session and joins again. Lanes must not dance so much that the work stands still.
 */
final class Flapping {
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(40);

    private Flapping() {}

    static Scenario scenario() {
        return Scenario.of("flapping", "workers join and leave every second", Flapping::flap)
                .at(Pace.of(60, 300, Settings.PER_SECOND));
    }

    private static void flap(Stage stage) {
        Burst burst = Burst.on(stage);
        // The first ones compile.
        burst.drain(2);
        List<Double> steady = burst.drain(3);
        Thread guests = new Thread(() -> comeAndGo(stage), "ledger-guests");
        Thread sessions = new Thread(() -> endSessions(stage), "ledger-sessions");
        guests.start();
        sessions.start();
        List<Double> flapping = new ArrayList<>();
        while (stage.goesOn()) {
            flapping.add(burst.drain());
            stage.pause(EVERY);
        }
        Waiting.until(STOP.plusSeconds(60), () -> !guests.isAlive() && !sessions.isAlive());
        stage.measured()
                .bar(Burst.ratio("drain rate while workers come and go, against steady", flapping, steady, 0.70));
    }

    private static void comeAndGo(Stage stage) {
        int guests = 0;
        while (stage.goesOn()) {
            ServiceProcess guest = stage.stack().addWorker();
            stage.awaitReady(guest);
            // Asked, or gone at once; nobody starts it again.
            guest.stop(guests++ % 2 == 0 ? STOP : Duration.ZERO);
        }
        stage.measured().note("guests that came and went: " + guests);
    }

    private static void endSessions(Stage stage) {
        int ended = 0;
        while (stage.goesOn()) {
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
