package dev.parley.work.adapter.ghl;

import static dev.parley.work.adapter.ghl.GhlAccount.SEND;
import static dev.parley.work.adapter.ghl.GhlAccount.TOKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.kit.VendorServer.Request;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The life of a rotating token, on a real Postgres. */
class GhlTokensIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final GhlAccount ghl = new GhlAccount(db);

    @AfterEach
    void close() {
        ghl.vendor.assertNothingUnexpected();
        ghl.close();
    }

    @Test
    void a_token_in_the_first_four_fifths_of_its_life_is_left_alone() {
        ghl.seal(ghl.oauth(in(18_000)).put("issued_at", in(18_000 - 86_400).toString()));
        ghl.vendor.on(SEND, ghl.accepted("m1"));

        succeed(send());

        assertThat(ghl.vendor.requests(TOKEN)).isEmpty();
    }

    @Test
    void a_token_in_the_last_fifth_of_its_life_is_refreshed_and_stored_before_it_is_used() {
        ghl.seal(ghl.oauth(in(17_000)).put("issued_at", in(17_000 - 86_400).toString()));
        CompletableFuture<JsonObject> storedWhenUsed = new CompletableFuture<>();
        ghl.vendor.on(TOKEN, ghl.refreshed()).on(SEND, (request, server) -> {
            storedWhenUsed.complete(committed());
            ghl.accepted("m1").to(request, server);
        });
        Instant start = Instant.now();

        succeed(send());

        assertThat(ghl.vendor.requests(SEND).get(0).headers())
                .containsEntry("authorization", "Bearer access-secret-two");
        JsonObject stored = storedWhenUsed.join();
        assertThat(stored.getMap())
                .containsEntry("access_token", "access-secret-two")
                .containsEntry("refresh_token", "refresh-secret-two")
                .containsEntry("location_id", GhlAccount.LOCATION)
                .containsEntry("user_type", "Location")
                .containsEntry("kept", "by us");
        assertThat(Instant.parse(stored.getString("expires_at")))
                .isBetween(start.plusSeconds(86_390), Instant.now().plusSeconds(86_399));
        assertThat(Instant.parse(stored.getString("issued_at"))).isBetween(start.minusSeconds(5), Instant.now());
    }

    @Test
    void a_refresh_is_asked_for_in_the_vendors_words() {
        ghl.seal(ghl.oauth(in(-60)).put("refresh_token", "a+b/c=&d"));
        ghl.vendor.on(TOKEN, ghl.refreshed()).on(SEND, ghl.accepted("m1"));

        succeed(send());

        Request request = ghl.vendor.requests(TOKEN).get(0);
        assertThat(request.headers())
                .containsEntry("content-type", "application/x-www-form-urlencoded")
                .doesNotContainKey("authorization");
        assertThat(form(request.body()))
                .containsOnly(
                        Map.entry("client_id", "client-id"),
                        Map.entry("client_secret", "client-secret-x"),
                        Map.entry("grant_type", "refresh_token"),
                        Map.entry("refresh_token", "a+b/c=&d"),
                        Map.entry("user_type", "Location"));
    }

    @Test
    void of_two_workers_with_many_calls_each_exactly_one_refreshes_an_expired_token() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.config.callTimeout = PATIENCE;
        ghl.vendor.on(TOKEN, ghl.refreshed().held()).always(SEND, ghl.accepted("m"));
        List<CompletableFuture<Sent>> calls = new ArrayList<>();
        GhlMessaging one = ghl.anotherAdapter();
        GhlMessaging two = ghl.anotherAdapter();
        for (int i = 0; i < 10; i++) {
            calls.add(one.send(ghl.tenant(), ghl.message()).subscribeAsCompletionStage());
            calls.add(two.send(ghl.tenant(), ghl.message()).subscribeAsCompletionStage());
        }
        // One worker is with the vendor, the other waits for its row.
        await().atMost(PATIENCE).until(() -> ghl.vendor.requests(TOKEN).size() == 1 && lockWaiters() == 1);
        ghl.vendor.release();

        assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(PATIENCE));
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
        assertThat(ghl.vendor.requests(SEND))
                .hasSize(20)
                .allMatch(request -> request.headers().get("authorization").equals("Bearer access-secret-two"));
    }

    @Test
    void of_two_workers_that_are_refused_at_once_exactly_one_refreshes() {
        ghl.config.callTimeout = PATIENCE;
        CompletableFuture<Void> allRefused = new CompletableFuture<>();
        AtomicInteger refused = new AtomicInteger();
        ghl.vendor.on(TOKEN, ghl.refreshed()).always(SEND, (request, server) -> {
            if (request.getHeader("Authorization").equals("Bearer access-secret-two")) {
                ghl.accepted("m").to(request, server);
                return;
            }
            if (refused.incrementAndGet() == 8) {
                allRefused.complete(null);
            }
            allRefused.thenRun(() -> ghl.expiredToken().to(request, server));
        });
        GhlMessaging one = ghl.anotherAdapter();
        GhlMessaging two = ghl.anotherAdapter();
        List<CompletableFuture<Sent>> calls = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            calls.add(one.send(ghl.tenant(), ghl.message()).subscribeAsCompletionStage());
            calls.add(two.send(ghl.tenant(), ghl.message()).subscribeAsCompletionStage());
        }

        assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(PATIENCE));
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
        assertThat(ghl.vendor.requests(SEND)).hasSize(16);
    }

    @Test
    void a_refresh_that_outlives_the_call_that_wanted_it_is_stored_all_the_same() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, ghl.refreshed().held());

        AdapterException failure = fail(send());
        assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(ghl.vendor.requests(SEND)).isEmpty();
        ghl.vendor.release();
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(committed().getString("refresh_token")).isEqualTo("refresh-secret-two"));

        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
    }

    @Test
    void a_new_pair_whose_commit_failed_is_kept_and_stored_instead_of_asking_again() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, ghl.refreshed());
        db.execute("""
                CREATE FUNCTION refuse_write() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'disk full'; END $$
                """);
        db.execute("CREATE TRIGGER refuse_write BEFORE UPDATE ON core.tenant_credentials FOR EACH ROW EXECUTE FUNCTION"
                + " refuse_write()");
        try {
            AdapterException failure = fail(send());
            assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
            assertThat(failure).hasMessageContaining("could not be stored");
            assertThat(ghl.vendor.requests(SEND))
                    .as("never used before it is stored")
                    .isEmpty();
        } finally {
            db.execute("DROP FUNCTION refuse_write() CASCADE");
        }

        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());

        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
        assertThat(committed().getString("refresh_token")).isEqualTo("refresh-secret-two");
        assertThat(ghl.vendor.requests(SEND).get(0).headers())
                .containsEntry("authorization", "Bearer access-secret-two");
    }

    @Test
    void a_refresh_that_fails_early_costs_nothing_while_the_token_lasts_and_is_not_hurried() {
        ghl.seal(ghl.oauth(in(3_000)).put("issued_at", in(3_000 - 86_400).toString()));
        ghl.vendor.on(TOKEN, Behaviour.answer(500, Map.of(), "")).always(SEND, ghl.accepted("m"));

        succeed(send());
        succeed(send());

        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
        assertThat(ghl.vendor.requests(SEND))
                .hasSize(2)
                .allMatch(request -> request.headers().get("authorization").equals("Bearer access-secret-one"));
    }

    @Test
    void a_used_up_refresh_token_does_not_stop_sending_while_the_access_token_lasts() {
        ghl.seal(ghl.oauth(in(3_000)).put("issued_at", in(3_000 - 86_400).toString()));
        ghl.vendor.on(TOKEN, ghl.refreshRefused()).always(SEND, ghl.accepted("m"));

        succeed(send());
        succeed(send());

        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
    }

    @Test
    void a_used_up_refresh_token_is_not_tried_by_every_message_and_a_new_one_counts_at_once() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, ghl.refreshRefused());

        AdapterException first = fail(send());
        AdapterException second = fail(send());

        assertThat(first.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(first).hasMessageContaining("must be connected again");
        assertThat(second.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);

        ghl.seal(ghl.oauth(in(80_000)).put("access_token", "access-secret-two"));
        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());
    }

    @Test
    void a_pair_that_somebody_else_stored_meanwhile_is_used_instead_of_giving_up() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.config.callTimeout = PATIENCE;
        byte[] theirs = ghl.vault.seal(ghl.id, "ghl", ghl.oauth(in(80_000)).put("access_token", "access-secret-two"));
        CompletableFuture<Integer> theirWrite = new CompletableFuture<>();
        ghl.vendor
                .on(TOKEN, (request, server) -> {
                    // Another program used the refresh token first and now wants to store what it got.
                    theirWrite.completeAsync(() -> db.execute(
                            "UPDATE core.tenant_credentials SET credentials = ? WHERE tenant_id = ?",
                            theirs,
                            ghl.id.value()));
                    CompletableFuture.runAsync(() -> {
                        await().atMost(PATIENCE).until(() -> lockWaiters() == 1);
                        ghl.refreshRefused().held().to(request, server);
                        server.release();
                    });
                })
                .on(SEND, ghl.accepted("m1"));

        succeed(send());

        assertThat(theirWrite).succeedsWithin(PATIENCE).isEqualTo(1);
        assertThat(ghl.vendor.requests(SEND).get(0).headers())
                .containsEntry("authorization", "Bearer access-secret-two");
    }

    @Test
    void a_lost_answer_to_a_refresh_is_asked_for_again_by_the_next_call() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, Behaviour.cut());

        assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);

        ghl.vendor.on(TOKEN, ghl.refreshed()).on(SEND, ghl.accepted("m1"));
        succeed(send());
    }

    @Test
    void an_answer_without_a_token_changes_nothing() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, Behaviour.json(200, new JsonObject().put("ok", true)));

        assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(committed().getString("refresh_token")).isEqualTo("refresh-secret-one");
    }

    @Test
    void a_vendor_who_wants_refreshes_slower_is_heard() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, ghl.tooFast(Duration.ofSeconds(9)));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.THROTTLED);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(9));
    }

    @Test
    void a_vendor_who_wants_refreshes_slower_is_not_asked_again_before_the_time() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(TOKEN, ghl.tooFast(Duration.ofSeconds(300)));
        fail(send());

        AdapterException second = fail(send());

        assertThat(second.kind()).isEqualTo(Kind.THROTTLED);
        assertThat(second.retryAfter()).isBetween(Duration.ofSeconds(250), Duration.ofSeconds(300));
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(1);
    }

    @Test
    void a_wrong_app_secret_is_named() {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.on(
                TOKEN,
                Behaviour.json(
                        401,
                        new JsonObject()
                                .put("error", "invalid_client")
                                .put("error_description", "bad client-secret-x")));

        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("invalid_client").hasMessageNotContaining("client-secret-x");
    }

    @Test
    void without_an_app_secret_a_good_token_is_used_and_an_expired_one_says_what_is_missing() {
        ghl.config.clientSecret = Optional.empty();
        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());

        ghl.seal(ghl.oauth(in(-60)));
        AdapterException failure = fail(send());

        assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
        assertThat(failure).hasMessageContaining("PARLEY_GHL_CLIENT_SECRET");
    }

    @Test
    void withdrawn_credentials_are_not_used_again() {
        ghl.vendor.on(SEND, ghl.accepted("m1"));
        succeed(send());
        db.execute("DELETE FROM core.tenant_credentials WHERE tenant_id = ?", ghl.id.value());

        assertThat(fail(send()).kind()).isEqualTo(Kind.UNAUTHORIZED);
    }

    @Test
    void a_row_that_somebody_else_holds_ends_the_call_in_time_and_sends_nothing() throws Exception {
        ghl.seal(ghl.oauth(in(-60)));
        ghl.vendor.always(TOKEN, ghl.refreshed());
        try (Connection other = db.connect()) {
            other.setAutoCommit(false);
            try (var lock =
                    other.prepareStatement("SELECT FROM core.tenant_credentials WHERE tenant_id = ? FOR UPDATE")) {
                lock.setObject(1, ghl.id.value());
                lock.executeQuery();

                assertThat(fail(send()).kind()).isEqualTo(Kind.TRANSIENT);
                assertThat(ghl.vendor.requests()).isEmpty();
            }
        }
        // The refresh that waited goes on now that the row is free.
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(committed().getString("refresh_token")).isEqualTo("refresh-secret-two"));
    }

    @Test
    void few_tenants_are_refreshed_at_a_time_so_that_connections_are_left_for_others() {
        ghl.config.callTimeout = PATIENCE;
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Behaviour held = ghl.refreshed().held();
        ghl.vendor
                .always(TOKEN, (request, server) -> {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    request.response().endHandler(end -> now.decrementAndGet());
                    held.to(request, server);
                })
                .always(SEND, ghl.accepted("m"));
        List<CompletableFuture<Sent>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            TenantId id = new Fixtures(db).tenant();
            ghl.store
                    .put(db.pool(), id, "ghl", ghl.vault.seal(id, "ghl", ghl.oauth(in(-60))), 1)
                    .await()
                    .atMost(PATIENCE);
            Tenant tenant = new Tenant(id, "t" + i, "T", true, "ghl", null, Settings.empty());
            calls.add(ghl.adapter().send(tenant, ghl.message()).subscribeAsCompletionStage());
        }
        await().atMost(PATIENCE).until(() -> ghl.vendor.requests(TOKEN).size() == 2);
        ghl.vendor.release();

        assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(PATIENCE));
        assertThat(ghl.vendor.requests(TOKEN)).hasSize(5);
        assertThat(most).hasValue(2);
    }

    private Uni<Sent> send() {
        return ghl.adapter().send(ghl.tenant(), ghl.message());
    }

    private static Instant in(long seconds) {
        return Instant.now().plusSeconds(seconds);
    }

    /** What other sessions see. */
    private JsonObject committed() {
        byte[] token = db.value(
                byte[].class,
                "SELECT credentials FROM core.tenant_credentials WHERE tenant_id = ? AND provider = 'ghl'",
                ghl.id.value());
        return ghl.vault.open(ghl.id, "ghl", token);
    }

    private static long lockWaiters() {
        return db.count("pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'", db.name());
    }

    private static Map<String, String> form(String body) {
        Map<String, String> fields = new TreeMap<>();
        for (String field : body.split("&")) {
            String[] pair = field.split("=", 2);
            fields.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
        }
        return fields;
    }

    private static <T> T succeed(Uni<T> call) {
        return call.await().atMost(PATIENCE);
    }

    private static AdapterException fail(Uni<?> call) {
        Throwable failure = call.onItem()
                .<Throwable>transform(item -> new AssertionError("expected a failure, got " + item))
                .onFailure()
                .recoverWithItem(thrown -> thrown)
                .await()
                .atMost(PATIENCE);
        assertThat(failure).isInstanceOf(AdapterException.class);
        return (AdapterException) failure;
    }
}
