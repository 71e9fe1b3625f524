package dev.parley.dialog;

import dev.parley.queue.TimeOrderedId;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code bot.contacts}: a person on one channel.
 *
 * @param metadata never changed in place; keys Parley does not know are preserved
 * @param version of the row as read; null = not stored yet
 */
public record Contact(
        ContactId id,
        ContactKey key,
        @Nullable String displayName,
        JsonObject metadata,
        @Nullable String version) {
    private static final String REFS = "refs";
    private static final String CONSENT = "consent";

    /** Somebody we have not met. */
    public static Contact stranger(ContactKey key) {
        return new Contact(new ContactId(TimeOrderedId.next()), key, null, new JsonObject(), null);
    }

    public boolean isNew() {
        return version == null;
    }

    /** A name the provider told us replaces the one we have; null changes nothing. */
    public Contact named(@Nullable String name) {
        return name == null || name.equals(displayName) ? this : new Contact(id, key, name, metadata, version);
    }

    /** Vendors' own ids of this contact, by adapter name. */
    public JsonObject refs() {
        return Lenient.object(metadata, REFS);
    }

    /** Merges {@code refs} adapter by adapter, key by key. */
    public Contact withRefs(JsonObject refs) {
        if (refs.isEmpty()) {
            return this;
        }
        JsonObject merged = refs().copy().mergeIn(refs, true);
        return merged.equals(refs()) ? this : withMetadata(REFS, merged);
    }

    public Consent consent() {
        Object value = metadata.getValue(CONSENT);
        return value instanceof JsonObject json ? new Consent(json) : Consent.none();
    }

    public Contact with(Consent consent) {
        return consent.json().equals(consent().json()) ? this : withMetadata(CONSENT, consent.json());
    }

    private Contact withMetadata(String name, JsonObject value) {
        return new Contact(id, key, displayName, metadata.copy().put(name, value), version);
    }
}
