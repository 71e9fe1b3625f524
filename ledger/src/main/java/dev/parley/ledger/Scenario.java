package dev.parley.ledger;

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
 */
record Scenario(
        String name,
        String says,
        Supplier<Optional<String>> obstacle,
        Consumer<Ground> ground,
        Predicate<Script.Event> poison,
        Consumer<Stage> before,
        Consumer<Stage> faults) {

    static Scenario of(String name, String says, Consumer<Stage> faults) {
        return new Scenario(name, says, Optional::empty, ground -> {}, event -> false, stage -> {}, faults);
    }

    Scenario onlyIf(Supplier<Optional<String>> reasonNot) {
        return new Scenario(name, says, reasonNot, ground, poison, before, faults);
    }

    Scenario on(Consumer<Ground> laid) {
        return new Scenario(name, says, obstacle, laid, poison, before, faults);
    }

    Scenario poisoning(Predicate<Script.Event> which) {
        return new Scenario(name, says, obstacle, ground, which, before, faults);
    }

    Scenario after(Consumer<Stage> preparation) {
        return new Scenario(name, says, obstacle, ground, poison, preparation, faults);
    }
}
