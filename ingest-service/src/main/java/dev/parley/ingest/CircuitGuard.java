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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns before a vendor stops sending. GoHighLevel looks at the success rate of a webhook URL over about three days and,
 * below 90 % of more than 10,000 deliveries, pauses the whole app, all tenants, until somebody switches it on again by hand.
 * So the rate of each URL with such a vendor is a gauge, and crossing 97, 95 or 92 % is one line in the log, each way.
 *
 * <p>Counted are deliveries that were genuine, or that we turned away before we knew. What strangers send and we refuse is
 * not in the vendor's statistics. The window begins anew with the process and knows this process only; over several of them
 * and over restarts, ask Prometheus for {@code parley_ingest_answered_total}.
 */
@Singleton
class CircuitGuard {
    private static final Logger LOG = LoggerFactory.getLogger(CircuitGuard.class);
    private static final double[] LEVELS = {97, 95, 92};

    /** Before that many deliveries a rate says nothing. */
    static final int LEAST = 200;

    private static final class Watched {
        private final SuccessRate rate;
        private volatile int level;

        Watched(SuccessRate rate) {
            this.rate = rate;
        }
    }

    private final Map<String, Watched> byProvider = new HashMap<>();

    @Inject
    CircuitGuard(ProviderRegistry providers, IngestMeters meters) {
        for (WebhookProvider provider : providers.all()) {
            provider.successWindow().ifPresent(window -> watch(provider.name(), window, System::nanoTime, meters));
        }
    }

    CircuitGuard(String provider, Duration window, LongSupplier nanoTime, IngestMeters meters) {
        watch(provider, window, nanoTime, meters);
    }

    private void watch(String provider, Duration window, LongSupplier nanoTime, IngestMeters meters) {
        Watched watched = new Watched(new SuccessRate(window, nanoTime));
        byProvider.put(provider, watched);
        meters.watchSuccess(provider, watched.rate::percent, () -> watched.level);
    }

    /** @param provider without effect where its vendor has no such breaker */
    void answered(String provider, boolean success) {
        Watched watched = byProvider.get(provider);
        if (watched != null) {
            watched.rate.count(success);
            note(provider, watched);
        }
    }

    /** 0 = fine, 3 = the vendor is about to stop; null = not watched. */
    @Nullable
    Integer level(String provider) {
        Watched watched = byProvider.get(provider);
        return watched == null ? null : Integer.valueOf(watched.level);
    }

    private static void note(String provider, Watched watched) {
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
                        "deliveries of {} succeed less often than {} %: {} % of {}; below 90 % the vendor stops sending "
                                + "for all tenants",
                        provider, (int) LEVELS[now - 1], percent, watched.rate.total());
            } else {
                LOG.info("deliveries of {} recover: {} % of {} succeeded", provider, percent, watched.rate.total());
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
            byProvider.forEach((provider, watched) -> all.put(
                    provider,
                    new JsonObject()
                            .put("percent", watched.rate.percent())
                            .put("deliveries", watched.rate.total())
                            .put("alert_level", watched.level)));
            call.response().putHeader("Content-Type", "application/json").end(all.toBuffer());
        });
    }
}
