package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;

/**
 * Everything that comes fails until it is a dead letter; then the cause is mended and all are redriven at once, while new
 * messages keep coming for the same contacts.
 */
final class Redrive {
    private static final String FAIL = """
            CREATE OR REPLACE FUNCTION public.ledger_fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'planted failure';
            END
            $$
            """;

    private static final String DEAD =
            "SELECT count(*) FROM bot.job_queue WHERE status = 'failed' AND job_type = 'process_inbound_message'";

    private static final String ALL = "SELECT count(*) FROM bot.job_queue WHERE job_type = 'process_inbound_message'";

    private static final String SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'worker'";

    /** As {@code JobQueue.redrive}: all due at the same moment, so that created_at keeps every line's order. */
    private static final String REDRIVE = """
            UPDATE bot.job_queue
            SET status = 'queued', attempts = 0, run_after = statement_timestamp(), updated_at = statement_timestamp()
            WHERE status = 'failed'
            """;

    private static final Duration AT_WORK = Duration.ofSeconds(3);

    private Redrive() {}

    static Scenario scenario() {
        return Scenario.of(
                        "redrive", "everything becomes a dead letter, then all are redriven in order", Redrive::drive)
                .on(ground -> ground.worker().put("PARLEY_WORKER_RETRY_MAX_ATTEMPTS", "1"))
                .after(stage -> {
                    stage.withoutLimits();
                    arm(stage);
                })
                .at(Pace.of(40, 120, 200));
    }

    /** Where a dead letter holds its line, nothing can be ahead of it, whatever workers do meanwhile. */
    static Scenario scenarioHolding() {
        return Scenario.of(
                        "redrive-hold",
                        "as redrive with on_dead_letter = hold, while workers go on",
                        Redrive::mendAtHalf)
                .on(ground -> ground.worker().put("PARLEY_WORKER_RETRY_MAX_ATTEMPTS", "1"))
                .after(stage -> {
                    stage.eyes()
                            .run("UPDATE core.tenants SET settings = settings || '{\"on_dead_letter\": \"hold\"}'"
                                    + " WHERE tenant_slug LIKE 'ledger-%'");
                    arm(stage);
                });
    }

    private static void arm(Stage stage) {
        stage.eyes()
                .run(
                        FAIL,
                        "CREATE OR REPLACE TRIGGER ledger_fail BEFORE INSERT ON bot.messages"
                                + " EXECUTE FUNCTION public.ledger_fail()");
    }

    private static void drive(Stage stage) {
        failHalf(stage);
        // Nothing may be in hand while the cause is mended: behind a dead letter that is skipped the line goes on, so
        // what came through between mending and redriving would rightly be ahead.
        stage.stack().workers().forEach(ServiceProcess::kill);
        Waiting.until(Duration.ofSeconds(10), () -> stage.eyes().is(SESSIONS, 0));
        long dead = stage.eyes().number(DEAD).orElse(0);
        stage.say(dead + " dead letters; the cause is mended, all are redriven");
        stage.measured().note("dead letters redriven: " + dead);
        mend(stage);
    }

    /** Half of the time everything fails, and for as long as it takes until all that came by then is dead. */
    private static void failHalf(Stage stage) {
        stage.pause(stage.left().dividedBy(2));
        long came = stage.eyes().number(ALL).orElse(0);
        Ending.untilNone(() -> Math.max(0, came - stage.eyes().number(DEAD).orElse(0)), Ending.PATIENCE);
        stage.measured().bar(dead(stage.eyes().number(DEAD).orElse(0), came));
    }

    /** A redrive of a handful proves little: all that came in the first half must have been among them. */
    static Bar dead(long found, long came) {
        return new Bar("dead letters before the redrive", found, "dead letters", Math.max(1, came), false);
    }

    private static void mendAtHalf(Stage stage) {
        stage.pause(stage.left().dividedBy(2));
        // The first of each line dies and the others wait behind it.
        long dead = stage.eyes().number(DEAD).orElse(0);
        stage.measured().bar(dead(dead, 1));
        stage.say(dead + " dead letters that hold; the cause is mended, all are redriven while workers go on");
        stage.measured().note("dead letters redriven: " + dead);
        mend(stage);
        // What was at work when the cause was mended still fails, by its own snapshot, and holds its line like the
        // others.
        stage.pause(AT_WORK);
        stage.eyes().run(REDRIVE);
    }

    /** In one commit: a worker that starts meanwhile finds either all dead or all back. */
    private static void mend(Stage stage) {
        stage.eyes().run("BEGIN", "DROP TRIGGER ledger_fail ON bot.messages", REDRIVE, "COMMIT");
    }
}
