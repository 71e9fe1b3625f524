package dev.parley.ledger;

import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.WebhookDelivery;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * How a run comes to rest. A judge that looks at little finds little: what was given up, or still open when the patience was
 * over, is a bar that was missed.
 */
final class Ending {
    /** Everything gets this long to end after the last event was sent and the last fault is over. */
    static final Duration PATIENCE = Duration.ofSeconds(150);

    private static final String OPEN_JOBS =
            "SELECT count(*) FROM bot.job_queue WHERE status IN ('queued', 'processing')";

    private Ending() {}

    /** Ends every fault and waits until nothing moves any more; what then still waits is the judge's to find. */
    static void await(Stage stage, Sender sender) {
        stage.network().clear();
        stage.provider().clearFaults();
        long begin = System.nanoTime();
        boolean taken = Waiting.until(PATIENCE, () -> sender.underWay() == 0);
        if (!taken) {
            stage.say(sender.underWay() + " deliveries were still not taken; giving up on them");
            sender.giveUp();
            Waiting.until(Duration.ofSeconds(20), () -> sender.underWay() == 0);
        }
        boolean quiet = Waiting.until(PATIENCE, () -> isQuiet(stage));
        stage.say(String.format(
                Locale.ROOT,
                "%s %.1f s after the last event",
                quiet ? "everything had ended" : "work was still going on",
                (System.nanoTime() - begin) / 1e9));
        stage.measured().bar(givenUp(sender.givenUp() + sender.underWay()));
        stage.measured().bar(open(quiet ? 0 : Math.max(1, stillOpen(stage))));
    }

    static Bar givenUp(int deliveries) {
        return new Bar("deliveries given up without an acknowledgement", deliveries, "deliveries", 0, true);
    }

    static Bar open(double jobsAndReports) {
        return new Bar("jobs and reports still open at the end", jobsAndReports, "open", 0, true);
    }

    /** No job is open, no report is under way, and so it stays for longer than a report waits before it leaves. */
    private static boolean isQuiet(Stage stage) {
        if (stillOpen(stage) != 0) {
            return false;
        }
        Waiting.pause(Duration.ofMillis(1_000));
        return stillOpen(stage) == 0;
    }

    /** Not a number while the database does not say. */
    private static double stillOpen(Stage stage) {
        OptionalLong jobs = stage.eyes().number(OPEN_JOBS);
        return jobs.isEmpty() ? Double.NaN : jobs.getAsLong() + reportsUnderWay(stage.provider());
    }

    private static long reportsUnderWay(GhlStandIn provider) {
        return provider.deliveries().stream()
                .filter(delivery -> delivery.state() == WebhookDelivery.State.UNDER_WAY)
                .count();
    }
}
