package dev.parley.benchmarks;

import dev.parley.sandbox.Table;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What one scenario measured, which bars it was held to, and what the checks of its runs found. */
final class Report {
    private final String scenario;
    private final List<Series> series = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private int checks;

    /** A promise with its number. */
    private record Bar(String what, String wanted, double found, boolean isMet) {}

    Report(String scenario) {
        this.scenario = scenario;
    }

    Series series(String name, String unit) {
        return series.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseGet(() -> {
                    Series fresh = new Series(name, unit);
                    series.add(fresh);
                    return fresh;
                });
    }

    void atLeast(String what, double wanted, double found) {
        bars.add(new Bar(what, "≥ " + number(wanted), found, found >= wanted));
    }

    void atMost(String what, double wanted, double found) {
        bars.add(new Bar(what, "≤ " + number(wanted), found, found <= wanted));
    }

    /** A fast wrong run fails: {@code found} must be {@code wanted}. */
    void check(String what, long wanted, long found) {
        checks++;
        if (wanted != found) {
            violations.add(what + ": " + found + " instead of " + wanted);
        }
    }

    void note(String text) {
        notes.add(text);
    }

    boolean isCorrect() {
        return violations.isEmpty();
    }

    boolean meetsAllBars() {
        return bars.stream().allMatch(Bar::isMet);
    }

    String text() {
        StringBuilder text = new StringBuilder("\n== " + scenario + "\n\n");
        if (!series.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("measured", "unit", "median", "min", "max", "rounds"));
            for (Series one : series) {
                rows.add(List.of(
                        one.name(),
                        one.unit(),
                        number(one.median()),
                        number(one.min()),
                        number(one.max()),
                        String.valueOf(one.values().size())));
            }
            text.append(Table.of(rows));
        }
        if (!bars.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("bar", "wanted", "found", ""));
            for (Bar bar : bars) {
                rows.add(List.of(bar.what(), bar.wanted(), number(bar.found()), bar.isMet() ? "met" : "MISSED"));
            }
            text.append('\n').append(Table.of(rows));
        }
        notes.forEach(note -> text.append("\n  ").append(note));
        text.append(notes.isEmpty() ? "" : "\n");
        if (!violations.isEmpty()) {
            text.append("\nWRONG: ")
                    .append(String.join("\n       ", violations))
                    .append('\n');
        } else if (checks > 0) {
            text.append("\n")
                    .append(checks)
                    .append(" checks after the runs: nothing lost, nothing twice, nothing out of order\n");
        }
        return text.toString();
    }

    JsonObject json() {
        JsonArray measured = new JsonArray();
        series.forEach(one -> measured.add(new JsonObject()
                .put("name", one.name())
                .put("unit", one.unit())
                .put("median", one.median())
                .put("min", one.min())
                .put("max", one.max())
                .put("values", new JsonArray(one.values()))));
        JsonArray held = new JsonArray();
        bars.forEach(bar -> held.add(new JsonObject()
                .put("what", bar.what())
                .put("wanted", bar.wanted())
                .put("found", bar.found())
                .put("met", bar.isMet())));
        return new JsonObject()
                .put("scenario", scenario)
                .put("measured", measured)
                .put("bars", held)
                .put("notes", new JsonArray(notes))
                .put("violations", new JsonArray(violations));
    }

    static String number(double value) {
        return Math.abs(value) >= 1000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : Math.abs(value) >= 100
                        ? String.format(Locale.ROOT, "%.0f", value)
                        : String.format(Locale.ROOT, Math.abs(value) >= 10 ? "%.1f" : "%.2f", value);
    }
}
