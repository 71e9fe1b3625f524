package dev.parley.ledger;

import java.time.Duration;

/**
 * How long and how fast a scenario is run when nobody says otherwise.
 *
 * @param whole with {@code --whole}: as long as its bar is meant
 * @param perSecond events, not counting copies and retries
 */
record Pace(Duration usual, Duration whole, double perSecond) {
    static final Pace USUAL = of(60, 60, Settings.PER_SECOND);

    static Pace of(int usualSeconds, int wholeSeconds, double perSecond) {
        return new Pace(Duration.ofSeconds(usualSeconds), Duration.ofSeconds(wholeSeconds), perSecond);
    }
}
