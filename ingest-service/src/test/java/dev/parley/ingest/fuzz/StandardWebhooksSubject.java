package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Standard Webhooks, {@code v1}. */
public final class StandardWebhooksSubject implements FuzzSubject {
    private static final String KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    @Override
    public String provider() {
        return "standard-webhooks";
    }

    @Override
    public List<String> secrets() {
        return List.of("whsec_" + KEY);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        JsonObject data = new JsonObject()
                .put("message_id", tag + "-" + number)
                .put("channel", "sms")
                .put("address", "+15550100");
        return List.of(
                body("message.received", data.copy().put("name", "Ada").put("text", "hello")),
                body("message.sent", data.copy().put("author", "human").put("text", "Maria here")),
                body("message.status", data.copy().put("state", "failed").put("error", "unreachable")),
                body("something.else", data));
    }

    private static byte[] body(String type, JsonObject data) {
        return new JsonObject().put("type", type).put("data", data).toBuffer().getBytes();
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        String id = "msg_" + number;
        long at = Instant.now().getEpochSecond();
        byte[] key = Base64.getDecoder().decode(KEY);
        byte[] hash = Keyed.hash("HmacSHA256", key, Keyed.utf8(id + "." + at + "."), body);
        return Map.of(
                "Content-Type",
                "application/json",
                "webhook-id",
                id,
                "webhook-timestamp",
                String.valueOf(at),
                "webhook-signature",
                "v1," + Base64.getEncoder().encodeToString(hash));
    }
}
