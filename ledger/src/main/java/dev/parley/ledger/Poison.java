package dev.parley.ledger;

/**
 * Messages whose handling goes wrong in the database, the one place where no code of ours can decide otherwise: the insert
 * of the message throws, hangs until somebody ends it, or ends the session that handles it.
 */
final class Poison {
    private static final String[] MARKS = {"(poison: throw)", "(poison: hang)", "(poison: kill)"};

    private static final String[] ARM = {"""
        CREATE OR REPLACE FUNCTION public.ledger_poison() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF NEW.text LIKE '%(poison: throw)' THEN
                RAISE EXCEPTION 'poison';
            ELSIF NEW.text LIKE '%(poison: hang)' THEN
                PERFORM pg_sleep(3600);
            ELSIF NEW.text LIKE '%(poison: kill)' THEN
                PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN NEW;
        END
        $$
        """, """
        CREATE OR REPLACE TRIGGER ledger_poison BEFORE INSERT ON bot.messages
            FOR EACH ROW WHEN (NEW.direction = 'inbound') EXECUTE FUNCTION public.ledger_poison()
        """};

    private static final int EVERY = 97;

    private Poison() {}

    static Scenario scenario() {
        return scenario("poison", "messages whose handling throws, hangs or kills its session")
                .on(Poison::lay);
    }

    /** To be laid on a ground of its own, with {@link #lay}. */
    static Scenario scenario(String name, String says) {
        return Scenario.of(name, says, stage -> {}).poisoning(Poison::isOne).after(Poison::arm);
    }

    /** Each attempt that hangs takes as long as its worker's peers have patience. */
    static void lay(Ground ground) {
        ground.worker().put("PARLEY_WORKER_RETRY_MAX_ATTEMPTS", "2");
    }

    static String mark(Script.Event event) {
        return MARKS[first(event) / EVERY % MARKS.length];
    }

    static boolean isOne(Script.Event event) {
        return first(event) % EVERY == 0;
    }

    /** Whoever is told of twice is told the same. */
    private static int first(Script.Event event) {
        return event.toldBefore() == null ? event.number() : event.toldBefore();
    }

    static void arm(Stage stage) {
        stage.eyes().run(ARM);
    }
}
