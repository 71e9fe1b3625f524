package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message as the inbox keeps it.
 *
 * @param inbound from the customer
 * @param status GoHighLevel's word: {@code sent}, {@code delivered}, {@code failed}…
 * @param source of an outbound message: {@code api} for ours, {@code app} for a human's; null if inbound
 * @param subject of an e-mail, else null
 * @param traceId of the request that sent it, if it carried a W3C {@code traceparent}
 */
public record Message(
        String id,
        String conversationId,
        String contactId,
        String locationId,
        Channel channel,
        boolean inbound,
        String body,
        List<String> attachments,
        String status,
        @Nullable String source,
        @Nullable String userId,
        String from,
        String to,
        @Nullable String subject,
        Instant dateAdded,
        @Nullable String traceId) {
    public Message {
        attachments = List.copyOf(attachments);
    }

    Message withStatus(String newStatus) {
        return with(attachments, newStatus);
    }

    Message withAttachments(List<String> newAttachments) {
        return with(newAttachments, status);
    }

    private Message with(List<String> newAttachments, String newStatus) {
        return new Message(
                id,
                conversationId,
                contactId,
                locationId,
                channel,
                inbound,
                body,
                newAttachments,
                newStatus,
                source,
                userId,
                from,
                to,
                subject,
                dateAdded,
                traceId);
    }

    String direction() {
        return inbound ? "inbound" : "outbound";
    }

    /** As the conversation endpoints show it. */
    JsonObject toApiJson() {
        JsonObject json = new JsonObject()
                .put("id", id)
                .put("type", channel.typeId())
                .put("messageType", channel.typeString())
                .put("locationId", locationId)
                .put("contactId", contactId)
                .put("conversationId", conversationId)
                .put("dateAdded", Wire.time(dateAdded))
                .put("body", body)
                .put("direction", direction())
                .put("status", status)
                .put("contentType", channel == Channel.EMAIL ? "text/html" : "text/plain");
        // As seen live: no empty list, while WhatsApp's media are not there yet.
        if (channel != Channel.WHATSAPP || !attachments.isEmpty()) {
            json.put("attachments", new JsonArray(attachments));
        }
        if (source != null) {
            json.put("source", source);
        }
        if (userId != null) {
            json.put("userId", userId);
        }
        return json;
    }
}
