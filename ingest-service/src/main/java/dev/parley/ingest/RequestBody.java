package dev.parley.ingest;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** The bytes of a request as they come: nearly always in one piece, which then is not copied to be collected. */
final class RequestBody {
    private static final byte[] NONE = {};

    private @Nullable Buffer only;
    private @Nullable Buffer several;

    int length() {
        return several != null ? several.length() : only != null ? only.length() : 0;
    }

    void add(Buffer piece) {
        if (several != null) {
            several.appendBuffer(piece);
        } else if (only != null) {
            several = Buffer.buffer(2 * only.length() + piece.length())
                    .appendBuffer(only)
                    .appendBuffer(piece);
            only = null;
        } else {
            only = piece;
        }
    }

    byte[] bytes() {
        return several != null ? several.getBytes() : only != null ? only.getBytes() : NONE;
    }
}
