package dev.parley.work.reader;

import dev.parley.queue.Job;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.UUID;

/** Payloads as providers document or send them. */
final class Samples {
    private Samples() {}

    static JsonObject payload(String name) {
        try (InputStream file = Samples.class.getResourceAsStream(name + ".json")) {
            return new JsonObject(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Job.Event event(String provider, String type, String channel, JsonObject payload) {
        return new Job.Event(
                UUID.randomUUID(),
                provider,
                type,
                null,
                null,
                channel,
                "+15551234567",
                OffsetDateTime.parse("2026-11-20T12:00:00Z"),
                payload);
    }
}
