package dev.parley.sandbox;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The word somebody probably meant. */
final class Suggestion {
    private Suggestion() {}

    /** The nearest of {@code known}, if it is near enough to be a slip of the finger. */
    static Optional<String> among(Collection<String> known, String typed) {
        Optional<String> begun = known.stream()
                .filter(word -> typed.length() > 1 && word.startsWith(typed))
                .min(Comparator.naturalOrder());
        return begun.isPresent()
                ? begun
                : known.stream()
                        .min(Comparator.comparingInt(word -> distance(word, typed)))
                        .filter(word -> distance(word, typed) <= Math.max(1, word.length() / 2));
    }

    /** Insertions, deletions, replacements and swaps of neighbours that turn one into the other. */
    static int distance(String from, String to) {
        int[][] cost = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                cost[i][j] = Math.min(Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1), cost[i - 1][j - 1] + change);
                boolean swapped = i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                if (swapped) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[from.length()][to.length()];
    }
}
