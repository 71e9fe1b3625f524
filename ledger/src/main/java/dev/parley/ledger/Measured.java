package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Times and ratios taken along the way: this machine's as much as Parley's, so the judge never sees them. */
final class Measured {
    private final Map<String, List<Duration>> times = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();

    synchronized void time(String what, Duration time) {
        times.computeIfAbsent(what, any -> new ArrayList<>()).add(time);
    }

    synchronized void note(String note) {
        notes.add(note);
    }

    synchronized void bar(Bar bar) {
        bars.add(bar);
    }

    /** All bars: those set along the way, and those on the longest of the times measured under their names. */
    synchronized List<Bar> bars(Map<String, Duration> onTimes) {
        List<Bar> all = new ArrayList<>(bars);
        onTimes.forEach((what, atMost) -> all.add(new Bar(
                what,
                times.getOrDefault(what, List.of()).stream()
                        .max(Comparator.naturalOrder())
                        .map(Measured::seconds)
                        .orElse(Double.NaN),
                "s",
                seconds(atMost),
                true)));
        return all;
    }

    synchronized String table() {
        StringBuilder text = new StringBuilder();
        times.forEach((what, all) -> {
            List<Duration> sorted = all.stream().sorted().toList();
            text.append(String.format(
                    Locale.ROOT,
                    "    %-64s  median %6.2f s  longest %6.2f s  (%d)%n",
                    what,
                    seconds(sorted.get((sorted.size() - 1) / 2)),
                    seconds(sorted.get(sorted.size() - 1)),
                    sorted.size()));
        });
        notes.forEach(note -> text.append("    ").append(note).append('\n'));
        return text.toString();
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1_000.0;
    }
}
