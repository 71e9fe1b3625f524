package dev.parley.ingest;

import dev.parley.ingest.Answer.Refusal;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last requests that were refused, in memory only, for whoever wonders why nothing arrives: {@code GET /q/refused} on
 * the management port. Who, when and why; nothing of what was sent, so there is nothing in it to protect or to inject.
 * Each kind is logged once a second at most, with the number of those that were not.
 */
@Singleton
class RefusedRequests {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedRequests.class);
    private static final long LOG_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    /** @param provider a provider of ours, or {@code none} */
    record Entry(Instant at, String provider, Refusal why, int status, long bytes, String from) {}

    private static final class Muted {
        private long since;
        private long count;
    }

    private final int most;
    private final LongSupplier nanoTime;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private final Map<Refusal, Muted> muted = new EnumMap<>(Refusal.class);

    @Inject
    RefusedRequests(IngestConfig config) {
        this(config.rememberedRefusals(), System::nanoTime);
    }

    RefusedRequests(int most, LongSupplier nanoTime) {
        this.most = most;
        this.nanoTime = nanoTime;
    }

    synchronized void add(Entry entry) {
        if (most > 0) {
            if (entries.size() >= most) {
                entries.removeFirst();
            }
            entries.addLast(entry);
        }
        Muted kind = muted.get(entry.why());
        long now = nanoTime.getAsLong();
        if (kind != null && now - kind.since < LOG_PAUSE_NANOS) {
            kind.count++;
            return;
        }
        LOG.warn(
                "request refused reason={} status={} provider={} bytes={} from={} unlogged_before={}",
                word(entry.why()),
                entry.status(),
                entry.provider(),
                entry.bytes(),
                entry.from(),
                kind == null ? 0 : kind.count);
        Muted next = new Muted();
        next.since = now;
        muted.put(entry.why(), next);
    }

    /** Newest first. */
    synchronized List<Entry> all() {
        List<Entry> all = new ArrayList<>(entries);
        java.util.Collections.reverse(all);
        return all;
    }

    private static String word(Refusal why) {
        return why.name().toLowerCase(Locale.ROOT);
    }

    void serve(@Observes ManagementInterface management) {
        management.router().get("/q/refused").handler(call -> {
            JsonArray list = new JsonArray();
            for (Entry entry : all()) {
                list.add(new JsonObject()
                        .put("at", entry.at().toString())
                        .put("provider", entry.provider())
                        .put("reason", word(entry.why()))
                        .put("status", entry.status())
                        .put("bytes", entry.bytes())
                        .put("from", entry.from()));
            }
            call.response().putHeader("Content-Type", "application/json").end(list.toBuffer());
        });
    }
}
