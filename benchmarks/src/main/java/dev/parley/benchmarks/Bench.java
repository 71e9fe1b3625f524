package dev.parley.benchmarks;

import dev.parley.sandbox.Layout;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code ./parley bench [--rounds N] [--json FILE] [name…]}: measures, prints, and fails where something was wrong. */
public final class Bench {
    private static final int ROUNDS = 5;
    private static final Duration LONGEST = Duration.ofMinutes(120);

    private static final Map<String, Scenario> SCENARIOS = new LinkedHashMap<>();

    static {
        SCENARIOS.put("ingest", new IngestScenario());
        SCENARIOS.put("flood", new FloodScenario());
        SCENARIOS.put("equal-answers", new EqualAnswersScenario());
        SCENARIOS.put("fuzz", new FuzzScenario());
        SCENARIOS.put("drain", new DrainScenario());
        SCENARIOS.put("message", new MessageScenario());
        SCENARIOS.put("latency", new LatencyScenario());
        SCENARIOS.put("blocked", new BlockedScenario());
        SCENARIOS.put("fair", new FairScenario());
        SCENARIOS.put("hot", new HotScenario());
        SCENARIOS.put("sessions", new SessionsScenario());
        SCENARIOS.put("long", new LongScenario());
        SCENARIOS.put("price", new PriceScenario());
        SCENARIOS.put("settings", new SettingsScenario());
        SCENARIOS.put("collector", new CollectorScenario());
        SCENARIOS.put("crypto", JmhScenario.crypto());
        SCENARIOS.put("pure", JmhScenario.pure());
        SCENARIOS.put("start", new StartScenario());
    }

    private Bench() {}

    /** Exit code 0: all was correct; 1: something was lost, doubled or out of order; 2: not understood. */
    public static void main(String[] args) throws IOException, SQLException, InterruptedException {
        List<String> names = new ArrayList<>();
        int rounds = ROUNDS;
        Path json = Layout.found().root().resolve("benchmarks/target/results.json");
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--rounds") && i + 1 < args.length && args[i + 1].matches("[1-9][0-9]?")) {
                rounds = Integer.parseInt(args[++i]);
            } else if (args[i].equals("--json") && i + 1 < args.length) {
                json = Path.of(args[++i]);
            } else if (SCENARIOS.containsKey(args[i])) {
                names.add(args[i]);
            } else {
                System.err.println("bench: " + args[i] + " is none of " + String.join(", ", SCENARIOS.keySet())
                        + ", --rounds 1..99 or --json FILE");
                System.exit(2);
            }
        }
        endByItself();
        boolean correct = measure(names.isEmpty() ? List.copyOf(SCENARIOS.keySet()) : names, rounds, json);
        System.exit(correct ? 0 : 1);
    }

    private static boolean measure(List<String> names, int rounds, Path json)
            throws IOException, SQLException, InterruptedException {
        Path directory = Files.createTempDirectory("parley-bench");
        JsonArray reports = new JsonArray();
        boolean correct = true;
        try (Lab lab = Lab.open(directory, 0, Map.of())) {
            JsonObject machine = Machine.facts(lab);
            System.out.println(machine.encodePrettily());
            for (String name : names) {
                Scenario scenario = java.util.Objects.requireNonNull(SCENARIOS.get(name));
                Report report = scenario.run(lab, rounds);
                correct &= report.isCorrect();
                System.out.print(report.text());
                reports.add(report.json());
                // After every scenario: a later one that fails takes nothing away.
                Files.createDirectories(json.toAbsolutePath().getParent());
                Files.writeString(
                        json,
                        new JsonObject()
                                .put("at", Instant.now().toString())
                                .put("rounds", rounds)
                                .put("machine", machine)
                                .put("reports", reports)
                                .encodePrettily());
            }
        } finally {
            Trash.delete(directory);
        }
        System.out.println("\nwritten to " + json);
        return correct;
    }

    /** Servers and load are bounded in time, whatever hangs. */
    private static void endByItself() {
        Thread end = new Thread(
                () -> {
                    try {
                        TimeUnit.NANOSECONDS.sleep(LONGEST.toNanos());
                        System.err.println("bench: stopped after " + LONGEST.toMinutes() + " minutes");
                        System.exit(3);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "bench-end");
        end.setDaemon(true);
        end.start();
    }

    private static final class Trash {
        private Trash() {}

        static void delete(Path directory) throws IOException {
            try (var paths = Files.walk(directory)) {
                for (Path path :
                        paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }
}
