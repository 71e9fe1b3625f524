package dev.parley.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The order in which the sides of a comparison run: another one begins in every round. */
final class Alternating {
    private Alternating() {}

    static List<String> order(int round, String... sides) {
        List<String> order = new ArrayList<>(List.of(sides));
        Collections.rotate(order, -round);
        return order;
    }
}
