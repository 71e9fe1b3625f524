package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./parley credentials}, with the rights of an operator on a real database. */
class CredentialsCommandIT {
    private static final String OLD = Vault.newKey();
    private static final String NEW = Vault.newKey();
    private static final String TOKEN = "{\"private_token\":\"pit-very-secret\"}";

    @TempDir
    static Path directory;

    private static Postgres server;
    private static Database database;

    private final Map<String, String> environment = new HashMap<>();

    record Run(int exit, String out, String err) {}

    @BeforeAll
    static void aDatabase() {
        PostgresBinaries binaries = PostgresBinaries.unpackedIn(Layout.found().binaries());
        DataDirectory data = DataDirectory.at(directory);
        Secrets secrets = Secrets.in(data);
        server = Postgres.start(
                binaries, data, Ports.unused().postgres(), Database.superuserPassword(secrets), Map.of());
        database = Database.on(server.port(), secrets);
        database.prepare();
    }

    @AfterAll
    static void stopped() {
        server.stop();
    }

    @BeforeEach
    void anOperatorWithOneKeyAndNothingSealed() throws Exception {
        environment.put("PARLEY_DB_URL", database.url());
        environment.put("PARLEY_DB_USER", "operator");
        environment.put("PARLEY_DB_PASSWORD", database.password("operator").reveal());
        environment.put("TENANT_ENCRYPTION_KEY", OLD);
        ask("DELETE FROM core.tenant_credentials");
        try (Connection db = database.connect("operator")) {
            TenantId unused = new Tenants(db, Vault.of(OLD)).keep("acme", "Acme", new JsonObject());
        }
    }

    private Run run(String input, String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = CredentialsCommand.run(
                words,
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                environment);
        Run run = new Run(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        assertThat(run.out() + run.err())
                .doesNotContain("very-secret")
                .doesNotContain(OLD)
                .doesNotContain(NEW)
                .doesNotContain(database.password("operator").reveal());
        return run;
    }

    /** The first column of the first row; null where there is none. */
    private static String ask(String sql) throws Exception {
        try (Connection db = database.connect(Postgres.SUPERUSER);
                Statement statement = db.createStatement()) {
            if (!statement.execute(sql)) {
                return null;
            }
            ResultSet row = statement.getResultSet();
            return row.next() ? row.getString(1) : null;
        }
    }

    private void assertNotRun(Run run, String complaint) throws Exception {
        assertThat(run.exit()).isEqualTo(CredentialsCommand.NOT_RUN);
        assertThat(run.err()).contains(complaint);
        assertThat(ask("SELECT count(*) FROM core.tenant_credentials")).isEqualTo("0");
    }

    @Test
    void a_credential_from_standard_input_is_stored_sealed_for_its_tenant() throws Exception {
        Run run = run(TOKEN, "seal", "acme", "ghl");

        assertThat(run.exit()).isZero();
        assertThat(run.out()).contains("sealed the credentials of acme for ghl");
        String stored = ask("SELECT convert_from(credentials, 'UTF8') FROM core.tenant_credentials");
        TenantId acme = new TenantId(
                java.util.UUID.fromString(ask("SELECT tenant_id FROM core.tenants WHERE tenant_slug = 'acme'")));
        assertThat(stored).doesNotContain("very-secret");
        assertThat(Vault.of(OLD).open(acme, "ghl", stored.getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(new JsonObject(TOKEN));
    }

    @Test
    void a_rotation_tells_how_far_it_is_and_ends_with_all_under_the_newest_key() throws Exception {
        run(TOKEN, "seal", "acme", "ghl");
        run("{\"secrets\":[\"very-secret\"]}", "seal", "acme", "webhook:ghl-workflow");
        environment.put("TENANT_ENCRYPTION_KEY", NEW + "," + OLD);

        Run run = run("", "rotate");

        assertThat(run.exit()).isZero();
        assertThat(run.out()).contains("rotated 2/2");
        assertThat(ask("SELECT min(key_version) FROM core.tenant_credentials")).isEqualTo("2");
        Run status = run("", "status");
        assertThat(status.exit()).isZero();
        assertThat(status.out()).contains("key 2 (newest): 2").contains("key 1: 0");
    }

    @Test
    void what_does_not_open_is_listed_and_makes_the_rotation_incomplete() {
        run(TOKEN, "seal", "acme", "ghl");
        environment.put("TENANT_ENCRYPTION_KEY", NEW);

        Run run = run("", "rotate");

        assertThat(run.exit()).isEqualTo(CredentialsCommand.INCOMPLETE);
        assertThat(run.err()).contains("did not open: tenant ").contains("provider ghl");
    }

    @Test
    void without_a_key_it_says_so() throws Exception {
        environment.remove("TENANT_ENCRYPTION_KEY");

        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "TENANT_ENCRYPTION_KEY is not set");
    }

    @Test
    void a_malformed_key_is_named_by_its_place() throws Exception {
        environment.put("TENANT_ENCRYPTION_KEY", OLD + ",very-secret");

        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "TENANT_ENCRYPTION_KEY: key 2 of 2");
    }

    @Test
    void a_database_that_is_not_reachable_is_named() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            environment.put(
                    "PARLEY_DB_URL",
                    "postgresql://somebody:very-secret@127.0.0.1:" + socket.getLocalPort() + "/parley");
        }

        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "is not reachable");
    }

    @Test
    void a_missing_or_malformed_address_is_named() throws Exception {
        environment.put("PARLEY_DB_URL", "mysql:very-secret");
        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "PARLEY_DB_URL is not an address such as");

        environment.remove("PARLEY_DB_URL");
        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "PARLEY_DB_URL is not set");
    }

    @Test
    void a_wrong_password_and_too_few_rights_are_told_apart() throws Exception {
        environment.put("PARLEY_DB_PASSWORD", "very-secret");
        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "does not accept PARLEY_DB_USER and PARLEY_DB_PASSWORD");

        environment.put("PARLEY_DB_USER", "ingest");
        environment.put("PARLEY_DB_PASSWORD", database.password("ingest").reveal());
        assertNotRun(run(TOKEN, "seal", "acme", "ghl"), "takes the role parley_operator");
    }

    @Test
    void input_that_is_no_credential_is_refused_without_repeating_it() throws Exception {
        assertNotRun(run("", "seal", "acme", "ghl"), "nothing on standard input");
        assertNotRun(run("very-secret", "seal", "acme", "ghl"), "standard input is not valid JSON");
        assertNotRun(run("[\"very-secret\"]", "seal", "acme", "ghl"), "is JSON, but not an object");
        assertNotRun(run("{\"a\":\"" + "x".repeat(70_000) + "\"}", "seal", "acme", "ghl"), "more than 64 KiB");
        assertNotRun(run(TOKEN, "seal", "nobody", "ghl"), "there is no tenant with the slug 'nobody'");
    }

    @Test
    void other_words_are_answered_with_the_usage() throws Exception {
        assertNotRun(run("", "seal", "acme"), "usage: parley credentials seal");
        assertNotRun(run("", "unseal"), "usage: parley credentials seal");
    }
}
