package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * A whole run against a service that is there, set up as {@link #configuration()} says, with a tenant that has {@link
 * #settings} and the secrets of all {@link #subjects()}: warms up, sends, compares, judges.
 */
public final class FuzzRun {
    private static final long WARM_UP = 300;
    private static final int SENDERS = 8;

    /** What a run may leave behind in the service's memory, whatever was sent: caches, not bodies. */
    private static final long MOST_MEGABYTES = 64;

    private final URI port;
    private final String slug;
    private final long seed;
    private final List<FuzzSubject> subjects = subjects();
    private final FuzzCases cases;
    private final FuzzReport warmUp;
    private final FuzzReport report;
    private String measured = "";

    public FuzzRun(URI port, String slug, long seed) {
        this.port = port;
        this.slug = slug;
        this.seed = seed;
        this.cases = new FuzzCases(seed, slug, subjects, List.of());
        this.warmUp = new FuzzReport(subjects, cases::at);
        this.report = new FuzzReport(subjects, cases::at);
    }

    /** Every provider that has described itself to the fuzzer. */
    public static List<FuzzSubject> subjects() {
        return ServiceLoader.load(FuzzSubject.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    /** The service's: keys of the subjects, and no budgets, because one address and one tenant send all there is. */
    public static Map<String, String> configuration() {
        Map<String, String> config = new HashMap<>();
        config.put("parley.ingest.ghl.app-ids", GhlSubject.APP);
        config.put("parley.ingest.ghl.public-keys", GhlSubject.KEY.spki());
        config.put("parley.ingest.whatsapp.app-secrets", WhatsAppSubject.APP_SECRET);
        config.put("parley.ingest.public-url", TwilioSubject.PUBLIC_URL);
        config.put("parley.ingest.limits.address-rate", "0");
        config.put("parley.ingest.limits.tenant-rate", "0");
        config.put("parley.ingest.limits.backlog.max-jobs", "0");
        return config;
    }

    /** The tenant's. */
    public static JsonObject settings(String slug) {
        JsonObject settings = new JsonObject();
        subjects().forEach(subject -> settings.mergeIn(subject.settings(slug), true));
        return settings;
    }

    /** Whether the service has heard of the tenant. */
    public boolean isKnown() {
        FuzzSubject known = subjects.stream()
                .filter(subject -> !subject.secrets().isEmpty())
                .findFirst()
                .orElseThrow();
        byte[] body = known.samples(slug, -1).get(0);
        FuzzCase asking = FuzzCase.genuine(-1, known, slug, body);
        AtomicInteger status = new AtomicInteger();
        new Fuzz(port, 1).run(1, number -> asking, (one, answer) -> status.set(answer.status()));
        return status.get() == 200;
    }

    /**
     * Sends {@code count} cases, and compares the database with what was answered.
     *
     * @param db may read events
     * @param heapMegabytes what lives in the service's heap now
     * @return what must not have happened; empty = the run passed
     */
    public List<String> run(long count, Connection db, LongSupplier heapMegabytes) throws SQLException {
        Fuzz fuzz = new Fuzz(port, SENDERS);
        // Classes loaded, caches filled, before anything is counted.
        fuzz.run(WARM_UP, number -> cases.at(-2 - number), warmUp::seen);
        Set<UUID> before = FuzzReport.traces(db);
        long heapBefore = heapMegabytes.getAsLong();
        long start = System.nanoTime();
        fuzz.run(count, cases::at, report::seen);
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        long heapAfter = heapMegabytes.getAsLong();
        report.compare(db, before);
        measured = "seed %d, %d cases in %d ms, heap %d -> %d MB"
                .formatted(seed, count, took.toMillis(), heapBefore, heapAfter);
        return judged(count, heapAfter - heapBefore);
    }

    private List<String> judged(long count, long grownMegabytes) {
        List<String> wrong = new ArrayList<>(warmUp.wrong());
        wrong.addAll(report.wrong());
        if (grownMegabytes > MOST_MEGABYTES) {
            wrong.add("the heap grew by " + grownMegabytes + " MB");
        }
        // A run that was refused for another reason, or believed nobody, would prove nothing.
        for (FuzzSubject subject : subjects) {
            if (report.count(subject.name() + " forged", "401 refused") == 0) {
                wrong.add("nothing of " + subject.name() + " was refused");
            }
            if (report.count(subject.name() + " genuine", "200 quarantined") == 0) {
                wrong.add("nothing of " + subject.name() + " was put aside");
            }
        }
        if (report.stored() <= count / 4) {
            wrong.add("only " + report.stored() + " of " + count + " were stored");
        }
        return wrong;
    }

    /** How the cases were answered. */
    public String summary() {
        return "fuzz: " + measured + System.lineSeparator() + report;
    }
}
