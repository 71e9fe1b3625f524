package dev.parley.migrations;

import java.time.Duration;
import java.util.List;

/**
 * What a successful run did.
 *
 * @param from schema version before, 0 for an empty database
 * @param to schema version now
 * @param scripts what ran, in order; empty if the schema was up to date
 */
public record Migrated(SchemaLine line, int from, int to, List<String> scripts, Duration took) {
    public Migrated {
        scripts = List.copyOf(scripts);
    }

    @Override
    public String toString() {
        return scripts.isEmpty()
                ? "%s schema is up to date at version %d".formatted(line.name(), to)
                : "%s schema %d → %d (%d scripts, %d ms)"
                        .formatted(line.name(), from, to, scripts.size(), took.toMillis());
    }
}
