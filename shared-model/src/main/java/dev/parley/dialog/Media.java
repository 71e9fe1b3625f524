package dev.parley.dialog;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One reference to what was sent beside or instead of words, an entry of {@code media} of {@code bot.messages.payload};
 * never its contents. A value; unknown keys are preserved. {@code docs/settings.md} has the shape.
 */
public record Media(JsonObject json) {
    /** What is known of a URL. References that are no URL (a vendor's id) have no state. */
    public enum State {
        /** Nobody has looked yet, or looking told nothing: then {@code reason} says why. */
        UNCHECKED,
        /** The provider has it and does not show it yet. */
        LATE,
        /** There, at a public address, when it was looked at. */
        AVAILABLE,
        /** Its URL leads where nobody may follow; {@code reason} says why. Not to be opened. */
        REFUSED,
        /** Not there, or never shown; {@code reason} says which. */
        GONE;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** More than any vendor allows in one message; what a sender lists beyond it is left out. */
    public static final int MOST = 20;

    private static final String URL = "url";
    private static final String MIME_TYPE = "mime_type";
    private static final String REASON = "reason";

    /** In place of what the provider will show. */
    public static Media late() {
        return new Media(new JsonObject().put("kind", "file")).in(State.LATE);
    }

    /** As a reader made it: a URL is still to be looked at. */
    public static Media told(JsonObject reference) {
        Media media = new Media(reference.copy());
        return media.url() == null ? media : media.in(State.UNCHECKED);
    }

    /** The first {@link #MOST} objects of {@code array}. */
    public static List<Media> listOf(JsonArray array) {
        return array.stream()
                .filter(JsonObject.class::isInstance)
                .map(each -> new Media((JsonObject) each))
                .limit(MOST)
                .toList();
    }

    public static JsonArray json(List<Media> media) {
        return new JsonArray(media.stream().map(Media::json).toList());
    }

    public @Nullable String url() {
        return Lenient.text(json, URL);
    }

    public boolean is(State state) {
        return state.word().equals(Lenient.text(json, "state"));
    }

    /**
     * @param mimeType as its server says; the provider's own word, where it gave one, stays. Null = not said
     * @param bytes how many; null = not said
     */
    public Media available(@Nullable String mimeType, @Nullable Long bytes, Instant at) {
        JsonObject next = json.copy();
        if (mimeType != null && Lenient.text(next, MIME_TYPE) == null) {
            next.put(MIME_TYPE, mimeType);
        }
        if (bytes != null) {
            next.put("bytes", bytes);
        }
        next.remove(REASON);
        return new Media(next).in(State.AVAILABLE, at);
    }

    public Media refused(String reason, Instant at) {
        return because(reason).in(State.REFUSED, at);
    }

    public Media gone(String reason, Instant at) {
        return because(reason).in(State.GONE, at);
    }

    /** Somebody looked and knows no more than before. */
    public Media unclear(String reason, Instant at) {
        return because(reason).in(State.UNCHECKED, at);
    }

    private Media because(String reason) {
        return new Media(json.copy().put(REASON, reason));
    }

    private Media in(State state) {
        return new Media(json.copy().put("state", state.word()));
    }

    private Media in(State state, Instant at) {
        return new Media(json.copy().put("state", state.word()).put("checked_at", at.toString()));
    }
}
