package dev.parley.ingest.provider.whatsapp;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.provider.Address;
import dev.parley.queue.JobType;
import dev.parley.spi.Reading;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a POST of Meta tells, in the shape of a POST that tells nothing else: the envelope, one entry, one change,
 * and of its lists the one item with the sender's contact. So a part is read like a whole, and nobody's part holds anything
 * of another tenant.
 */
final class Piece {
    private static final String CHANNEL = "whatsapp";

    /** Lists of a change that are told item by item. */
    private static final List<String> LISTS = List.of("messages", "message_echoes", "statuses");

    private static final Set<String> TOLD_APART = Set.of("messages", "message_echoes", "statuses", "contacts");

    /** Kinds of messages that are no words to the business; the business sees them happen. */
    private static final Set<String> NOT_SPOKEN = Set.of("reaction", "system", "edit", "revoke", "request_welcome");

    private final JsonObject json;
    private final String field;
    private final @Nullable String list;
    private final JsonObject value;
    private final JsonObject item;

    private Piece(JsonObject json, String field, @Nullable String list, JsonObject value, JsonObject item) {
        this.json = json;
        this.field = field;
        this.list = list;
        this.value = value;
        this.item = item;
    }

    /** All that {@code body} tells, in its order; what has no list that we know is one piece a change. */
    static List<Piece> of(JsonObject body) {
        List<Piece> pieces = new ArrayList<>();
        for (JsonObject entry : objects(body, "entry")) {
            for (JsonObject change : objects(entry, "changes")) {
                add(pieces, body, entry, change);
            }
        }
        return pieces;
    }

    private static void add(List<Piece> pieces, JsonObject body, JsonObject entry, JsonObject change) {
        String named = text(change, "field");
        String field = named == null ? "" : named;
        JsonObject value = change.getValue("value") instanceof JsonObject object ? object : new JsonObject();
        int before = pieces.size();
        for (String list : LISTS) {
            for (JsonObject item : objects(value, list)) {
                // Of a thousand messages, each is carried along once and not a thousand times.
                JsonObject reduced = without(value, TOLD_APART).put(list, new JsonArray().add(item));
                if (value.getValue("contacts") instanceof JsonArray) {
                    reduced.put("contacts", contactsOf(item, value));
                }
                JsonObject only = without(change, Set.of("value")).put("value", reduced);
                pieces.add(new Piece(envelope(body, entry, only), field, list, value, item));
            }
        }
        if (pieces.size() == before) {
            pieces.add(new Piece(envelope(body, entry, change), field, null, value, new JsonObject()));
        }
    }

    private static JsonObject envelope(JsonObject body, JsonObject entry, JsonObject change) {
        JsonObject only = without(entry, Set.of("changes")).put("changes", new JsonArray().add(change));
        return without(body, Set.of("entry")).put("entry", new JsonArray().add(only));
    }

    /** Another object with the same values, but for those {@code names}; the values themselves are shared. */
    private static JsonObject without(JsonObject json, Set<String> names) {
        JsonObject rest = new JsonObject();
        for (String name : json.fieldNames()) {
            if (!names.contains(name)) {
                rest.put(name, json.getValue(name));
            }
        }
        return rest;
    }

    private static JsonArray contactsOf(JsonObject item, JsonObject value) {
        Set<String> ids = new java.util.HashSet<>();
        for (String name : List.of("from", "from_user_id", "recipient_id", "recipient_user_id", "to", "to_user_id")) {
            String id = text(item, name);
            if (id != null) {
                ids.add(id);
            }
        }
        JsonArray own = new JsonArray();
        for (JsonObject contact : objects(value, "contacts")) {
            if (ids.contains(text(contact, "wa_id")) || ids.contains(text(contact, "user_id"))) {
                own.add(contact);
            }
        }
        return own;
    }

    JsonObject json() {
        return json;
    }

    /** The number of ours that it concerns. */
    @Nullable
    String account() {
        return value.getValue("metadata") instanceof JsonObject metadata ? text(metadata, "phone_number_id") : null;
    }

    /** @param payload what is stored */
    Reading.Event event(Payload payload) {
        String id = text(item, "id");
        return kind(payload, id).from(account()).named(null, id);
    }

    private Reading.Event kind(Payload payload, @Nullable String id) {
        String list = this.list;
        if (list == null) {
            return Reading.Event.of("other:" + field, null, key(), payload);
        }
        return switch (list) {
            case "messages" -> message(payload, id);
            case "statuses" -> {
                String status = String.valueOf(text(item, "status"));
                String time = String.valueOf(text(item, "timestamp"));
                EventKey key = id == null ? key() : EventKey.of(WhatsAppWebhooks.NAME, "status", id, status, time);
                yield Reading.Event.of("delivery_status", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                        .on(CHANNEL, address("recipient_id", "recipient_user_id"));
            }
            default -> {
                // The business's own words, typed on a phone beside the API.
                EventKey key = id == null ? key() : EventKey.of(WhatsAppWebhooks.NAME, "echo", id);
                yield Reading.Event.of("outbound_message", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                        .on(CHANNEL, address("to", "to_user_id"));
            }
        };
    }

    private Reading.Event message(Payload payload, @Nullable String id) {
        EventKey key = id == null ? key() : EventKey.of(WhatsAppWebhooks.NAME, "msg", id);
        String type = String.valueOf(text(item, "type"));
        String address = address("from", "from_user_id");
        if (text(item, "group_id") != null) {
            // A group is no conversation with one customer: the bot does not join in.
            return Reading.Event.of("other:group", null, key, payload).on(CHANNEL, null);
        }
        if (NOT_SPOKEN.contains(type)) {
            return Reading.Event.of("other:" + type, null, key, payload).on(CHANNEL, address);
        }
        Reading.Event event = Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                .on(CHANNEL, address);
        return address == null ? event.quarantined("a message from nobody: no from, no from_user_id") : event;
    }

    /** By what it says: equal parts are one event, in whatever company they come. */
    private EventKey key() {
        return EventKey.ofBody(WhatsAppWebhooks.NAME, json.encode().getBytes(StandardCharsets.UTF_8));
    }

    /** The telephone number, which Meta writes without its plus; of people who hide it, Meta's id of them. */
    private @Nullable String address(String number, String userId) {
        String digits = text(item, number);
        if (digits != null) {
            String phone = Address.phone(digits.startsWith("+") ? digits : "+" + digits)
                    .orElse(null);
            if (phone != null) {
                return phone;
            }
        }
        return text(item, userId);
    }

    private static List<JsonObject> objects(JsonObject json, String name) {
        return json.getValue(name) instanceof JsonArray array
                ? array.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(JsonObject.class::cast)
                        .toList()
                : List.of();
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
