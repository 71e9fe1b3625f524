package dev.parley.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.TenantStore;
import io.vertx.mutiny.sqlclient.Row;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class KitIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);

    @Test
    void two_databases_see_nothing_of_each_other() {
        given.tenant("only-here");
        try (TestDatabase other = TestDatabase.create()) {
            assertThat(other.count("core.tenants WHERE tenant_slug = 'only-here'"))
                    .isZero();
        }
    }

    @Test
    void a_closed_database_is_gone_even_with_connections_left_open() throws Exception {
        TestDatabase other = TestDatabase.create();
        var left = other.connect();
        other.pool().query("SELECT 1").executeAndAwait();
        other.close();
        other.close();
        assertThat(db.count("pg_database WHERE datname = ?", other.name())).isZero();
        assertThat(left.isValid(1)).isFalse();
    }

    @Test
    void many_databases_are_made_at_once() {
        List<TestDatabase> many = IntStream.range(0, 6)
                .parallel()
                .mapToObj(i -> TestDatabase.create())
                .toList();
        assertThat(many).extracting(TestDatabase::name).doesNotHaveDuplicates();
        many.parallelStream().forEach(TestDatabase::close);
    }

    /** Quarkus loads test classes again in loaders of its own; a server for each would be slow and would leak. */
    @Test
    void another_class_loader_uses_the_same_server() throws Exception {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(new File(entry).toURI().toURL());
        }
        // surefire may hide the class path in one jar's manifest; where the kit itself is must be named.
        classPath.add(TestDatabase.class.getProtectionDomain().getCodeSource().getLocation());
        try (URLClassLoader loader =
                new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> again = loader.loadClass(TestDatabase.class.getName());
            assertThat(again).isNotSameAs(TestDatabase.class);
            try (AutoCloseable other = (AutoCloseable) again.getMethod("create").invoke(null)) {
                assertThat(again.getMethod("port").invoke(other)).isEqualTo(db.port());
            }
        }
    }

    @Test
    void an_empty_database_has_no_schema_until_it_is_migrated() {
        try (TestDatabase empty = TestDatabase.createEmpty()) {
            assertThat(empty.count("pg_namespace WHERE nspname IN ('core', 'bot', 'parley')"))
                    .isZero();
            assertThat(empty.migrate().from()).isZero();
            assertThat(empty.count("core.tenants")).isOne();
        }
    }

    @Test
    void sessions_run_in_a_time_zone_that_is_not_utc() throws Exception {
        assertThat(db.value(String.class, "SHOW timezone")).isEqualTo("America/St_Johns");
        for (Row row : db.pool(Login.WORKER).query("SHOW timezone").executeAndAwait()) {
            assertThat(row.getString(0)).isEqualTo("America/St_Johns");
        }
    }

    @Test
    void a_pool_has_the_rights_of_its_login() {
        TenantId tenant = given.tenant();
        assertThat(new TenantStore(db.pool(Login.INGEST)).find(tenant).await().indefinitely())
                .isPresent();
        assertThatThrownBy(() -> db.pool(Login.INGEST)
                        .query("UPDATE core.tenants SET is_enabled = false")
                        .executeAndAwait())
                .hasMessageContaining("permission denied");
    }

    @Test
    void a_refusal_carries_the_servers_code() {
        assertThatThrownBy(() -> db.execute(Login.SCALER, "DELETE FROM bot.job_queue"))
                .isInstanceOfSatisfying(
                        TestDatabase.Refused.class,
                        refused -> assertThat(refused.sqlState()).isEqualTo("42501"));
    }

    @Test
    void fixtures_build_a_conversation_from_tenant_to_message() {
        TenantId tenant = given.tenant();
        UUID event = given.event(tenant, "+15550100");
        UUID job = given.job(event);
        UUID contact = given.contact(tenant, "sms", "+15550100");
        UUID message = given.message(given.conversation(contact), "inbound", "hello");
        assertThat(db.rows("""
                        SELECT m.text, j.status, j.trace_id = e.trace_id AS same_trace
                        FROM bot.messages m
                        JOIN bot.job_queue j ON j.tenant_id = m.tenant_id
                        JOIN bot.inbound_events e USING (inbound_event_id)
                        WHERE m.message_id = ? AND j.job_id = ?
                        """, message, job))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("text", "hello")
                        .containsEntry("status", "queued")
                        .containsEntry("same_trace", true));
    }

    @Test
    void a_plain_jdbc_client_gets_in_with_url_user_and_password() throws Exception {
        try (var connection = DriverManager.getConnection(
                db.jdbcUrl(), db.owner().user(), db.owner().password())) {
            assertThat(connection.getMetaData().getDatabaseMajorVersion()).isGreaterThanOrEqualTo(15);
        }
    }

    @Test
    void a_new_database_is_there_at_once() {
        long start = System.nanoTime();
        try (TestDatabase other = TestDatabase.create()) {
            assertThat(other.name()).isNotBlank();
        }
        // Meant: 0.2 s. Asserted: what even a crowded machine keeps.
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
    }
}
