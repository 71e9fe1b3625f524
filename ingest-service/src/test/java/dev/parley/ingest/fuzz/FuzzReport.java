package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/** What was answered how often, and what of it must not have happened. Safe from any thread. */
public final class FuzzReport {
    /** Equal as JSON; where jsonb could not hold it, equal byte for byte. */
    private static final String HOLDS = """
            SELECT CASE
                       WHEN jsonb_exists(payload, '$raw') THEN decode(payload ->> '$raw', 'base64') = ?
                       ELSE payload - '$reason' = convert_from(?, 'UTF8')::jsonb
                   END
            FROM bot.inbound_events
            WHERE trace_id = ?
            """;

    private static final String PAYLOAD = """
            SELECT payload
            FROM bot.inbound_events
            WHERE trace_id = ?
            """;

    private static final String TRACES = """
            SELECT trace_id
            FROM bot.inbound_events
            """;

    private final Map<String, FuzzSubject> subjects;
    private final Map<String, Map<String, Integer>> counts = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();
    private final LongFunction<FuzzCase> cases;
    /** By trace, the case's number: bodies of a hundred thousand cases are not kept, they can be made again. */
    private final Map<UUID, Long> taken = new HashMap<>();

    private final List<Map.Entry<UUID, Long>> repeated = new ArrayList<>();
    private long slowestNanos;

    /** @param cases the generator of what is seen, by number */
    public FuzzReport(List<FuzzSubject> subjects, LongFunction<FuzzCase> cases) {
        this.cases = cases;
        this.subjects = subjects.stream().collect(Collectors.toMap(FuzzSubject::name, subject -> subject));
    }

    public synchronized void seen(FuzzCase one, Fuzz.Answered answer) {
        slowestNanos = Math.max(slowestNanos, answer.took().toNanos());
        String status = answer.status() == 200 ? new JsonObject(answer.body()).getString("status") : "refused";
        counts.computeIfAbsent(one.provider() + (one.genuine() ? " genuine" : " forged"), key -> new TreeMap<>())
                .merge(answer.status() + " " + status, 1, Integer::sum);
        if (answer.status() == 0 || answer.status() >= 500) {
            wrong(one, "answered " + answer.status());
        } else if (!one.genuine() && answer.status() < 400) {
            wrong(one, "forged, and answered " + answer.body());
        } else if (one.genuine() && answer.status() != 200 && answer.status() != 413) {
            wrong(one, "genuine, and answered " + answer.status() + " " + answer.body());
        } else if (one.genuine() && answer.status() == 200) {
            remember(one, status, new JsonObject(answer.body()));
        }
    }

    private void remember(FuzzCase one, String status, JsonObject answer) {
        if (status.equals("ignored") && subject(one).mayBeDropped(one.body())) {
            return;
        }
        JsonArray events = answer.getJsonArray("events", new JsonArray().add(answer));
        for (Object event : events) {
            UUID trace = UUID.fromString(((JsonObject) event).getString("trace_id"));
            if (((JsonObject) event).getString("status").equals("duplicate")) {
                repeated.add(Map.entry(trace, one.number()));
            } else if (taken.put(trace, one.number()) != null) {
                wrong(one, "two events, one trace " + trace);
            }
        }
    }

    private FuzzSubject subject(FuzzCase one) {
        return subjects.get(one.provider());
    }

    private void wrong(FuzzCase one, String what) {
        if (wrong.size() < 20) {
            wrong.add("case " + one.number() + " of " + one.provider() + " " + one.what() + ": " + what
                    + shown(one.body()));
        }
    }

    private static String shown(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        return "\n    " + (text.length() > 600 ? text.substring(0, 600) + "…" : text);
    }

    /**
     * Looks for every body that was taken, and for rows that are nobody's.
     *
     * @param before traces that were there before the run
     */
    public synchronized void compare(Connection db, Set<UUID> before) throws SQLException {
        try (PreparedStatement holds = db.prepareStatement(HOLDS)) {
            for (Map.Entry<UUID, Long> one : taken.entrySet()) {
                FuzzCase sent = cases.apply(one.getValue());
                String found = held(holds, one.getKey(), sent);
                if (!found.isEmpty()) {
                    wrong(sent, found);
                }
            }
            for (Map.Entry<UUID, Long> one : repeated) {
                // It was told that it had been stored before: then that must be what is there.
                FuzzCase sent = cases.apply(one.getValue());
                String found = held(holds, one.getKey(), sent);
                if (!found.isEmpty() && !isSameEvent(db, one.getKey(), sent)) {
                    wrong(sent, "called a duplicate; " + found);
                }
            }
        }
        Set<UUID> strange = traces(db);
        strange.removeAll(before);
        strange.removeAll(taken.keySet());
        if (!strange.isEmpty()) {
            wrong.add(strange.size() + " rows that no genuine delivery was told of, such as trace "
                    + strange.iterator().next());
        }
    }

    private boolean isSameEvent(Connection db, UUID trace, FuzzCase one) throws SQLException {
        try (PreparedStatement payload = db.prepareStatement(PAYLOAD)) {
            payload.setObject(1, trace);
            try (ResultSet row = payload.executeQuery()) {
                return row.next() && subject(one).isSameEvent(new JsonObject(row.getString(1)), one.body());
            }
        }
    }

    public static Set<UUID> traces(Connection db) throws SQLException {
        Set<UUID> traces = new HashSet<>();
        try (PreparedStatement all = db.prepareStatement(TRACES);
                ResultSet rows = all.executeQuery()) {
            while (rows.next()) {
                traces.add(rows.getObject(1, UUID.class));
            }
        }
        return traces;
    }

    private String held(PreparedStatement holds, UUID trace, FuzzCase one) throws SQLException {
        holds.setBytes(1, one.body());
        boolean isSplit = subject(one).isSplit(one.body());
        // Of several parts none is the body: then it only has to be there.
        holds.setBytes(2, isSplit ? new byte[] {'{', '}'} : subject(one).stored(one.body()));
        holds.setObject(3, trace);
        try (ResultSet row = holds.executeQuery()) {
            if (!row.next()) {
                return "its trace " + trace + " is not in the database";
            }
            return row.getBoolean(1) || isSplit ? "" : "the database holds something else, trace " + trace;
        } catch (SQLException e) {
            return "the database was given it as JSON, trace " + trace + ", and cannot read the body: "
                    + e.getMessage();
        }
    }

    /** The first of what must not have happened; empty = the run passed. */
    public synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    public synchronized int stored() {
        return taken.size();
    }

    /** How often a genuine or forged case of a subject was answered like that; {@code "200 accepted"}. */
    public synchronized int count(String kind, String answer) {
        return counts.getOrDefault(kind, Map.of()).getOrDefault(answer, 0);
    }

    @Override
    public synchronized String toString() {
        StringBuilder text = new StringBuilder();
        counts.forEach((kind, answers) -> text.append("%-28s %s%n".formatted(kind, answers)));
        return text.append("stored %d, slowest answer %d ms%n".formatted(taken.size(), slowestNanos / 1_000_000))
                .toString();
    }
}
