package dev.parley.kit;

import dev.parley.session.Prepared;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the server would do for a statement, and which statements a class has. */
public final class Plans {
    private Plans() {}

    /** The texts in static fields of {@code owners}, fragments of statements among them. */
    public static Map<String, String> textsOf(Class<?>... owners) {
        Map<String, String> texts = new TreeMap<>();
        for (Class<?> owner : owners) {
            for (Field field : owner.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                    field.setAccessible(true);
                    try {
                        texts.put(field.getName(), (String) field.get(null));
                    } catch (IllegalAccessException e) {
                        throw new AssertionError(e);
                    }
                }
            }
        }
        return texts;
    }

    /**
     * As an owner's session plans it: once, for any arguments.
     *
     * @param toldSo whether the session was set up as Parley's are; if not, only that it plans once
     */
    public static List<String> kept(TestDatabase db, String sql, boolean toldSo) throws SQLException {
        return explain(db, (toldSo ? Prepared.KEEP_PLANS_BY_KEY + "; " : "") + Prepared.PLAN_ONCE, sql, null);
    }

    /**
     * As a session plans it that nobody set up.
     *
     * @param arguments SQL, in the order of the parameters
     * @param generic for any arguments; else for these
     */
    public static List<String> of(TestDatabase db, String sql, String arguments, boolean generic) throws SQLException {
        return explain(
                db, "SET plan_cache_mode = " + (generic ? "force_generic_plan" : "force_custom_plan"), sql, arguments);
    }

    private static List<String> explain(TestDatabase db, String settings, String sql, @Nullable String arguments)
            throws SQLException {
        List<String> plan = new ArrayList<>();
        try (Connection connection = db.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(settings);
            statement.execute("PREPARE it AS " + sql);
            String given = arguments == null ? nulls(statement) : arguments;
            try (ResultSet rows =
                    statement.executeQuery("EXPLAIN EXECUTE it" + (given.isEmpty() ? "" : "(" + given + ")"))) {
                while (rows.next()) {
                    plan.add(rows.getString(1));
                }
            }
        }
        return plan;
    }

    private static String nulls(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'it'")) {
            row.next();
            return String.join(", ", Collections.nCopies(row.getInt(1), "NULL"));
        }
    }

    /** Where {@code plan} reads more of {@code tables} than what keys find: whole tables, whole indexes, bitmaps. */
    public static List<String> excesses(List<String> plan, List<String> tables) {
        String table = "(" + String.join("|", tables) + ")";
        List<String> found = new ArrayList<>();
        for (int at = 0; at < plan.size(); at++) {
            String line = plan.get(at);
            boolean isWholeIndex = line.matches(".*Index (Only )?Scan using \\w+ on " + table + " .*")
                    // It holds nothing else than what is asked for.
                    && !line.contains("job_queue_waiting_heads_idx")
                    && (at + 1 == plan.size() || !plan.get(at + 1).contains("Index Cond: "));
            if (line.contains("Bitmap") || line.matches(".*Seq Scan on " + table + " .*") || isWholeIndex) {
                found.add(line.strip());
            }
        }
        return found;
    }
}
