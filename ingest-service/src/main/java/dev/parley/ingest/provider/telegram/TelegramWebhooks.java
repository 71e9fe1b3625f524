package dev.parley.ingest.provider.telegram;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.provider.HeaderSecret;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Updates of a Telegram bot (Bot API, "setWebhook"). Telegram signs nothing: it shows the secret token that was given with
 * the webhook, so a body is as safe as TLS and that token. {@code update_id} counts up for each bot and is the same when an
 * update comes again; the tenant has one bot.
 *
 * <p>Private chats only: in a group a bot would answer everybody's every word.
 */
@Singleton
public final class TelegramWebhooks implements WebhookProvider {
    /** Of the provider, and of the channel: chat ids are unique nowhere else. */
    private static final String NAME = "telegram";

    private static final HeaderSecret TOKEN = new HeaderSecret("X-Telegram-Bot-Api-Secret-Token");
    /** In the order in which they are looked for; of these an update has one at most. */
    private static final List<String> KINDS = List.of(
            "message",
            "edited_message",
            "channel_post",
            "edited_channel_post",
            "callback_query",
            "inline_query",
            "my_chat_member",
            "chat_member",
            "poll",
            "poll_answer",
            "message_reaction",
            "chat_join_request",
            "business_message");

    public TelegramWebhooks() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Scope scope() {
        return Scope.TENANT;
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        return TOKEN.verify(delivery, secrets);
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        JsonObject json = payload.content();
        String updateId = number(json, "update_id");
        EventKey key =
                updateId == null ? EventKey.ofBody(NAME, delivery.body()) : EventKey.of(NAME, "update", updateId);
        return Reading.event(event(json, key, payload, updateId));
    }

    private static Reading.Event event(JsonObject json, EventKey key, Payload payload, @Nullable String updateId) {
        String kind = KINDS.stream()
                .filter(each -> json.getValue(each) instanceof JsonObject)
                .findFirst()
                .orElse("update");
        JsonObject content = object(json, kind);
        // A pressed button stands under the bot's own message; who pressed it is beside that.
        JsonObject carrier = kind.equals("callback_query") ? object(content, "message") : content;
        JsonObject chat = object(carrier, "chat");
        String chatId = number(chat, "id");
        boolean isPrivate = "private".equals(chat.getValue("type"));
        if (kind.equals("my_chat_member") && isPrivate && chatId != null) {
            Object status = object(content, "new_chat_member").getValue("status");
            boolean isMark = "kicked".equals(status) || "member".equals(status);
            return isMark
                    ? Reading.Event.of("contact_dnd", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                            .named(updateId, null)
                            .on(NAME, chatId)
                    : Reading.Event.of("other:" + kind, null, key, payload).named(updateId, null);
        }
        boolean isWritten = kind.equals("message") || kind.equals("callback_query");
        boolean isByPerson = !Boolean.TRUE.equals(object(content, "from").getValue("is_bot"));
        if (!isWritten || !isPrivate || !isByPerson || chatId == null || isService(kind, content)) {
            String type = isWritten && !isPrivate ? kind + " not private" : kind;
            return Reading.Event.of("other:" + type.replace(' ', '_'), null, key, payload)
                    .named(updateId, null);
        }
        String messageId = kind.equals("message") ? number(content, "message_id") : null;
        return Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                // Message ids count up in each chat.
                .named(updateId, messageId == null ? null : chatId + ":" + messageId)
                .on(NAME, chatId);
    }

    /** "Ada joined", "message pinned": nobody wrote anything. */
    private static boolean isService(String kind, JsonObject content) {
        return kind.equals("message")
                && Set.of("pinned_message", "message_auto_delete_timer_changed", "write_access_allowed").stream()
                        .anyMatch(content::containsKey);
    }

    private static JsonObject object(JsonObject json, String name) {
        return json.getValue(name) instanceof JsonObject object ? object : new JsonObject();
    }

    /** Telegram's ids are whole numbers of up to 52 bits. */
    private static @Nullable String number(JsonObject json, String name) {
        Object value = json.getValue(name);
        return value instanceof Integer || value instanceof Long ? value.toString() : null;
    }
}
