package dev.parley.ledger;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything the judge found.
 *
 * @param counts what a reader wants to know beside the promises: how many events, sends, dead letters
 */
record Judgement(List<Finding> findings, Map<String, Long> counts) {
    private static final int SHOWN = 5;

    Judgement {
        findings = List.copyOf(findings);
        counts = new TreeMap<>(counts);
    }

    boolean holds() {
        return findings.stream().allMatch(Finding::holds);
    }

    long violations() {
        return findings.stream()
                .mapToLong(finding -> finding.violations().size())
                .sum();
    }

    Finding of(Promise promise) {
        return findings.stream()
                .filter(finding -> finding.promise() == promise)
                .findFirst()
                .orElseThrow();
    }

    /** For people: a line for each promise, the first few violations below it. */
    String table() {
        StringBuilder text = new StringBuilder();
        for (Finding finding : findings) {
            text.append(finding.holds() ? "  ✓ " : "  ✗ ")
                    .append(finding.promise().claim())
                    .append("  ")
                    .append(padded(finding.promise().words(), 66))
                    .append(String.format(
                            "%8d checked %6d broken%n",
                            finding.checked(), finding.violations().size()));
            finding.violations().stream()
                    .limit(SHOWN)
                    .forEach(violation ->
                            text.append("         ").append(violation).append('\n'));
            if (finding.violations().size() > SHOWN) {
                text.append("         … and ")
                        .append(finding.violations().size() - SHOWN)
                        .append(" more\n");
            }
        }
        counts.forEach((what, count) -> text.append(String.format("    %-68s%8d%n", what, count)));
        return text.toString();
    }

    private static String padded(String text, int width) {
        return text.length() >= width ? text : text + " ".repeat(width - text.length());
    }
}
