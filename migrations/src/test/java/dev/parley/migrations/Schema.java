package dev.parley.migrations;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tables as the contract's text or a live catalogue describes them; every fact a line of text, so that two of them
 * compare as sets and a difference reads as a sentence.
 *
 * @param tables names, schema-qualified; a view or a sequence counts too and says so
 * @param columns table → {@code column type}, {@code PRIMARY KEY (…)}, {@code UNIQUE (…)}, {@code FOREIGN KEY …},
 *     {@code UNIQUE INDEX (…) WHERE …}
 * @param indexes table → {@code (columns)}, whatever enforces them
 * @param plainIndexes as {@code indexes}, only those that enforce nothing, with their predicate
 */
record Schema(
        Set<String> tables,
        Map<String, Set<String>> columns,
        Map<String, Set<String>> indexes,
        Map<String, Set<String>> plainIndexes) {

    private Schema() {
        this(new TreeSet<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
    }

    /** What the contract promises; a line it holds that is not understood is an error. */
    static Schema promised() {
        Schema schema = new Schema();
        List<String> lines = contract().lines().map(String::strip).toList();
        Set<String> included = new TreeSet<>();
        String table = null;
        boolean inColumns = false;
        boolean inConstraints = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("- ")) {
                included.add(line.substring(2));
            } else if (line.startsWith("Schema: ")) {
                inConstraints = false;
            } else if (line.startsWith("Table: ")) {
                table = line.substring("Table: ".length());
                schema.tables.add(table);
                inColumns = false;
                inConstraints = false;
            } else if (line.equals("Column\tType\tNotes")) {
                inColumns = true;
            } else if (line.startsWith("Constraints & Indexes")) {
                inColumns = false;
                inConstraints = true;
            } else if (inColumns && !line.isEmpty()) {
                schema.readColumn(table, line);
            } else if (inConstraints && !line.isEmpty()) {
                if (line.endsWith(":")) {
                    line = line + " " + lines.get(++i);
                }
                schema.readConstraint(table, line);
            }
        }
        if (!included.equals(schema.tables)) {
            throw new AssertionError("the contract lists " + included + " and describes " + schema.tables);
        }
        return schema;
    }

    private void readColumn(String table, String line) {
        String[] parts = line.split("\t", -1);
        String type = switch (parts[1]) {
            case "int" -> "integer";
            case "timestamptz" -> "timestamp with time zone";
            default -> parts[1];
        };
        add(columns, table, parts[0] + " " + type);
        String notes = parts.length > 2 ? parts[2] : "";
        if (notes.startsWith("FK → ")) {
            String target = notes.substring("FK → ".length());
            String key = Map.of(
                            "core.tenants", "tenant_id",
                            "bot.inbound_events", "inbound_event_id",
                            "bot.contacts", "contact_id",
                            "bot.conversations", "conversation_id")
                    .get(target);
            add(columns, table, "FOREIGN KEY (%s) REFERENCES %s(%s)".formatted(parts[0], target, key));
        }
    }

    private void readConstraint(String table, String line) {
        Matcher key = Pattern.compile("(PRIMARY KEY|UNIQUE) (\\(.*\\))").matcher(line);
        Matcher foreign = Pattern.compile("FK (\\w+) → (\\S+) (ON DELETE \\w+)").matcher(line);
        Matcher partial =
                Pattern.compile("Unique .* index: (\\(.*\\)) where (.*)").matcher(line);
        Matcher index = Pattern.compile("(?:Index on|Composite index on|Composite index for .*:) \\(?([^()]*)\\)?")
                .matcher(line);
        if (key.matches()) {
            add(columns, table, line);
            add(indexes, table, key.group(2));
        } else if (foreign.matches()) {
            String plain = "FOREIGN KEY (%s) REFERENCES %s".formatted(foreign.group(1), foreign.group(2));
            columns.get(table).remove(plain);
            add(columns, table, plain + " " + foreign.group(3));
        } else if (partial.matches()) {
            add(columns, table, "UNIQUE INDEX %s WHERE %s".formatted(partial.group(1), partial.group(2)));
        } else if (index.matches()) {
            add(indexes, table, "(" + index.group(1) + ")");
            add(plainIndexes, table, "(" + index.group(1) + ")");
        } else {
            throw new AssertionError("not understood in the contract, %s: %s".formatted(table, line));
        }
    }

    /** What the catalogue of a database says about schemas {@code core} and {@code bot}. */
    static Schema live(Server.Database database) {
        Schema schema = new Schema();
        for (Map<String, Object> row : database.rows("""
                SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('core', 'bot') AND c.relkind NOT IN ('i', 't')
                """)) {
            String kind = (String) row.get("kind");
            schema.tables.add(row.get("name") + (kind.equals("r") ? "" : " (kind " + kind + ")"));
        }
        for (Map<String, Object> row : database.rows("""
                SELECT a.attrelid::regclass::text AS name, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) AS fact
                FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('core', 'bot') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                  AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL
                SELECT conrelid::regclass::text, pg_get_constraintdef(k.oid)
                FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
                WHERE n.nspname IN ('core', 'bot') AND k.contype IN ('p', 'u', 'f', 'x')
                UNION ALL
                SELECT x.indrelid::regclass::text,
                    'UNIQUE INDEX ' || substring(pg_get_indexdef(x.indexrelid) FROM 'USING \\w+ (\\(.*?\\))( (WITH|WHERE) \\(.*)?$')
                    || coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), '')
                FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('core', 'bot') AND x.indisunique
                  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))
                """)) {
            // The catalogue writes a comparison as (direction = 'inbound'::text).
            String fact = ((String) row.get("fact"))
                    .replaceAll("WHERE \\((.*)\\)$", "WHERE $1")
                    .replace("::text", "");
            add(schema.columns, (String) row.get("name"), fact);
        }
        for (Map<String, Object> row : database.rows("""
                SELECT x.indrelid::regclass::text AS name,
                    -- where its entries are kept (WITH) is not the contract's business
                    substring(pg_get_indexdef(x.indexrelid) FROM 'USING \\w+ (\\(.*?\\))( (WITH|WHERE) \\(.*)?$') AS columns,
                    coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), '') AS predicate,
                    x.indisunique AS enforces
                FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('core', 'bot') AND x.indisvalid
                """)) {
            String table = (String) row.get("name");
            String predicate = ((String) row.get("predicate")).replace("::text", "");
            if (predicate.isEmpty()) {
                add(schema.indexes, table, (String) row.get("columns"));
            }
            if (!(boolean) row.get("enforces")) {
                add(schema.plainIndexes, table, row.get("columns") + predicate);
            }
        }
        return schema;
    }

    /**
     * Every difference as a sentence, both ways.
     *
     * @param extraIndexes {@code table (columns) WHERE …}: what may be there beside the contract
     */
    static List<String> differences(Schema promised, Schema live, String... extraIndexes) {
        List<String> found = new ArrayList<>();
        compare(found, "tables", promised.tables, live.tables);
        for (String table : promised.tables) {
            compare(found, table, of(promised.columns, table), of(live.columns, table));
            for (String index : of(promised.indexes, table)) {
                if (!of(live.indexes, table).contains(index)) {
                    found.add(table + ": no index on " + index);
                }
            }
            for (String index : of(live.plainIndexes, table)) {
                if (!of(promised.plainIndexes, table).contains(index)
                        && !Arrays.asList(extraIndexes).contains(table + " " + index)) {
                    found.add(table + ": index nobody asked for " + index);
                }
            }
        }
        return found;
    }

    private static void compare(List<String> found, String where, Set<String> promised, Set<String> live) {
        promised.stream().filter(fact -> !live.contains(fact)).forEach(fact -> found.add(where + ": missing " + fact));
        live.stream().filter(fact -> !promised.contains(fact)).forEach(fact -> found.add(where + ": invented " + fact));
    }

    private static Set<String> of(Map<String, Set<String>> facts, String table) {
        return facts.getOrDefault(table, Set.of());
    }

    private static void add(Map<String, Set<String>> facts, String table, String fact) {
        facts.computeIfAbsent(table, t -> new TreeSet<>()).add(fact);
    }

    private static String contract() {
        try (InputStream in = Schema.class.getResourceAsStream("/bot-backbone.md")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
