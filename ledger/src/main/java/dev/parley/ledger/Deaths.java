package dev.parley.ledger;

import dev.parley.sandbox.ServiceProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** {@code kill -9} and SIGTERM at every {@link Waypoint} of the path, in an order drawn from the seed. */
final class Deaths {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private record Death(Waypoint waypoint, boolean asked) {
        String name() {
            return (asked ? "SIGTERM at " : "kill -9 at ") + waypoint.name();
        }

        void of(long pid) {
            ProcessHandle.of(pid).ifPresent(process -> {
                if (asked) {
                    process.destroy();
                } else {
                    process.destroyForcibly();
                }
            });
        }
    }

    private final AtomicReference<Debugger> debugger = new AtomicReference<>();

    private Deaths() {}

    static Scenario scenario() {
        Deaths deaths = new Deaths();
        return Scenario.of(
                        "waypoints",
                        "kill -9 and SIGTERM of ingest and workers at every moment of the path",
                        deaths::die)
                .onlyIf(Debugger::obstacle)
                .on(deaths::lay)
                .at(Pace.of(300, 600, Settings.PER_SECOND));
    }

    private void lay(Ground ground) {
        Debugger listening = Debugger.listening();
        debugger.set(listening);
        ground.remains(listening::close);
        ground.ingest().put("JAVA_TOOL_OPTIONS", listening.javaOptions());
        ground.worker().put("JAVA_TOOL_OPTIONS", listening.javaOptions());
    }

    private void die(Stage stage) {
        List<Death> deaths = new ArrayList<>();
        for (Waypoint waypoint : Waypoint.ALL) {
            deaths.add(new Death(waypoint, false));
            deaths.add(new Death(waypoint, true));
        }
        Collections.shuffle(deaths, stage.random());
        List<String> missing = new ArrayList<>();
        int died = 0;
        for (Death death : deaths) {
            if (stage.hasTimeFor(Duration.ofSeconds(2)) && die(stage, death)) {
                died++;
            } else {
                missing.add(death.name());
            }
        }
        stage.measured().bar(bar(died, deaths.size()));
        if (!missing.isEmpty()) {
            stage.measured().note("no time for, or nobody came by: " + String.join("; ", missing));
        }
    }

    /** Who asks for less time than all of them take is told that not all of them were tried. */
    static Bar bar(int died, int moments) {
        return new Bar("moments at which a service died, of " + moments, died, "moments", moments, false);
    }

    private boolean die(Stage stage, Death death) {
        List<ServiceProcess> services = death.waypoint().ofIngest()
                ? List.of(stage.stack().ingest())
                : stage.stack().workers();
        services.forEach(stage::awaitReady);
        // Where nothing is taken nothing passes a moment, and a service that dies whenever it comes back proves
        // nothing.
        Duration ready = stage.book().now();
        Waiting.until(stage.atMost(PATIENCE), () -> stage.book().isAcknowledgedSince(ready));
        boolean reached =
                Objects.requireNonNull(debugger.get()).at(death.waypoint(), stage.atMost(PATIENCE), death::of);
        stage.say(death.name() + (reached ? "" : ": nobody came by"));
        stage.pause(Duration.ofMillis(500));
        return reached;
    }
}
