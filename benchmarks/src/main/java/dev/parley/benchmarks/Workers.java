package dev.parley.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Worker processes with one scenario's handlers. */
final class Workers implements AutoCloseable {
    private static final String MAIN = "dev.parley.work.BenchWorker";
    /** As the worker's image says. */
    private static final List<String> JAVA = List.of(
            "-XX:+UseSerialGC", "-Xms16m", "-XX:+IgnoreUnrecognizedVMOptions", "-XX:TrimNativeHeapInterval=10000");

    private static int started;

    private final List<Child> children = new ArrayList<>();

    private Workers() {}

    /** @param handlers {@code noop} or {@code message} */
    static Workers start(Lab lab, int count, String handlers, String... settings)
            throws IOException, InterruptedException {
        Workers workers = new Workers();
        for (int number = 0; number < count; number++) {
            workers.addOne(lab, handlers, settings);
        }
        return workers;
    }

    void addOne(Lab lab, String handlers, String... settings) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(handlers, "id=bench-" + ++started));
        arguments.addAll(List.of(settings));
        Child child = Child.start(lab, "worker", "bench-" + started, JAVA, MAIN, arguments.toArray(String[]::new));
        children.add(child);
        child.awaitLine("begun", 30);
    }

    /** Compiles what will be hot, on work of the same kind; the tables are empty before and after. */
    void warm(Lab lab, int count, int contacts) throws SQLException, InterruptedException {
        lab.reset();
        Work.load(lab, count, contacts);
        Work.await(lab, Duration.ofMinutes(2));
        lab.reset();
    }

    void checkAlive() {
        for (Child child : children) {
            if (!child.isAlive()) {
                throw new IllegalStateException("a worker ended while it was measured");
            }
        }
    }

    List<Child> children() {
        return List.copyOf(children);
    }

    @Override
    public void close() {
        children.forEach(Child::close);
    }
}
