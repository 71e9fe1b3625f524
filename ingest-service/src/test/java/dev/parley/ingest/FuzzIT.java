package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.fuzz.FuzzRun;
import dev.parley.ingest.fuzz.FuzzSubject;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.TenantId;
import dev.parley.tenant.Vault;
import io.quarkus.arc.All;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import java.net.URI;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Five thousand mutated real samples over HTTP, at every provider that is there: {@code -Dparley.fuzz.cases=100000} and
 * {@code -Dparley.fuzz.seed=…} for more and for others.
 */
@QuarkusTest
@QuarkusTestResource(value = FuzzDatabase.class, restrictToAnnotatedClass = true)
@Timeout(900)
class FuzzIT {
    private static final Set<String> OF_TESTS =
            Set.of("several", CountingWebhooks.OF_TENANTS, CountingWebhooks.OF_AN_APP, CountingWebhooks.SWITCHED_OFF);

    TestDatabase db;

    @Inject
    @All
    List<WebhookProvider> providers;

    @TestHTTPResource
    URI port;

    @TestHTTPResource(value = "/", management = true)
    URI management;

    private final String slug = "fuzz-" + UUID.randomUUID();

    private void tenant(List<FuzzSubject> subjects) {
        Fixtures given = new Fixtures(db);
        TenantId tenant = given.tenant(slug, FuzzRun.settings(slug).encode());
        for (FuzzSubject subject : subjects) {
            if (!subject.secrets().isEmpty()) {
                String name = "webhook:" + subject.provider();
                JsonObject secrets = new JsonObject().put("secrets", new JsonArray(List.copyOf(subject.secrets())));
                given.credentials(
                        tenant, name, Vault.of(IngestDatabase.VAULT_KEY).seal(tenant, name, secrets), 1);
            }
        }
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    }

    @Test
    void whatever_is_sent_is_either_stored_as_it_is_or_leaves_nothing_behind() throws Exception {
        List<FuzzSubject> subjects = FuzzRun.subjects();
        List<String> registered = providers.stream()
                .map(WebhookProvider::name)
                .filter(name -> !OF_TESTS.contains(name))
                .toList();
        // Who adds a provider describes it to the fuzzer too, or it would be fuzzed as a stranger only.
        assertThat(subjects.stream()
                        .map(FuzzSubject::provider)
                        .map(ProviderRegistry::family)
                        .distinct())
                .containsExactlyInAnyOrderElementsOf(registered);
        tenant(subjects);
        FuzzRun run = new FuzzRun(port, slug, Long.getLong("parley.fuzz.seed", 20261121));
        await().until(run::isKnown);
        try (Connection connection = db.connect()) {
            List<String> wrong = run.run(Long.getLong("parley.fuzz.cases", 5_000), connection, FuzzIT::heap);

            System.out.print(run.summary());
            assertThat(wrong).isEmpty();
        }
        Map<String, String> quiet = Map.of("parley_ingest_held_bytes", "0.0", "parley_ingest_waiting_events", "0.0");
        await().untilAsserted(() -> {
            String metrics = new Sender(management).get("/q/metrics");
            quiet.forEach((name, value) -> assertThat(metrics).containsPattern("(?m)^" + name + " " + value + "$"));
        });
    }
}
