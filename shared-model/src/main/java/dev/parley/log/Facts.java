package dev.parley.log;

import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import java.util.Map;
import org.slf4j.MDC;

/** Fields that a log line carries beside its message. */
public final class Facts {
    private Facts() {}

    /**
     * Runs {@code line}, which logs, with {@code facts} as its fields. They are put where the line is logged and are gone
     * behind it; the work itself carries no context along.
     */
    public static void with(Map<String, String> facts, Runnable line) {
        // Quarkus keeps the MDC in the duplicated context. A loop of our own is none: there every put would be lost.
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
