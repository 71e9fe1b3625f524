package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import io.vertx.pgclient.PgConnectOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TenantWatchIT {
    private static final Duration SELDOM = Duration.ofHours(1);

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final List<String> changes = new CopyOnWriteArrayList<>();
    private final TenantDirectory directory =
            new TenantDirectory(new TenantStore(db.pool(Login.INGEST)), Map.of("ghl", "ghl.location_id"));
    private TenantWatch watch;

    private void watch(PgConnectOptions session, Duration every) {
        watch = new TenantWatch(db.vertx(), session, directory, every, changed -> changes.add(String.valueOf(changed)));
        watch.start();
        await().until(directory::isLoaded);
    }

    private void untilListening() {
        await().until(() -> db.count("pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = ?", db.name()) == 1);
        // The first reading and the one after LISTEN.
        await().until(() -> changes.size() >= 2);
    }

    @AfterEach
    void stop() {
        watch.stop();
        await().until(() -> db.count("pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = ?", db.name()) == 0);
    }

    @Test
    void a_new_tenant_is_known_at_once() {
        watch(db.connectOptions(Login.INGEST), SELDOM);
        untilListening();

        TenantId tenant = given.tenant("fresh", "{\"ghl\":{\"location_id\":\"L-fresh\"}}");

        await().until(() -> directory.findByAccount("ghl", "L-fresh").isPresent());
        await().untilAsserted(() -> assertThat(changes).contains(tenant.toString()));
    }

    @Test
    void switching_off_is_seen_at_once() {
        TenantId tenant = given.tenant();
        watch(db.connectOptions(Login.INGEST), SELDOM);
        untilListening();

        given.enable(tenant, false);

        await().until(() -> directory.disabled().contains(tenant));
    }

    @Test
    void a_changed_credential_is_announced() {
        TenantId tenant = given.tenant();
        watch(db.connectOptions(Login.INGEST), SELDOM);
        untilListening();
        changes.clear();

        given.credentials(tenant, "webhook:ghl-workflow", new byte[] {1}, 1);

        await().untilAsserted(() -> assertThat(changes).contains(tenant.toString()));
    }

    @Test
    void what_changed_while_the_connection_was_gone_is_read_when_it_is_back() {
        watch(db.connectOptions(Login.INGEST), SELDOM);
        untilListening();
        db.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = ?",
                db.name());
        given.tenant("missed");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> directory.findBySlug("missed").isPresent());
    }

    @Test
    void without_listen_it_is_read_every_so_often() {
        PgConnectOptions nobodyThere = db.connectOptions(Login.INGEST).setPort(1);
        watch(nobodyThere, Duration.ofMillis(200));

        given.tenant("polled");

        await().until(() -> directory.findBySlug("polled").isPresent());
    }
}
