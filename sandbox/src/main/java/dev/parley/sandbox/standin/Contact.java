package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A person in one location.
 *
 * @param phone E.164, or null
 * @param dnd do-not-disturb by channel key, or {@code all}: {@code active}, {@code inactive} or {@code permanent}
 */
public record Contact(
        String id,
        String locationId,
        String name,
        @Nullable String phone,
        @Nullable String email,
        Instant dateAdded,
        Map<String, String> dnd) {
    public Contact {
        dnd = Map.copyOf(dnd);
    }

    /** The switch for all channels, beside one for each. */
    boolean refusesAll() {
        return "active".equals(dnd.get("all"));
    }

    boolean refuses(Channel channel) {
        if (refusesAll()) {
            return true;
        }
        String key = channel.dndKey();
        String status = key == null ? null : dnd.get(key);
        return "active".equals(status) || "permanent".equals(status);
    }

    String firstName() {
        int space = name.indexOf(' ');
        return space < 0 ? name : name.substring(0, space);
    }

    String lastName() {
        int space = name.indexOf(' ');
        return space < 0 ? "" : name.substring(space + 1);
    }

    JsonObject dndSettings() {
        JsonObject settings = new JsonObject();
        for (String key : new String[] {"Call", "Email", "SMS", "WhatsApp", "GMB", "FB"}) {
            settings.put(key, new JsonObject().put("status", dnd.getOrDefault(key, "inactive")));
        }
        return settings;
    }

    /** As {@code GET /contacts/{id}} shows it. */
    JsonObject toApiJson() {
        return new JsonObject()
                .put("id", id)
                .put("name", name)
                .put("locationId", locationId)
                .put("firstName", firstName())
                .put("lastName", lastName())
                .put("email", email)
                .put("phone", phone)
                .put("dnd", refusesAll())
                .put("dndSettings", dndSettings())
                .put("type", "lead")
                .put("source", "parley sandbox")
                .put("dateAdded", Wire.time(dateAdded));
    }
}
