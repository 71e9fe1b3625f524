package dev.parley.ingest.fuzz;

import dev.parley.ingest.Samples;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Chatwoot, as versions that sign do. */
public final class ChatwootSubject implements FuzzSubject {
    private static final String SECRET = "fuzz-chatwoot-secret";

    @Override
    public String provider() {
        return "chatwoot";
    }

    @Override
    public List<String> secrets() {
        return List.of(SECRET);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        JsonObject live = sample("chatwoot-message_created-live.json", tag, number);
        return List.of(
                live.toBuffer().getBytes(),
                sample("chatwoot-message_created.json", tag, number).toBuffer().getBytes(),
                live.copy().put("message_type", "outgoing").toBuffer().getBytes(),
                live.copy().put("event", "message_updated").toBuffer().getBytes(),
                live.copy()
                        .put("event", "conversation_status_changed")
                        .put("status", "open")
                        .toBuffer()
                        .getBytes(),
                live.copy().put("private", true).toBuffer().getBytes());
    }

    private static JsonObject sample(String name, String tag, long number) {
        return Samples.json(name).put("id", tag + "-" + number);
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        String at = String.valueOf(Instant.now().getEpochSecond());
        byte[] hash = Keyed.hash("HmacSHA256", Keyed.utf8(SECRET), Keyed.utf8(at + "."), body);
        return Map.of(
                "Content-Type",
                "application/json",
                "X-Chatwoot-Timestamp",
                at,
                "X-Chatwoot-Signature",
                "sha256=" + HexFormat.of().formatHex(hash));
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        Object id = FuzzSubject.json(body).getValue("id");
        return id != null && String.valueOf(id).equals(String.valueOf(stored.getValue("id")));
    }
}
