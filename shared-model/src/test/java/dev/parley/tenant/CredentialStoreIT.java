package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.CredentialStore.Sealed;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.pgclient.PgException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CredentialStoreIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static final Duration SOON = Duration.ofSeconds(20);

    private final Fixtures given = new Fixtures(db);
    private final CredentialStore store = new CredentialStore();
    private final Pool worker = db.pool(Login.WORKER);
    private final TenantId tenant = given.tenant();

    @Test
    void what_was_put_is_found_byte_for_byte() {
        byte[] token = {0, 1, (byte) 0xFF, 'a', 0};

        store.put(worker, tenant, "ghl", token, 3).await().atMost(SOON);

        Sealed found = find("ghl");
        assertThat(found.token()).isEqualTo(token);
        assertThat(found.keyVersion()).isEqualTo(3);
        assertThat(found.tenant()).isEqualTo(tenant);
        assertThat(found.provider()).isEqualTo("ghl");
    }

    @Test
    void a_second_put_replaces_and_keeps_the_row() {
        store.put(worker, tenant, "ghl", utf8("one"), 1).await().atMost(SOON);
        UUID first = find("ghl").id();

        store.put(worker, tenant, "ghl", utf8("two"), 2).await().atMost(SOON);

        assertThat(find("ghl").id()).isEqualTo(first);
        assertThat(find("ghl").token()).isEqualTo(utf8("two"));
        assertThat(db.count("core.tenant_credentials WHERE tenant_id = ?", tenant.value()))
                .isOne();
        assertThat(db.value(
                        Boolean.class,
                        "SELECT updated_at > created_at FROM core.tenant_credentials WHERE credential_id = ?",
                        first))
                .isTrue();
    }

    @Test
    void nothing_is_found_for_another_provider_or_tenant() {
        store.put(worker, tenant, "ghl", utf8("one"), 1).await().atMost(SOON);

        assertThat(store.find(worker, tenant, "openai").await().atMost(SOON)).isEmpty();
        assertThat(store.find(worker, given.tenant(), "ghl").await().atMost(SOON))
                .isEmpty();
    }

    @Test
    void credentials_of_a_tenant_that_does_not_exist_are_refused() {
        TenantId nobody = new TenantId(UUID.randomUUID());

        assertThatThrownBy(() ->
                        store.put(worker, nobody, "ghl", utf8("x"), 1).await().atMost(SOON))
                .isInstanceOf(PgException.class);
    }

    @Test
    void a_locked_row_waits_for_its_holder_and_then_shows_what_the_holder_wrote() {
        store.put(worker, tenant, "ghl", utf8("old"), 1).await().atMost(SOON);
        CompletableFuture<Void> holderMayFinish = new CompletableFuture<>();
        CompletableFuture<Void> holderHasLock = new CompletableFuture<>();

        CompletableFuture<Void> holder = worker.withTransaction(tx -> store.lock(tx, tenant, "ghl")
                        .invoke(() -> holderHasLock.complete(null))
                        .call(() -> io.smallrye.mutiny.Uni.createFrom().completionStage(holderMayFinish))
                        .flatMap(row -> store.update(tx, row.orElseThrow(), utf8("new"), 2)))
                .subscribeAsCompletionStage();
        holderHasLock.join();
        CompletableFuture<Sealed> second = worker.withTransaction(
                        tx -> store.lock(tx, tenant, "ghl").map(row -> row.orElseThrow()))
                .subscribeAsCompletionStage();
        await().untilAsserted(() -> assertThat(
                        db.count("pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'", db.name()))
                .isOne());
        assertThat(second).isNotDone();
        holderMayFinish.complete(null);

        assertThat(second).succeedsWithin(SOON).satisfies(row -> {
            assertThat(row.token()).isEqualTo(utf8("new"));
            assertThat(row.keyVersion()).isEqualTo(2);
        });
        assertThat(holder).succeedsWithin(SOON);
    }

    @Test
    void pages_walk_over_every_row_once() {
        List<TenantId> many =
                java.util.stream.Stream.generate(given::tenant).limit(7).toList();
        many.forEach(one -> store.put(worker, one, "walk", utf8("x"), 1).await().atMost(SOON));

        java.util.ArrayList<Sealed> walked = new java.util.ArrayList<>();
        List<Sealed> page = store.firstPage(worker, 3).await().atMost(SOON);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(3);
            walked.addAll(page);
            page = store.pageAfter(worker, page.get(page.size() - 1).id(), 3)
                    .await()
                    .atMost(SOON);
        }

        assertThat(walked)
                .filteredOn(row -> row.provider().equals("walk"))
                .extracting(Sealed::tenant)
                .containsExactlyInAnyOrderElementsOf(many);
        assertThat(walked).extracting(Sealed::id).doesNotHaveDuplicates();
    }

    @Test
    void resealing_many_leaves_out_what_changed_since_it_was_read() {
        TenantId other = given.tenant();
        store.put(worker, tenant, "ghl", utf8("a"), 1).await().atMost(SOON);
        store.put(worker, other, "ghl", utf8("b"), 1).await().atMost(SOON);
        Sealed first = find("ghl");
        Sealed second = store.find(worker, other, "ghl").await().atMost(SOON).orElseThrow();
        store.put(worker, other, "ghl", utf8("refreshed"), 1).await().atMost(SOON);

        var replaced = store.resealAll(worker, List.of(first, second), List.of(utf8("A"), utf8("B")), 2)
                .await()
                .atMost(SOON);

        assertThat(replaced).containsExactly(first.id());
        assertThat(find("ghl").token()).isEqualTo(utf8("A"));
        assertThat(store.find(worker, other, "ghl")
                        .await()
                        .atMost(SOON)
                        .orElseThrow()
                        .token())
                .isEqualTo(utf8("refreshed"));
    }

    @Test
    void resealing_many_does_not_wait_for_a_row_that_is_held() {
        store.put(worker, tenant, "ghl", utf8("a"), 1).await().atMost(SOON);
        Sealed row = find("ghl");

        var replaced = db.pool(Login.OPERATOR)
                .withTransaction(holder -> store.lock(holder, tenant, "ghl")
                        .flatMap(held -> store.resealAll(worker, List.of(row), List.of(utf8("A")), 2)))
                .await()
                .atMost(SOON);

        assertThat(replaced).isEmpty();
    }

    @Test
    void a_change_is_announced_with_the_tenant_s_id() throws Exception {
        try (var connection = db.connect(Login.WORKER)) {
            try (var listen = connection.createStatement()) {
                listen.execute("LISTEN parley_tenants");
            }
            store.put(worker, tenant, "ghl", utf8("a"), 1).await().atMost(SOON);

            var announced = connection.unwrap(org.postgresql.PGConnection.class).getNotifications(20_000);

            assertThat(announced)
                    .extracting(org.postgresql.PGNotification::getParameter)
                    .contains(tenant.toString());
        }
    }

    @Test
    void ingest_sees_webhook_secrets_and_nothing_else_and_writes_nothing() {
        Pool ingest = db.pool(Login.INGEST);
        store.put(worker, tenant, "ghl", utf8("a"), 1).await().atMost(SOON);
        store.put(worker, tenant, "webhook:ghl-workflow", utf8("w"), 1).await().atMost(SOON);

        assertThat(store.find(ingest, tenant, "ghl").await().atMost(SOON)).isEmpty();
        assertThat(store.find(ingest, tenant, "webhook:ghl-workflow").await().atMost(SOON))
                .isPresent();
        assertThatThrownBy(() -> store.put(ingest, tenant, "webhook:ghl-workflow", utf8("x"), 1)
                        .await()
                        .atMost(SOON))
                .hasMessageContaining("permission denied");
    }

    @Test
    void a_row_never_prints_its_token() {
        store.put(worker, tenant, "ghl", utf8("token-text"), 1).await().atMost(SOON);

        assertThat(find("ghl").toString())
                .contains("ghl")
                .doesNotContain("token")
                .doesNotContain("[B@");
    }

    private Sealed find(String provider) {
        return store.find(worker, tenant, provider).await().atMost(SOON).orElseThrow();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
