package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Load and nothing else, for as long as there is time: what the services hold of the memory must not grow. */
final class Soak {
    /** Heaps breathe; less than this share of the whole over the measured time is no growth. */
    private static final double NOISE = 0.05;

    private static final Duration EVERY = Duration.ofSeconds(1);

    private Soak() {}

    static Scenario scenario() {
        return Scenario.of("soak", "load, and the memory of each service after a warm-up of a third", Soak::watch)
                .after(Stage::withoutLimits)
                .at(Pace.of(90, 1_800, 100));
    }

    private static void watch(Stage stage) {
        Duration whole = stage.left();
        stage.pause(whole.dividedBy(3));
        List<ServiceProcess> services = new ArrayList<>(stage.stack().workers());
        services.add(stage.stack().ingest());
        Map<String, List<Long>> samples = new LinkedHashMap<>();
        while (stage.goesOn()) {
            for (ServiceProcess service : services) {
                samples.computeIfAbsent(service.name(), any -> new ArrayList<>())
                        .add(Memory.of(service.pid()).kilobytes());
            }
            stage.pause(EVERY);
        }
        samples.forEach((service, kilobytes) -> {
            double mean =
                    kilobytes.stream().mapToLong(Long::longValue).average().orElse(0);
            double growth = slope(kilobytes) * kilobytes.size();
            stage.measured()
                    .note(String.format(
                            Locale.ROOT,
                            "%s held %,.0f kB on average, grew by %,.0f kB in %d s",
                            service,
                            mean,
                            growth,
                            kilobytes.size()));
            stage.measured()
                    .bar(new Bar(
                            "growth of " + service + " after warm-up",
                            mean == 0 ? Double.NaN : 100 * growth / mean,
                            "%",
                            100 * NOISE,
                            true));
        });
    }

    /** Least squares, per sample. */
    static double slope(List<Long> samples) {
        double n = samples.size();
        double meanX = (n - 1) / 2;
        double meanY = samples.stream().mapToLong(Long::longValue).average().orElse(0);
        double above = 0;
        double below = 0;
        for (int x = 0; x < samples.size(); x++) {
            above += (x - meanX) * (samples.get(x) - meanY);
            below += (x - meanX) * (x - meanX);
        }
        return below == 0 ? 0 : above / below;
    }
}
