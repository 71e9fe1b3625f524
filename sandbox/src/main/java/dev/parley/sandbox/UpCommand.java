package dev.parley.sandbox;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Starts a sandbox and keeps it until it is interrupted. */
final class UpCommand {
    private static final Set<String> OPTIONS = Set.of(
            "--data",
            "--workers",
            "--postgres-port",
            "--ingest-port",
            "--ingest-management-port",
            "--worker-port",
            "--worker-management-port",
            "--ghl-port");

    private UpCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, OPTIONS, Set.of("--free-ports"));
        if (!arguments.rest().isEmpty()) {
            throw new SandboxException(
                    "up takes no argument " + arguments.rest().get(0));
        }
        Ports usual = Ports.usual();
        Ports ports = arguments.has("--free-ports")
                ? Ports.unused()
                : new Ports(
                        port(arguments, "--postgres-port", usual.postgres()),
                        port(arguments, "--ingest-port", usual.ingest()),
                        port(arguments, "--ingest-management-port", usual.ingestManagement()),
                        port(arguments, "--worker-port", usual.worker()),
                        port(arguments, "--worker-management-port", usual.workerManagement()),
                        port(arguments, "--ghl-port", usual.standIn()),
                        false);
        StackPlan plan = StackPlan.on(Parley.data(arguments))
                .withPorts(ports)
                .withWorkers(arguments.number("--workers", 1, 0, 32))
                .restartingServices()
                .tellingTo(UpCommand::say);

        AtomicReference<@Nullable Stack> begun = new AtomicReference<>();
        Thread stopping = new Thread(
                () -> {
                    Stack stack = begun.get();
                    if (stack != null) {
                        stack.close();
                    }
                },
                "sandbox-stop");
        Runtime.getRuntime().addShutdownHook(stopping);
        long start = System.nanoTime();
        Stack stack = Stack.start(plan, begun::set);
        System.out.println();
        System.out.printf("Parley is up after %.1f s. Ctrl-C stops everything.%n", (System.nanoTime() - start) / 1e9);
        System.out.println();
        System.out.println("  phone      " + stack.standIn().phoneUrl() + "  (write to the bot as a customer)");
        System.out.println("  webhooks   " + stack.ingest().address() + "/webhooks/ghl");
        System.out.println("  health     " + stack.ingest().management() + "/q/health  (ingest)");
        for (ServiceProcess worker : stack.workers()) {
            System.out.println("             " + worker.management() + "/q/health  (" + worker.name() + ")");
        }
        System.out.println("  database   ./parley psql");
        System.out.println("  trace      ./parley trace <trace_id>");
        System.out.println("  logs       " + stack.logs());
        System.out.println();
        String reason = stack.broken().join();
        System.err.println("parley: " + reason);
        return 1;
    }

    private static int port(Arguments arguments, String option, int usual) {
        return arguments.number(option, usual, 1, 65535);
    }

    private static void say(String text) {
        System.out.println("  " + text.replace("\n", "\n  "));
        System.out.flush();
    }
}
