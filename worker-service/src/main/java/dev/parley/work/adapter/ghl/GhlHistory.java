package dev.parley.work.adapter.ghl;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory;
import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A location's messages by {@code GET /conversations/messages/export}, oldest first, page by page. Without a channel it
 * leaves out mails, so those are listed after all else. It names contacts by id alone, and a webhook by number or address:
 * that is asked once per contact ({@code GET /contacts/{id}}), for messages that are really missing.
 *
 * <p>Source: GoHighLevel/highlevel-api-docs, {@code apps/conversations.json}. Scopes: {@code conversations/message.readonly},
 * {@code contacts.readonly}.
 */
final class GhlHistory implements MessageHistory {
    private static final int PAGE = 100;

    /** What a GET brought, as JSON. */
    interface Reader {
        Uni<JsonObject> get(Tenant tenant, String path);
    }

    private final Reader api;
    private final java.util.function.Function<Tenant, Uni<String>> locations;

    GhlHistory(Reader api, java.util.function.Function<Tenant, Uni<String>> locations) {
        this.api = api;
        this.locations = locations;
    }

    @Override
    public String provider() {
        return "ghl";
    }

    @Override
    public Set<String> providersWithoutIds() {
        return Set.of("ghl-workflow");
    }

    @Override
    public Listing since(Tenant tenant, Instant since) {
        return new Pages(tenant, since);
    }

    private final class Pages implements Listing {
        private final Tenant tenant;
        private final Instant since;
        private final Map<String, JsonObject> contacts = new HashMap<>();
        private boolean inMails;
        private boolean isOver;
        private @Nullable String cursor;

        Pages(Tenant tenant, Instant since) {
            this.tenant = tenant;
            this.since = since;
        }

        @Override
        public Uni<Optional<List<Entry>>> next() {
            if (isOver) {
                return Uni.createFrom().item(Optional.empty());
            }
            return locations
                    .apply(tenant)
                    .flatMap(location -> api.get(
                            tenant,
                            "/conversations/messages/export?locationId=" + GhlClient.encoded(location) + "&limit="
                                    + PAGE + "&sortBy=createdAt&sortOrder=asc&startDate="
                                    + GhlClient.encoded(since.toString())
                                    + (inMails ? "&channel=Email" : "")
                                    + (cursor == null ? "" : "&cursor=" + GhlClient.encoded(cursor))))
                    .map(this::page);
        }

        private Optional<List<Entry>> page(JsonObject json) {
            if (!(json.getValue("messages") instanceof JsonArray listed)) {
                throw new AdapterException(
                        Kind.TRANSIENT, "list of messages: GoHighLevel answered 2xx without a list of messages");
            }
            List<Entry> entries = new ArrayList<>();
            for (Object each : listed) {
                if (each instanceof JsonObject message) {
                    Entry entry = entry(message);
                    if (entry != null && !entry.at().isBefore(since)) {
                        entries.add(entry);
                    }
                }
            }
            String next = json.getValue("nextCursor") instanceof String text && !text.isBlank() ? text : null;
            if (next != null && next.equals(cursor)) {
                throw new AdapterException(Kind.REFUSED, "list of messages: GoHighLevel names the same page twice");
            }
            cursor = next;
            if (next == null) {
                isOver = inMails;
                inMails = true;
            }
            return Optional.of(entries);
        }

        /** Null = not a message to or from a contact that could be named. */
        private static @Nullable Entry entry(JsonObject message) {
            String id = text(message, "id");
            String contact = text(message, "contactId");
            String direction = text(message, "direction");
            Instant at = time(message);
            if (id == null || contact == null || direction == null || at == null) {
                return null;
            }
            Set<String> others = new HashSet<>();
            // A mail's webhook may name it by the mail's own id.
            if (message.getValue("meta") instanceof JsonObject meta
                    && meta.getValue("email") instanceof JsonObject mail
                    && mail.getValue("messageIds") instanceof JsonArray ids) {
                ids.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .forEach(others::add);
            }
            return new Entry(id, others, at, 0, direction.equalsIgnoreCase("inbound"), contact, message);
        }

        @Override
        public Uni<JsonObject> told(Entry entry) {
            return contact(entry.thread()).map(contact -> told(entry, contact));
        }

        private Uni<JsonObject> contact(String id) {
            JsonObject known = contacts.get(id);
            if (known != null) {
                return Uni.createFrom().item(known);
            }
            return api.get(tenant, "/contacts/" + GhlClient.encoded(id))
                    .map(json -> json.getValue("contact") instanceof JsonObject contact ? contact : new JsonObject())
                    .onFailure(failure -> failure instanceof AdapterException gone && gone.kind() == Kind.REFUSED)
                    // Deleted since: its messages are still known by its id.
                    .recoverWithItem(() -> new JsonObject())
                    .invoke(contact -> contacts.put(id, contact));
        }

        /** The list's fields are a webhook's, but for the names of the type, and who is at the other end. */
        private static JsonObject told(Entry entry, JsonObject contact) {
            JsonObject body = entry.body();
            String typeString = text(body, "messageType");
            JsonObject told = body.copy();
            told.remove("id");
            told.remove("type");
            told.put("type", entry.isInbound() ? "InboundMessage" : "OutboundMessage")
                    .put("messageId", entry.id());
            if (body.getValue("type") instanceof Number number) {
                told.put("messageTypeId", number);
            }
            if (typeString != null) {
                told.put("messageTypeString", typeString);
                told.remove("messageType");
            }
            boolean isMail =
                    typeString != null && typeString.toUpperCase(Locale.ROOT).contains("EMAIL");
            String theirs = text(contact, isMail ? "email" : "phone");
            if (theirs != null) {
                told.put(entry.isInbound() ? "from" : "to", theirs);
            }
            if (isMail) {
                told.put("messageType", "Email").put("emailMessageId", entry.id());
            }
            return told;
        }

        private static @Nullable String text(JsonObject json, String name) {
            return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
        }

        private static @Nullable Instant time(JsonObject message) {
            try {
                String text = text(message, "dateAdded");
                return text == null ? null : OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeException e) {
                return null;
            }
        }
    }
}
