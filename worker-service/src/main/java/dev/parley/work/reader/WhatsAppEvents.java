package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Events of Meta's WhatsApp Cloud API. Each payload tells one thing, in the shape of a whole webhook
 * ({@code entry[].changes[].value}) with one message, one status or one echo in it.
 *
 * <p>Source: Meta, "Webhooks reference: messages" of the WhatsApp Business Platform documentation.
 */
@Singleton
public final class WhatsAppEvents implements EventReader {
    static final String ADAPTER = "whatsapp";

    private static final Set<String> MEDIA = Set.of("image", "audio", "video", "document", "sticker");
    private static final long LATEST_SECOND =
            Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    @Override
    public String provider() {
        return "whatsapp";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        Found found = Found.in(event.payload(), "messages");
        JsonObject message = found.item();
        JsonObject contact = contact(found.value());
        JsonObject profile = Lenient.object(contact, "profile");
        return new Incoming(
                words(message),
                Lenient.firstText(profile, "name", "username"),
                at(message),
                refs(message, contact),
                details(message),
                media(message));
    }

    @Override
    public Report report(Job.Event event) {
        if (event.type().equals("outbound_message")) {
            JsonObject echo = Found.in(event.payload(), "message_echoes").item();
            // Meta tells of what was typed on the phone, not of what came through the API.
            return new Report(
                    Lenient.text(echo, "id"), State.SENT, Author.HUMAN, words(echo), null, at(echo), new JsonObject());
        }
        JsonObject status = Found.in(event.payload(), "statuses").item();
        State state = state(Lenient.text(status, "status"));
        return new Report(
                Lenient.text(status, "id"),
                state,
                null,
                "",
                state == State.FAILED ? error(status) : null,
                at(status),
                new JsonObject(),
                uuid(Lenient.text(status, "biz_opaque_callback_data")));
    }

    /** The one thing that is told, wherever in the envelope it stands. */
    private record Found(JsonObject value, JsonObject item) {
        static Found in(JsonObject payload, String list) {
            for (JsonObject entry : objects(payload, "entry")) {
                for (JsonObject change : objects(entry, "changes")) {
                    JsonObject value = Lenient.object(change, "value");
                    List<JsonObject> items = objects(value, list);
                    if (!items.isEmpty()) {
                        return new Found(value, items.get(0));
                    }
                }
            }
            return new Found(new JsonObject(), new JsonObject());
        }
    }

    private static List<JsonObject> objects(JsonObject json, String key) {
        return Lenient.array(json, key).stream()
                .filter(JsonObject.class::isInstance)
                .map(JsonObject.class::cast)
                .toList();
    }

    private static JsonObject contact(JsonObject value) {
        List<JsonObject> contacts = objects(value, "contacts");
        return contacts.isEmpty() ? new JsonObject() : contacts.get(0);
    }

    private static String words(JsonObject message) {
        String type = Lenient.text(message, "type");
        if (type == null) {
            return "";
        }
        JsonObject content = Lenient.object(message, type);
        String words = switch (type) {
            case "text" -> Lenient.text(content, "body");
            case "button", "order" -> Lenient.text(content, "text");
            case "interactive" -> {
                JsonObject reply = Lenient.object(content, String.valueOf(Lenient.text(content, "type")));
                yield Lenient.firstText(reply, "title", "body");
            }
            case "location" -> Lenient.firstText(content, "name", "address");
            default -> MEDIA.contains(type) ? Lenient.text(content, "caption") : null;
        };
        return words == null ? "" : words;
    }

    /** Meta keeps the file for a while under this id; the reference is all we keep. */
    private static JsonArray media(JsonObject message) {
        String type = Lenient.text(message, "type");
        JsonArray media = new JsonArray();
        if (type == null || !MEDIA.contains(type)) {
            return media;
        }
        JsonObject content = Lenient.object(message, type);
        String id = Lenient.text(content, "id");
        if (id == null) {
            return media;
        }
        JsonObject reference = new JsonObject().put("kind", type).put("id", id);
        for (String key : List.of("mime_type", "sha256", "filename")) {
            put(reference, key, Lenient.text(content, key));
        }
        if (Boolean.TRUE.equals(content.getValue("voice"))) {
            reference.put("voice", true);
        }
        return media.add(reference);
    }

    private static JsonObject refs(JsonObject message, JsonObject contact) {
        JsonObject refs = new JsonObject();
        String number = Lenient.text(message, "from");
        String userId = Lenient.text(message, "from_user_id");
        put(refs, "wa_id", number == null ? Lenient.text(contact, "wa_id") : number);
        put(refs, "user_id", userId == null ? Lenient.text(contact, "user_id") : userId);
        put(refs, "username", Lenient.text(Lenient.object(contact, "profile"), "username"));
        return refs.isEmpty() ? refs : new JsonObject().put(ADAPTER, refs);
    }

    private static JsonObject details(JsonObject message) {
        JsonObject details = new JsonObject();
        String type = Lenient.text(message, "type");
        put(details, "message_type", type);
        put(details, "reply_to", Lenient.text(Lenient.object(message, "context"), "id"));
        if (type != null) {
            JsonObject content = Lenient.object(message, type);
            if (type.equals("location") || type.equals("order")) {
                details.put(type, content.copy());
            }
            if (type.equals("interactive") || type.equals("button")) {
                JsonObject reply = Lenient.object(content, String.valueOf(Lenient.text(content, "type")));
                put(details, "choice", Lenient.firstText(content.copy().mergeIn(reply), "id", "payload"));
            }
        }
        if (message.getValue("contacts") instanceof JsonArray cards) {
            details.put("contacts", cards.copy());
        }
        JsonObject referral = Lenient.object(message, "referral");
        if (!referral.isEmpty()) {
            details.put("referral", referral.copy());
        }
        JsonArray errors = Lenient.array(message, "errors");
        if (!errors.isEmpty()) {
            put(details, "error", error(message));
        }
        return details;
    }

    private static State state(@Nullable String status) {
        if (status == null) {
            return State.OTHER;
        }
        return switch (status) {
            case "sent" -> State.SENT;
            case "delivered" -> State.DELIVERED;
            // A voice message that was played was seen.
            case "read", "played" -> State.READ;
            case "failed" -> State.FAILED;
            default -> State.OTHER;
        };
    }

    /** The first error with its number, which is what Meta documents. */
    private static String error(JsonObject item) {
        List<JsonObject> errors = objects(item, "errors");
        if (errors.isEmpty()) {
            return "failed";
        }
        JsonObject error = errors.get(0);
        String title = Lenient.firstText(error, "title", "message");
        String details = Lenient.text(Lenient.object(error, "error_data"), "details");
        return String.join(
                " ",
                error.getValue("code") instanceof Number code ? "(#" + code + ")" : "(no code)",
                title == null ? "" : title,
                details == null || details.equals(title) ? "" : "- " + details);
    }

    /** Seconds, as a text. */
    private static @Nullable Instant at(JsonObject item) {
        String seconds = Lenient.text(item, "timestamp");
        if (seconds == null || !seconds.matches("[0-9]{1,12}")) {
            return null;
        }
        long second = Long.parseLong(seconds);
        return second > LATEST_SECOND ? null : Instant.ofEpochSecond(second);
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
