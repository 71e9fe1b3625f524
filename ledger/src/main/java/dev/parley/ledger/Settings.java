package dev.parley.ledger;

import java.time.Duration;

/**
 * What a person asks for.
 *
 * @param length of the time in which events are sent and faults happen; after it everything is given time to end
 * @param perSecond events, not counting copies, retries and the provider's own reports
 */
record Settings(String scenario, long seed, Duration length, double perSecond, int workers) {
    static final int WORKERS = 2;
    static final double PER_SECOND = 20;

    static Settings of(String scenario, long seed, Duration length) {
        return new Settings(scenario, seed, length, PER_SECOND, WORKERS);
    }
}
