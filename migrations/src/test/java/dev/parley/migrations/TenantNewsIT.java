package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Notifications on channel {@code parley_tenants}: whom the services have to forget. */
class TenantNewsIT {
    private Server.Database database;
    private Connection listener;
    private UUID tenant;

    @BeforeEach
    void listen() {
        database = Server.shared().migratedDatabase();
        tenant = database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES ('acme', 'Acme') RETURNING tenant_id");
        listener = database.connect(Server.SUPERUSER, "");
        Server.execute(listener, "LISTEN parley_tenants");
    }

    @AfterEach
    void hangUp() throws SQLException {
        listener.close();
        database.close();
    }

    @Test
    void a_new_tenant_is_announced() throws SQLException {
        UUID id = database.value(
                "INSERT INTO core.tenants (tenant_slug, name) VALUES ('new', 'New') RETURNING tenant_id");
        assertThat(heard()).containsExactly(id.toString());
    }

    @Test
    void a_changed_tenant_is_announced() throws SQLException {
        database.execute("UPDATE core.tenants SET is_enabled = false WHERE tenant_id = ?", tenant);
        assertThat(heard()).containsExactly(tenant.toString());
    }

    @Test
    void a_deleted_tenant_is_announced() throws SQLException {
        database.execute("DELETE FROM core.tenants WHERE tenant_id = ?", tenant);
        assertThat(heard()).containsExactly(tenant.toString());
    }

    @Test
    void a_tenant_under_a_new_id_is_announced_under_both() throws SQLException {
        UUID moved = UUID.randomUUID();
        database.execute("UPDATE core.tenants SET tenant_id = ? WHERE tenant_id = ?", moved, tenant);
        assertThat(heard()).containsExactlyInAnyOrder(tenant.toString(), moved.toString());
    }

    @Test
    void credentials_added_changed_and_removed_are_announced() throws SQLException {
        database.execute(
                "INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, 'ghl', 'x')",
                tenant);
        assertThat(heard()).containsExactly(tenant.toString());
        database.execute("UPDATE core.tenant_credentials SET key_version = 2 WHERE tenant_id = ?", tenant);
        assertThat(heard()).containsExactly(tenant.toString());
        database.execute("DELETE FROM core.tenant_credentials WHERE tenant_id = ?", tenant);
        assertThat(heard()).containsExactly(tenant.toString());
    }

    @Test
    void the_payload_is_the_tenant_and_nothing_of_the_secret() throws SQLException {
        database.execute(
                "INSERT INTO core.tenant_credentials (tenant_id, provider, credentials) VALUES (?, 'ghl', 'sealed-secret')",
                tenant);
        assertThat(heard()).noneMatch(payload -> payload.contains("secret"));
    }

    @Test
    void what_is_rolled_back_was_never_news() throws SQLException {
        database.execute("BEGIN");
        database.execute("UPDATE core.tenants SET name = 'Other' WHERE tenant_id = ?", tenant);
        database.execute("ROLLBACK");
        database.execute("NOTIFY parley_tenants, 'end'");
        assertThat(heard()).containsExactly("end");
    }

    /** Waits for the first; what one transaction said arrives together. */
    private List<String> heard() throws SQLException {
        List<String> payloads = new ArrayList<>();
        PGNotification[] news = listener.unwrap(PGConnection.class).getNotifications(10_000);
        for (PGNotification one : news == null ? new PGNotification[0] : news) {
            payloads.add(one.getParameter());
        }
        return payloads;
    }
}
