package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Times taken along the way: said, not judged, because they are this machine's as much as Parley's. */
final class Measured {
    private final Map<String, List<Duration>> times = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();

    synchronized void time(String what, Duration time) {
        times.computeIfAbsent(what, any -> new ArrayList<>()).add(time);
    }

    synchronized void note(String note) {
        notes.add(note);
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
