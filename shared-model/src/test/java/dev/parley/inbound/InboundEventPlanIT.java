package dev.parley.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.session.Prepared;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A session keeps the plans it made while the tables were small, and tables do not stay small. */
class InboundEventPlanIT {
    private static final String KEY = "inbound_events_tenant_id_dedupe_key_key";
    private static final String SCAN = "Seq Scan on inbound_events";
    private static final String FIRST_TRACES_ARGUMENTS = "array[gen_random_uuid()], array['k1']";
    private static final String RECORD_ARGUMENTS =
            "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'";

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static List<String> lines(Statement statement, String sql) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                lines.add(rows.getString(1));
            }
        }
        return lines;
    }

    /** As a session of ingest's makes them, with a table of so few rows that reading it whole would cost least. */
    private static List<String> keptPlan(String sql, String arguments, boolean toldSo) throws SQLException {
        new Fixtures(db).tenant();
        db.execute("ANALYZE bot.inbound_events");
        try (Connection connection = db.connect();
                Statement statement = connection.createStatement()) {
            if (toldSo) {
                statement.execute(Prepared.KEEP_PLANS_BY_KEY);
            }
            statement.execute("SET plan_cache_mode = force_generic_plan");
            statement.execute("PREPARE it AS " + sql);
            return lines(statement, "EXPLAIN EXECUTE it(" + arguments + ")");
        }
    }

    @Test
    void storing_a_batch_looks_for_earlier_keys_one_by_one() throws SQLException {
        assertThat(keptPlan(InboundEventStore.RECORD, RECORD_ARGUMENTS, true))
                .noneMatch(line -> line.contains(SCAN))
                .anyMatch(line -> line.contains(KEY + " on inbound_events earlier"));
    }

    @Test
    void first_traces_are_looked_up_one_by_one() throws SQLException {
        assertThat(keptPlan(InboundEventStore.FIRST_TRACES, FIRST_TRACES_ARGUMENTS, true))
                .noneMatch(line -> line.contains(SCAN))
                .anyMatch(line -> line.contains(KEY));
    }

    /** Otherwise the two above prove nothing. */
    @Test
    void a_session_that_was_not_told_so_keeps_a_plan_that_reads_the_whole_table() throws SQLException {
        assertThat(keptPlan(InboundEventStore.FIRST_TRACES, FIRST_TRACES_ARGUMENTS, false))
                .anyMatch(line -> line.contains(SCAN));
    }
}
