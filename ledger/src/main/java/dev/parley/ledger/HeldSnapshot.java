package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Somebody's forgotten transaction: while its snapshot is held, nothing that is done can be cleaned away. Drains before,
 * beside and after it, all at one pace.
 */
final class HeldSnapshot {
    private static final int DRAINS = 4;
    private static final double BAR = 0.85;

    private HeldSnapshot() {}

    static Scenario scenario() {
        return Scenario.of("snapshot", "a REPEATABLE READ snapshot is held all the time", HeldSnapshot::hold)
                // Ten minutes of it, and drains before and after.
                .at(Pace.of(180, 780, Settings.PER_SECOND));
    }

    private static void hold(Stage stage) {
        Burst burst = Burst.on(stage);
        burst.warmUp();
        List<Double> before = burst.drainNowAndThen(DRAINS);
        List<Double> beside = beside(stage, burst, stage.left().dividedBy(8));
        List<Double> after = burst.drainNowAndThen(DRAINS);
        List<Double> last = beside.subList(beside.size() * 2 / 3, beside.size());
        // The better of both: workers get faster for minutes, and that is not the snapshot's merit.
        List<Double> clean = Burst.median(before) > Burst.median(after) ? before : after;
        stage.measured().bar(Burst.ratio("drain rate beside the snapshot, against clean", last, clean, BAR));
        stage.measured()
                .note(String.format(
                        Locale.ROOT,
                        "jobs a second: before %,.0f; beside the snapshot, first and last third %,.0f and %,.0f; after %,.0f",
                        Burst.median(before),
                        Burst.median(beside.subList(0, (beside.size() + 2) / 3)),
                        Burst.median(last),
                        Burst.median(after)));
    }

    /** Until only {@code forAfter} is left. */
    private static List<Double> beside(Stage stage, Burst burst, Duration forAfter) {
        List<Double> rates = new ArrayList<>();
        try (Connection held = stage.eyes().session();
                Statement statement = held.createStatement()) {
            held.setAutoCommit(false);
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            statement.execute("SELECT count(*) FROM bot.job_queue");
            stage.say("a snapshot is held");
            while (stage.left().compareTo(forAfter) > 0) {
                rates.addAll(burst.drainNowAndThen(1));
            }
            held.rollback();
            stage.say("it is given back");
        } catch (SQLException e) {
            throw new SandboxException("the snapshot was not held: " + e.getMessage(), e);
        }
        return rates;
    }
}
