package dev.parley.ingest;

import dev.parley.inbound.InboundEvent;
import dev.parley.queue.NewJob;
import org.slf4j.MDC;

/** What every line about an event carries beside its message: {@code tenant provider event job job_type trace}. */
final class LogFacts implements AutoCloseable {
    private static final String[] KEYS = {"tenant", "provider", "event", "job", "job_type", "trace"};

    private LogFacts() {}

    static LogFacts of(InboundEvent event, Answer.Item item) {
        MDC.put("tenant", event.tenant().toString());
        MDC.put("provider", event.provider());
        // A duplicate's own ids were never stored; its trace is that of the first.
        MDC.put("trace", item.traceId().toString());
        if (item.status() != Answer.Status.DUPLICATE) {
            MDC.put("event", event.id().toString());
            NewJob job = event.job();
            if (job != null) {
                MDC.put("job", job.id().toString());
                MDC.put("job_type", job.type().name());
            }
        }
        return new LogFacts();
    }

    @Override
    public void close() {
        for (String key : KEYS) {
            MDC.remove(key);
        }
    }
}
