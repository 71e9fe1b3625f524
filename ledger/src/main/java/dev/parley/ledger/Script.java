package dev.parley.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What will be sent, when and how often, drawn from a seed before anything runs. */
final class Script {
    /** How often things happen that providers do. */
    private static final double COPIED = 0.15;

    private static final double LATE_COPY = 0.5;
    private static final double HELD_BACK = 0.10;
    private static final double TOLD_TWICE = 0.02;

    private static final String[] OPENINGS = {
        "Hello, do you have time for me?",
        "How much is it?",
        "Ça va? 👋 Привет, 你好",
        "line one\nline two \"quoted\" \\ back",
        "Is Friday possible?",
        "Thanks!",
        "help"
    };

    /**
     * One delivery by plan; more may follow from what is answered.
     *
     * @param event index of the event it delivers
     * @param at since the begin
     */
    record Step(int event, Duration at) {}

    /**
     * @param number counts from 1
     * @param toldBefore number of the event that told of the same message; null: this is the first
     */
    record Event(
            int number,
            People.Person person,
            String text,
            @Nullable Integer toldBefore) {}

    private final List<Event> events = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    private Script() {}

    /** @param perSecond events, not counting their copies and retries */
    static Script of(long seed, double perSecond, Duration length) {
        Script script = new Script();
        Random random = new Random(seed);
        People people = new People(random);
        int count = (int) Math.max(1, Math.round(perSecond * length.toMillis() / 1_000));
        for (int index = 0; index < count; index++) {
            Duration at = Duration.ofNanos(Math.round(length.toNanos() * ((index + random.nextDouble()) / count)));
            script.write(people.next(), at, random);
        }
        script.steps.sort(java.util.Comparator.comparing(Step::at));
        return script;
    }

    private void write(People.Person person, Duration at, Random random) {
        int number = events.size() + 1;
        String text = OPENINGS[random.nextInt(OPENINGS.length)] + " #" + number;
        events.add(new Event(number, person, text, null));
        deliver(number, at, random);
        if (random.nextDouble() < TOLD_TWICE) {
            events.add(new Event(number + 1, person, text, number));
            deliver(number + 1, at.plusMillis(random.nextInt(2_000)), random);
        }
    }

    private void deliver(int number, Duration at, Random random) {
        Duration first = random.nextDouble() < HELD_BACK ? at.plusMillis(50 + random.nextInt(750)) : at;
        steps.add(new Step(number - 1, first));
        if (random.nextDouble() < COPIED) {
            int copies = 1 + random.nextInt(2);
            for (int copy = 0; copy < copies; copy++) {
                steps.add(new Step(
                        number - 1, random.nextDouble() < LATE_COPY ? first.plusMillis(random.nextInt(3_000)) : first));
            }
        }
    }

    List<Event> events() {
        return List.copyOf(events);
    }

    /** In the order of their times. */
    List<Step> steps() {
        return List.copyOf(steps);
    }
}
