package dev.parley.work.log;

import dev.parley.queue.Job;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import java.util.Map;
import org.slf4j.MDC;

/**
 * What every line about a job carries beside its message: {@code tenant provider event job job_type attempt trace}. They are
 * put where the line is logged and are gone behind it; the work itself carries no context along.
 */
public final class LogFacts {
    private LogFacts() {}

    /** @param attempt the one that {@code line} is about, from 1 */
    public static void about(Job job, int attempt, Runnable line) {
        with(
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
        with(Map.of("provider", event.provider(), "event", event.id().toString()), line);
    }

    private static void with(Map<String, String> facts, Runnable line) {
        // Quarkus keeps the MDC in the duplicated context. The drain's loop is none: there every put would be lost.
        if (Vertx.currentContext() instanceof ContextInternal here) {
            here.duplicate().dispatch(() -> log(facts, line));
        } else {
            log(facts, line);
        }
    }

    private static void log(Map<String, String> facts, Runnable line) {
        facts.forEach(MDC::put);
        try {
            line.run();
        } finally {
            facts.keySet().forEach(MDC::remove);
        }
    }
}
