package dev.parley.benchmarks;

import java.lang.management.ManagementFactory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.Stream;

/** What the processors were busy with during one run: the service, the database, and whoever sends. */
final class ProcessorTime {
    private final ProcessHandle ingest;
    private final ProcessHandle postgres;
    /** Who asks before and after a run, and judges it: none of the run's business. */
    private final long asking;

    private final double ingestBefore;
    private final double postgresBefore;
    private final double sendersBefore;

    private ProcessorTime(Lab lab) throws SQLException {
        ingest = ProcessHandle.of(lab.stack().ingest().pid()).orElseThrow();
        asking = lab.number("SELECT pg_backend_pid()");
        postgres = ProcessHandle.of(asking).flatMap(ProcessHandle::parent).orElseThrow();
        ingestBefore = micros(ingest);
        postgresBefore = postgresMicros();
        sendersBefore = ownMicros();
    }

    static ProcessorTime from(Lab lab) throws SQLException {
        return new ProcessorTime(lab);
    }

    /**
     * Adds to {@code report} what each took since the beginning, an event. A session of the database that has ended since is
     * not in it; the services keep theirs.
     */
    void report(Report report, String name, long events) {
        report.series("processor of ingest per event, " + name, "µs").add((micros(ingest) - ingestBefore) / events);
        report.series("processor of Postgres per event, " + name, "µs")
                .add((postgresMicros() - postgresBefore) / events);
        report.series("processor of the senders per event, " + name, "µs").add((ownMicros() - sendersBefore) / events);
    }

    private static double micros(ProcessHandle process) {
        return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L) / 1e3;
    }

    private double postgresMicros() {
        return Stream.concat(Stream.of(postgres), postgres.descendants())
                .filter(process -> process.pid() != asking)
                .mapToDouble(ProcessorTime::micros)
                .sum();
    }

    private static double ownMicros() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                        .getProcessCpuTime()
                / 1e3;
    }
}
