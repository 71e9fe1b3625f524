package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Parley's own plain JSON: {@code message.received}, {@code message.sent} and {@code message.status}, each with its
 * {@code data}; {@code docs/settings.md} has an example of each.
 */
@Singleton
public final class StandardWebhookEvents implements EventReader {
    @Override
    public String provider() {
        return "standard-webhooks";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject data = Lenient.object(event.payload(), "data");
        JsonObject details = new JsonObject();
        String subject = Lenient.text(data, "subject");
        if (subject != null) {
            details.put("subject", subject);
        }
        String name = Lenient.text(data, "name");
        return new Incoming(
                words(data),
                name == null ? null : name.strip(),
                Lenient.instant(data, "sent_at"),
                refs(data),
                details,
                References.toUrls(Lenient.array(data, "attachments")));
    }

    @Override
    public Report report(Job.Event event) {
        JsonObject data = Lenient.object(event.payload(), "data");
        boolean isEcho = "message.sent".equals(Lenient.text(event.payload(), "type"));
        return new Report(
                Lenient.text(data, "message_id"),
                state(Lenient.text(data, "state")),
                isEcho ? author(Lenient.text(data, "author")) : null,
                words(data),
                Lenient.text(data, "error"),
                Lenient.instant(data, isEcho ? "sent_at" : "at"),
                refs(data));
    }

    private static State state(@Nullable String state) {
        if (state == null) {
            return State.OTHER;
        }
        return switch (state.toLowerCase(Locale.ROOT)) {
            case "sent" -> State.SENT;
            case "delivered" -> State.DELIVERED;
            case "read" -> State.READ;
            case "failed" -> State.FAILED;
            default -> State.OTHER;
        };
    }

    private static @Nullable Author author(@Nullable String author) {
        if (author == null) {
            return null;
        }
        return switch (author.toLowerCase(Locale.ROOT)) {
            case "human" -> Author.HUMAN;
            case "automation" -> Author.AUTOMATION;
            case "api" -> Author.API;
            default -> null;
        };
    }

    private static String words(JsonObject data) {
        String text = Lenient.text(data, "text");
        return text == null ? "" : text;
    }

    /** Only objects under an adapter's name: nothing else has a meaning. */
    private static JsonObject refs(JsonObject data) {
        JsonObject refs = new JsonObject();
        JsonObject given = Lenient.object(data, "refs");
        for (String adapter : given.fieldNames()) {
            if (given.getValue(adapter) instanceof JsonObject ids) {
                refs.put(adapter, ids.copy());
            }
        }
        return refs;
    }
}
