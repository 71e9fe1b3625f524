package dev.parley.work.reader;

import dev.parley.dialog.Media;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Media that a vendor names by URL, in the shape of {@code messages.payload.media}. */
public final class References {
    private static final Set<String> KINDS = Set.of("image", "audio", "video");

    private References() {}

    /** One for each text in {@code urls}, of which we know no more. */
    public static JsonArray toUrls(JsonArray urls) {
        JsonArray media = new JsonArray();
        for (Object url : urls) {
            if (url instanceof String text && !text.isBlank() && media.size() < Media.MOST) {
                media.add(toUrl(text, null));
            }
        }
        return media;
    }

    /** @param mimeType null = the vendor does not say */
    static JsonObject toUrl(String url, @Nullable String mimeType) {
        String family = mimeType == null
                ? ""
                : mimeType.strip().toLowerCase(Locale.ROOT).replaceAll("/.*", "");
        JsonObject reference = new JsonObject().put("kind", KINDS.contains(family) ? family : "file");
        if (mimeType != null) {
            reference.put("mime_type", mimeType);
        }
        return reference.put("url", url.strip());
    }
}
