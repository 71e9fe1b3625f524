package dev.parley.ledger;

import dev.parley.sandbox.Postgres;
import dev.parley.sandbox.ServiceProcess;
import dev.parley.sandbox.standin.Fault;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Single misfortunes, each of which ends by itself; scenarios are made of them. */
final class Faults {
    /** Longer than a lease (10 s) and the patience of its peers. */
    private static final Duration PAST_THE_LEASE = Duration.ofSeconds(16);

    static final String LANES_MOVE_AFTER_KILL = "kill -9 of a worker → its lanes have another owner";
    static final String LANES_MOVE_AFTER_STOP = "SIGSTOP of a worker → its lanes have another owner";
    static final String ACCEPTS = "Postgres accepts connections";
    static final String ANSWERED_WHILE_AWAY = "an answer while Postgres is away";

    /** Percent: nothing is kept of what is told to come again; a young virtual machine compiles meanwhile. */
    private static final double FLAT = 10;

    private static final String FULL = """
            CREATE OR REPLACE FUNCTION public.ledger_full() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
            END
            $$
            """;

    private Faults() {}

    /**
     * What {@code mixed} draws from: everything that takes no longer than a few seconds and needs nothing beforehand. Not
     * among them are expired tokens: a refresh token is good for one use, so that an account whose answer got lost on a
     * broken wire must be connected again, and nobody promises otherwise.
     */
    static final List<Consumer<Stage>> ANY = List.of(
            Faults::killIngest,
            Faults::killWorker,
            Faults::terminateIngest,
            Faults::terminateWorker,
            Faults::hangBriefly,
            Faults::restartPostgres,
            Faults::killPostgres,
            Faults::endBackends,
            Faults::fillDisk,
            Faults::cut,
            Faults::cut,
            Faults::freeze,
            Faults::loseFarSides,
            Faults::slowDown,
            Faults::tooManyRequests,
            Faults::serverErrors,
            Faults::silentAcceptance,
            Faults::slowProvider,
            Faults::nonsense);

    static void killIngest(Stage stage) {
        stage.say("kill -9 of ingest");
        ServiceProcess ingest = stage.stack().ingest();
        if (ingest.isAlive()) {
            ingest.kill();
        }
    }

    static void killWorker(Stage stage) {
        List<Long> before = stage.ownersAtRest();
        ServiceProcess worker = stage.anyWorker();
        stage.say("kill -9 of " + worker.name());
        worker.kill();
        stage.measureLanesMove(LANES_MOVE_AFTER_KILL, before);
        stage.measureHandled("kill -9 of a worker → what waited is handled");
    }

    static void terminateIngest(Stage stage) {
        stage.say("SIGTERM to ingest");
        Stage.terminate(stage.stack().ingest());
    }

    static void terminateWorker(Stage stage) {
        ServiceProcess worker = stage.anyWorker();
        stage.say("SIGTERM to " + worker.name());
        Stage.terminate(worker);
        stage.measureHandled("SIGTERM to a worker → what waited is handled");
    }

    private static void hangBriefly(Stage stage) {
        hang(stage, stage.between(500, 4_000));
    }

    static void hangPastTheLease(Stage stage) {
        hang(stage, PAST_THE_LEASE);
    }

    private static void hang(Stage stage, Duration span) {
        List<Long> before = stage.ownersAtRest();
        ServiceProcess worker = stage.anyWorker();
        stage.say("SIGSTOP of " + worker.name() + " for " + span.toMillis() + " ms");
        worker.pause();
        if (span.compareTo(PAST_THE_LEASE) >= 0) {
            long begin = System.nanoTime();
            stage.measureLanesMove(LANES_MOVE_AFTER_STOP, before);
            stage.measureHandled("SIGSTOP of a worker → what waited is handled by others");
            Waiting.pause(span.minusNanos(System.nanoTime() - begin));
        } else {
            Waiting.pause(span);
        }
        stage.say("SIGCONT to " + worker.name());
        worker.resume();
    }

    static void restartPostgres(Stage stage) {
        stopPostgres(stage, Postgres.Stop.FAST, stage.between(0, 500));
    }

    static void stopPostgresFor(Stage stage, Duration away) {
        stopPostgres(stage, Postgres.Stop.FAST, away);
    }

    static void killPostgres(Stage stage) {
        stopPostgres(
                stage,
                stage.random().nextBoolean() ? Postgres.Stop.KILL : Postgres.Stop.IMMEDIATE,
                stage.between(0, 500));
    }

    private static void stopPostgres(Stage stage, Postgres.Stop how, Duration away) {
        stage.say("Postgres stopped (" + how + "), for " + away.toMillis() + " ms");
        stage.stack().stopPostgres(how);
        if (away.toSeconds() < 2) {
            Waiting.pause(away);
        } else {
            watchAnswers(stage, away);
        }
        stage.stack().startPostgres();
        stage.measureWorking(ACCEPTS);
    }

    private static void watchAnswers(Stage stage, Duration away) {
        // Answers to what was committed just before may still be on their way.
        Waiting.pause(Duration.ofSeconds(1));
        int before = stage.book().acknowledgedSoFar();
        stage.book().slowestAnswer();
        Memory ingest = Memory.of(stage.stack().ingest().pid());
        Waiting.pause(away.minusSeconds(1));
        stage.measured().time(ANSWERED_WHILE_AWAY, stage.book().slowestAnswer());
        stage.measured()
                .bar(new Bar(
                        "acknowledged while Postgres was away",
                        stage.book().acknowledgedSoFar() - before,
                        "events",
                        0,
                        true));
        stage.measured()
                .bar(new Bar("growth of ingest's memory while Postgres was away", ingest.growth(), "%", FLAT, true));
        stage.measured().note("memory of ingest while Postgres was away: " + ingest.change());
    }

    static void endBackends(Stage stage) {
        stage.say("pg_terminate_backend for some of the services' sessions");
        stage.eyes().run("SELECT setseed(" + (stage.random().nextDouble() * 2 - 1) + ")", """
                SELECT pg_terminate_backend(pid)
                FROM pg_stat_activity
                WHERE usename IN ('ingest', 'worker') AND pid <> pg_backend_pid() AND random() < 0.5
                """);
    }

    static void fillDisk(Stage stage) {
        Duration span = stage.between(1_000, 3_000);
        stage.say("the database says 'disk full' for " + span.toMillis() + " ms");
        stage.eyes()
                .run(
                        FULL,
                        "CREATE OR REPLACE TRIGGER ledger_full BEFORE INSERT ON bot.inbound_events"
                                + " EXECUTE FUNCTION public.ledger_full()",
                        "CREATE OR REPLACE TRIGGER ledger_full BEFORE INSERT OR UPDATE ON bot.messages"
                                + " EXECUTE FUNCTION public.ledger_full()");
        Waiting.pause(span);
        stage.eyes().run("DROP TRIGGER ledger_full ON bot.inbound_events", "DROP TRIGGER ledger_full ON bot.messages");
    }

    private static Wire anyWire(Stage stage) {
        List<Wire> wires = stage.network().wires();
        return wires.get(stage.random().nextInt(wires.size()));
    }

    static void cut(Stage stage) {
        Wire wire = anyWire(stage);
        Duration span = stage.between(0, 1_500);
        stage.say("cut: " + wire.name() + ", " + wire.connections() + " connections, for " + span.toMillis() + " ms");
        wire.unplug();
        Waiting.pause(span);
        wire.clear();
    }

    static void freeze(Stage stage) {
        freeze(stage, stage.between(1_000, 5_000));
    }

    static void freezeLong(Stage stage) {
        freeze(stage, stage.between(8_000, 14_000));
    }

    private static void freeze(Stage stage, Duration span) {
        Wire wire = anyWire(stage);
        stage.say("nothing passes: " + wire.name() + ", for " + span.toMillis() + " ms");
        wire.freeze();
        Waiting.pause(span);
        wire.clear();
    }

    static void loseFarSides(Stage stage) {
        Wire wire = anyWire(stage);
        Duration span = stage.between(2_000, 8_000);
        stage.say("half-open: " + wire.name() + ", " + wire.connections() + " connections, for " + span.toMillis()
                + " ms");
        wire.loseFarSides();
        Waiting.pause(span);
        wire.clear();
    }

    static void slowDown(Stage stage) {
        Wire wire = anyWire(stage);
        Duration delay = stage.between(20, 150);
        boolean throttled = stage.random().nextBoolean();
        stage.say("slow: " + wire.name() + ", " + delay.toMillis() + " ms later" + (throttled ? ", 200 kB/s" : ""));
        wire.delay(delay);
        wire.throttle(throttled ? 200_000 : 0);
        Waiting.pause(stage.between(2_000, 5_000));
        wire.clear();
    }

    private static Fault sends(Fault fault, Duration span) {
        return fault.on("POST", "/conversations/messages").lasting(span);
    }

    static void tooManyRequests(Stage stage) {
        provider(stage, "answers 429", Fault.status(429));
    }

    static void serverErrors(Stage stage) {
        provider(stage, "answers 500", Fault.status(500));
    }

    /** The worst: it has the message, and its answer never comes. */
    static void silentAcceptance(Stage stage) {
        provider(
                stage,
                "takes messages and does not say so",
                Fault.of(stage.random().nextBoolean() ? Fault.Kind.ACCEPT_THEN_SILENCE : Fault.Kind.ACCEPT_THEN_CUT));
    }

    static void slowProvider(Stage stage) {
        provider(stage, "answers late", Fault.slow(stage.between(300, 3_000)));
    }

    static void nonsense(Stage stage) {
        provider(stage, "answers nonsense", Fault.of(stage.random().nextBoolean() ? Fault.Kind.HTML : Fault.Kind.CUT));
    }

    private static void provider(Stage stage, String what, Fault fault) {
        Duration span = stage.between(1_000, 4_000);
        stage.say("the provider " + what + " for " + span.toMillis() + " ms");
        stage.provider().fault(sends(fault, span));
        Waiting.pause(span);
    }

    static void expireTokens(Stage stage) {
        Duration span = stage.between(1_000, 4_000);
        stage.say("all tokens expire; refreshing fails for " + span.toMillis() + " ms");
        stage.provider()
                .fault(
                        stage.random().nextBoolean()
                                ? Fault.status(500).on("POST", "/oauth/token").lasting(span)
                                : Fault.of(Fault.Kind.SILENCE)
                                        .on("POST", "/oauth/token")
                                        .lasting(span));
        stage.provider().expireTokens();
        Waiting.pause(span);
    }
}
