package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.migrations.Server.Refused;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each role may do and what it may not, tried out under a login user that has the role and nothing else. */
class RolesIT {
    /** S(elect) I(nsert) U(pdate) D(elete); everything not written here must be refused. */
    private static final String GRANTS = """
            table                    ingest worker operator scaler
            core.tenants             S      S      SIUD     -
            core.tenant_credentials  S      SIUD   SIUD     -
            bot.inbound_events       SI     SI     SI       -
            bot.job_queue            SI     SIUD   SIU      -
            bot.contacts             -      SIU    S        -
            bot.conversations        -      SIU    S        -
            bot.messages             -      SIU    S        -
            """;

    private static final Map<String, Connection> SESSIONS = new HashMap<>();
    private static Server.Database database;

    @BeforeAll
    static void logIn() {
        database = Server.shared().migratedDatabase();
        for (String role : List.of("ingest", "worker", "operator", "scaler")) {
            Server.shared().createUser(role + "_login", "secret", "IN ROLE parley_" + role);
            SESSIONS.put(role, database.connect(role + "_login", "secret"));
        }
        Server.shared().createUser("stranger", "secret", "");
        SESSIONS.put("stranger", database.connect("stranger", "secret"));
    }

    @AfterAll
    static void logOut() throws SQLException {
        for (Connection session : SESSIONS.values()) {
            session.close();
        }
        database.close();
    }

    @TestFactory
    List<DynamicTest> each_grant_and_each_denial() {
        List<DynamicTest> tests = new ArrayList<>();
        List<String> lines = GRANTS.lines().toList();
        String[] roles = lines.get(0).split("\\s+");
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\\s+");
            for (int i = 1; i < cells.length; i++) {
                String role = roles[i];
                for (Verb verb : Verb.values()) {
                    boolean granted = cells[i].contains(verb.letter);
                    String name = "%s %s %s %s".formatted(role, granted ? "may" : "may not", verb, cells[0]);
                    tests.add(DynamicTest.dynamicTest(name, () -> tryOut(role, verb, cells[0], granted)));
                }
            }
        }
        assertThat(tests).hasSize(4 * 7 * 5);
        return tests;
    }

    private static void tryOut(String role, Verb verb, String table, boolean granted) throws SQLException {
        Connection session = SESSIONS.get(role);
        session.setAutoCommit(false);
        try {
            if (granted) {
                assertThatCode(() -> Server.execute(session, verb.on(table))).doesNotThrowAnyException();
            } else {
                assertRefused(session, verb.on(table));
            }
        } finally {
            session.rollback();
            session.setAutoCommit(true);
        }
    }

    private enum Verb {
        SELECT("S", "SELECT * FROM %s LIMIT 0"),
        INSERT("I", "INSERT INTO %s (tenant_id) SELECT gen_random_uuid() WHERE false"),
        UPDATE("U", "UPDATE %s SET tenant_id = NULL WHERE false"),
        DELETE("D", "DELETE FROM %s WHERE false"),
        TRUNCATE("T", "TRUNCATE %s CASCADE");

        private final String letter;
        private final String sql;

        Verb(String letter, String sql) {
            this.letter = letter;
            this.sql = sql;
        }

        String on(String table) {
            return sql.formatted(table);
        }
    }

    /** Statements cannot show these; the catalogue can. */
    @Test
    void nobody_but_the_owner_holds_any_other_right_on_a_table() {
        List<Map<String, Object>> others = database.rows("""
                SELECT c.oid::regclass::text AS name, a.grantee::regrole::text AS who, a.privilege_type AS what, a.is_grantable
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
                WHERE n.nspname IN ('core', 'bot', 'parley') AND a.grantee <> c.relowner
                  AND (a.is_grantable OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
                """);
        assertThat(others).isEmpty();
    }

    @Test
    void only_the_four_roles_are_granted_anything() {
        List<Map<String, Object>> rows = database.rows("""
                SELECT DISTINCT a.grantee::regrole::text AS who
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
                WHERE n.nspname IN ('core', 'bot', 'parley') AND a.grantee <> c.relowner
                UNION
                SELECT a.grantee::regrole::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
                    aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                WHERE n.nspname IN ('core', 'bot', 'parley') AND a.grantee <> p.proowner
                """);
        assertThat(rows)
                .extracting(row -> row.get("who"))
                .isSubsetOf("parley_ingest", "parley_worker", "parley_operator", "parley_scaler");
    }

    @ParameterizedTest
    @ValueSource(strings = {"parley_ingest", "parley_worker", "parley_operator", "parley_scaler"})
    void the_roles_themselves_cannot_log_in_and_have_no_powers(String role) {
        assertThat(database.rows("""
                        SELECT FROM pg_roles
                        WHERE rolname = ?
                          AND NOT (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
                        """, role)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT tenant_slug FROM core.tenants",
                "SELECT 1 FROM bot.job_queue",
                "SELECT version FROM parley.schema_history",
                "SELECT bot.lane_of(gen_random_uuid(), 'sms', '+1', gen_random_uuid())"
            })
    void a_user_without_a_role_gets_nothing(String sql) {
        assertRefused(SESSIONS.get("stranger"), sql);
    }

    // Webhook secrets

    @Test
    void ingest_sees_the_secrets_that_verify_webhooks_and_no_others() {
        UUID tenant = tenantWithCredentials();
        assertThat(providers("ingest", tenant)).containsExactly("webhook:ghl-workflow");
    }

    @Test
    void ingest_cannot_ask_its_way_around_the_policy() {
        UUID tenant = tenantWithCredentials();
        assertThat(Server.rows(
                        SESSIONS.get("ingest"),
                        "SELECT 1 FROM core.tenant_credentials WHERE tenant_id = ? AND (provider = 'ghl' OR true) AND provider NOT LIKE 'webhook:%'",
                        tenant))
                .isEmpty();
    }

    @Test
    void ingest_cannot_switch_the_policy_off() {
        Connection session = SESSIONS.get("ingest");
        tenantWithCredentials();
        // row_security = off does not lift a policy, it turns its silent filter into an error.
        Server.execute(session, "SET row_security = off");
        try {
            assertRefused(session, "SELECT * FROM core.tenant_credentials");
        } finally {
            Server.execute(session, "RESET row_security");
        }
        assertRefused(session, "ALTER TABLE core.tenant_credentials DISABLE ROW LEVEL SECURITY");
    }

    @ParameterizedTest
    @ValueSource(strings = {"worker", "operator"})
    void worker_and_operator_see_and_change_all_credentials(String role) {
        UUID tenant = tenantWithCredentials();
        assertThat(providers(role, tenant)).containsExactly("ghl", "webhook:ghl-workflow", "webhooks");
        assertThat(Server.execute(
                        SESSIONS.get(role),
                        "UPDATE core.tenant_credentials SET credentials = 'new' WHERE tenant_id = ?",
                        tenant))
                .isEqualTo(3);
        assertThat(Server.execute(
                        SESSIONS.get(role),
                        "INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, 'openai', 'x')",
                        tenant))
                .isOne();
        assertThat(Server.execute(
                        SESSIONS.get(role), "DELETE FROM core.tenant_credentials WHERE tenant_id = ?", tenant))
                .isEqualTo(4);
    }

    // What the services really send

    @Test
    void ingest_stores_an_event_and_its_job_in_one_statement() {
        UUID tenant = tenant();
        String sql = """
                WITH event AS (
                    INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                    VALUES (?, 'ghl', 'inbound_message', 'k1', '{}')
                    ON CONFLICT (tenant_id, dedupe_key) DO NOTHING
                    RETURNING tenant_id, inbound_event_id, trace_id
                )
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, trace_id)
                SELECT tenant_id, 'process_inbound_message', inbound_event_id, trace_id FROM event
                """;
        assertThat(Server.execute(SESSIONS.get("ingest"), sql, tenant)).isOne();
        assertThat(Server.execute(SESSIONS.get("ingest"), sql, tenant)).isZero();
    }

    @Test
    void ingest_may_leave_the_trace_of_a_job_to_the_trigger() {
        UUID tenant = tenant();
        assertThat(Server.execute(SESSIONS.get("ingest"), """
                        WITH event AS (
                            INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                            VALUES (?, 'ghl', 'inbound_message', 'k2', '{}')
                            RETURNING tenant_id, inbound_event_id
                        )
                        INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id)
                        SELECT tenant_id, 'process_inbound_message', inbound_event_id FROM event
                        """, tenant)).isOne();
        assertThat(database.rows("""
                        SELECT FROM bot.job_queue j JOIN bot.inbound_events e USING (inbound_event_id, trace_id)
                        WHERE j.tenant_id = ?
                        """, tenant)).hasSize(1);
    }

    @Test
    void worker_schedules_an_event_of_its_own_and_settles_its_job() {
        UUID tenant = tenant();
        Connection worker = SESSIONS.get("worker");
        UUID event = Server.value(worker, """
                INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                VALUES (?, 'parley', 'reminder', 'r1', '{}') RETURNING inbound_event_id
                """, tenant);
        Server.execute(
                worker,
                "INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id) VALUES (?, 'remind', ?)",
                tenant,
                event);
        assertThat(Server.rows(
                        worker, "SELECT 1 FROM bot.job_queue WHERE inbound_event_id = ? FOR UPDATE SKIP LOCKED", event))
                .hasSize(1);
        assertThat(Server.execute(worker, "UPDATE bot.job_queue SET status = 'done' WHERE inbound_event_id = ?", event))
                .isOne();
        assertThat(Server.execute(worker, "DELETE FROM bot.job_queue WHERE inbound_event_id = ?", event))
                .isOne();
    }

    @Test
    void worker_cannot_switch_a_tenant_on() {
        assertRefused(SESSIONS.get("worker"), "UPDATE core.tenants SET is_enabled = true");
    }

    @Test
    void operator_redrives_a_job() {
        UUID tenant = tenant();
        database.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                    VALUES (?, 'ghl', 'inbound_message', 'd1', '{}') RETURNING *
                )
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, status, last_error)
                SELECT tenant_id, 'process_inbound_message', inbound_event_id, 'failed', 'boom' FROM event
                """, tenant);
        assertThat(Server.execute(
                        SESSIONS.get("operator"),
                        "UPDATE bot.job_queue SET status = 'queued', run_after = now() WHERE tenant_id = ? AND status = 'failed'",
                        tenant))
                .isOne();
    }

    @Test
    void scaler_counts_due_work_of_enabled_tenants() {
        UUID tenant = tenant();
        database.execute("""
                WITH event AS (
                    INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                    VALUES (?, 'ghl', 'inbound_message', 's1', '{}') RETURNING *
                )
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id)
                SELECT tenant_id, 'process_inbound_message', inbound_event_id FROM event
                """, tenant);
        String due = """
                SELECT count(*)
                FROM bot.job_queue AS job
                JOIN core.tenants AS tenant USING (tenant_id)
                WHERE job.status = 'queued' AND job.run_after <= now() AND tenant.is_enabled AND tenant_id = ?
                """;
        assertThat(Server.<Long>value(SESSIONS.get("scaler"), due, tenant)).isOne();
        database.execute("UPDATE core.tenants SET is_enabled = false WHERE tenant_id = ?", tenant);
        assertThat(Server.<Long>value(SESSIONS.get("scaler"), due, tenant)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT settings FROM core.tenants",
                "SELECT name FROM core.tenants",
                "SELECT last_error FROM bot.job_queue",
                "SELECT trace_id FROM bot.job_queue",
                "SELECT locked_by FROM bot.job_queue",
                "UPDATE bot.job_queue SET status = 'done'"
            })
    void scaler_sees_nothing_else(String sql) {
        assertRefused(SESSIONS.get("scaler"), sql);
    }

    @Test
    void scaler_reads_exactly_these_columns() {
        assertThat(database.rows("""
                        SELECT attrelid::regclass || '.' || attname AS name
                        FROM pg_attribute, aclexplode(attacl) a
                        WHERE a.grantee = 'parley_scaler'::regrole
                        """))
                .extracting(row -> row.get("name"))
                .containsExactlyInAnyOrder(
                        "core.tenants.tenant_id",
                        "core.tenants.is_enabled",
                        "bot.job_queue.tenant_id",
                        "bot.job_queue.job_type",
                        "bot.job_queue.status",
                        "bot.job_queue.run_after",
                        "bot.job_queue.created_at");
    }

    // Readiness

    @ParameterizedTest
    @ValueSource(strings = {"ingest", "worker", "operator"})
    void a_service_reads_the_schema_version(String role) {
        assertThat(Server.<Integer>value(
                        SESSIONS.get(role), "SELECT max(version::int) FROM parley.schema_history WHERE success"))
                .isEqualTo(newestScript());
        assertRefused(SESSIONS.get(role), "DELETE FROM parley.schema_history");
        assertRefused(SESSIONS.get(role), "CREATE TABLE parley.mine (id int)");
    }

    private static int newestScript() {
        return Arrays.stream(new java.io.File("src/main/resources/db/kernel").list())
                .mapToInt(file -> Integer.parseInt(file.substring(1, 4)))
                .max()
                .orElseThrow();
    }

    // Ending a hung worker

    @Test
    void a_worker_sees_and_ends_a_hung_session_of_the_same_login() throws SQLException {
        try (Connection hung = database.connect("worker_login", "secret")) {
            Server.execute(hung, "SET application_name = 'parley-worker hung'");
            int pid = Server.value(hung, "SELECT pg_backend_pid()");
            Connection peer = SESSIONS.get("worker");

            assertThat(Server.rows(
                            peer,
                            "SELECT state, query, application_name, state_change IS NOT NULL AS timed FROM pg_stat_activity WHERE pid = ?",
                            pid))
                    .singleElement()
                    .satisfies(row -> assertThat(row)
                            .containsEntry("state", "idle")
                            .containsEntry("query", "SELECT pg_backend_pid()")
                            .containsEntry("application_name", "parley-worker hung")
                            .containsEntry("timed", true));
            assertThat(Server.<Boolean>value(peer, "SELECT pg_terminate_backend(?)", pid))
                    .isTrue();

            Awaitility.await()
                    .until(() -> Server.rows(peer, "SELECT FROM pg_stat_activity WHERE pid = ?", pid)
                            .isEmpty());
            assertThat(hung.isValid(1)).isFalse();
        }
    }

    @Test
    void a_worker_frees_the_session_locks_of_the_one_it_ends() throws SQLException {
        Connection peer = SESSIONS.get("worker");
        try (Connection hung = database.connect("worker_login", "secret")) {
            int pid = Server.value(hung, "SELECT pg_backend_pid()");
            Server.rows(hung, "SELECT pg_advisory_lock(7, 42)");
            assertThat(Server.<Integer>value(peer, """
                            SELECT pid FROM pg_locks
                            WHERE locktype = 'advisory' AND classid = 7 AND objid = 42 AND granted
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            """)).isEqualTo(pid);
            Server.rows(peer, "SELECT pg_terminate_backend(?)", pid);
            Awaitility.await().until(() -> Server.<Boolean>value(peer, "SELECT pg_try_advisory_lock(7, 42)"));
            Server.rows(peer, "SELECT pg_advisory_unlock(7, 42)");
        }
    }

    /** Membership in the same role is not enough: all workers log in as one user. */
    @Test
    void another_login_of_the_worker_role_can_neither_see_nor_end_it() throws SQLException {
        Server.shared().createUser("worker_other", "secret", "IN ROLE parley_worker");
        int pid = Server.value(SESSIONS.get("worker"), "SELECT pg_backend_pid()");
        try (Connection other = database.connect("worker_other", "secret")) {
            assertThat(Server.<String>value(other, "SELECT query FROM pg_stat_activity WHERE pid = ?", pid))
                    .isEqualTo("<insufficient privilege>");
            assertRefused(other, "SELECT pg_terminate_backend(" + pid + ")");
        }
    }

    private static void assertRefused(Connection session, String sql) {
        assertThatThrownBy(() -> Server.execute(session, sql))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.state()).isEqualTo("42501"));
    }

    private static UUID tenant() {
        return database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES (?, 'T') RETURNING tenant_id",
                "t-" + UUID.randomUUID());
    }

    private static UUID tenantWithCredentials() {
        UUID tenant = tenant();
        // 'webhooks' begins like the prefix and is not it.
        for (String provider : List.of("ghl", "webhook:ghl-workflow", "webhooks")) {
            database.execute(
                    "INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, ?, 'sealed')",
                    tenant,
                    provider);
        }
        return tenant;
    }

    private static TreeSet<Object> providers(String role, UUID tenant) {
        TreeSet<Object> providers = new TreeSet<>();
        Server.rows(SESSIONS.get(role), "SELECT provider FROM core.tenant_credentials WHERE tenant_id = ?", tenant)
                .forEach(row -> providers.add(row.get("provider")));
        return providers;
    }
}
