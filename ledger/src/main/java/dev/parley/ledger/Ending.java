package dev.parley.ledger;

import dev.parley.sandbox.standin.GhlStandIn;
import dev.parley.sandbox.standin.WebhookDelivery;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.DoubleSupplier;

/**
 * How a run comes to rest. A judge that looks at little finds little: what was given up, or still open when the patience was
 * over, is a bar that was missed.
 */
final class Ending {
    /**
     * Everything gets this long to end after the last event was sent and the last fault is over: again from the moment at
     * which less was open than ever before. What a provider takes a hundred of in ten seconds may rightly take minutes.
     */
    static final Duration PATIENCE = Duration.ofSeconds(150);

    private static final Duration STILL = Duration.ofSeconds(1);

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
        boolean quiet = untilNone(() -> stillOpen(stage), PATIENCE);
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

    /** None is open, and so it stays for longer than a report waits before it leaves. False: nothing ended for so long. */
    static boolean untilNone(DoubleSupplier open, Duration patience) {
        double least = Double.POSITIVE_INFINITY;
        long since = System.nanoTime();
        while (System.nanoTime() - since < patience.toNanos()) {
            double now = open.getAsDouble();
            if (now < least) {
                least = now;
                since = System.nanoTime();
            }
            Waiting.pause(STILL);
            if (now == 0 && open.getAsDouble() == 0) {
                return true;
            }
        }
        return false;
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
