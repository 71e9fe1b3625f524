package dev.parley.ledger;

import java.util.List;

/**
 * What the judge found about one promise.
 *
 * @param checked how many things it held against it
 * @param violations one sentence for each that broke it
 */
record Finding(Promise promise, long checked, List<String> violations) {
    Finding {
        violations = List.copyOf(violations);
    }

    boolean holds() {
        return violations.isEmpty();
    }
}
