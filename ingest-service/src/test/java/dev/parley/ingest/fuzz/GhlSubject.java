package dev.parley.ingest.fuzz;

import dev.parley.ingest.Samples;
import dev.parley.ingest.TestKey;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** GoHighLevel's app webhooks. */
public final class GhlSubject implements FuzzSubject {
    /** The key whose public half the service under test has to be given. */
    public static final TestKey KEY = new TestKey(1);

    /** The app that the service under test has to be told is its own. */
    public static final String APP = "6878cec452e7c8d29d4dd3d9";

    private static final List<String> SAMPLES = List.of(
            "ghl-inboundmessage-sms.json",
            "ghl-inboundmessage-email.json",
            "ghl-inboundmessage-call.json",
            "ghl-inboundmessage-voicemail.json",
            "ghl-outboundmessage-sms.json",
            "ghl-outboundmessage-internalcomment.json",
            "ghl-contactdndupdate.json",
            "ghl-appointmentcreate.json");

    @Override
    public String provider() {
        return "ghl";
    }

    @Override
    public JsonObject settings(String tag) {
        return new JsonObject().put("ghl", new JsonObject().put("location_id", "loc-" + tag));
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        return SAMPLES.stream()
                .map(name -> Samples.json(name)
                        .put("locationId", "loc-" + tag)
                        .put("appId", APP)
                        .put("messageId", tag + "-m-" + number)
                        .put("webhookId", tag + "-w-" + number)
                        .toBuffer()
                        .getBytes())
                .toList();
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        return Map.of("Content-Type", "application/json", "X-GHL-Signature", KEY.sign(body));
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        JsonObject json = FuzzSubject.json(body);
        Object webhookId = json.getValue("webhookId");
        return webhookId == null
                ? json.getValue("messageId") != null
                        && json.getValue("messageId").equals(stored.getValue("messageId"))
                : webhookId.equals(stored.getValue("webhookId"));
    }

    @Override
    public boolean mayBeDropped(byte[] body) {
        try {
            Object app = new JsonObject(io.vertx.core.buffer.Buffer.buffer(body)).getValue("appId");
            return app instanceof String text && !text.isBlank() && !text.equals(APP);
        } catch (RuntimeException e) {
            // What the fuzzer cannot read either may still name somebody else's app.
            return !new String(body, java.nio.charset.StandardCharsets.UTF_8).contains(APP);
        }
    }
}
