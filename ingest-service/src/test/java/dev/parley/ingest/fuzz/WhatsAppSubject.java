package dev.parley.ingest.fuzz;

import dev.parley.ingest.Samples;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Meta's Cloud API; one of its samples tells two things at once. */
public final class WhatsAppSubject implements FuzzSubject {
    /** The app secret that the service under test has to be given. */
    public static final String APP_SECRET = "0123456789abcdef0123456789abcdef";

    private static final String SECOND = "-second";
    private static final List<JsonPointer> IDS = List.of(
            JsonPointer.from("/entry/0/changes/0/value/messages/0/id"),
            JsonPointer.from("/entry/0/changes/0/value/statuses/0/id"));

    @Override
    public String provider() {
        return "whatsapp";
    }

    @Override
    public JsonObject settings(String tag) {
        return new JsonObject().put("whatsapp", new JsonObject().put("phone_number_id", "pn-" + tag));
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        JsonObject two = sample("metawhatsapp-messages-text.json", "messages", tag, number);
        JsonArray messages = value(two).getJsonArray("messages");
        messages.add(messages.getJsonObject(0).copy().put("id", "wamid." + tag + "-" + number + SECOND));
        return List.of(
                sample("metawhatsapp-messages-text.json", "messages", tag, number)
                        .toBuffer()
                        .getBytes(),
                sample("metawhatsapp-messages-usernameonly.json", "messages", tag, number)
                        .toBuffer()
                        .getBytes(),
                sample("metawhatsapp-statuses-sent.json", "statuses", tag, number)
                        .toBuffer()
                        .getBytes(),
                sample("metawhatsapp-statuses-failed.json", "statuses", tag, number)
                        .toBuffer()
                        .getBytes(),
                two.toBuffer().getBytes());
    }

    private static JsonObject sample(String name, String list, String tag, long number) {
        JsonObject json = Samples.json(name);
        value(json).getJsonObject("metadata").put("phone_number_id", "pn-" + tag);
        value(json).getJsonArray(list).getJsonObject(0).put("id", "wamid." + tag + "-" + number);
        return json;
    }

    private static JsonObject value(JsonObject json) {
        return json.getJsonArray("entry")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0)
                .getJsonObject("value");
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        byte[] hash = Keyed.hash("HmacSHA256", Keyed.utf8(APP_SECRET), body);
        return Map.of(
                "Content-Type",
                "application/json",
                "X-Hub-Signature-256",
                "sha256=" + HexFormat.of().formatHex(hash));
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        JsonObject json = FuzzSubject.json(body);
        return IDS.stream()
                .anyMatch(id -> id.queryJson(json) != null && Objects.equals(id.queryJson(json), id.queryJson(stored)));
    }

    @Override
    public boolean isSplit(byte[] body) {
        return new String(body, StandardCharsets.ISO_8859_1).contains(SECOND);
    }
}
