package dev.parley.ingest;

import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/**
 * One event loop for each processor, where nothing else is said. The platform's default is two: then loops wait for each other
 * as soon as all processors are busy, and a webhook that came last may wait behind a whole slice of its neighbour's.
 */
public final class EventLoops implements ConfigSource {
    private static final String KEY = "quarkus.vertx.event-loops-pool-size";
    /** Below application.properties (250), so that everybody's word counts more. */
    private static final int LAST = 100;

    @Override
    public Set<String> getPropertyNames() {
        return Set.of(KEY);
    }

    @Override
    public Map<String, String> getProperties() {
        return Map.of(KEY, number());
    }

    @Override
    public @Nullable String getValue(String name) {
        return name.equals(KEY) ? number() : null;
    }

    private static String number() {
        return Integer.toString(Runtime.getRuntime().availableProcessors());
    }

    @Override
    public int getOrdinal() {
        return LAST;
    }

    @Override
    public String getName() {
        return "event loops";
    }
}
