package dev.parley.work.adapter.chatwoot;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory;
import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An account's conversations, those that were active last first, and of each one that was active in time its messages,
 * newest first. Chatwoot counts pages, and a conversation in which somebody writes meanwhile moves to the first one: so the
 * list is begun again until its beginning brings nothing new.
 *
 * <p>Takes a user's token; bots may not read. Source: chatwoot/chatwoot, {@code app/finders/conversation_finder.rb}, {@code
 * app/finders/message_finder.rb}, {@code app/views/api/v1/conversations/partials/_conversation.json.jbuilder}.
 */
final class ChatwootHistory implements MessageHistory {
    /** What a GET below the account brought, as JSON. */
    interface Reader {
        Uni<JsonObject> get(Tenant tenant, String path);
    }

    private final Reader api;

    ChatwootHistory(Reader api) {
        this.api = api;
    }

    @Override
    public String provider() {
        return "chatwoot";
    }

    @Override
    public Listing since(Tenant tenant, Instant since) {
        return new Pages(tenant, since);
    }

    /** A conversation whose messages are being read: older ones than {@code before} (null = from the newest). */
    private record Open(
            String id, JsonObject json, @Nullable String before) {}

    private final class Pages implements Listing {
        private final Tenant tenant;
        private final Instant since;
        private final Map<String, Long> activity = new HashMap<>();
        private final Map<String, JsonObject> conversations = new HashMap<>();
        private final Deque<Open> toRead = new ArrayDeque<>();
        private int page = 1;
        private boolean isNews;
        private boolean isOver;

        Pages(Tenant tenant, Instant since) {
            this.tenant = tenant;
            this.since = since;
        }

        @Override
        public Uni<Optional<List<Entry>>> next() {
            Open open = toRead.peek();
            if (open != null) {
                String before = open.before() == null ? "" : "?before=" + open.before();
                return api.get(tenant, "/conversations/" + open.id() + "/messages" + before)
                        .map(json -> messages(open, json));
            }
            if (isOver) {
                return Uni.createFrom().item(Optional.empty());
            }
            return api.get(tenant, "/conversations?status=all&page=" + page).map(this::conversations);
        }

        private Optional<List<Entry>> conversations(JsonObject json) {
            if (!(json.getValue("data") instanceof JsonObject data)
                    || !(data.getValue("payload") instanceof JsonArray listed)) {
                throw new AdapterException(
                        Kind.TRANSIENT, "list of messages: Chatwoot answered 2xx without a list of conversations");
            }
            boolean isFresh = false;
            for (Object each : listed) {
                if (each instanceof JsonObject conversation && isActive(conversation)) {
                    String id = ChatwootApi.id(conversation);
                    long last = conversation.getValue("last_activity_at") instanceof Number at ? at.longValue() : 0;
                    Long known = id == null ? null : activity.get(id);
                    if (id != null && id.matches(ChatwootMessaging.NUMBER) && (known == null || known < last)) {
                        isFresh = true;
                        activity.put(id, last);
                        conversations.put(id, conversation);
                        toRead.add(new Open(id, conversation, null));
                    }
                }
            }
            isNews |= isFresh;
            if (isFresh) {
                page++;
            } else {
                isOver = !isNews;
                isNews = false;
                page = 1;
            }
            return Optional.of(List.of());
        }

        /** A version that does not say when is read all the same. */
        private boolean isActive(JsonObject conversation) {
            return !(conversation.getValue("last_activity_at") instanceof Number at)
                    || at.longValue() >= since.getEpochSecond();
        }

        private Optional<List<Entry>> messages(Open open, JsonObject json) {
            if (!(json.getValue("payload") instanceof JsonArray listed)) {
                throw new AdapterException(
                        Kind.TRANSIENT, "list of messages: Chatwoot answered 2xx without a list of messages");
            }
            List<Entry> entries = new ArrayList<>();
            String oldest = null;
            boolean reachesBack = listed.isEmpty();
            for (Object each : listed) {
                if (each instanceof JsonObject message) {
                    String id = ChatwootApi.id(message);
                    Instant at = message.getValue("created_at") instanceof Number seconds
                            ? Instant.ofEpochSecond(seconds.longValue())
                            : null;
                    oldest = oldest == null ? id : oldest;
                    if (id != null && id.matches(ChatwootMessaging.NUMBER) && at != null) {
                        // Chatwoot's clock has whole seconds.
                        boolean isBefore = at.getEpochSecond() < since.getEpochSecond();
                        reachesBack |= isBefore;
                        if (!isBefore) {
                            boolean isInbound = Integer.valueOf(0).equals(message.getValue("message_type"))
                                    || "incoming".equals(message.getValue("message_type"));
                            entries.add(new Entry(id, Set.of(), at, Long.parseLong(id), isInbound, open.id(), message));
                        }
                    }
                }
            }
            boolean isMore = !reachesBack
                    && oldest != null
                    && oldest.matches(ChatwootMessaging.NUMBER)
                    && !oldest.equals(open.before());
            toRead.remove();
            if (isMore) {
                toRead.addFirst(new Open(open.id(), open.json(), oldest));
            }
            return Optional.of(entries);
        }

        /** A message in the list knows its conversation by number only; a webhook brings it along. */
        @Override
        public Uni<JsonObject> told(Entry entry) {
            JsonObject listed = conversations.getOrDefault(entry.thread(), new JsonObject());
            JsonObject meta = listed.getValue("meta") instanceof JsonObject json ? json : new JsonObject();
            JsonObject sender = meta.getValue("sender") instanceof JsonObject json ? json : new JsonObject();
            Object inbox = listed.getValue("inbox_id");
            JsonObject conversation = new JsonObject()
                    .put("id", listed.getValue("id"))
                    .put("inbox_id", inbox)
                    .put("channel", meta.getValue("channel"))
                    .put("status", listed.getValue("status"))
                    .put(
                            "contact_inbox",
                            new JsonObject()
                                    .put("contact_id", sender.getValue("id"))
                                    .put("inbox_id", inbox))
                    .put("meta", new JsonObject().put("sender", sender));
            return Uni.createFrom()
                    .item(entry.body()
                            .copy()
                            .put("event", "message_created")
                            .put("account", new JsonObject().put("id", listed.getValue("account_id")))
                            .put("inbox", new JsonObject().put("id", inbox))
                            .put("conversation", conversation));
        }
    }
}
