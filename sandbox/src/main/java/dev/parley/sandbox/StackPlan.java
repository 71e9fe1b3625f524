package dev.parley.sandbox;

import java.nio.file.Path;
import java.util.Map;

/**
 * How a {@link Stack} starts. {@link #on} gives the usual choices.
 *
 * @param layout where the built programs are
 * @param data what is kept; created when missing
 * @param workers how many; 0 is allowed, then messages are stored and wait
 * @param restartsServices a service that dies is started again after a growing pause, as a cluster would
 * @param ingestEnvironment on top of what every ingest gets
 * @param workerEnvironment on top of what every worker gets
 * @param postgresSettings on top of what the sandbox's server has, as in {@code postgresql.conf}
 * @param narrator told what happens
 */
public record StackPlan(
        Layout layout,
        Path data,
        Ports ports,
        int workers,
        boolean restartsServices,
        Map<String, String> ingestEnvironment,
        Map<String, String> workerEnvironment,
        Map<String, String> postgresSettings,
        Narrator narrator) {
    public StackPlan {
        ingestEnvironment = Map.copyOf(ingestEnvironment);
        workerEnvironment = Map.copyOf(workerEnvironment);
        postgresSettings = Map.copyOf(postgresSettings);
    }

    /** One worker on unused ports, silent, nothing restarted: what a test wants. */
    public static StackPlan on(Path data) {
        return new StackPlan(
                Layout.found(), data, Ports.unused(), 1, false, Map.of(), Map.of(), Map.of(), Narrator.silent());
    }

    public StackPlan withPorts(Ports other) {
        return new StackPlan(
                layout,
                data,
                other,
                workers,
                restartsServices,
                ingestEnvironment,
                workerEnvironment,
                postgresSettings,
                narrator);
    }

    public StackPlan withWorkers(int number) {
        return new StackPlan(
                layout,
                data,
                ports,
                number,
                restartsServices,
                ingestEnvironment,
                workerEnvironment,
                postgresSettings,
                narrator);
    }

    public StackPlan restartingServices() {
        return new StackPlan(
                layout, data, ports, workers, true, ingestEnvironment, workerEnvironment, postgresSettings, narrator);
    }

    public StackPlan withIngestEnvironment(Map<String, String> more) {
        return new StackPlan(
                layout, data, ports, workers, restartsServices, more, workerEnvironment, postgresSettings, narrator);
    }

    public StackPlan withWorkerEnvironment(Map<String, String> more) {
        return new StackPlan(
                layout, data, ports, workers, restartsServices, ingestEnvironment, more, postgresSettings, narrator);
    }

    public StackPlan withPostgresSettings(Map<String, String> more) {
        return new StackPlan(
                layout, data, ports, workers, restartsServices, ingestEnvironment, workerEnvironment, more, narrator);
    }

    public StackPlan tellingTo(Narrator other) {
        return new StackPlan(
                layout,
                data,
                ports,
                workers,
                restartsServices,
                ingestEnvironment,
                workerEnvironment,
                postgresSettings,
                other);
    }
}
