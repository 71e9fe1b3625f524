package dev.parley.ledger;

import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A small run that kept every promise, written row by row; tests then spoil it. */
final class World {
    private final TestDatabase db;
    private final Fixtures given;
    final List<Sent> sent = new ArrayList<>();
    final List<ProviderSend> provider = new ArrayList<>();
    private int clock;

    /** One message with everything that belongs to it. */
    record Exchange(Sent sent, UUID event, UUID job, UUID conversation, UUID contact, UUID reply, UUID trace) {}

    World(TestDatabase db) {
        this.db = db;
        this.given = new Fixtures(db);
    }

    Fixtures given() {
        return given;
    }

    Person person(TenantId tenant, String address) {
        UUID contact = given.contact(tenant, "sms", address);
        return new Person(tenant, address, contact, given.conversation(contact));
    }

    record Person(TenantId tenant, String address, UUID contact, UUID conversation) {}

    /** Sent, acknowledged, stored, heard, decided, answered and taken by the provider. */
    Exchange exchange(Person person, String text) {
        int number = ++clock;
        String eventId = "wh-" + UUID.randomUUID();
        String messageId = "msg-" + UUID.randomUUID();
        JsonObject body =
                new JsonObject().put("body", text).put("webhookId", eventId).put("n", number);
        UUID event = given.event(person.tenant(), "inbound_message", "sms", person.address(), body.encode());
        UUID trace = db.value(UUID.class, "SELECT trace_id FROM bot.inbound_events WHERE inbound_event_id = ?", event);
        UUID job = given.job(event);
        UUID sendJob = given.job(event, "send_outbound_message");
        db.execute(
                "UPDATE bot.inbound_events SET provider_event_id = ?, provider_msg_id = ? WHERE inbound_event_id = ?",
                eventId,
                messageId,
                event);
        db.execute("UPDATE bot.job_queue SET status = 'done' WHERE inbound_event_id = ?", event);
        message(
                event,
                person,
                "inbound",
                messageId,
                text,
                new JsonObject().put("decision", new JsonObject().put("intent", "fallback")),
                trace);
        String providerId = "prov-" + number;
        message(
                sendJob,
                person,
                "outbound",
                providerId,
                "re: " + text,
                new JsonObject()
                        .put("author", "bot")
                        .put("in_reply_to", event.toString())
                        .put("delivery", new JsonObject().put("state", "delivered")),
                trace);
        provider.add(new ProviderSend(providerId, "re: " + text, trace));
        Sent entry = new Sent(
                number,
                person.tenant().value(),
                person.address(),
                eventId,
                messageId,
                JsonText.of(body),
                false,
                Duration.ofSeconds(number),
                Duration.ofSeconds(number).plusMillis(500),
                List.of(trace),
                2);
        sent.add(entry);
        return new Exchange(entry, event, job, person.conversation(), person.contact(), sendJob, trace);
    }

    void message(
            UUID id, Person person, String direction, String providerId, String text, JsonObject payload, UUID trace) {
        db.execute(
                """
                INSERT INTO bot.messages (message_id, tenant_id, conversation_id, contact_id, direction, provider,
                                          provider_msg_id, channel, text, payload, trace_id, created_at)
                VALUES (?, ?, ?, ?, ?, 'ghl', ?, 'sms', ?, ?::jsonb, ?, clock_timestamp())
                """,
                id,
                person.tenant().value(),
                person.conversation(),
                person.contact(),
                direction,
                providerId,
                text,
                payload.encode(),
                trace);
    }

    void replace(Sent old, Sent with) {
        sent.set(sent.indexOf(old), with);
    }

    Judgement judged() throws SQLException {
        try (Connection connection = db.connect(TestDatabase.Login.OPERATOR)) {
            return Judge.judge(new Evidence(sent, Rows.read(connection), provider));
        }
    }
}
