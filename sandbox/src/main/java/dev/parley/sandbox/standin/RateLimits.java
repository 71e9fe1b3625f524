package dev.parley.sandbox.standin;

import java.time.Clock;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Requests counted per location, in windows that start with their first request. Safe from any thread. */
final class RateLimits {
    /** @param headers for the answer, whatever it is */
    record Count(boolean exceeded, Map<String, String> headers) {}

    private static final class Use {
        long windowStart;
        int inWindow;
        long day;
        int inDay;
    }

    private final Clock clock;
    private final Map<String, Use> uses = new HashMap<>();
    private Options.Limits limits;

    RateLimits(Options.Limits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
    }

    synchronized void change(Options.Limits others) {
        limits = others;
    }

    /** Counts this request. One beyond the limit does not count against the day. */
    synchronized Count count(String locationId) {
        long now = clock.millis();
        Use use = uses.computeIfAbsent(locationId, id -> new Use());
        if (now - use.windowStart >= limits.window().toMillis()) {
            use.windowStart = now;
            use.inWindow = 0;
        }
        long today = Math.floorDiv(now, 86_400_000L);
        if (today != use.day) {
            use.day = today;
            use.inDay = 0;
        }
        boolean exceeded = use.inWindow >= limits.burst() || use.inDay >= limits.daily();
        if (!exceeded) {
            use.inWindow++;
            use.inDay++;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("X-RateLimit-Limit-Daily", Integer.toString(limits.daily()));
        headers.put("X-RateLimit-Daily-Remaining", Integer.toString(limits.daily() - use.inDay));
        headers.put(
                "X-RateLimit-Interval-Milliseconds",
                Long.toString(limits.window().toMillis()));
        headers.put("X-RateLimit-Max", Integer.toString(limits.burst()));
        headers.put("X-RateLimit-Remaining", Integer.toString(limits.burst() - use.inWindow));
        return new Count(exceeded, headers);
    }
}
