package dev.parley.ingest;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A vendor of tests whose deliveries carry several events for several accounts, as Meta's do: {@code {"entry": [{"id",
 * "account", "type"}]}}. A body with {@code "break": true} breaks its reader.
 */
@Singleton
class SeveralWebhooks implements WebhookProvider {
    @Override
    public String name() {
        return "several";
    }

    @Override
    public Scope scope() {
        return Scope.APP;
    }

    @Override
    public Optional<String> accountSetting() {
        return Optional.of("several.account");
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        if (delivery.only("X-Break").isPresent()) {
            throw new IllegalStateException("a verifier with a defect");
        }
        return delivery.only("X-Several").isPresent() ? Verdict.genuine() : Verdict.forged("test");
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        if (payload.content().getBoolean("break", false)) {
            throw new IllegalStateException("a reader with a defect");
        }
        List<Reading.Event> events = new ArrayList<>();
        JsonArray entries = payload.content().getJsonArray("entry", new JsonArray());
        for (Object one : entries) {
            JsonObject entry = (JsonObject) one;
            events.add(Reading.Event.of(
                            entry.getString("type"),
                            null,
                            EventKey.of(name(), "id", entry.getString("id")),
                            Payload.json(entry.toBuffer().getBytes()))
                    .from(entry.getString("account")));
        }
        return events.isEmpty() ? new Reading.NotOurs("no entries") : new Reading.Events(events);
    }
}
