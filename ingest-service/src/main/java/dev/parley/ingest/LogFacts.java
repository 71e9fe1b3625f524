package dev.parley.ingest;

import dev.parley.inbound.InboundEvent;
import dev.parley.log.Facts;
import dev.parley.queue.NewJob;
import java.util.HashMap;
import java.util.Map;

/** What every line about an event carries beside its message: {@code tenant provider event job job_type trace}. */
final class LogFacts {
    private LogFacts() {}

    static void about(InboundEvent event, Answer.Item item, Runnable line) {
        Map<String, String> facts = new HashMap<>(Map.of(
                "tenant",
                event.tenant().toString(),
                "provider",
                event.provider(),
                // A duplicate's own ids were never stored; its trace is that of the first.
                "trace",
                item.traceId().toString()));
        if (item.status() != Answer.Status.DUPLICATE) {
            facts.put("event", event.id().toString());
            NewJob job = event.job();
            if (job != null) {
                facts.put("job", job.id().toString());
                facts.put("job_type", job.type().name());
            }
        }
        Facts.with(facts, line);
    }
}
