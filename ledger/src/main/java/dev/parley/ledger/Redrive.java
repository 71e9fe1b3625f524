package dev.parley.ledger;

import java.time.Duration;

/**
 * Everything that comes fails until it is a dead letter; then it is redriven, all at once, while new messages keep coming
 * for the same contacts. Tenants hold their lines behind dead letters, so that order is promised.
 */
final class Redrive {
    /** What was handled before the first event fails: nothing. */
    private static final String FAIL = """
            CREATE OR REPLACE FUNCTION public.ledger_fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'planted failure';
            END
            $$
            """;

    private static final String DEAD =
            "SELECT count(*) FROM bot.job_queue WHERE status = 'failed' AND job_type = 'process_inbound_message'";

    /** As {@code JobQueue.redrive}: all due at the same moment, so that created_at keeps every line's order. */
    private static final String REDRIVE = """
            UPDATE bot.job_queue
            SET status = 'queued', attempts = 0, run_after = statement_timestamp(), updated_at = statement_timestamp()
            WHERE status = 'failed'
            """;

    private Redrive() {}

    static Scenario scenario() {
        return Scenario.of(
                        "redrive", "everything becomes a dead letter, then all are redriven in order", Redrive::drive)
                .on(ground -> ground.worker().put("PARLEY_WORKER_RETRY_MAX_ATTEMPTS", "1"))
                .after(Redrive::arm);
    }

    private static void arm(Stage stage) {
        stage.eyes()
                .run(
                        FAIL,
                        "CREATE OR REPLACE TRIGGER ledger_fail BEFORE INSERT ON bot.messages"
                                + " EXECUTE FUNCTION public.ledger_fail()");
    }

    private static void drive(Stage stage) {
        // Half of the time everything fails …
        Duration half = stage.left().dividedBy(2);
        stage.pause(half);
        long dead = stage.eyes().number(DEAD).orElse(0);
        stage.say(dead + " dead letters; the cause is mended, all are redriven");
        stage.measured().note("dead letters redriven: at least " + dead);
        stage.eyes().run("DROP TRIGGER ledger_fail ON bot.messages", REDRIVE);
        // … and what failed in between those two statements is redriven as well.
        stage.pause(Duration.ofSeconds(3));
        stage.eyes().run(REDRIVE);
    }
}
