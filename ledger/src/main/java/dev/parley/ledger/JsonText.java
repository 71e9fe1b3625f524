package dev.parley.ledger;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;

/**
 * A JSON object as its bytes, read whenever it is asked for: a book of a long run has hundreds of thousands, and each takes
 * several times as much once it is read.
 *
 * @param utf8 do not change
 */
record JsonText(byte[] utf8) {
    static JsonText of(String text) {
        return new JsonText(text.getBytes(StandardCharsets.UTF_8));
    }

    static JsonText of(JsonObject object) {
        return of(object.encode());
    }

    JsonObject object() {
        return new JsonObject(Buffer.buffer(utf8));
    }
}
