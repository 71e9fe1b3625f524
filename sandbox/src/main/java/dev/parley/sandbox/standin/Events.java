package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;

/** The bodies of the webhooks, envelope included, as the real ones look: flat, camelCase, a new webhookId each. */
final class Events {
    private final Options.App app;

    Events(Options.App app) {
        this.app = app;
    }

    JsonObject inbound(Message message, Contact contact) {
        return sealed(message(head("InboundMessage", message.locationId()), message, contact));
    }

    /** A message of ours or of a human in the inbox; with {@code source} and no {@code conversationProviderId}. */
    JsonObject outbound(Message message, Contact contact) {
        JsonObject json = message(head("OutboundMessage", message.locationId()), message, contact);
        json.put("source", message.source());
        if (message.userId() != null) {
            json.put("userId", message.userId());
        }
        return sealed(json);
    }

    JsonObject dndUpdate(Contact contact) {
        return sealed(head("ContactDndUpdate", contact.locationId())
                .put("id", contact.id())
                .put("dnd", contact.refusesAll())
                .put("dndSettings", contact.dndSettings())
                .put("name", contact.name())
                .put("firstName", contact.firstName())
                .put("lastName", contact.lastName())
                .put("email", contact.email())
                .put("phone", contact.phone())
                .put("tags", new JsonArray())
                .put("attachments", new JsonArray())
                .put("dateAdded", Wire.time(contact.dateAdded()))
                .put("customFields", new JsonArray()));
    }

    JsonObject install(Location location) {
        return sealed(head("INSTALL", location.id())
                .put("companyId", Tokens.COMPANY_ID)
                .put("userId", "SandboxUser000000001")
                .put("isWhitelabelCompany", false)
                .put("whitelabelDetails", new JsonObject())
                .put("companyName", "Parley sandbox"));
    }

    JsonObject uninstall(Location location) {
        return sealed(head("UNINSTALL", location.id()).put("companyId", Tokens.COMPANY_ID));
    }

    private JsonObject head(String type, String locationId) {
        return new JsonObject()
                .put("type", type)
                .put("locationId", locationId)
                .put("versionId", app.versionId())
                .put("appId", app.appId());
    }

    private static JsonObject message(JsonObject json, Message message, Contact contact) {
        json.put("attachments", new JsonArray(message.attachments()))
                .put("body", message.body())
                .put("contactId", message.contactId())
                .put("contentType", message.channel() == Channel.EMAIL ? "text/html" : "text/plain")
                .put("conversationId", message.conversationId())
                .put("dateAdded", Wire.time(message.dateAdded()))
                .put("direction", message.direction())
                .put("messageType", message.channel().messageType())
                .put("messageId", message.id())
                .put("status", message.status());
        switch (message.channel()) {
            case SMS, WHATSAPP -> json.put("from", message.from()).put("to", message.to());
            case EMAIL ->
                json.put("from", message.inbound() ? contact.name() + " <" + message.from() + ">" : message.from())
                        .put("to", message.to())
                        .put("emailMessageId", message.id())
                        .put("threadId", message.conversationId())
                        .put("subject", message.subject() == null ? "" : message.subject())
                        .put("ccList", new JsonArray())
                        .put("bccList", new JsonArray());
            // As seen live: empty objects where an address would stand.
            default -> json.put("from", new JsonObject()).put("to", new JsonObject());
        }
        return json.put("messageTypeId", message.channel().typeId())
                .put("messageTypeString", message.channel().typeString());
    }

    private static JsonObject sealed(JsonObject json) {
        return json.put("timestamp", Wire.time(Instant.now()))
                .put("webhookId", UUID.randomUUID().toString());
    }
}
