package dev.parley.ledger;

import java.util.List;

/**
 * How a run ended.
 *
 * @param bars what was measured and may only be so much
 * @param text for people: what happened, what was measured, the judge's table
 */
record Outcome(Judgement judgement, List<Bar> bars, String text) {
    Outcome {
        bars = List.copyOf(bars);
    }

    boolean reachesBars() {
        return bars.stream().allMatch(Bar::holds);
    }
}
