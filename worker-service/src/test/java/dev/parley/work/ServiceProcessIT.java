package dev.parley.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.PackagedService;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The service as it is shipped: a JVM of its own, configured by environment, stopped by a signal. */
@Timeout(120)
class ServiceProcessIT {
    private static final String KEY = Vault.newKey();

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @TempDir
    Path directory;

    private PackagedService service;

    private void start(TestDatabase database, Map<String, String> environment) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of(
                "PARLEY_DB_URL", database.reactiveUrl(),
                "PARLEY_DB_USER", Login.WORKER.user(),
                "PARLEY_DB_PASSWORD", Login.WORKER.password(),
                "TENANT_ENCRYPTION_KEY", KEY));
        all.putAll(environment);
        service = PackagedService.start(directory, all);
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    private JsonObject check() {
        return service.health("ready").getJsonArray("checks").stream()
                .map(JsonObject.class::cast)
                .filter(each -> each.getString("name").equals("database, schema and drain"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void it_does_the_work_counts_it_names_traces_in_its_log_and_stops_when_told() throws Exception {
        Fixtures given = new Fixtures(db);
        TenantId tenant = given.tenant();
        List<UUID> jobs = IntStream.range(0, 5)
                .mapToObj(i -> given.job(given.event(tenant, "+1555010" + i)))
                .toList();
        UUID left = jobs.get(0);
        db.execute("""
                UPDATE bot.job_queue
                SET status = 'processing', attempts = 1, locked_at = now(), locked_by = 'dead/claim'
                WHERE job_id = ?
                """, left);
        start(db, Map.of());
        service.awaitHealth("ready", "UP");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(db.count("bot.messages WHERE direction = 'inbound'"))
                        .isEqualTo(5));
        assertThat(check().getJsonObject("data").getString("drain")).isEqualTo("owns 256 lanes");
        await().untilAsserted(() -> assertThat(service.get("/q/metrics"))
                .containsPattern(
                        "parley_jobs_settled_total\\{[^}]*outcome=\"done\"[^}]*type=\"process_inbound_message\"[^}]*} 5\\.0")
                .contains("parley_lanes_owned 256.0"));

        service.terminate();

        assertThat(service.awaitEnd(Duration.ofSeconds(40))).isTrue();
        assertThat(db.count("bot.job_queue WHERE status = 'processing'")).isZero();
        UUID trace = db.value(UUID.class, "SELECT trace_id FROM bot.job_queue WHERE job_id = ?", left);
        UUID event = db.value(UUID.class, "SELECT inbound_event_id FROM bot.job_queue WHERE job_id = ?", left);
        assertThat(service.logLines())
                .allSatisfy(line -> assertThat(line.getString("message")).isNotNull())
                .anySatisfy(line -> {
                    assertThat(line.getString("message"))
                            .contains("reclaiming job=" + left)
                            .contains("trace=" + trace);
                    assertThat(line.getJsonObject("mdc").getMap())
                            .containsEntry("tenant", tenant.toString())
                            .containsEntry("provider", "ghl")
                            .containsEntry("event", event.toString())
                            .containsEntry("job", left.toString())
                            .containsEntry("job_type", "process_inbound_message")
                            .containsEntry("attempt", "1")
                            .containsEntry("trace", trace.toString());
                })
                // what was said of one job is not said of the next line
                .filteredOn(line -> !line.getString("message").contains("job="))
                .allSatisfy(line ->
                        assertThat(line.getJsonObject("mdc", new JsonObject())).isEqualTo(new JsonObject()))
                .anySatisfy(line -> assertThat(line.getString("message")).endsWith(" stopped"));
        assertThat(service.log())
                .doesNotContain(KEY)
                .doesNotContain(Login.WORKER.password())
                // Of that nobody could do anything about.
                .doesNotContain("io.micrometer");
    }

    @Test
    void who_is_read_no_further_because_its_contacts_wait_is_counted() throws Exception {
        Fixtures given = new Fixtures(db);
        UUID waiting = given.job(given.event(given.tenant(), "+1"));
        db.execute("""
                UPDATE bot.job_queue
                SET attempts = 1, locked_at = now(), locked_by = 'somebody', run_after = now() + interval '1 hour'
                WHERE job_id = ?
                """, waiting);

        start(db, Map.of("PARLEY_WORKER_LINES_MAX", "1"));

        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(service.get("/q/metrics")).contains("parley_tenants_held_back 1.0"));
    }

    @Test
    void without_its_schema_it_is_not_ready_and_with_it_it_is() throws Exception {
        try (TestDatabase empty = TestDatabase.createEmpty()) {
            start(empty, Map.of());
            service.awaitHealth("live", "UP");
            service.awaitHealth("ready", "DOWN");

            empty.migrate();

            service.awaitHealth("ready", "UP");
            service.terminate();
            assertThat(service.awaitEnd(Duration.ofSeconds(40))).isTrue();
        }
    }

    @Test
    void without_a_database_it_lives_is_not_ready_and_can_be_stopped() throws Exception {
        int nobody;
        try (ServerSocket socket = new ServerSocket(0)) {
            nobody = socket.getLocalPort();
        }
        start(db, Map.of("PARLEY_DB_URL", "postgresql://127.0.0.1:" + nobody + "/parley"));
        service.awaitHealth("live", "UP");
        service.awaitHealth("ready", "DOWN");
        assertThat(check().getJsonObject("data").getString("reason")).isNotBlank();

        service.terminate();

        assertThat(service.awaitEnd(Duration.ofSeconds(40))).isTrue();
    }

    @Test
    void a_setting_that_cannot_work_stops_the_start_and_is_named() throws Exception {
        start(db, Map.of("PARLEY_WORKER_LINES_MAX", "0"));

        assertThat(service.awaitEnd(Duration.ofSeconds(60))).isTrue();

        assertThat(service.exitCode()).isNotZero();
        assertThat(service.log())
                .contains("parley.worker.lines.max must be more than nothing, it is 0")
                .doesNotContain(Login.WORKER.password());
    }

    @Test
    void a_missing_encryption_key_stops_the_start_and_is_named() throws Exception {
        start(db, Map.of("TENANT_ENCRYPTION_KEY", ""));

        assertThat(service.awaitEnd(Duration.ofSeconds(60))).isTrue();

        assertThat(service.exitCode()).isNotZero();
        assertThat(service.log()).contains("TENANT_ENCRYPTION_KEY is not set");
    }

    @Test
    void a_malformed_encryption_key_stops_the_start_and_is_not_printed() throws Exception {
        start(db, Map.of("TENANT_ENCRYPTION_KEY", KEY + ",not-a-fernet-key"));

        assertThat(service.awaitEnd(Duration.ofSeconds(60))).isTrue();

        assertThat(service.exitCode()).isNotZero();
        assertThat(service.log())
                .contains("TENANT_ENCRYPTION_KEY: key 2 of 2")
                .doesNotContain("not-a-fernet-key")
                .doesNotContain(KEY);
    }
}
