package dev.parley.work.log;

import dev.parley.log.Facts;
import dev.parley.queue.Job;
import java.util.Map;

/**
 * What every line about a job carries beside its message: {@code tenant provider event job job_type attempt trace}.
 */
public final class LogFacts {
    private LogFacts() {}

    /** @param attempt the one that {@code line} is about, from 1 */
    public static void about(Job job, int attempt, Runnable line) {
        Facts.with(
                Map.of(
                        "tenant", job.tenant().toString(),
                        "provider", job.event().provider(),
                        "event", job.event().id().toString(),
                        "job", job.id().toString(),
                        "job_type", job.type().name(),
                        "attempt", Integer.toString(attempt),
                        "trace", job.traceId().toString()),
                line);
    }

    /** For lines that know no more than the event. */
    public static void about(Job.Event event, Runnable line) {
        Facts.with(Map.of("provider", event.provider(), "event", event.id().toString()), line);
    }
}
