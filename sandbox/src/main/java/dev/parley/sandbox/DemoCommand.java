package dev.parley.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** {@link Demo} on a stack of its own, which leaves nothing behind. */
final class DemoCommand {
    private DemoCommand() {}

    static int run(List<String> words) {
        Arguments arguments = Arguments.parse(words, Set.of(), Set.of("--keep"));
        if (!arguments.rest().isEmpty()) {
            throw new SandboxException(
                    "demo takes no argument " + arguments.rest().get(0));
        }
        long begin = System.nanoTime();
        Path directory = temporary();
        AtomicReference<@Nullable Stack> begun = new AtomicReference<>();
        Thread stopping = new Thread(
                () -> {
                    Stack stack = begun.get();
                    if (stack != null) {
                        stack.close();
                    }
                },
                "demo-stop");
        Runtime.getRuntime().addShutdownHook(stopping);

        System.out.println(
                "Starting Postgres, ingest, a worker and the GoHighLevel stand-in (data: " + directory + ")");
        StackPlan plan = StackPlan.on(directory)
                .restartingServices()
                .tellingTo(text ->
                        System.out.println("  " + text.lines().findFirst().orElse("")));
        List<Claim> claims = new ArrayList<>();
        List<Long> pids = new ArrayList<>();
        try (Stack stack = Stack.start(plan, begun::set);
                Observer look = Observer.of(stack.database())) {
            System.out.println();
            claims.addAll(new Demo(stack, look, System.out).play());
            pids.addAll(stack.pids());
        }
        long left = pids.stream()
                .flatMap(pid -> ProcessHandle.of(pid).stream())
                .filter(process -> !ProcessIdentity.isGone(process))
                .count();
        claims.add(Claim.that("processes left running", 0L, left));

        boolean all = claims.stream().allMatch(Claim::holds);
        System.out.println();
        System.out.println("What was claimed, and found:");
        System.out.print(Claim.table(claims));
        System.out.println();
        System.out.printf(
                "%s: %d of %d claims hold, %.1f s.%n",
                all ? "PASS" : "FAIL",
                claims.stream().filter(Claim::holds).count(),
                claims.size(),
                (System.nanoTime() - begin) / 1e9);
        if (all && !arguments.has("--keep")) {
            Trees.delete(directory);
        } else {
            System.out.println("Data and logs are kept in " + directory);
        }
        return all ? 0 : 1;
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("parley-demo-");
        } catch (IOException e) {
            throw new SandboxException("cannot create a temporary directory: " + e, e);
        }
    }
}
