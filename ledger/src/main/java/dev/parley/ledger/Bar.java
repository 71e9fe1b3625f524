package dev.parley.ledger;

import java.util.Locale;

/**
 * A measured thing and what it may be. Judged by the command only: it says as much about the machine as about Parley.
 *
 * @param found NaN: nothing was measured, and a bar nobody reached is missed
 */
record Bar(String what, double found, String unit, double limit, boolean atMost) {
    boolean holds() {
        return atMost ? found <= limit : found >= limit;
    }

    String line() {
        return String.format(
                Locale.ROOT,
                "  %s %-66s %s, bar %s %.2f %s%n",
                holds() ? "✓" : "✗",
                what,
                Double.isNaN(found) ? "not measured" : String.format(Locale.ROOT, "%.2f %s", found, unit),
                atMost ? "≤" : "≥",
                limit,
                unit);
    }
}
