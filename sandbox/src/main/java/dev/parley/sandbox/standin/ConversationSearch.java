package dev.parley.sandbox.standin;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code GET /conversations/search}, the most recently active first. */
final class ConversationSearch {
    private static final Set<String> PARAMETERS = Set.of("locationId", "contactId", "id", "query", "limit");
    private static final Set<String> PARAMETERS_LEFT_OUT = Set.of(
            "assignedTo",
            "followers",
            "mentions",
            "sort",
            "startAfterDate",
            "lastMessageType",
            "lastMessageAction",
            "lastMessageDirection",
            "status",
            "sortBy",
            "sortScoreProfile",
            "scoreProfile",
            "scoreProfileMin",
            "scoreProfileMax",
            "startDate",
            "endDate");

    private static final int USUAL = 20;
    private static final int MOST = 100;

    private final Accounts accounts;

    ConversationSearch(Accounts accounts) {
        this.accounts = accounts;
    }

    /** The location asked for, after the shape of the whole question. */
    String locationOf(MultiMap query) {
        GhlRequest.checkParameters(query, PARAMETERS, PARAMETERS_LEFT_OUT);
        GhlRequest.limit(query, USUAL, MOST);
        String locationId = query.get("locationId");
        if (locationId == null || locationId.isBlank()) {
            throw new Refusal(
                    Answer.unprocessable(List.of("locationId must be a string", "locationId should not be empty")));
        }
        return locationId;
    }

    Answer page(MultiMap query, String locationId) {
        int limit = GhlRequest.limit(query, USUAL, MOST);
        String contactId = query.get("contactId");
        String id = query.get("id");
        String words = query.get("query");
        List<JsonObject> found = new ArrayList<>();
        accounts.conversationsOf(
                        locationId,
                        conversation -> (contactId == null || contactId.equals(conversation.contactId()))
                                && (id == null || id.equals(conversation.id())))
                .forEach(conversation -> summary(conversation, words).ifPresent(found::add));
        found.sort(Comparator.comparing((JsonObject one) -> one.getLong("lastMessageDate"))
                .reversed());
        return Answer.ok(new JsonObject()
                .put("conversations", new JsonArray(List.copyOf(found.subList(0, Math.min(limit, found.size())))))
                .put("total", found.size()));
    }

    private Optional<JsonObject> summary(Accounts.Conversation conversation, @Nullable String words) {
        List<Message> messages = accounts.messagesOf(conversation.id());
        Optional<Contact> found = accounts.findContact(conversation.contactId());
        if (messages.isEmpty() || found.isEmpty()) {
            return Optional.empty();
        }
        Contact contact = found.get();
        if (words != null && !mentions(contact, messages, words.toLowerCase(Locale.ROOT))) {
            return Optional.empty();
        }
        Message newest = messages.get(messages.size() - 1);
        int unread = 0;
        for (Message message : messages) {
            unread = message.inbound() ? unread + 1 : 0;
        }
        return Optional.of(new JsonObject()
                .put("id", conversation.id())
                .put("contactId", contact.id())
                .put("locationId", conversation.locationId())
                .put("lastMessageBody", newest.body())
                .put("lastMessageType", newest.channel().typeString())
                .put("lastMessageDirection", newest.direction())
                .put("lastMessageDate", newest.dateAdded().toEpochMilli())
                .put("type", newest.channel() == Channel.EMAIL ? "TYPE_EMAIL" : "TYPE_PHONE")
                .put("unreadCount", unread)
                .put("fullName", contact.name())
                .put("contactName", contact.name())
                .put("email", contact.email())
                .put("phone", contact.phone()));
    }

    private static boolean mentions(Contact contact, List<Message> messages, String words) {
        return contact.name().toLowerCase(Locale.ROOT).contains(words)
                || (contact.phone() != null && contact.phone().contains(words))
                || (contact.email() != null && contact.email().contains(words))
                || messages.stream()
                        .anyMatch(message ->
                                message.body().toLowerCase(Locale.ROOT).contains(words));
    }
}
