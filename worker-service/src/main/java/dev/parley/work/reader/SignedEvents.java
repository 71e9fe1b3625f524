package dev.parley.work.reader;

import dev.parley.dialog.Lenient;
import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import jakarta.inject.Singleton;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Events of the sources that a tenant describes itself: {@code settings.signed.<source>.message} says by JSON pointer
 * where words, name and time stand. Without it an event has no words.
 */
@Singleton
public final class SignedEvents implements EventReader {
    @Override
    public String provider() {
        return "signed";
    }

    @Override
    public Incoming incoming(Job.Event event) {
        return incoming(event, Settings.empty());
    }

    @Override
    public Incoming incoming(Job.Event event, Settings settings) {
        int dot = event.provider().indexOf('.');
        JsonObject described =
                Lenient.object(settings.section("signed"), event.provider().substring(dot + 1));
        JsonObject message = Lenient.object(described, "message");
        JsonObject payload = event.payload();
        String words = text(at(payload, message, "text"));
        String name = text(at(payload, message, "name"));
        JsonObject details = new JsonObject();
        if (Lenient.object(described, "message").isEmpty()) {
            details.put("unreadable", true);
        }
        return new Incoming(
                words == null ? "" : words,
                name == null ? null : name.strip(),
                time(at(payload, message, "sent_at")),
                new JsonObject(),
                details);
    }

    private static @Nullable Object at(JsonObject payload, JsonObject message, String key) {
        String path = Lenient.text(message, key);
        if (path == null || !path.startsWith("/")) {
            return null;
        }
        try {
            return JsonPointer.from(path).queryJson(payload);
        } catch (RuntimeException e) {
            // Settings are read tolerantly: a pointer that is none points nowhere.
            return null;
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        return value instanceof String text && !text.isBlank()
                ? text
                : value instanceof Number number ? number.toString() : null;
    }

    /** ISO-8601, or seconds since 1970, as a number or a text ({@code 1355517523.000005}). */
    private static @Nullable Instant time(@Nullable Object value) {
        if (value instanceof String text && text.indexOf('T') > 0) {
            return Lenient.instant(new JsonObject().put("at", text), "at");
        }
        String text = text(value);
        if (text == null || !text.matches("[0-9]{1,11}(\\.[0-9]{1,9})?")) {
            return null;
        }
        try {
            return Instant.ofEpochSecond(Long.parseLong(text.replaceFirst("\\..*", "")));
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** What a tenant describes are messages; nothing is reported. */
    @Override
    public Report report(Job.Event event) {
        return new Report(event.providerMessageId(), State.OTHER, null, "", null, null, new JsonObject());
    }
}
