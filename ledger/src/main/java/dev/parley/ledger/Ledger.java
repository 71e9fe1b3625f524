package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code ./parley ledger}: one scenario, then the judge's table. Exit code 0 only if every promise was kept. */
public final class Ledger {
    private static final int KEPT = 0;
    private static final int BROKEN = 1;
    private static final int NOT_RUN = 2;

    private static final String USAGE = """
            ./parley ledger <scenario> [--seed N] [--seconds S] [--rate R] [--workers W] [--keep]
              --seed N      everything drawn at random follows from it (1)
              --seconds S   for so long events are sent and faults happen (60)
              --rate R      events a second, not counting copies and retries (20)
              --workers W   (2)
              --keep        leave data and logs behind, as a broken promise does
            Runs beside everything else: unused ports, a temporary directory. Exit code 1: a promise was broken;
            2: it did not run. Scenarios:
            """;

    private Ledger() {}

    public static void main(String[] args) {
        int exit;
        try {
            exit = run(List.of(args));
        } catch (SandboxException e) {
            System.err.println("parley: " + e.getMessage());
            exit = NOT_RUN;
        }
        System.exit(exit);
    }

    private static int run(List<String> words) {
        Map<String, String> options = new LinkedHashMap<>();
        List<String> names = new ArrayList<>();
        boolean keep = read(words, options, names);
        if (names.size() != 1 || !Scenarios.all().containsKey(names.get(0))) {
            if (!names.isEmpty() && !names.get(0).equals("help")) {
                System.err.println("parley: there is no scenario " + String.join(" ", names));
            }
            System.out.print(USAGE);
            Scenarios.all().values().forEach(one -> System.out.printf("  %-20s %s%n", one.name(), one.says()));
            return NOT_RUN;
        }
        Scenario scenario = Scenarios.all().get(names.get(0));
        Optional<String> obstacle = scenario.obstacle().get();
        if (obstacle.isPresent()) {
            System.out.println("SKIPPED " + scenario.name() + ": " + obstacle.get());
            return KEPT;
        }
        Settings settings = new Settings(
                scenario.name(),
                (long) number(options, "--seed", 1, 0, Long.MAX_VALUE),
                Duration.ofMillis((long) (number(options, "--seconds", 60, 1, 36_000) * 1_000)),
                number(options, "--rate", Settings.PER_SECOND, 0.1, 10_000),
                (int) number(options, "--workers", Settings.WORKERS, 1, 16));
        return run(scenario, settings, keep);
    }

    private static int run(Scenario scenario, Settings settings, boolean keep) {
        Path directory = temporary();
        System.out.printf(
                "%s, seed %d, %d s, data and logs in %s%n",
                scenario.name(), settings.seed(), settings.length().toSeconds(), directory);
        long begin = System.nanoTime();
        Outcome outcome = new Run(
                        scenario,
                        settings,
                        directory,
                        text -> System.out.printf("  %7.1f s  %s%n", (System.nanoTime() - begin) / 1e9, text))
                .play();
        System.out.println();
        System.out.print(outcome.text());
        System.out.println();
        boolean holds = outcome.judgement().holds();
        System.out.printf(
                "%s: %s, seed %d: %d promises broken %d times, %.1f s.%n",
                holds ? "PASS" : "FAIL",
                scenario.name(),
                settings.seed(),
                outcome.judgement().findings().stream()
                        .filter(finding -> !finding.holds())
                        .count(),
                outcome.judgement().violations(),
                (System.nanoTime() - begin) / 1e9);
        if (holds && !keep) {
            delete(directory);
        } else {
            System.out.println("Data and logs are kept in " + directory);
        }
        return holds ? KEPT : BROKEN;
    }

    /** @return whether data and logs are to be kept */
    private static boolean read(List<String> words, Map<String, String> options, List<String> names) {
        boolean keep = false;
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            if (word.equals("--keep")) {
                keep = true;
            } else if (List.of("--seed", "--seconds", "--rate", "--workers").contains(word)) {
                if (at + 1 == words.size()) {
                    throw new SandboxException(word + " needs a number");
                }
                options.put(word, words.get(++at));
            } else if (word.startsWith("-")) {
                throw new SandboxException("unknown option " + word + "; `./parley ledger help` lists them");
            } else {
                names.add(word);
            }
        }
        return keep;
    }

    private static double number(
            Map<String, String> options, String name, double otherwise, double least, double most) {
        String text = options.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            double number = Double.parseDouble(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of range.
        }
        throw new SandboxException(String.format("%s takes a number from %s to %s, not %s", name, least, most, text));
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("parley-ledger-");
        } catch (IOException e) {
            throw new SandboxException("cannot create a temporary directory: " + e, e);
        }
    }

    private static void delete(Path directory) {
        try (var paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            System.err.println("parley: cannot delete " + directory + ": " + e);
        }
    }
}
