package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.TenantId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Asks the database what KEDA asks, with KEDA's rights. */
class ScalerQueryIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final ScalerQuery query = ScalerQuery.of(
            ManifestsIT.manifests("k8s/overlays/production").all("ScaledObject").get(0));

    @AfterEach
    void forgetJobs() {
        // The query counts over all tenants, so a tenant per test does not keep tests apart.
        db.execute("DELETE FROM bot.job_queue");
    }

    @Test
    void no_job_is_zero_and_not_null() {
        assertThat(asked()).isEqualTo(0);
    }

    @Test
    void due_jobs_count() {
        TenantId tenant = given.tenant();
        given.job(given.event(tenant, "+15550100"));
        given.job(given.event(tenant, "+15550101"));

        assertThat(asked()).isEqualTo(2);
    }

    @Test
    void jobs_whose_time_has_not_come_do_not_count() {
        UUID waiting = given.job(given.event(given.tenant(), "+15550100"));
        db.execute("UPDATE bot.job_queue SET run_after = now() + interval '1 minute' WHERE job_id = ?", waiting);

        assertThat(asked()).isEqualTo(0);
    }

    @Test
    void sends_beside_one_that_waits_for_its_time_do_not_count_and_what_has_to_be_handled_does() {
        TenantId throttled = given.tenant();
        UUID waiting = given.job(given.event(throttled, "+15550100"), "send_outbound_message");
        db.execute("UPDATE bot.job_queue SET run_after = now() + interval '1 minute' WHERE job_id = ?", waiting);
        given.job(given.event(throttled, "+15550101"), "send_outbound_message");
        given.job(given.event(throttled, "+15550102"));
        given.job(given.event(given.tenant(), "+15550100"), "send_outbound_message");

        assertThat(asked()).isEqualTo(2);
    }

    @Test
    void jobs_of_a_switched_off_tenant_do_not_count() {
        TenantId off = given.tenant();
        given.job(given.event(off, "+15550100"));
        given.enable(off, false);
        given.job(given.event(given.tenant(), "+15550100"));

        assertThat(asked()).isEqualTo(1);
    }

    @Test
    void finished_failed_and_running_jobs_do_not_count() {
        TenantId tenant = given.tenant();
        for (String status : List.of("done", "failed", "processing")) {
            UUID job = given.job(given.event(tenant, "+15550100"));
            db.execute(
                    "UPDATE bot.job_queue SET status = ?, locked_at = now(), locked_by = 'w1' WHERE job_id = ?",
                    status,
                    job);
        }

        assertThat(asked()).isEqualTo(0);
    }

    @Test
    void counting_stops_where_the_answer_no_longer_changes() {
        manyJobs(given.tenant(), query.limit() + 1_000, "queued");

        assertThat(asked()).isEqualTo(query.limit());
        assertThat(query.limit()).isEqualTo(query.most() * query.target());
    }

    @Test
    void many_finished_jobs_are_not_read() {
        TenantId tenant = given.tenant();
        manyJobs(tenant, 40_000, "done");
        manyJobs(tenant, 100, "queued");
        db.execute("VACUUM (ANALYZE) bot.job_queue");

        List<String> plan = db.rows(Login.SCALER, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + query.sql()).stream()
                .map(row -> String.valueOf(row.get("QUERY PLAN")))
                .toList();

        assertThat(plan).as("the plan").anyMatch(line -> line.contains("job_queue") && line.contains("Index"));
        assertThat(plan).noneMatch(line -> line.contains("Seq Scan on job_queue"));
        assertThat(plan.stream()
                        .filter(line -> line.contains("Rows Removed"))
                        .map(line -> Double.parseDouble(line.replaceAll(".*: ", ""))))
                .as("rows read for nothing, %s", plan)
                .allMatch(rows -> rows < 1_000);
        assertThat(asked()).isEqualTo(100);
    }

    @Test
    void keda_s_login_can_ask_this_and_nothing_about_people() {
        for (String table : List.of(
                "bot.inbound_events", "bot.messages", "bot.contacts", "core.tenant_credentials", "core.tenants")) {
            assertThatThrownBy(() -> db.rows(Login.SCALER, "SELECT * FROM " + table))
                    .as(table)
                    .isInstanceOf(TestDatabase.Refused.class)
                    .hasMessageContaining("permission denied");
        }
        assertThatThrownBy(() -> db.execute(Login.SCALER, "UPDATE bot.job_queue SET status = 'done'"))
                .hasMessageContaining("permission denied");
    }

    /** As KEDA does: one row, one column, a number. */
    private double asked() {
        List<Map<String, Object>> rows = db.rows(Login.SCALER, query.sql());
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0)).hasSize(1);
        return ((Number) rows.get(0).values().iterator().next()).doubleValue();
    }

    private void manyJobs(TenantId tenant, int count, String status) {
        db.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                    SELECT ?::uuid, 'ghl', 'inbound_message', gen_random_uuid()::text, '{}'
                      FROM generate_series(1, ?)
                    RETURNING inbound_event_id, tenant_id, trace_id)
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, status, trace_id)
                SELECT tenant_id, 'process_inbound_message', inbound_event_id, ?, trace_id
                  FROM event""", tenant.value(), count, status);
    }
}
