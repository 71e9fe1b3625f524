package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Events of Chatwoot, of an account's webhook or an agent bot's. Ids are numbers in practice and texts in the
 * documentation; times are ISO-8601, seconds, or {@code 2020-03-03 13:05:57 UTC}.
 *
 * <p>Source: chatwoot/chatwoot, {@code app/models/message.rb}, {@code app/presenters/conversations/event_data_presenter.rb}
 * and {@code app/listeners/webhook_listener.rb}.
 */
@Singleton
public final class ChatwootEvents implements EventReader {
    static final String ADAPTER = "chatwoot";

    /** Where the adapter puts our id of a message; Chatwoot keeps it and tells it back. */
    public static final String OUR_ID = "parley_message_id";

    private static final DateTimeFormatter OLD_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT);
    private static final long LATEST_SECOND =
            Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    @Override
    public String provider() {
        return "chatwoot";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject payload = event.payload();
        JsonObject conversation = Lenient.object(payload, "conversation");
        JsonObject contact = Lenient.object(Lenient.object(conversation, "meta"), "sender");
        String name = Lenient.text(contact, "name");
        name = name == null ? Lenient.text(Lenient.object(payload, "contact"), "name") : name;
        return new Incoming(
                words(payload),
                name == null ? Lenient.text(Lenient.object(payload, "sender"), "name") : name,
                time(payload, "created_at"),
                refs(payload, conversation, contact),
                details(payload, conversation),
                media(payload));
    }

    @Override
    public Report report(Job.Event event) {
        JsonObject payload = event.payload();
        boolean isEcho = event.type().equals("outbound_message");
        UUID ours = uuid(Lenient.text(Lenient.object(payload, "content_attributes"), OUR_ID));
        String error = Lenient.text(Lenient.object(payload, "content_attributes"), "external_error");
        State state = isEcho ? State.SENT : state(payload);
        JsonObject conversation = Lenient.object(payload, "conversation");
        return new Report(
                id(payload, "id"),
                state,
                isEcho ? author(payload, ours) : null,
                isEcho ? words(payload) : "",
                state == State.FAILED ? (error == null ? "failed" : error) : null,
                isEcho ? time(payload, "created_at") : null,
                refs(payload, conversation, Lenient.object(Lenient.object(conversation, "meta"), "sender")),
                ours);
    }

    /** Resolved, or given back to the bot ({@code pending}): the bot's turn. From {@code pending} to {@code open}: people's. */
    @Override
    public @Nullable Turn turn(Job.Event event) {
        JsonObject payload = event.payload();
        String status = Lenient.text(payload, "status");
        Instant at = time(payload, "updated_at");
        at = at == null ? time(payload, "timestamp") : at;
        if (status == null) {
            return null;
        }
        return switch (status) {
            case "resolved", "pending" -> new Turn(Whose.BOT, at);
            // Also what a conversation becomes when its contact writes again: that is no decision of a person.
            case "open" -> "pending".equals(previousStatus(payload)) ? new Turn(Whose.PEOPLE, at) : null;
            default -> null;
        };
    }

    private static @Nullable String previousStatus(JsonObject payload) {
        for (Object change : Lenient.array(payload, "changed_attributes")) {
            if (change instanceof JsonObject json) {
                String before = Lenient.text(Lenient.object(json, "status"), "previous_value");
                if (before != null) {
                    return before;
                }
            }
        }
        return null;
    }

    private static String words(JsonObject payload) {
        String content = Lenient.text(payload, "content");
        return content == null ? "" : content;
    }

    private static @Nullable Author author(JsonObject payload, @Nullable UUID ours) {
        if (ours != null) {
            return Author.API;
        }
        JsonObject sender = Lenient.object(payload, "sender");
        String type = Lenient.text(sender, "type");
        if (type == null) {
            // Rules and campaigns send in nobody's name; an agent of older versions has no type.
            return sender.isEmpty() || isAutomatic(payload) ? Author.AUTOMATION : Author.HUMAN;
        }
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "user" -> isAutomatic(payload) ? Author.AUTOMATION : Author.HUMAN;
            case "agent_bot", "agentbot" -> Author.API;
            default -> Author.AUTOMATION;
        };
    }

    private static boolean isAutomatic(JsonObject payload) {
        return "template".equals(Lenient.text(payload, "message_type"))
                || Lenient.object(payload, "content_attributes").containsKey("automation_rule_id")
                || Lenient.object(payload, "additional_attributes").containsKey("campaign_id");
    }

    /** Of the message itself where it is told, else of its copy within the conversation. */
    private static State state(JsonObject payload) {
        String status = Lenient.text(payload, "status");
        String id = id(payload, "id");
        if (status == null && id != null) {
            for (Object each : Lenient.array(Lenient.object(payload, "conversation"), "messages")) {
                if (each instanceof JsonObject message && id.equals(id(message, "id"))) {
                    status = Lenient.text(message, "status");
                }
            }
        }
        if (Lenient.text(Lenient.object(payload, "content_attributes"), "external_error") != null) {
            return State.FAILED;
        }
        return switch (status == null ? "" : status) {
            case "sent" -> State.SENT;
            case "delivered" -> State.DELIVERED;
            case "read" -> State.READ;
            case "failed" -> State.FAILED;
            default -> State.OTHER;
        };
    }

    private static JsonObject refs(JsonObject payload, JsonObject conversation, JsonObject contact) {
        JsonObject refs = new JsonObject();
        String conversationId = id(conversation, "id");
        put(refs, "conversation_id", conversationId == null ? id(conversation, "display_id") : conversationId);
        put(refs, "account_id", id(Lenient.object(payload, "account"), "id"));
        String inbox = id(conversation, "inbox_id");
        put(refs, "inbox_id", inbox == null ? id(Lenient.object(payload, "inbox"), "id") : inbox);
        put(refs, "contact_id", id(contact, "id"));
        put(refs, "phone", Lenient.text(contact, "phone_number"));
        put(refs, "email", Lenient.text(contact, "email"));
        return refs.isEmpty() ? refs : new JsonObject().put(ADAPTER, refs);
    }

    private static JsonObject details(JsonObject payload, JsonObject conversation) {
        JsonObject details = new JsonObject();
        String type = Lenient.text(payload, "content_type");
        put(details, "message_type", type == null || type.equals("text") ? null : type);
        put(details, "inbox_channel", Lenient.text(conversation, "channel"));
        put(details, "reply_to", id(Lenient.object(payload, "content_attributes"), "in_reply_to"));
        return details;
    }

    /** Chatwoot keeps files itself and names their URL. */
    private static JsonArray media(JsonObject payload) {
        JsonArray media = new JsonArray();
        for (Object each : Lenient.array(payload, "attachments")) {
            if (each instanceof JsonObject attachment) {
                String url = Lenient.text(attachment, "data_url");
                if (url != null) {
                    String kind = Lenient.text(attachment, "file_type");
                    JsonObject reference = new JsonObject().put("kind", kind == null ? "file" : kind);
                    put(reference, "id", id(attachment, "id"));
                    media.add(reference.put("url", url));
                }
            }
        }
        return media;
    }

    private static @Nullable Instant time(JsonObject json, String key) {
        if (json.getValue(key) instanceof Number seconds) {
            long second = seconds.longValue();
            return second <= 0 || second > LATEST_SECOND ? null : Instant.ofEpochSecond(second);
        }
        Instant instant = Lenient.instant(json, key);
        String text = Lenient.text(json, key);
        if (instant != null || text == null) {
            return instant;
        }
        try {
            return LocalDateTime.parse(text, OLD_TIME).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static @Nullable String id(JsonObject json, String key) {
        Object value = json.getValue(key);
        return value instanceof Integer || value instanceof Long ? String.valueOf(value) : Lenient.text(json, key);
    }

    private static @Nullable UUID uuid(@Nullable String text) {
        try {
            return text == null ? null : UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static void put(JsonObject json, String key, @Nullable String value) {
        if (value != null) {
            json.put(key, value);
        }
    }
}
