package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ingest.Answer.Delay;
import dev.parley.tenant.CredentialStore;
import dev.parley.tenant.Secret;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WebhookSecretsTest {
    private static final TenantId TENANT = new TenantId(UUID.randomUUID());

    private final Vault vault = Vault.of(Vault.newKey());
    private final AtomicLong clock = new AtomicLong(1);
    private final AtomicInteger queries = new AtomicInteger();
    private Optional<JsonObject> stored = secrets("newest", "older");
    private RuntimeException broken;

    private static Optional<JsonObject> secrets(String... secrets) {
        return Optional.of(new JsonObject().put("secrets", new JsonArray(List.of((Object[]) secrets))));
    }

    private final WebhookSecrets cache = cache(Optional.of(vault), 100);

    private WebhookSecrets cache(Optional<Vault> keys, int most) {
        return new WebhookSecrets(
                (tenant, provider) -> {
                    queries.incrementAndGet();
                    return broken != null
                            ? Uni.createFrom().failure(broken)
                            : Uni.createFrom()
                                    .item(stored.map(json -> new CredentialStore.Sealed(
                                            UUID.randomUUID(),
                                            tenant,
                                            provider,
                                            vault.seal(tenant, provider, json),
                                            1)));
                },
                keys,
                Duration.ofSeconds(30),
                most,
                clock::get);
    }

    private List<String> read(WebhookSecrets cache) {
        return cache.of(TENANT, "ghl-workflow").await().indefinitely().stream()
                .map(Secret::reveal)
                .toList();
    }

    @Test
    void secrets_are_read_newest_first_and_kept() {
        assertThat(read(cache)).containsExactly("newest", "older");
        assertThat(read(cache)).containsExactly("newest", "older");
        assertThat(queries).hasValue(1);
    }

    @Test
    void they_are_read_again_after_a_while() {
        read(cache);
        stored = secrets("rotated");
        clock.addAndGet(Duration.ofSeconds(31).toNanos());

        assertThat(read(cache)).containsExactly("rotated");
    }

    @Test
    void a_change_is_seen_at_the_next_request() {
        read(cache);
        stored = secrets("rotated");

        cache.forget(new TenantId(UUID.randomUUID()));
        assertThat(read(cache)).containsExactly("newest", "older");
        cache.forget(TENANT);
        assertThat(read(cache)).containsExactly("rotated");
        stored = secrets("again");
        cache.forget(null);
        assertThat(read(cache)).containsExactly("again");
    }

    @Test
    void a_tenant_without_secrets_has_none() {
        stored = Optional.empty();

        assertThat(read(cache)).isEmpty();
    }

    @Test
    void credentials_of_another_shape_hold_no_secrets() {
        stored = Optional.of(new JsonObject().put("secrets", "not a list"));
        assertThat(read(cache)).isEmpty();
        cache.forget(TENANT);
        stored = Optional.of(
                new JsonObject().put("secrets", new JsonArray().add(7).add("").add("good")));

        assertThat(read(cache)).containsExactly("good");
    }

    @Test
    void while_the_database_is_away_known_secrets_go_on_verifying() {
        read(cache);
        broken = new IllegalStateException("down");
        clock.addAndGet(Duration.ofHours(1).toNanos());

        assertThat(read(cache)).containsExactly("newest", "older");
    }

    @Test
    void while_the_database_is_away_unknown_secrets_are_not_none() {
        broken = new IllegalStateException("down");

        assertThatThrownBy(() -> read(cache))
                .isInstanceOfSatisfying(
                        LaterException.class, e -> assertThat(e.why()).isEqualTo(Delay.DATABASE));
        broken = null;
        assertThat(read(cache)).hasSize(2);
    }

    @Test
    void secrets_that_do_not_open_are_not_none() {
        WebhookSecrets otherKey = cache(Optional.of(Vault.of(Vault.newKey())), 100);
        WebhookSecrets noKey = cache(Optional.empty(), 100);

        assertThatThrownBy(() -> read(otherKey))
                .isInstanceOfSatisfying(
                        LaterException.class, e -> assertThat(e.why()).isEqualTo(Delay.SECRETS));
        assertThatThrownBy(() -> read(noKey))
                .isInstanceOfSatisfying(
                        LaterException.class, e -> assertThat(e.why()).isEqualTo(Delay.SECRETS));
    }

    @Test
    void no_more_are_kept_than_allowed() {
        WebhookSecrets small = cache(Optional.of(vault), 2);
        for (int at = 0; at < 5; at++) {
            small.of(new TenantId(new UUID(0, at)), "ghl-workflow").await().indefinitely();
        }
        queries.set(0);

        small.of(new TenantId(new UUID(0, 4)), "ghl-workflow").await().indefinitely();
        assertThat(queries).hasValue(0);
        small.of(new TenantId(new UUID(0, 0)), "ghl-workflow").await().indefinitely();
        assertThat(queries).hasValue(1);
    }
}
