package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.parley.ingest.fuzz.Fuzz;
import dev.parley.ingest.fuzz.FuzzCases;
import dev.parley.ingest.fuzz.FuzzReport;
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
import java.util.ServiceLoader;
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
    private static final Set<String> OF_TESTS = Set.of("several", "a-counting");

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
        JsonObject settings = new JsonObject();
        subjects.forEach(subject -> settings.mergeIn(subject.settings(slug), true));
        Fixtures given = new Fixtures(db);
        TenantId tenant = given.tenant(slug, settings.encode());
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
        List<FuzzSubject> subjects = ServiceLoader.load(FuzzSubject.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        List<String> described = subjects.stream().map(FuzzSubject::provider).toList();
        List<String> registered = providers.stream()
                .map(WebhookProvider::name)
                .filter(name -> !OF_TESTS.contains(name))
                .toList();
        // Who adds a provider describes it to the fuzzer too, or it would be fuzzed as a stranger only.
        assertThat(described.stream().map(ProviderRegistry::family)).containsExactlyInAnyOrderElementsOf(registered);
        tenant(subjects);
        long count = Long.getLong("parley.fuzz.cases", 5_000);
        long seed = Long.getLong("parley.fuzz.seed", 20261121);
        FuzzCases cases = new FuzzCases(seed, slug, subjects, List.of());
        FuzzReport report = new FuzzReport(subjects);
        Fuzz fuzz = new Fuzz(port, 8);
        Sender sender = new Sender(port);
        // Known to the service, and its classes loaded, before anything is counted.
        FuzzSubject known = subjects.stream()
                .filter(subject -> !subject.secrets().isEmpty())
                .findFirst()
                .orElseThrow();
        await().until(() -> {
            byte[] body = known.samples(slug, -1).get(0);
            return sender.post(known.path(slug), body, known.sign(known.path(slug), body, -1))
                            .status()
                    == 200;
        });
        FuzzReport warmUp = new FuzzReport(subjects);
        fuzz.run(300, number -> cases.at(-2 - number), warmUp::seen);
        try (Connection connection = db.connect()) {
            Set<UUID> before = FuzzReport.traces(connection);
            long heapBefore = heap();
            long start = System.nanoTime();

            fuzz.run(count, cases::at, report::seen);

            long millis = (System.nanoTime() - start) / 1_000_000;
            report.compare(connection, before);
            long heapAfter = heap();
            System.out.printf(
                    "fuzz: seed %d, %d cases in %d ms, heap %d -> %d MB%n%s",
                    seed, count, millis, heapBefore, heapAfter, report);
            assertThat(warmUp.wrong()).isEmpty();
            assertThat(report.wrong()).isEmpty();
            // What the report itself remembers, bodies and all, is the run's.
            assertThat(heapAfter - heapBefore).isLessThan(64 + count / 50);
        }
        for (String provider : described) {
            assertThat(report.count(provider + " forged", "401 refused")).isPositive();
            assertThat(report.count(provider + " genuine", "200 quarantined")).isPositive();
        }
        assertThat(report.stored()).isGreaterThan((int) (count / 4));
        Map<String, String> quiet = Map.of("parley_ingest_held_bytes", "0.0", "parley_ingest_waiting_events", "0.0");
        await().untilAsserted(() -> {
            String metrics = new Sender(management).get("/q/metrics");
            quiet.forEach((name, value) -> assertThat(metrics).containsPattern("(?m)^" + name + " " + value + "$"));
        });
    }
}
