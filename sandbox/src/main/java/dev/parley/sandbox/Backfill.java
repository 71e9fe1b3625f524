package dev.parley.sandbox;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.InboundEvent;
import dev.parley.inbound.InboundEventStore;
import dev.parley.inbound.Payload;
import dev.parley.inbound.Receipt;
import dev.parley.spi.AdapterException;
import dev.parley.spi.Delivery;
import dev.parley.spi.MessageHistory;
import dev.parley.spi.MessageHistory.Entry;
import dev.parley.spi.Reading;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds messages that no webhook told us of, in the vendor's own list, and stores them as their webhooks would have been:
 * read by the same provider, under its keys, with their jobs, oldest first. What is stored under any key is not stored again.
 */
final class Backfill {
    /** Which of {@code $2} are known. Events are looked up by when they came: there is no index on the vendor's ids. */
    private static final String KNOWN = """
            SELECT asked.id
            FROM unnest($2::text[]) AS asked (id)
            WHERE EXISTS (
                  SELECT
                  FROM bot.messages m
                  WHERE m.provider = $3
                    AND m.provider_msg_id = asked.id
                    AND m.tenant_id = $1)
               OR asked.id IN (
                  SELECT e.provider_msg_id
                  FROM bot.inbound_events e
                  WHERE e.tenant_id = $1
                    AND e.received_at >= $4
                    AND e.provider = $3
                    AND e.provider_msg_id IS NOT NULL)
            """;

    private static final String WITHOUT_IDS = """
            SELECT e.provider
            FROM bot.inbound_events e
            WHERE e.tenant_id = $1
              AND e.received_at >= $2
              AND e.provider = ANY ($3::text[])
              AND e.event_type = 'inbound_message'
            LIMIT 1
            """;

    private static final int BATCH = 100;
    private static final int TRIES = 5;
    /** A webhook is never stored much before its message was written, but clocks differ. */
    private static final Duration SKEW = Duration.ofHours(1);

    private static final Duration USUAL_PAUSE = Duration.ofSeconds(10);
    /** Whoever is told to wait longer comes back rather than waits. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(15);

    /**
     * @param answerWithin how old a message may be to be answered; older ones are recorded only
     */
    record Plan(Tenant tenant, Instant since, Duration answerWithin) {}

    /**
     * @param what event type
     * @param silence why it will not be answered; null = that is the dialog's to decide, or it is none of a customer's
     */
    record Added(
            UUID traceId, Instant at, String what, @Nullable String silence) {}

    /**
     * @param listed messages of contacts, each once
     * @param known of these, stored before
     */
    record Result(int listed, int known, List<Added> added) {}

    private final Pool db;
    private final MessageHistory history;
    private final WebhookProvider provider;
    private final Narrator say;

    Backfill(Pool db, MessageHistory history, WebhookProvider provider, Narrator say) {
        this.db = db;
        this.history = history;
        this.provider = provider;
        this.say = say;
    }

    /** @throws SandboxException if the vendor's list cannot be read; then nothing was added */
    Result run(Plan plan) {
        refuseWithoutIds(plan);
        MessageHistory.Listing listing = history.since(plan.tenant(), plan.since());
        List<Entry> listed = list(listing);
        Set<String> known = known(plan, listed);
        Map<String, Integer> lastReply = new HashMap<>();
        for (int at = 0; at < listed.size(); at++) {
            if (!listed.get(at).isInbound()) {
                lastReply.put(listed.get(at).thread(), at);
            }
        }
        List<Missing> missing = new ArrayList<>();
        int others = 0;
        for (int at = 0; at < listed.size(); at++) {
            Entry entry = listed.get(at);
            if (known.contains(entry.id()) || entry.otherIds().stream().anyMatch(known::contains)) {
                continue;
            }
            boolean wasAnswered = lastReply.getOrDefault(entry.thread(), -1) > at;
            String silence = entry.isInbound() ? silence(plan, entry, wasAnswered) : null;
            InboundEvent event = event(plan.tenant(), ask(() -> listing.told(entry)), entry, silence);
            if (event.job() != null || event.type().equals(InboundEvent.QUARANTINED)) {
                missing.add(new Missing(entry, silence, event));
            } else {
                // Calls, notes among colleagues: in the list, but nothing that a webhook would have given a job.
                others++;
            }
        }
        List<Added> added = store(missing);
        int messages = listed.size() - others;
        return new Result(messages, messages - added.size(), added);
    }

    private record Missing(Entry entry, @Nullable String silence, InboundEvent event) {}

    private void refuseWithoutIds(Plan plan) {
        Set<String> rivals = history.providersWithoutIds();
        var found = db.preparedQuery(WITHOUT_IDS)
                .execute(Tuple.of(plan.tenant().id().value(), database(plan.since()), rivals.toArray(String[]::new)))
                .await()
                .atMost(Operator.QUICK)
                .iterator();
        if (found.hasNext()) {
            throw new SandboxException("tenant " + plan.tenant().slug() + " has got messages by "
                    + found.next().getString(0) + " since then, which bear no ids: nobody could tell which of "
                    + history.provider() + "'s are missing");
        }
    }

    private List<Entry> list(MessageHistory.Listing listing) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Optional<List<Entry>> page = ask(listing::next); page.isPresent(); page = ask(listing::next)) {
            page.get().forEach(entry -> entries.putIfAbsent(entry.id(), entry));
        }
        // Stable: what was written in the same moment stays as it was listed.
        return entries.values().stream()
                .sorted(Comparator.comparing(Entry::at).thenComparingLong(Entry::sequence))
                .toList();
    }

    private Set<String> known(Plan plan, List<Entry> listed) {
        Set<String> asked = new HashSet<>();
        for (Entry entry : listed) {
            asked.add(entry.id());
            asked.addAll(entry.otherIds());
        }
        Set<String> known = new HashSet<>();
        db.preparedQuery(KNOWN)
                .execute(Tuple.of(
                        plan.tenant().id().value(),
                        asked.toArray(String[]::new),
                        history.provider(),
                        database(plan.since().minus(SKEW))))
                .await()
                .indefinitely()
                .forEach(row -> known.add(row.getString(0)));
        return known;
    }

    private static OffsetDateTime database(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }

    /** Whoever was answered since, or wrote long ago, is not answered by a machine that has just found the letter. */
    private static @Nullable String silence(Plan plan, Entry entry, boolean wasAnswered) {
        if (wasAnswered) {
            return "found by backfill, and answered since at the provider";
        }
        Duration age = Duration.between(entry.at(), Instant.now());
        return age.compareTo(plan.answerWithin()) > 0
                ? "found by backfill, " + Spans.inWords(age) + " after it was written"
                : null;
    }

    private InboundEvent event(Tenant tenant, JsonObject told, Entry entry, @Nullable String silence) {
        JsonObject found = new JsonObject().put("at", Instant.now().toString());
        if (silence != null) {
            found.put("silence", silence);
        }
        byte[] body = told.copy().put("$backfill", found).encode().getBytes(StandardCharsets.UTF_8);
        long now = System.nanoTime();
        Payload payload = Payload.json(body);
        Delivery delivery = new Delivery(body, Map.of(), Instant.now(), now);
        Reading reading = provider.read(delivery, payload);
        if (payload.isReadable()
                && reading instanceof Reading.Events events
                && events.events().size() == 1) {
            return events.events().get(0).fact(tenant.id(), provider.name(), now);
        }
        return Reading.Event.of(
                        InboundEvent.QUARANTINED, null, EventKey.of(provider.name(), "listed", entry.id()), payload)
                .named(null, entry.id())
                .quarantined("found by backfill, and not to be read as one message")
                .fact(tenant.id(), provider.name(), now);
    }

    private List<Added> store(List<Missing> missing) {
        InboundEventStore store = new InboundEventStore(db);
        List<Added> added = new ArrayList<>();
        for (int from = 0; from < missing.size(); from += BATCH) {
            List<Missing> batch = missing.subList(from, Math.min(missing.size(), from + BATCH));
            List<Receipt> receipts = store.recordAll(
                            batch.stream().map(Missing::event).toList())
                    .await()
                    .atMost(Operator.QUICK);
            for (int at = 0; at < batch.size(); at++) {
                // A duplicate: its webhook has come in the meantime.
                if (receipts.get(at) instanceof Receipt.Accepted accepted) {
                    Missing one = batch.get(at);
                    added.add(new Added(
                            accepted.traceId(), one.entry().at(), one.event().type(), one.silence()));
                }
            }
        }
        return added;
    }

    /** As often as it takes, as slowly as the vendor wants; what cannot be mended by waiting is told. */
    private <T> T ask(Supplier<Uni<T>> question) {
        for (int attempt = 1; ; attempt++) {
            try {
                return Uni.createFrom().<T>deferred(question::get).await().indefinitely();
            } catch (AdapterException e) {
                boolean isThrottled = e.kind() == AdapterException.Kind.THROTTLED;
                boolean mayHelp = isThrottled || (e.kind() == AdapterException.Kind.TRANSIENT && attempt < TRIES);
                Duration asked = e.retryAfter();
                Duration pause =
                        asked != null ? asked : isThrottled ? USUAL_PAUSE : Duration.ofSeconds(1L << (attempt - 1));
                if (!mayHelp || pause.compareTo(LONGEST_PAUSE) > 0) {
                    throw new SandboxException(
                            "the list of messages could not be read to its end, and nothing was added: "
                                    + e.getMessage()
                                    + (isThrottled ? "; come back in " + Spans.inWords(pause) : ""),
                            e);
                }
                say.line("waiting    " + Spans.inWords(pause) + ": " + e.getMessage());
                pause(pause);
            }
        }
    }

    private static void pause(Duration pause) {
        try {
            TimeUnit.MILLISECONDS.sleep(pause.toMillis() + 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SandboxException("interrupted; nothing was added", e);
        }
    }
}
