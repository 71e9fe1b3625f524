package dev.parley.ingest;

import dev.parley.spi.WebhookProvider;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.json.JsonObject;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns before a vendor stops sending. GoHighLevel looks at the success rate of a webhook URL over about three days and,
 * below 90 % of more than 10,000 deliveries, pauses the whole app, all tenants, until somebody switches it on again by hand.
 * So the rate of each of our apps at such a vendor is a gauge, and crossing 97, 95 or 92 % is one line in the log, each way.
 *
 * <p>Counted are deliveries that were genuine, or that we turned away before we knew. What strangers send and we refuse is
 * not in the vendor's statistics. What we turned away without knowing whose it was counts for each app: somebody's it was. The window begins anew with the process and knows this process only; over several of them
 * and over restarts, ask Prometheus for {@code parley_ingest_answered_total}.
 */
@Singleton
class CircuitGuard {
    private static final Logger LOG = LoggerFactory.getLogger(CircuitGuard.class);
    private static final double[] LEVELS = {97, 95, 92};

    /** In the place of an app's id, where nobody said which apps are ours. */
    static final String ALL = "all";

    /** Before that many deliveries a rate says nothing. */
    static final int LEAST = 200;

    private static final class Watched {
        private final SuccessRate rate;
        private volatile int level;

        Watched(SuccessRate rate) {
            this.rate = rate;
        }
    }

    /** By provider, then by app. */
    private final Map<String, Map<String, Watched>> byProvider = new HashMap<>();

    @Inject
    CircuitGuard(ProviderRegistry providers, IngestMeters meters) {
        for (WebhookProvider provider : providers.all()) {
            provider.successWindow()
                    .ifPresent(window -> watch(provider.name(), provider.apps(), window, System::nanoTime, meters));
        }
    }

    CircuitGuard(String provider, Set<String> apps, Duration window, LongSupplier nanoTime, IngestMeters meters) {
        watch(provider, apps, window, nanoTime, meters);
    }

    private void watch(String provider, Set<String> apps, Duration window, LongSupplier nanoTime, IngestMeters meters) {
        Map<String, Watched> watched = new TreeMap<>();
        for (String app : apps.isEmpty() ? Set.of(ALL) : apps) {
            Watched one = new Watched(new SuccessRate(window, nanoTime));
            watched.put(app, one);
            meters.watchSuccess(provider, app, one.rate::percent, () -> one.level);
        }
        byProvider.put(provider, watched);
    }

    /**
     * @param provider without effect where its vendor has no such breaker
     * @param app whose delivery it was, without effect where that is none of ours; null = not known
     */
    void answered(String provider, @Nullable String app, boolean success) {
        Map<String, Watched> watched = byProvider.get(provider);
        if (watched == null) {
            return;
        }
        Watched only = watched.get(ALL);
        if (only != null) {
            count(provider, ALL, only, success);
        } else if (app == null) {
            watched.forEach((each, one) -> count(provider, each, one, success));
        } else if (watched.containsKey(app)) {
            count(provider, app, watched.get(app), success);
        }
    }

    private static void count(String provider, String app, @Nullable Watched watched, boolean success) {
        if (watched != null) {
            watched.rate.count(success);
            note(provider, app, watched);
        }
    }

    /** 0 = fine, 3 = the vendor is about to stop; null = not watched. */
    @Nullable
    Integer level(String provider, String app) {
        Watched watched = byProvider.getOrDefault(provider, Map.of()).get(app);
        return watched == null ? null : Integer.valueOf(watched.level);
    }

    private static void note(String provider, String app, Watched watched) {
        // Without a lock for the ordinary case.
        if (level(watched.rate) == watched.level) {
            return;
        }
        synchronized (watched) {
            int before = watched.level;
            int now = level(watched.rate);
            if (now == before) {
                return;
            }
            watched.level = now;
            String percent = String.format(java.util.Locale.ROOT, "%.2f", watched.rate.percent());
            if (now > before) {
                LOG.error(
                        "deliveries of {}, app {}, succeed less often than {} %: {} % of {}; below 90 % the vendor stops "
                                + "sending for all tenants",
                        provider, app, (int) LEVELS[now - 1], percent, watched.rate.total());
            } else {
                LOG.info(
                        "deliveries of {}, app {}, recover: {} % of {} succeeded",
                        provider, app, percent, watched.rate.total());
            }
        }
    }

    private static int level(SuccessRate rate) {
        if (rate.total() < LEAST) {
            return 0;
        }
        double percent = rate.percent();
        int level = 0;
        while (level < LEVELS.length && percent < LEVELS[level]) {
            level++;
        }
        return level;
    }

    void serve(@Observes ManagementInterface management) {
        management.router().get("/q/success").handler(call -> {
            JsonObject all = new JsonObject();
            byProvider.forEach((provider, watched) -> {
                JsonObject apps = new JsonObject();
                watched.forEach((app, one) -> apps.put(
                        app,
                        new JsonObject()
                                .put("percent", one.rate.percent())
                                .put("deliveries", one.rate.total())
                                .put("alert_level", one.level)));
                all.put(provider, apps);
            });
            call.response().putHeader("Content-Type", "application/json").end(all.toBuffer());
        });
    }
}
