package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** All of them, by name. */
final class Scenarios {
    private static final Duration STOP = Duration.ofSeconds(40);
    private static final String OTHER_WORKER = "PARLEY_LEDGER_OTHER_WORKER";
    private static final String FAKETIME = "PARLEY_LEDGER_FAKETIME";

    private Scenarios() {}

    private static final Map<String, Scenario> ALL = new LinkedHashMap<>();

    static {
        add(Scenario.of("calm", "nothing goes wrong", stage -> {}));
        add(again("kill-ingest", "kill -9 of ingest", 4, Faults::killIngest));
        add(again("kill-worker", "kill -9 of workers", 4, Faults::killWorker)
                .bar(Faults.LANES_MOVE_AFTER_KILL, Duration.ofSeconds(5)));
        add(again("term-ingest", "SIGTERM to ingest", 4, Faults::terminateIngest));
        add(again("term-worker", "SIGTERM to workers", 4, Faults::terminateWorker));
        add(Deaths.scenario());
        add(again("hang-worker", "SIGSTOP of a worker past its lease, then SIGCONT", 3, Faults::hangPastTheLease)
                .bar(Faults.LANES_MOVE_AFTER_STOP, Duration.ofSeconds(15)));
        add(worksAgain(again("postgres-restart", "Postgres stopped fast and started", 4, Faults::restartPostgres)));
        add(Scenario.of(
                        "postgres-away",
                        "Postgres away for 8 s, again and again after a warm-up",
                        Scenarios::postgresAway)
                .bar(Faults.ANSWERED_WHILE_AWAY, Duration.ofSeconds(2)));
        add(worksAgain(
                again("postgres-kill", "Postgres killed or stopped at once, and recovered", 4, Faults::killPostgres)));
        add(again("backends", "sessions ended by an administrator", 2, Faults::endBackends));
        add(FullDisk.scenario());
        add(again("disk-full-said", "the database says its disk is full (triggers do)", 3, Faults::fillDisk));
        add(again("wire-cut", "connections between any two programs cut", 1, Faults::cut));
        add(again("wire-freeze", "connections silent, for longer than a lease too", 2, Faults::freezeLong));
        add(again("wire-half-open", "connections whose far side is gone without a word", 1, Faults::loseFarSides));
        add(again("wire-slow", "connections delayed and throttled", 1, Faults::slowDown));
        add(again("provider-429", "storms of 429", 2, Faults::tooManyRequests));
        add(again("provider-500", "server errors of the provider", 2, Faults::serverErrors));
        add(again("provider-ambiguous", "messages taken without an answer", 2, Faults::silentAcceptance));
        add(again("provider-slow", "slow answers", 2, Faults::slowProvider));
        add(again("provider-nonsense", "wrong content and cut answers", 2, Faults::nonsense));
        add(again("provider-tokens", "tokens expire and refreshing fails", 2, Faults::expireTokens));
        add(Poison.scenario());
        add(Pooler.poison());
        add(DeadProviders.scenario());
        add(Flapping.scenario());
        add(Scenario.of("rolling", "a rolling restart; an older worker beside where one is given", Scenarios::roll));
        add(KeyRotation.scenario());
        add(HeldSnapshot.scenario());
        add(History.scenario());
        add(Redrive.scenario());
        add(Redrive.scenarioHolding());
        add(Soak.scenario());
        add(Pooler.scenario("pooler", false));
        add(Pooler.scenario("pooler-direct", true));
        add(Scenario.of("clock", "a worker's clock is off by ten minutes, another's by minus ten", stage -> {})
                .after(Scenarios::clocks)
                .onlyIf(() -> faketime().isPresent()
                        ? Optional.empty()
                        : Optional.of("libfaketime is not installed (Debian: apt install faketime); " + FAKETIME
                                + " may name it")));
        add(Scenario.of("mixed", "anything, at random from the seed", Scenarios::mix)
                .at(Pace.of(60, 900, Settings.PER_SECOND)));
        add(Scenario.of(
                        "little-room",
                        "as mixed, with workers that remember twenty waiting contacts at most",
                        Scenarios::mix)
                .on(ground -> ground.worker().put("PARLEY_WORKER_LINES_MAX", "20"))
                .at(Pace.of(60, 300, 2 * Settings.PER_SECOND)));
    }

    static Map<String, Scenario> all() {
        return Collections.unmodifiableMap(ALL);
    }

    private static Scenario worksAgain(Scenario scenario) {
        return scenario.bar(Faults.ACCEPTS + " → ingest acknowledges", Duration.ofSeconds(5))
                .bar(Faults.ACCEPTS + " → workers handle", Duration.ofSeconds(5));
    }

    private static void add(Scenario scenario) {
        ALL.put(scenario.name(), scenario);
    }

    /** The same misfortune as often as there is time, with so many seconds of peace before each. */
    private static Scenario again(String name, String says, int secondsOfPeace, Consumer<Stage> fault) {
        return Scenario.of(name, says, stage -> {
            stage.pause(Duration.ofSeconds(2));
            while (stage.goesOn()) {
                fault.accept(stage);
                stage.pause(stage.between(secondsOfPeace * 700, secondsOfPeace * 1_300));
            }
        });
    }

    private static void postgresAway(Stage stage) {
        // A Java that has just started grows while it touches its heap for the first time, whatever Postgres does.
        stage.pause(stage.left().multipliedBy(6).dividedBy(10));
        while (stage.goesOn()) {
            Faults.stopPostgresFor(stage, Duration.ofSeconds(8));
            stage.pause(stage.between(3_500, 6_500));
        }
    }

    private static void mix(Stage stage) {
        stage.pause(Duration.ofSeconds(2));
        while (stage.goesOn()) {
            Faults.ANY.get(stage.random().nextInt(Faults.ANY.size())).accept(stage);
            stage.pause(stage.between(300, 3_000));
        }
    }

    private static void roll(Stage stage) {
        String other = System.getenv(OTHER_WORKER);
        if (other == null) {
            stage.measured()
                    .note("only one version of the worker: " + OTHER_WORKER + " names no other quarkus-run.jar");
        } else {
            stage.awaitReady(stage.stack().addWorker(Path.of(other), Map.of()));
            stage.measured()
                    .note("an older worker ran beside: " + Path.of(other).getFileName());
        }
        List<ServiceProcess> old = stage.stack().workers();
        stage.pause(Duration.ofSeconds(5));
        for (ServiceProcess worker : old) {
            if (!stage.goesOn()) {
                return;
            }
            ServiceProcess next = stage.stack().addWorker();
            stage.awaitReady(next);
            stage.say(next.name() + " replaces " + worker.name());
            worker.stop(STOP);
            stage.pause(Duration.ofSeconds(3));
        }
        Stage.terminate(stage.stack().ingest());
    }

    /** Before anything is sent: a Java that asks another clock takes long to start. */
    private static void clocks(Stage stage) {
        int ready = 0;
        for (String offset : List.of("+10m", "-10m")) {
            ServiceProcess wrong = stage.stack()
                    .addWorker(
                            stage.stack().workerJar(),
                            Map.of(
                                    "LD_PRELOAD",
                                    faketime().orElseThrow().toString(),
                                    "FAKETIME",
                                    offset,
                                    // Both, or every timed wait of the virtual machine ends at once and it spins.
                                    "FAKETIME_DONT_FAKE_MONOTONIC",
                                    "1",
                                    "FAKETIME_FORCE_MONOTONIC_FIX",
                                    "0"));
            ready += stage.awaitReady(wrong) ? 1 : 0;
        }
        stage.measured().bar(new Bar("workers with a wrong clock, and no other", ready, "workers", 2, false));
        // The two with the right time go, so that those with the wrong one must do all.
        List<ServiceProcess> right = stage.stack().workers().subList(0, Settings.WORKERS);
        right.forEach(worker -> worker.stop(STOP));
    }

    /** Where packages put it. */
    private static Optional<Path> faketime() {
        String named = System.getenv(FAKETIME);
        return Stream.concat(
                        Stream.ofNullable(named),
                        Stream.of("x86_64-linux-gnu", "aarch64-linux-gnu")
                                .map(machine -> "/usr/lib/" + machine + "/faketime/libfaketime.so.1"))
                .map(Path::of)
                .filter(Files::exists)
                .findFirst();
    }
}
