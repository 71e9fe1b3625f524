package dev.parley.ledger;

import dev.parley.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code ./parley ledger}: one scenario, then the judge's table. Exit code 0 only if every promise was kept and every bar reached. */
public final class Ledger {
    private static final int KEPT = 0;
    private static final int BROKEN = 1;
    private static final int NOT_RUN = 2;

    private static final String USAGE = """
            ./parley ledger <scenario> [--seed N] [--seconds S | --whole] [--rate R] [--workers W] [--keep]
              --seed N      everything drawn at random follows from it (1)
              --seconds S   for so long events are sent and faults happen (as below)
              --whole       for as long as its bar is meant; everything else is bounded too, so that a run always ends
              --rate R      events a second, not counting copies and retries (as below)
              --workers W   (2)
              --keep        leave data and logs behind, as a broken promise does
            Runs beside everything else: unused ports, a temporary directory. Exit code 1: a promise was broken or
            a bar missed; 2: it did not run. Scenarios, with seconds, seconds if whole, events a second:
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
        Set<String> flags = read(words, options, names);
        if (names.size() != 1 || !Scenarios.all().containsKey(names.get(0))) {
            if (!names.isEmpty() && !names.get(0).equals("help")) {
                System.err.println("parley: there is no scenario " + String.join(" ", names));
            }
            System.out.print(USAGE);
            Scenarios.all().values().forEach(Ledger::list);
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
                length(scenario.pace(), flags.contains("--whole"), options),
                number(options, "--rate", scenario.pace().perSecond(), 0.1, 10_000),
                (int) number(options, "--workers", Settings.WORKERS, 1, 16));
        return run(scenario, settings, flags.contains("--keep"));
    }

    private static void list(Scenario one) {
        System.out.printf(
                Locale.ROOT,
                "  %-20s %4d %5d %5.0f  %s%n",
                one.name(),
                one.pace().usual().toSeconds(),
                one.pace().whole().toSeconds(),
                one.pace().perSecond(),
                one.says());
    }

    private static Duration length(Pace pace, boolean whole, Map<String, String> options) {
        double usual = whole ? pace.whole().toSeconds() : pace.usual().toSeconds();
        return Duration.ofMillis((long) (number(options, "--seconds", usual, 1, 36_000) * 1_000));
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
        boolean holds = outcome.judgement().holds() && outcome.reachesBars();
        System.out.printf(
                "%s: %s, seed %d: %d promises broken %d times, %d of %d bars missed, %.1f s.%n",
                holds ? "PASS" : "FAIL",
                scenario.name(),
                settings.seed(),
                outcome.judgement().findings().stream()
                        .filter(finding -> !finding.holds())
                        .count(),
                outcome.judgement().violations(),
                outcome.bars().stream().filter(bar -> !bar.holds()).count(),
                outcome.bars().size(),
                (System.nanoTime() - begin) / 1e9);
        if (holds && !keep) {
            delete(directory);
        } else {
            System.out.println("Data and logs are kept in " + directory);
        }
        return holds ? KEPT : BROKEN;
    }

    /** @return the words that need no number */
    private static Set<String> read(List<String> words, Map<String, String> options, List<String> names) {
        Set<String> flags = new HashSet<>();
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            if (List.of("--keep", "--whole").contains(word)) {
                flags.add(word);
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
        return flags;
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
