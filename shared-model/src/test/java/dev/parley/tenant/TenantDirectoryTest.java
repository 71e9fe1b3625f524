package dev.parley.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TenantDirectoryTest {
    private final AtomicLong clock = new AtomicLong(1_000_000_000_000L);
    private final AtomicInteger queries = new AtomicInteger();
    private List<Tenant> stored = List.of();
    private RuntimeException broken;

    private final TenantDirectory directory = new TenantDirectory(
            () -> {
                queries.incrementAndGet();
                return broken == null
                        ? Uni.createFrom().item(stored)
                        : Uni.createFrom().failure(broken);
            },
            Map.of("ghl", "ghl.location_id"),
            clock::get);

    private static Tenant tenant(String slug, String location, boolean enabled) {
        JsonObject settings = new JsonObject().put("ghl", new JsonObject().put("location_id", location));
        return new Tenant(
                new TenantId(UUID.nameUUIDFromBytes(slug.getBytes())),
                slug,
                slug,
                enabled,
                "ghl",
                null,
                new Settings(settings));
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private Optional<Tenant> bySlug(String slug) {
        return directory.lookUpBySlug(slug).await().indefinitely();
    }

    private void refresh() {
        directory.refresh().await().indefinitely();
    }

    @Test
    void tenants_are_found_by_id_slug_and_account() {
        Tenant acme = tenant("acme", "L1", true);
        stored = List.of(acme, tenant("other", "L2", false));

        refresh();

        assertThat(directory.find(acme.id())).contains(acme);
        assertThat(directory.findBySlug("acme")).contains(acme);
        assertThat(directory.findByAccount("ghl", "L1")).contains(acme);
        assertThat(directory.findByAccount("other", "L1")).isEmpty();
        assertThat(directory.enabled()).containsExactly(acme.id());
        assertThat(directory.disabled()).hasSize(1);
    }

    @Test
    void a_tenant_created_a_moment_ago_is_found() {
        refresh();
        stored = List.of(tenant("new", "L9", true));
        pass(Duration.ofSeconds(1));

        assertThat(bySlug("new")).isPresent();
        assertThat(directory.findByAccount("ghl", "L9")).isPresent();
    }

    @Test
    void strangers_asking_for_a_thousand_names_cause_one_query_a_second() {
        refresh();
        pass(Duration.ofSeconds(1));
        int before = queries.get();

        for (int at = 0; at < 1000; at++) {
            assertThat(bySlug("guess-" + at)).isEmpty();
        }

        assertThat(queries.get() - before).isEqualTo(1);
    }

    @Test
    void a_known_tenant_costs_no_query() {
        stored = List.of(tenant("acme", "L1", true));
        refresh();
        pass(Duration.ofMinutes(5));

        assertThat(bySlug("acme")).isPresent();

        assertThat(queries.get()).isEqualTo(1);
    }

    @Test
    void a_failed_refresh_keeps_what_was_known() {
        stored = List.of(tenant("acme", "L1", true));
        refresh();
        broken = new IllegalStateException("down");

        assertThatThrownBy(this::refresh).hasMessage("down");

        assertThat(bySlug("acme")).isPresent();
    }

    @Test
    void while_nobody_can_say_an_unknown_tenant_is_not_said_to_be_missing() {
        refresh();
        pass(Duration.ofSeconds(2));
        broken = new IllegalStateException("down");

        assertThatThrownBy(() -> bySlug("new")).hasMessage("down");
        assertThatThrownBy(() -> bySlug("new")).hasMessageContaining("a moment ago");
        assertThat(queries.get()).isEqualTo(2);
    }

    @Test
    void it_recovers_when_the_database_is_back() {
        broken = new IllegalStateException("down");
        assertThatThrownBy(() -> bySlug("acme")).hasMessage("down");
        broken = null;
        stored = List.of(tenant("acme", "L1", true));
        pass(Duration.ofSeconds(2));

        assertThat(bySlug("acme")).isPresent();
        assertThat(directory.isLoaded()).isTrue();
    }

    @Test
    void an_account_that_two_tenants_claim_is_nobodys() {
        stored = List.of(tenant("one", "L1", true), tenant("two", "L1", true), tenant("three", "L3", true));

        refresh();

        assertThat(directory.findByAccount("ghl", "L1")).isEmpty();
        assertThat(directory.findByAccount("ghl", "L3")).isPresent();
        assertThat(directory.findBySlug("one")).isPresent();
    }

    @Test
    void the_unrouted_tenant_cannot_be_addressed() {
        stored = List.of(new Tenant(
                TenantDirectory.UNROUTED, "unrouted", "Events of no known tenant", true, null, null, Settings.empty()));

        refresh();

        assertThat(bySlug("unrouted")).isEmpty();
        assertThat(directory.find(TenantDirectory.UNROUTED)).isPresent();
    }

    @Test
    void a_change_during_a_reading_is_read_again() {
        Deque<UniEmitter<? super List<Tenant>>> asked = new ArrayDeque<>();
        TenantDirectory slow =
                new TenantDirectory(() -> Uni.createFrom().<List<Tenant>>emitter(asked::add), Map.of(), clock::get);
        AtomicInteger done = new AtomicInteger();
        slow.refresh().subscribe().with(nothing -> done.incrementAndGet());
        slow.refresh().subscribe().with(nothing -> done.incrementAndGet());
        slow.refresh().subscribe().with(nothing -> done.incrementAndGet());
        assertThat(asked).hasSize(1);

        asked.remove().complete(List.of());
        assertThat(done).hasValue(1);
        assertThat(asked).hasSize(1);
        asked.remove().complete(List.of(tenant("new", "L1", true)));

        assertThat(done).hasValue(3);
        assertThat(slow.findBySlug("new")).isPresent();
        assertThat(asked).isEmpty();
    }
}
