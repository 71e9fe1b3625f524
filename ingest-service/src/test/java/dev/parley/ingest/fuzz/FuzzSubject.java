package dev.parley.ingest.fuzz;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * What the fuzzer has to know of a provider to be taken seriously by it. Listed in {@code
 * META-INF/services/dev.parley.ingest.fuzz.FuzzSubject}; the build fails for a provider without one.
 */
public interface FuzzSubject {
    /** The provider's name, as it stands in the URL. */
    String provider();

    /** Tells it apart from another subject of the same provider. */
    default String name() {
        return provider();
    }

    /** With GET what would be the body stands in the query. */
    default String method() {
        return "POST";
    }

    /** What the vendor makes of these bytes before it signs them, where not every byte can be sent. */
    default byte[] sendable(byte[] body) {
        return body;
    }

    /** What a tenant's settings need for its events to be its own; {@code tag} is unique to the run. */
    default JsonObject settings(String tag) {
        return new JsonObject();
    }

    /** What to keep as the tenant's secrets under {@code webhook:<provider>}; empty = the provider's keys are its own, or another subject's. */
    default List<String> secrets() {
        return List.of();
    }

    default String path(String slug) {
        return "/webhooks/" + provider() + "/" + slug;
    }

    /**
     * Real bodies, made unique: no two numbers may give bodies of one event.
     *
     * @param number of the case
     */
    List<byte[]> samples(String tag, long number);

    /** The headers with which the vendor would send {@code body} to {@code path}; different ids for different numbers. */
    Map<String, String> sign(String path, byte[] body, long number);

    /** False where the signature covers no bytes, so that a changed body is still genuine. */
    default boolean signsTheBody() {
        return true;
    }

    /** Whether this genuine body may be acknowledged and not stored (another customer's app). */
    default boolean mayBeDropped(byte[] body) {
        return false;
    }

    /**
     * Whether these are honestly one event though not the same bytes, because what the provider itself tells events by is
     * equal in both: mutations may make that so.
     *
     * @param stored what the database holds
     */
    default boolean isSameEvent(JsonObject stored, byte[] body) {
        return false;
    }

    /** Whether this body becomes several rows, each with its part of it. */
    default boolean isSplit(byte[] body) {
        return false;
    }

    /** Whether the signature covers the path with its query. */
    default boolean signsThePath() {
        return false;
    }

    /** Whether the vendor's way of signing has an answer for these bytes at all; if not, they must be refused. */
    default boolean canSign(byte[] body) {
        return true;
    }

    /** What the database is to hold for this body, as JSON, where that can be held. */
    default byte[] stored(byte[] body) {
        return body;
    }

    /** As far as it is one object; empty otherwise. */
    static JsonObject json(byte[] body) {
        try {
            return new JsonObject(Buffer.buffer(body));
        } catch (RuntimeException e) {
            return new JsonObject();
        }
    }
}
