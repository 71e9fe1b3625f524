package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.migrations.Server.Refused;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the database itself sees to when a row is written by hand: defaults, checks, keys, triggers. */
class RowsIT {
    private static String databaseName;

    private Server.Database database;
    private UUID tenant;
    private UUID event;
    private UUID contact;
    private UUID conversation;

    @BeforeAll
    static void migrate() {
        try (Server.Database fresh = Server.shared().migratedDatabase()) {
            databaseName = fresh.name();
        }
    }

    /** Each table with the fewest columns a plain client can name; everything is rolled back. */
    @BeforeEach
    void fewestColumns() {
        database = Server.shared().database(databaseName);
        database.execute("BEGIN");
        tenant = database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES ('acme', 'Acme') RETURNING tenant_id");
        event = database.value("""
                INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                VALUES (?, 'ghl', 'inbound_message', 'k', '{}') RETURNING inbound_event_id
                """, tenant);
        contact = database.value("""
                INSERT INTO bot.contacts (tenant_id, channel, channel_address) VALUES (?, 'sms', '+1')
                RETURNING contact_id
                """, tenant);
        conversation = database.value(
                "INSERT INTO bot.conversations (tenant_id, contact_id) VALUES (?, ?) RETURNING conversation_id",
                tenant,
                contact);
    }

    @AfterEach
    void rollBack() {
        database.close();
    }

    @Test
    void a_tenant_is_enabled_with_empty_settings() {
        assertThat(row("core.tenants", "tenant_id", tenant))
                .containsEntry("is_enabled", true)
                .containsEntry("messaging_adapter", null)
                .hasEntrySatisfying("settings", settings -> assertThat(settings).hasToString("{}"))
                .hasEntrySatisfying("created_at", at -> assertThat(at).isNotNull())
                .hasEntrySatisfying("updated_at", at -> assertThat(at).isNotNull());
    }

    @Test
    void a_credential_is_sealed_with_key_version_one() {
        UUID id = credential("ghl");
        assertThat(row("core.tenant_credentials", "credential_id", id)).containsEntry("key_version", 1);
    }

    @Test
    void an_event_gets_a_trace_and_its_time_and_needs_no_contact() {
        assertThat(row("bot.inbound_events", "inbound_event_id", event))
                .hasEntrySatisfying("trace_id", trace -> assertThat(trace).isInstanceOf(UUID.class))
                .hasEntrySatisfying("received_at", at -> assertThat(at).isNotNull())
                .containsEntry("channel", null)
                .containsEntry("channel_address", null)
                .containsEntry("provider_msg_id", null);
    }

    @Test
    void a_job_is_queued_due_now_and_untouched() {
        UUID job = job("process_inbound_message");
        assertThat(row("bot.job_queue", "job_id", job))
                .containsEntry("status", "queued")
                .containsEntry("attempts", 0)
                .containsEntry("locked_at", null)
                .containsEntry("locked_by", null)
                .containsEntry("last_error", null);
        assertThat(database.rows("SELECT FROM bot.job_queue WHERE job_id = ? AND run_after <= now()", job))
                .hasSize(1);
    }

    @Test
    void a_job_carries_its_events_trace() {
        UUID job = job("process_inbound_message");
        assertThat(row("bot.job_queue", "job_id", job).get("trace_id"))
                .isEqualTo(row("bot.inbound_events", "inbound_event_id", event).get("trace_id"));
    }

    @Test
    void a_trace_that_is_named_is_kept() {
        UUID trace = UUID.randomUUID();
        UUID job = database.value("""
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, trace_id) VALUES (?, 'x', ?, ?)
                RETURNING job_id
                """, tenant, event, trace);
        assertThat(row("bot.job_queue", "job_id", job)).containsEntry("trace_id", trace);
    }

    @Test
    void a_job_of_an_event_that_does_not_exist_says_so() {
        UUID nothing = UUID.randomUUID();
        assertThatThrownBy(() -> database.execute(
                        "INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id) VALUES (?, 'x', ?)",
                        tenant,
                        nothing))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.state()).isEqualTo("23503"))
                .hasMessageContaining("there is no inbound event " + nothing);
    }

    @Test
    void a_conversation_is_open_with_an_empty_context() {
        assertThat(row("bot.conversations", "conversation_id", conversation))
                .containsEntry("status", "open")
                .containsEntry("last_step", null)
                .hasEntrySatisfying("context", context -> assertThat(context).hasToString("{}"));
    }

    @Test
    void a_message_needs_no_text_and_no_provider_id() {
        UUID message = message("outbound", null);
        assertThat(row("bot.messages", "message_id", message))
                .containsEntry("text", null)
                .containsEntry("provider_msg_id", null)
                .hasEntrySatisfying("payload", payload -> assertThat(payload).hasToString("{}"));
    }

    // Checks

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            UPDATE bot.job_queue SET status = 'waiting'                | 23514
            UPDATE bot.job_queue SET attempts = -1                     | 23514
            UPDATE bot.job_queue SET job_type = ' '                    | 23514
            UPDATE bot.job_queue SET inbound_event_id = NULL           | 23502
            UPDATE bot.job_queue SET run_after = NULL                  | 23502
            UPDATE bot.job_queue SET trace_id = NULL                   | 23502
            UPDATE bot.conversations SET status = 'paused'             | 23514
            UPDATE bot.messages SET direction = 'sideways'             | 23514
            UPDATE bot.messages SET trace_id = NULL                    | 23502
            UPDATE core.tenants SET tenant_slug = ''                   | 23514
            UPDATE core.tenants SET name = NULL                        | 23502
            UPDATE core.tenant_credentials SET key_version = 0         | 23514
            UPDATE core.tenant_credentials SET credentials = NULL      | 23502
            UPDATE bot.inbound_events SET payload = NULL               | 23502
            UPDATE bot.inbound_events SET dedupe_key = ''              | 23514
            UPDATE bot.contacts SET channel_address = NULL             | 23502
            """)
    void a_row_that_makes_no_sense_is_refused(String sql, String state) {
        job("process_inbound_message");
        message("inbound", "m1");
        credential("ghl");
        assertThatThrownBy(() -> database.execute(sql))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.state()).isEqualTo(state));
    }

    @ParameterizedTest
    @ValueSource(strings = {"queued", "processing", "done", "failed"})
    void every_status_of_the_contract_is_taken(String status) {
        job("process_inbound_message");
        assertThat(database.execute("UPDATE bot.job_queue SET status = ? WHERE tenant_id = ?", status, tenant))
                .isOne();
    }

    // Keys

    @Test
    void the_same_dedupe_key_is_taken_once_per_tenant() {
        UUID other = database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES ('other', 'O') RETURNING tenant_id");
        String sql = """
                INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                VALUES (?, 'ghl', 'inbound_message', 'k', '{}')
                """;
        assertThat(database.execute(sql, other)).isOne();
        assertUniqueViolation(() -> database.execute(sql, tenant));
    }

    @Test
    void an_event_has_one_job_of_each_type() {
        job("process_inbound_message");
        job("send_outbound_message");
        assertUniqueViolation(() -> job("process_inbound_message"));
    }

    @Test
    void a_contact_has_one_open_conversation() {
        assertUniqueViolation(() -> database.execute(
                "INSERT INTO bot.conversations (tenant_id, contact_id) VALUES (?, ?)", tenant, contact));
    }

    @Test
    void an_inbound_provider_message_is_stored_once_and_an_outbound_one_is_not_held_back() {
        message("outbound", "m1");
        message("outbound", "m1");
        message("inbound", null);
        message("inbound", null);
        message("inbound", "m1");
        assertUniqueViolation(() -> message("inbound", "m1"));
    }

    @Test
    void a_tenant_takes_its_credentials_with_it_and_nothing_else() {
        UUID empty = database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES ('empty', 'E') RETURNING tenant_id");
        database.execute(
                "INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, 'ghl', 'x')", empty);
        assertThat(database.execute("DELETE FROM core.tenants WHERE tenant_id = ?", empty))
                .isOne();
        assertThat(database.rows("SELECT FROM core.tenant_credentials WHERE tenant_id = ?", empty))
                .isEmpty();
        assertThatThrownBy(() -> database.execute("DELETE FROM core.tenants WHERE tenant_id = ?", tenant))
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.state()).isEqualTo("23503"));
    }

    // updated_at

    @ParameterizedTest
    @CsvSource({
        "core.tenants, name = 'New name'",
        "core.tenant_credentials, key_version = 2",
        "bot.job_queue, status = 'done'",
        "bot.contacts, display_name = 'Ann'",
        "bot.conversations, last_step = 'greeted'"
    })
    void an_update_by_hand_moves_updated_at(String table, String change) {
        job("process_inbound_message");
        credential("ghl");
        assertThat(database.execute("UPDATE %s SET %s WHERE tenant_id = ?".formatted(table, change), tenant))
                .isOne();
        assertThat(database.rows(
                        "SELECT FROM %s WHERE tenant_id = ? AND updated_at > created_at".formatted(table), tenant))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"core.tenants", "core.tenant_credentials", "bot.job_queue", "bot.contacts", "bot.conversations"})
    void a_statement_that_sets_updated_at_itself_is_believed(String table) {
        job("process_inbound_message");
        credential("ghl");
        database.execute("UPDATE %s SET updated_at = '2031-01-01Z' WHERE tenant_id = ?".formatted(table), tenant);
        assertThat(database.rows(
                        "SELECT FROM %s WHERE tenant_id = ? AND updated_at = '2031-01-01Z'".formatted(table), tenant))
                .hasSize(1);
    }

    @Test
    void every_table_with_updated_at_has_its_trigger() {
        assertThat(database.rows("""
                        SELECT a.attrelid::regclass FROM pg_attribute a
                        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname IN ('core', 'bot') AND c.relkind = 'r' AND a.attname = 'updated_at'
                          AND NOT EXISTS (
                              SELECT FROM pg_trigger t
                              WHERE t.tgrelid = c.oid AND t.tgname = 'set_updated_at' AND t.tgenabled = 'O')
                        """)).isEmpty();
    }

    /** The services name trace and updated_at; their statements must reach no trigger function. */
    @Test
    void the_hot_path_enters_no_trigger_function() {
        database.execute("SET LOCAL track_functions = 'all'");
        UUID job = database.value("""
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, trace_id)
                VALUES (?, 'x', ?, gen_random_uuid()) RETURNING job_id
                """, tenant, event);
        assertThat(database.execute(
                        "UPDATE bot.job_queue SET status = 'done', updated_at = clock_timestamp() WHERE job_id = ?",
                        job))
                .isOne();
        assertThat(database.rows("SELECT funcname FROM pg_stat_xact_user_functions WHERE calls > 0"))
                .isEmpty();
        // And the measure does measure.
        database.execute("UPDATE bot.job_queue SET status = 'failed' WHERE job_id = ?", job);
        assertThat(database.rows("SELECT funcname FROM pg_stat_xact_user_functions WHERE calls > 0"))
                .extracting(row -> row.get("funcname"))
                .containsExactly("set_updated_at");
    }

    // The tenant of what belongs to nobody

    @Test
    void the_unrouted_tenant_is_there_and_answers_nobody() {
        assertThat(row("core.tenants", "tenant_id", UUID.fromString("00000000-0000-7000-8000-000000000000")))
                .containsEntry("tenant_slug", "unrouted")
                .containsEntry("is_enabled", true)
                .containsEntry("messaging_adapter", null)
                .containsEntry("calendar_adapter", null);
    }

    // Text that jsonb and text can hold

    @Test
    void text_of_any_script_is_stored_as_it_came() {
        String text = "שלום 👋🏽 — ὄνομα\n\ttab 中文";
        assertThatCode(() -> database.execute(
                        "UPDATE bot.contacts SET display_name = ? WHERE contact_id = ?", text, contact))
                .doesNotThrowAnyException();
        assertThat(row("bot.contacts", "contact_id", contact)).containsEntry("display_name", text);
    }

    private Map<String, Object> row(String table, String key, UUID id) {
        return database.rows("SELECT * FROM %s WHERE %s = ?".formatted(table, key), id)
                .get(0);
    }

    private UUID credential(String provider) {
        return database.value("""
                INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, ?, 'sealed')
                RETURNING credential_id
                """, tenant, provider);
    }

    private UUID job(String type) {
        return database.value("""
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id) VALUES (?, ?, ?) RETURNING job_id
                """, tenant, type, event);
    }

    private UUID message(String direction, String providerId) {
        return database.value("""
                INSERT INTO bot.messages
                    (tenant_id, conversation_id, contact_id, direction, provider, provider_msg_id, channel, trace_id)
                VALUES (?, ?, ?, ?, 'ghl', ?, 'sms', gen_random_uuid())
                RETURNING message_id
                """, tenant, conversation, contact, direction, providerId);
    }

    private static void assertUniqueViolation(org.assertj.core.api.ThrowableAssert.ThrowingCallable insert) {
        assertThatThrownBy(insert)
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.state()).isEqualTo("23505"));
    }
}
