package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** A Telegram bot; it shows a secret and signs nothing. */
public final class TelegramSubject implements FuzzSubject {
    private static final String SECRET = "fuzz-telegram_secret";

    /** Beyond every number that a mutation puts in an id's place. */
    private static final long FIRST_UPDATE = 1_000_000_000_000L;

    @Override
    public String provider() {
        return "telegram";
    }

    @Override
    public List<String> secrets() {
        return List.of(SECRET);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        JsonObject ada = new JsonObject()
                .put("id", 1_111_111)
                .put("is_bot", false)
                .put("first_name", "Ada")
                .put("language_code", "en");
        JsonObject chat =
                new JsonObject().put("id", 1_111_111).put("type", "private").put("first_name", "Ada");
        JsonObject message = new JsonObject()
                .put("message_id", 1_000_000 + number)
                .put("date", 1_763_720_129)
                .put("from", ada)
                .put("chat", chat)
                .put("text", "hello, Grüße 🙂");
        return List.of(
                update(number, "message", message),
                update(number, "edited_message", message.copy().put("edit_date", 1_763_720_140)),
                update(
                        number,
                        "callback_query",
                        new JsonObject()
                                .put("id", tag + "-" + number)
                                .put("from", ada)
                                .put("data", "yes")
                                .put("message", message)),
                update(
                        number,
                        "my_chat_member",
                        new JsonObject()
                                .put("chat", chat)
                                .put("from", ada)
                                .put("date", 1_763_720_129)
                                .put("new_chat_member", new JsonObject().put("status", "kicked"))));
    }

    private static byte[] update(long number, String kind, JsonObject content) {
        return new JsonObject()
                .put("update_id", FIRST_UPDATE + number)
                .put(kind, content)
                .toBuffer()
                .getBytes();
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        return Map.of("Content-Type", "application/json", "X-Telegram-Bot-Api-Secret-Token", SECRET);
    }

    @Override
    public boolean signsTheBody() {
        return false;
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        Object update = FuzzSubject.json(body).getValue("update_id");
        return update != null && String.valueOf(update).equals(String.valueOf(stored.getValue("update_id")));
    }
}
