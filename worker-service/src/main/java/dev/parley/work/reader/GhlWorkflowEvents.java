package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The "Webhook" action of a GoHighLevel workflow: snake_case at the root, and whatever its builder put under
 * {@code customData}. The words are in {@code message.body}, else {@code customData.message}, else
 * {@code customData.text}.
 */
@Singleton
public final class GhlWorkflowEvents implements EventReader {
    @Override
    public String provider() {
        return "ghl-workflow";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        JsonObject payload = event.payload();
        JsonObject custom = Lenient.object(payload, "customData");
        String contactId = Lenient.text(payload, "contact_id");
        JsonObject details = new JsonObject();
        String workflow = Lenient.text(Lenient.object(payload, "workflow"), "id");
        if (workflow != null) {
            details.put("workflow_id", workflow);
        }
        return new Incoming(
                words(payload, custom),
                name(payload),
                Lenient.instant(payload, "timestamp"),
                contactId == null
                        ? new JsonObject()
                        : new JsonObject().put(GhlEvents.ADAPTER, new JsonObject().put("contact_id", contactId)),
                details,
                References.toUrls(Lenient.array(Lenient.object(payload, "message"), "attachments")));
    }

    private static String words(JsonObject payload, JsonObject custom) {
        String body = Lenient.text(Lenient.object(payload, "message"), "body");
        if (body == null) {
            body = Lenient.text(payload, "message");
        }
        String words = body == null ? Lenient.firstText(custom, "message", "text") : body;
        return words == null ? "" : words;
    }

    private static @Nullable String name(JsonObject payload) {
        String full = Lenient.text(payload, "full_name");
        if (full != null) {
            return full.strip();
        }
        String parts = Stream.of("first_name", "last_name")
                .map(key -> Lenient.text(payload, key))
                .filter(part -> part != null)
                .map(String::strip)
                .collect(Collectors.joining(" "));
        return parts.isEmpty() ? null : parts;
    }

    /** A workflow reports nothing about messages. */
    @Override
    public Report report(Job.Event event) {
        return new Report(event.providerMessageId(), State.OTHER, null, "", null, null, new JsonObject());
    }
}
