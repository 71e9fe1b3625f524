package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Updates of a Telegram bot: messages, pressed buttons, and people who block the bot or come back. */
@Singleton
public final class TelegramEvents implements EventReader {
    private static final String ADAPTER = "telegram";
    private static final List<String> FILES =
            List.of("document", "voice", "audio", "video", "video_note", "animation", "sticker");

    @Override
    public String provider() {
        return "telegram";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject payload = event.payload();
        JsonObject pressed = Lenient.object(payload, "callback_query");
        boolean isPressed = !pressed.isEmpty();
        JsonObject message = isPressed ? Lenient.object(pressed, "message") : Lenient.object(payload, "message");
        JsonObject from = Lenient.object(isPressed ? pressed : message, "from");
        String words = isPressed ? Lenient.text(pressed, "data") : Lenient.firstText(message, "text", "caption");
        return new Incoming(
                words == null ? "" : words,
                name(from),
                // A button is pressed now, whenever its message was sent.
                isPressed ? null : time(message, "date"),
                refs(message, from),
                details(message, isPressed),
                isPressed ? new JsonArray() : media(message));
    }

    private static @Nullable String name(JsonObject from) {
        String name = Stream.of("first_name", "last_name")
                .map(key -> Lenient.text(from, key))
                .filter(part -> part != null)
                .map(String::strip)
                .collect(Collectors.joining(" "));
        return name.isEmpty() ? null : name;
    }

    private static JsonObject refs(JsonObject message, JsonObject from) {
        JsonObject refs = new JsonObject();
        if (Lenient.object(message, "chat").getValue("id") instanceof Number id) {
            refs.put("chat_id", id.toString());
        }
        String username = Lenient.text(from, "username");
        if (username != null) {
            refs.put("username", username);
        }
        return refs.isEmpty() ? refs : new JsonObject().put(ADAPTER, refs);
    }

    private static JsonObject details(JsonObject message, boolean isPressed) {
        JsonObject details = new JsonObject();
        if (isPressed) {
            details.put("message_type", "button");
            return details;
        }
        JsonObject place = Lenient.object(message, "location");
        if (!place.isEmpty()) {
            details.put("latitude", place.getValue("latitude")).put("longitude", place.getValue("longitude"));
        }
        String shared = Lenient.text(Lenient.object(message, "contact"), "phone_number");
        if (shared != null) {
            details.put("shared_phone", shared);
        }
        return details;
    }

    /** Named by Telegram's id for this bot: what its {@code getFile} wants. */
    private static JsonArray media(JsonObject message) {
        JsonArray media = new JsonArray();
        JsonArray sizes = Lenient.array(message, "photo");
        if (!sizes.isEmpty() && sizes.getValue(sizes.size() - 1) instanceof JsonObject largest) {
            add(media, largest, "image");
        }
        FILES.forEach(name -> add(media, Lenient.object(message, name), kind(name)));
        return media;
    }

    private static String kind(String name) {
        return switch (name) {
            case "voice" -> "audio";
            case "video_note", "animation" -> "video";
            default -> name;
        };
    }

    private static void add(JsonArray media, JsonObject file, String kind) {
        String id = Lenient.text(file, "file_id");
        if (id == null) {
            return;
        }
        JsonObject reference = new JsonObject().put("kind", kind).put("id", id);
        String type = Lenient.text(file, "mime_type");
        media.add(type == null ? reference : reference.put("mime_type", type));
    }

    /** Telegram reports nothing about messages that went out. */
    @Override
    public Report report(Job.Event event) {
        return new Report(event.providerMessageId(), State.OTHER, null, "", null, null, new JsonObject());
    }

    /** {@code kicked} = blocked the bot; {@code member} = lets it speak again. */
    @Override
    public List<DoNotDisturb> doNotDisturb(Job.Event event) {
        JsonObject change = Lenient.object(event.payload(), "my_chat_member");
        String status = Lenient.text(Lenient.object(change, "new_chat_member"), "status");
        if (status == null || event.channel() == null || event.channelAddress() == null) {
            return List.of();
        }
        boolean isBlocked = status.equals("kicked");
        return isBlocked || status.equals("member")
                ? List.of(new DoNotDisturb(
                        event.channel(),
                        event.channelAddress(),
                        isBlocked,
                        false,
                        isBlocked ? "blocked the bot" : null,
                        time(change, "date")))
                : List.of();
    }

    /** Seconds since 1970. */
    private static @Nullable Instant time(JsonObject json, String key) {
        Object value = json.getValue(key);
        return value instanceof Integer || value instanceof Long && (Long) value < 10_000_000_000L
                ? Instant.ofEpochSecond(((Number) value).longValue())
                : null;
    }
}
