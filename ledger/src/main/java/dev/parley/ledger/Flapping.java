package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * Workers join and leave all the time: a guest as fast as a process can come and go, and every second one of the owners
 * loses its session and joins again. Lanes must not dance so much that the work stands still.
 */
final class Flapping {
    private static final Duration EVERY = Duration.ofSeconds(1);
    /** A few drains, and some processes. */
    private static final Duration LEG = Duration.ofSeconds(30);
    /** For the drain and the process that a leg's end finds under way. */
    private static final Duration OVERRUN = Duration.ofSeconds(5);

    private static final Duration STOP = Duration.ofSeconds(40);

    private static final Duration PATIENCE = STOP.plusSeconds(60);
    private static final Map<String, String> ABSENT = Map.of("PARLEY_WORKER_ENABLED", "false");

    private Flapping() {}

    static Scenario scenario() {
        return Scenario.of("flapping", "workers join and leave every second", Flapping::flap)
                .at(Pace.of(180, 300, Settings.PER_SECOND));
    }

    /**
     * Starting a Java process a second takes most of a small machine, whatever the process does. So the drain is held against
     * one beside processes that start and end as often and take no part; and sessions that end are measured without them.
     * All of them in turns, and every other round backwards: workers get faster for minutes, and a machine is not always the
     * same.
     */
    private static void flap(Stage stage) {
        Burst burst = Burst.on(stage);
        burst.warmUp();
        List<Leg> legs = List.of(
                new Leg("steady", (on, going) -> {}),
                new Leg("sessions end", Flapping::endSessions),
                new Leg("processes start", (on, going) -> comeAndGo(on, going, ABSENT)),
                new Leg("workers come and go", Flapping::comeAndGoWhileSessionsEnd));
        List<Leg> backwards = new ArrayList<>(legs);
        Collections.reverse(backwards);
        long rounds = Math.max(1, stage.left().dividedBy(LEG.multipliedBy(legs.size())));
        Duration length = stage.left().dividedBy(rounds * legs.size()).minus(OVERRUN);
        for (int round = 0; round < rounds; round++) {
            for (Leg leg : round % 2 == 0 ? legs : backwards) {
                stage.say(leg.name);
                leg.rates.addAll(beside(stage, burst, length, leg.trouble));
            }
        }
        ratio(stage, legs.get(1), legs.get(0));
        ratio(stage, legs.get(3), legs.get(2));
        legs.forEach(leg -> stage.measured()
                .note(String.format(
                        Locale.ROOT,
                        "%s: %,.0f jobs a second, median of %d drains",
                        leg.name,
                        Burst.median(leg.rates),
                        leg.rates.size())));
    }

    private record Leg(String name, BiConsumer<Stage, BooleanSupplier> trouble, List<Double> rates) {
        Leg(String name, BiConsumer<Stage, BooleanSupplier> trouble) {
            this(name, trouble, new ArrayList<>());
        }
    }

    private static void ratio(Stage stage, Leg trouble, Leg peace) {
        String what = "drain rate, " + trouble.name + ", against " + peace.name;
        stage.measured().bar(Burst.ratio(what, trouble.rates, peace.rates, 0.70));
    }

    /** Drains for {@code length} while {@code trouble} goes on beside it. */
    private static List<Double> beside(
            Stage stage, Burst burst, Duration length, BiConsumer<Stage, BooleanSupplier> trouble) {
        long until = System.nanoTime() + length.toNanos();
        BooleanSupplier going = () -> stage.goesOn() && System.nanoTime() < until;
        Thread thread = new Thread(() -> trouble.accept(stage, going), "ledger-flapping");
        thread.start();
        List<Double> rates = new ArrayList<>();
        while (going.getAsBoolean()) {
            double rate = burst.drain();
            // One that went on when the trouble was over says less about it; no other may stand for it.
            if (going.getAsBoolean()) {
                rates.add(rate);
            }
            stage.pause(EVERY);
        }
        Waiting.until(PATIENCE, () -> !thread.isAlive());
        return rates;
    }

    private static void comeAndGoWhileSessionsEnd(Stage stage, BooleanSupplier going) {
        Thread sessions = new Thread(() -> endSessions(stage, going), "ledger-sessions");
        sessions.start();
        comeAndGo(stage, going, Map.of());
        Waiting.until(PATIENCE, () -> !sessions.isAlive());
    }

    private static void comeAndGo(Stage stage, BooleanSupplier going, Map<String, String> environment) {
        int guests = 0;
        while (going.getAsBoolean()) {
            ServiceProcess guest = stage.stack().addWorker(stage.stack().workerJar(), environment);
            stage.awaitReady(guest);
            // Asked, or gone at once; nobody starts it again.
            guest.stop(guests++ % 2 == 0 ? STOP : Duration.ZERO);
        }
        stage.say("guests that came and went" + (environment.isEmpty() ? ": " : " and took no part: ") + guests);
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
        stage.say("sessions of owners that were ended: " + ended);
    }
}
