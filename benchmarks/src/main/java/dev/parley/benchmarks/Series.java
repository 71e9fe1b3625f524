package dev.parley.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The values of one measured thing, one per round. */
final class Series {
    private final String name;
    private final String unit;
    private final List<Double> values = new ArrayList<>();

    Series(String name, String unit) {
        this.name = name;
        this.unit = unit;
    }

    void add(double value) {
        values.add(value);
    }

    String name() {
        return name;
    }

    String unit() {
        return unit;
    }

    List<Double> values() {
        return List.copyOf(values);
    }

    double median() {
        return median(values);
    }

    double min() {
        return Collections.min(values);
    }

    double max() {
        return Collections.max(values);
    }

    /** Median of the ratios within each round: what the machine did in that round, it did to both. */
    double ratioTo(Series other) {
        if (values.size() != other.values.size()) {
            throw new IllegalArgumentException(
                    name + " has " + values.size() + " rounds, " + other.name + " has " + other.values.size());
        }
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < values.size(); round++) {
            ratios.add(values.get(round) / other.values.get(round));
        }
        return median(ratios);
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
