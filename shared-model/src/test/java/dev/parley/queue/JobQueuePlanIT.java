package dev.parley.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.Fixtures;
import dev.parley.kit.Plans;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The queue's statements as the server sees them, with a table full of finished jobs. */
class JobQueuePlanIT {
    private static final int DONE = 300_000;
    private static final String UUIDS = "array[gen_random_uuid()]::uuid[]";
    private static final String BETWEEN_TWO_PLACES = "now(), now(), gen_random_uuid(), now(), now(), gen_random_uuid()";

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    /** Plain arguments for each statement, in the order of its parameters. */
    private static final Map<String, String> ARGUMENTS = Map.ofEntries(
            Map.entry("DUE", "array[1,2], now(), now(), gen_random_uuid(), array['a'], " + UUIDS + ", " + UUIDS),
            Map.entry(
                    "DUE_OF_TENANT",
                    "array[1], now(), now(), gen_random_uuid(), array['a'], gen_random_uuid(), " + UUIDS),
            Map.entry("STILL_QUEUED", "array[1,2], " + UUIDS),
            Map.entry("SWEEP", BETWEEN_TWO_PLACES + ", array['a'], " + UUIDS),
            Map.entry("SWEEP_OF_TENANT", BETWEEN_TWO_PLACES + ", array['a'], gen_random_uuid()"),
            Map.entry("CLAIM_FREE_LINES", "'me/1', array['a'], " + UUIDS),
            Map.entry("LEASE", UUIDS + ", 'me/1'"),
            Map.entry("EXTEND", UUIDS + ", array['me/1']"),
            Map.entry("STILL_HELD", UUIDS + ", array['me/1']"),
            Map.entry("DONE_OWNED", UUIDS + ", now(), 'me'"),
            Map.entry("DONE_LEASED", UUIDS),
            Map.entry("BACKLOG", "array[]::uuid[], 200000, 43200000, 10000"),
            Map.entry(
                    "SETTLE",
                    UUIDS + ", array['done'], array[1::bigint], array['x'], array[1], 'me', 'queued', array[1]"));

    @BeforeAll
    static void manyFinishedJobs() {
        TenantId tenant = new Fixtures(db).tenant();
        db.execute("""
                INSERT INTO bot.inbound_events
                    (inbound_event_id, tenant_id, provider, event_type, channel, channel_address, dedupe_key, payload)
                SELECT gen_random_uuid(), ?, 'ghl', 'inbound_message', 'sms', '+' || g %% 1000, 'k' || g, '{}'
                FROM generate_series(1, %d) g
                """.formatted(DONE), tenant.value());
        db.execute("""
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, status, trace_id, run_after)
                SELECT gen_random_uuid(), tenant_id, 'process_inbound_message', inbound_event_id,
                       CASE WHEN random() < 0.05 THEN 'queued' ELSE 'done' END,
                       trace_id, now() - random() * interval '3 days'
                FROM bot.inbound_events
                """);
        db.execute("ANALYZE bot.job_queue, bot.inbound_events");
    }

    private static Map<String, String> statements() {
        Map<String, String> statements = Plans.textsOf(JobQueue.class, FreeLines.class, QueueUpkeep.class);
        statements.replaceAll((name, sql) -> sql.replace(":page", "64"));
        statements.put("BACKLOG", Backlog.READ);
        return statements;
    }

    @Test
    void every_statement_can_be_prepared() throws Exception {
        Map<String, String> statements = statements();

        assertThat(statements).hasSizeGreaterThan(20);
        for (Map.Entry<String, String> one : statements.entrySet()) {
            try (Connection connection = db.connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("PREPARE it AS " + one.getValue());
            } catch (SQLException e) {
                throw new AssertionError(one.getKey() + ": " + e.getMessage(), e);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "DUE, job_queue_status_run_after_created_at_idx",
        "DUE_OF_TENANT, job_queue_status_run_after_created_at_idx",
        "SWEEP, job_queue_status_run_after_created_at_idx",
        "SWEEP_OF_TENANT, job_queue_status_run_after_created_at_idx",
        "BACKLOG, job_queue_status_run_after_created_at_idx",
        "CLAIM_FREE_LINES, job_queue_status_run_after_created_at_idx",
        "STILL_QUEUED, job_queue_pkey",
        "LEASE, job_queue_pkey",
        "EXTEND, job_queue_pkey",
        "STILL_HELD, job_queue_pkey",
        "DONE_OWNED, job_queue_pkey",
        "DONE_LEASED, job_queue_pkey",
        "SETTLE, job_queue_pkey"
    })
    void a_statement_goes_by_its_index_whatever_kind_of_plan_it_gets(String name, String index) throws Exception {
        for (boolean generic : new boolean[] {true, false}) {
            List<String> plan = Plans.of(
                    db,
                    Objects.requireNonNull(statements().get(name)),
                    Objects.requireNonNull(ARGUMENTS.get(name)),
                    generic);

            assertThat(plan).as("%s, generic %s", name, generic).anyMatch(line -> line.contains(index));
            assertThat(plan)
                    .as("%s, generic %s", name, generic)
                    .noneMatch(line ->
                            line.contains("Seq Scan on job_queue") || line.contains("Seq Scan on inbound_events"));
        }
    }

    private static Set<String> statementNames() {
        return statements().keySet();
    }

    @ParameterizedTest
    @MethodSource("statementNames")
    void a_service_reads_what_a_key_finds_and_no_more(String name) throws Exception {
        List<String> plan = Plans.kept(db, Objects.requireNonNull(statements().get(name)), true);

        assertThat(Plans.excesses(plan, List.of("job_queue", "inbound_events")))
                .as("%s", String.join("\n", plan))
                .isEmpty();
        // An index by kind has an entry of every job that was ever done.
        assertThat(plan).noneMatch(line -> line.contains("Index Cond: ") && line.contains("job_type"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"DUE", "DUE_OF_TENANT", "SWEEP", "SWEEP_OF_TENANT"})
    void a_page_is_read_in_the_order_of_its_index_and_not_sorted_out_of_all_that_is_due(String name) throws Exception {
        assertThat(Plans.kept(db, Objects.requireNonNull(statements().get(name)), true))
                .anyMatch(line -> line.contains("Incremental Sort"));
    }

    /** Otherwise the one above proves nothing. */
    @Test
    void a_session_that_was_not_told_so_collects_all_that_is_due_for_a_page() throws Exception {
        assertThat(Plans.kept(db, JobQueue.DUE.replace(":page", "64"), false))
                .anyMatch(line -> line.contains("Bitmap Heap Scan on job_queue"))
                .noneMatch(line -> line.contains("Incremental Sort"));
    }

    /** Behind a pooler no session can be told, and the next transaction on it may be anybody's. */
    @Test
    void a_claim_has_its_plans_by_key_for_its_own_transaction_and_no_longer() throws Exception {
        try (Connection connection = db.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(FreeLines.ONE_CLAIMER.replace("$1", "7"));
            assertThat(scans(statement)).containsExactly("off", "off");
            connection.commit();

            assertThat(scans(statement)).containsExactly("on", "on");
        }
    }

    private static List<String> scans(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "SELECT current_setting('enable_seqscan'), current_setting('enable_bitmapscan')")) {
            row.next();
            return List.of(row.getString(1), row.getString(2));
        }
    }
}
