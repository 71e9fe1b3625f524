package dev.parley.ledger;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What the judges found so far. */
final class Findings {
    private final Map<Promise, Long> checked = new EnumMap<>(Promise.class);
    private final Map<Promise, List<String>> broken = new EnumMap<>(Promise.class);
    private final Map<String, Long> counts = new HashMap<>();

    void check(Promise promise, boolean holds, Supplier<String> otherwise) {
        checked.merge(promise, 1L, Long::sum);
        if (!holds) {
            broken.computeIfAbsent(promise, any -> new ArrayList<>()).add(otherwise.get());
        }
    }

    void count(String what, long number) {
        counts.merge(what, number, Long::sum);
    }

    Judgement judgement() {
        List<Finding> findings = new ArrayList<>();
        for (Promise promise : Promise.values()) {
            findings.add(
                    new Finding(promise, checked.getOrDefault(promise, 0L), broken.getOrDefault(promise, List.of())));
        }
        return new Judgement(findings, counts);
    }
}
