package dev.parley.ledger;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One way to be treated badly.
 *
 * @param name as on the command line
 * @param says in half a line what is done
 * @param obstacle why it cannot run on this machine; empty if it can
 * @param ground laid before the stack starts
 * @param poison which events' handling is made to fail
 * @param before done when the stack stands and nothing was sent
 * @param faults done while events are sent; returns when the time is over, or earlier
 * @param bars how long what is measured may take at most
 */
record Scenario(
        String name,
        String says,
        Supplier<Optional<String>> obstacle,
        Consumer<Ground> ground,
        Predicate<Script.Event> poison,
        Consumer<Stage> before,
        Consumer<Stage> faults,
        Map<String, Duration> bars,
        Pace pace) {

    static Scenario of(String name, String says, Consumer<Stage> faults) {
        return new Scenario(
                name, says, Optional::empty, ground -> {}, event -> false, stage -> {}, faults, Map.of(), Pace.USUAL);
    }

    Scenario onlyIf(Supplier<Optional<String>> reasonNot) {
        return new Scenario(name, says, reasonNot, ground, poison, before, faults, bars, pace);
    }

    Scenario on(Consumer<Ground> laid) {
        return new Scenario(name, says, obstacle, laid, poison, before, faults, bars, pace);
    }

    Scenario poisoning(Predicate<Script.Event> which) {
        return new Scenario(name, says, obstacle, ground, which, before, faults, bars, pace);
    }

    Scenario after(Consumer<Stage> preparation) {
        return new Scenario(name, says, obstacle, ground, poison, preparation, faults, bars, pace);
    }

    /** The longest of what is measured under this name may take so long. */
    Scenario bar(String measured, Duration atMost) {
        Map<String, Duration> all = new LinkedHashMap<>(bars);
        all.put(measured, atMost);
        return new Scenario(name, says, obstacle, ground, poison, before, faults, all, pace);
    }

    Scenario at(Pace other) {
        return new Scenario(name, says, obstacle, ground, poison, before, faults, bars, other);
    }
}
