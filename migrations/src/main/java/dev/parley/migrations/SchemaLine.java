package dev.parley.migrations;

/**
 * One series of migrations with a history of its own. The kernel is the first; a pack that brings tables brings its line
 * and is migrated after it.
 *
 * @param name for messages
 * @param location where the scripts are on the class path, for example {@code db/kernel}
 * @param history table in schema {@code parley} that remembers what ran; schemas {@code core} and {@code bot} hold
 *     nothing but the contract's tables
 */
public record SchemaLine(String name, String location, String history) {
    public static final SchemaLine KERNEL = new SchemaLine("kernel", "db/kernel", "schema_history");
}
