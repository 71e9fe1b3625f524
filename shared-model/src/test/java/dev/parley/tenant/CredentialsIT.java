package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.tenant.Credentials.Census;
import dev.parley.tenant.Credentials.Progress;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CredentialsIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String OLD = Vault.newKey();
    private static final String NEW = Vault.newKey();

    /** One each: a rotation is about all rows of a database. */
    private final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final Pool operator = db.pool(Login.OPERATOR);
    private final CredentialStore store = new CredentialStore();
    private final Vault before = Vault.of(OLD);
    private final Vault after = Vault.of(NEW + "," + OLD);
    private final Credentials credentials = new Credentials(operator, after);

    @AfterEach
    void drop() {
        db.close();
    }

    @Test
    void sealing_stores_credentials_that_open_for_that_tenant() {
        TenantId tenant = given.tenant("acme");
        JsonObject secret = new JsonObject().put("private_token", "pit-1");

        credentials.seal("acme", "ghl", secret).await().atMost(SOON);

        var row = store.find(operator, tenant, "ghl").await().atMost(SOON).orElseThrow();
        assertThat(after.open(tenant, "ghl", row.token())).isEqualTo(secret);
        assertThat(row.keyVersion()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "nobody | ghl         | {'a':'s3cret'}         | there is no tenant with the slug 'nobody'",
                "acme   | GHL         | {'a':'s3cret'}         | is no provider name",
                "acme   | webhook:    | {'a':'s3cret'}         | is no provider name",
                "acme   | ghl         | {}                     | the JSON object is empty",
                "acme   | webhook:ghl | {'secret':'s3cret'}    | have the shape",
                "acme   | webhook:ghl | {'secrets':'s3cret'}   | have the shape",
                "acme   | webhook:ghl | {'secrets':[]}         | have the shape",
                "acme   | webhook:ghl | {'secrets':['s3cret',1]} | have the shape"
            })
    void what_cannot_be_right_is_refused_without_repeating_it(
            String slug, String provider, String json, String expected) {
        given.tenant("acme");

        assertThatThrownBy(() -> credentials
                        .seal(slug, provider, new JsonObject(json.replace('\'', '"')))
                        .await()
                        .atMost(SOON))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(expected)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
        assertThat(db.count("core.tenant_credentials")).isZero();
    }

    @Test
    void rotation_brings_every_row_under_the_newest_key_and_tells_how_far_it_is() {
        for (int i = 0; i < 120; i++) {
            given(before, given.tenant(), i);
        }
        List<Progress> heard = new ArrayList<>();

        Progress end = credentials.rotate(heard::add).await().atMost(SOON);

        assertThat(end).isEqualTo(new Progress(120, 120, List.of()));
        assertThat(heard).extracting(Progress::rotated).containsExactly(50L, 100L, 120L);
        assertThat(heard).allMatch(progress -> progress.total() == 120);
        Census census = credentials.census().await().atMost(SOON);
        assertThat(census.byKey()).containsOnly(java.util.Map.entry(2, 120L));
        assertThat(census.mislabelled()).isZero();
        assertThat(new Credentials(operator, Vault.of(NEW))
                        .census()
                        .await()
                        .atMost(SOON)
                        .unopened())
                .as("the old key is no longer needed")
                .isEmpty();
    }

    @Test
    void a_second_rotation_changes_nothing() {
        TenantId tenant = given.tenant();
        given(before, tenant, 1);
        credentials.rotate(progress -> {}).await().atMost(SOON);
        byte[] once = token(tenant);

        Progress again = credentials.rotate(progress -> {}).await().atMost(SOON);

        assertThat(again).isEqualTo(new Progress(1, 1, List.of()));
        assertThat(token(tenant)).isEqualTo(once);
    }

    @Test
    void rows_that_do_not_open_are_reported_left_alone_and_stop_nobody() {
        TenantId unknownKey = given.tenant();
        TenantId pasted = given.tenant();
        TenantId good = given.tenant();
        TenantId garbage = given.tenant();
        given(Vault.of(Vault.newKey()), unknownKey, 1);
        given(before, good, 3);
        byte[] ofAnother = before.seal(good, "ghl", new JsonObject().put("n", 3));
        given.credentials(pasted, "ghl", ofAnother, 1);
        given.credentials(garbage, "ghl", "not a token".getBytes(StandardCharsets.UTF_8), 1);

        Progress end = credentials.rotate(progress -> {}).await().atMost(SOON);

        assertThat(end.rotated()).isEqualTo(1);
        assertThat(end.total()).isEqualTo(4);
        assertThat(end.unopened())
                .extracting(Credentials.Unopened::tenant)
                .containsExactlyInAnyOrder(unknownKey, pasted, garbage);
        assertThat(after.keyVersionOf(token(good))).isEqualTo(2);
        assertThat(token(pasted)).isEqualTo(ofAnother);
    }

    @Test
    void numbers_that_moved_when_an_old_key_was_dropped_do_not_fool_a_rotation() {
        // Given a row under key 2 of two; then key 1 is dropped and a new one comes: it is key 1 of two now.
        TenantId tenant = given.tenant();
        String middle = Vault.newKey();
        given.credentials(
                tenant, "ghl", Vault.of(middle + "," + OLD).seal(tenant, "ghl", new JsonObject().put("n", 1)), 2);
        Credentials now = new Credentials(operator, Vault.of(NEW + "," + middle));
        assertThat(now.census().await().atMost(SOON).mislabelled()).isOne();

        now.rotate(progress -> {}).await().atMost(SOON);

        assertThat(Vault.of(NEW).open(tenant, "ghl", token(tenant))).isEqualTo(new JsonObject().put("n", 1));
    }

    @Test
    void a_wrong_label_on_the_right_key_is_corrected() {
        TenantId tenant = given.tenant();
        byte[] token = after.seal(tenant, "ghl", new JsonObject().put("n", 1));
        given.credentials(tenant, "ghl", token, 7);

        credentials.rotate(progress -> {}).await().atMost(SOON);

        assertThat(token(tenant)).isEqualTo(token);
        assertThat(credentials.census().await().atMost(SOON).mislabelled()).isZero();
    }

    @Test
    void a_row_that_a_refresher_holds_is_waited_for_and_its_fresh_token_is_the_one_resealed() {
        TenantId tenant = given.tenant();
        given(before, tenant, 1);
        CompletableFuture<Void> mayFinish = new CompletableFuture<>();
        CompletableFuture<Void> hasLock = new CompletableFuture<>();
        CompletableFuture<Void> refresher = db.pool(Login.WORKER)
                .withTransaction(tx -> store.lock(tx, tenant, "ghl")
                        .invoke(() -> hasLock.complete(null))
                        .call(() -> Uni.createFrom().completionStage(mayFinish))
                        .flatMap(row -> store.update(
                                tx, row.orElseThrow(), before.seal(tenant, "ghl", new JsonObject().put("n", 2)), 1)))
                .subscribeAsCompletionStage();
        hasLock.join();

        CompletableFuture<Progress> rotation =
                credentials.rotate(progress -> {}).subscribeAsCompletionStage();
        await().untilAsserted(() -> assertThat(
                        db.count("pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'", db.name()))
                .isOne());
        mayFinish.complete(null);

        assertThat(refresher).succeedsWithin(SOON);
        assertThat(rotation).succeedsWithin(SOON).isEqualTo(new Progress(1, 1, List.of()));
        assertThat(Vault.of(NEW).open(tenant, "ghl", token(tenant))).isEqualTo(new JsonObject().put("n", 2));
    }

    @Test
    void a_plain_fernet_object_written_by_another_program_is_rotated_as_it_is() throws Exception {
        TenantId tenant = given.tenant();
        Instant then = Instant.parse("2025-01-02T03:04:05Z");
        byte[] plain = "{\"private_token\": \"pit\"}".getBytes(StandardCharsets.UTF_8);
        given.credentials(tenant, "ghl", Fernet.seal(Fernet.Key.parse(OLD), then, new byte[16], plain), 1);

        credentials.rotate(progress -> {}).await().atMost(SOON);

        Fernet.Opened opened = Fernet.open(Fernet.Key.parse(NEW), token(tenant), null, Instant.now());
        assertThat(opened.plaintext()).isEqualTo(plain);
        assertThat(opened.sealedAt()).isEqualTo(then);
    }

    @Test
    void nothing_to_rotate_is_fine() {
        assertThat(credentials.rotate(progress -> {}).await().atMost(SOON)).isEqualTo(new Progress(0, 0, List.of()));
    }

    private UUID given(Vault vault, TenantId tenant, int n) {
        return given.credentials(tenant, "ghl", vault.seal(tenant, "ghl", new JsonObject().put("n", n)), 1);
    }

    private byte[] token(TenantId tenant) {
        return store.find(operator, tenant, "ghl")
                .await()
                .atMost(SOON)
                .orElseThrow()
                .token();
    }
}
