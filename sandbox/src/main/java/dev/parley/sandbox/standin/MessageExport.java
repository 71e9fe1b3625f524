package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /conversations/messages/export}: a location's messages by pages with a cursor. Without a channel mails are left
 * out, as published.
 */
final class MessageExport {
    static final Set<String> PARAMETERS = Set.of(
            "locationId",
            "limit",
            "cursor",
            "sortBy",
            "sortOrder",
            "conversationId",
            "contactId",
            "channel",
            "startDate",
            "endDate");

    private static final Map<String, @Nullable Channel> CHANNELS = new java.util.HashMap<>(Map.of(
            "SMS", Channel.SMS,
            "Email", Channel.EMAIL,
            "WhatsApp", Channel.WHATSAPP,
            "Instagram", Channel.INSTAGRAM,
            "Facebook", Channel.FACEBOOK));

    static {
        // Real, and nobody calls here.
        CHANNELS.put("Call", null);
    }

    private static final int LEAST = 10;
    private static final int MOST = 500;
    private static final int USUAL = 100;

    private MessageExport() {}

    static Answer page(MultiMap query, List<Message> ofLocation) {
        List<String> findings = new ArrayList<>();
        int limit = number(query.get("limit"), findings);
        oneOf(query, "sortBy", Set.of("createdAt", "updatedAt"), findings);
        oneOf(query, "sortOrder", Set.of("asc", "desc"), findings);
        oneOf(query, "channel", CHANNELS.keySet(), findings);
        Instant start = time(query, "startDate", findings);
        Instant end = time(query, "endDate", findings);
        if (!findings.isEmpty()) {
            return Answer.unprocessable(findings);
        }
        if ("updatedAt".equals(query.get("sortBy"))) {
            return Answer.badRequest("stand-in: sortBy updatedAt is not imitated");
        }
        String channel = query.get("channel");
        Predicate<Message> wanted = message ->
                (channel == null ? message.channel() != Channel.EMAIL : message.channel() == CHANNELS.get(channel))
                        && matches(query.get("contactId"), message.contactId())
                        && matches(query.get("conversationId"), message.conversationId())
                        && (start == null || !message.dateAdded().isBefore(start))
                        && (end == null || !message.dateAdded().isAfter(end));
        Comparator<Message> order = Comparator.comparing(Message::dateAdded).thenComparing(Message::id);
        if (!"asc".equals(query.get("sortOrder"))) {
            order = order.reversed();
        }
        List<Message> all = ofLocation.stream().filter(wanted).sorted(order).toList();
        int from = 0;
        String cursor = query.get("cursor");
        if (cursor != null) {
            String last = decoded(cursor);
            while (from < all.size() && !all.get(from).id().equals(last)) {
                from++;
            }
            if (from == all.size()) {
                return Answer.badRequest("Invalid cursor");
            }
            from++;
        }
        int to = Math.min(all.size(), from + limit);
        JsonArray page = new JsonArray();
        all.subList(from, to).forEach(message -> page.add(message.toApiJson()));
        return Answer.ok(new JsonObject()
                .put("messages", page)
                .put("nextCursor", to < all.size() ? encoded(all.get(to - 1).id()) : null)
                .put("total", all.size()));
    }

    private static boolean matches(@Nullable String wanted, String is) {
        return wanted == null || wanted.equals(is);
    }

    private static int number(@Nullable String text, List<String> findings) {
        if (text == null) {
            return USUAL;
        }
        int number = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
        if (number < LEAST || number > MOST) {
            findings.add("limit must not be less than " + LEAST + " nor greater than " + MOST);
        }
        return number;
    }

    private static void oneOf(MultiMap query, String name, Set<String> known, List<String> findings) {
        String value = query.get(name);
        if (value != null && !known.contains(value)) {
            findings.add(name + " must be a valid enum value");
        }
    }

    private static @Nullable Instant time(MultiMap query, String name, List<String> findings) {
        String text = query.get(name);
        if (text == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            findings.add(name + " must be a valid ISO 8601 date string");
            return null;
        }
    }

    private static String encoded(String lastId) {
        byte[] json = new JsonObject().put("lastId", lastId).encode().getBytes(StandardCharsets.UTF_8);
        return Base64.getEncoder().encodeToString(json);
    }

    private static String decoded(String cursor) {
        try {
            byte[] json = Base64.getDecoder().decode(cursor);
            return String.valueOf(new JsonObject(new String(json, StandardCharsets.UTF_8)).getValue("lastId"));
        } catch (RuntimeException e) {
            // Base64's and JSON's own words for what is no cursor of ours.
            return "";
        }
    }
}
