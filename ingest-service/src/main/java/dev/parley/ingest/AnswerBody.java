package dev.parley.ingest;

import dev.parley.ingest.Answer.Item;
import dev.parley.ingest.Answer.Taken;
import io.vertx.core.buffer.Buffer;

/** What senders read, as JSON. Of words and ids only, so nothing in it ever needs escaping. */
final class AnswerBody {
    static final Buffer REFUSED = Buffer.buffer("{\"status\":\"refused\"}");
    static final Buffer LATER = Buffer.buffer("{\"status\":\"unavailable\"}");

    private AnswerBody() {}

    /** The summary; where a delivery carried several events, each of them too. */
    static Buffer of(Taken taken) {
        StringBuilder json = new StringBuilder(128);
        fields(json, taken.summary());
        if (taken.items().size() > 1) {
            json.append(",\"events\":[");
            for (Item item : taken.items()) {
                fields(json, item);
                json.append("},");
            }
            json.setCharAt(json.length() - 1, ']');
        }
        return Buffer.buffer(json.append('}').toString());
    }

    private static void fields(StringBuilder json, Item item) {
        json.append("{\"status\":\"")
                .append(item.status().word())
                .append("\",\"trace_id\":\"")
                .append(item.traceId())
                .append('"');
    }
}
