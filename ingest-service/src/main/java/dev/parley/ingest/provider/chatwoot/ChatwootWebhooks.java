package dev.parley.ingest.provider.chatwoot;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Hmac;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Webhooks of a Chatwoot account or agent bot, one URL for each tenant. Since 4.11.2 (account webhooks) and 4.13.0 (agent
 * bots) Chatwoot signs {@code timestamp.body} with a secret it made itself; the timestamp is that of the attempt. Older
 * versions sign nothing and send no headers of one's own, but they do log in with a password that stands in the URL
 * ({@code https://parley:<password>@host/…}), so that is what proves them: a tenant's secret {@code url:<password>}.
 *
 * <p>The two never stand in for each other. Where there is a signature header, it alone decides; a signing secret is no
 * password, and a password signs nothing.
 *
 * <p>Source: chatwoot/chatwoot, pull requests #13573 and #13892, {@code lib/webhooks/trigger.rb}, {@code
 * app/models/message.rb}, {@code app/presenters/conversations/event_data_presenter.rb}.
 */
@Singleton
public final class ChatwootWebhooks implements WebhookProvider {
    private static final String NAME = "chatwoot";
    private static final String SIGNATURE = "X-Chatwoot-Signature";
    private static final String TIMESTAMP = "X-Chatwoot-Timestamp";
    private static final String SCHEME = "sha256=";
    private static final String PASSWORD = "url:";
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,12}");
    private static final Secret DECOY = Secret.of("nobody has this secret, comparing with it only takes time");

    private static final Map<String, String> CHANNELS = Map.of(
            "Channel::WebWidget", "webchat",
            "Channel::Whatsapp", "whatsapp",
            "Channel::TwilioSms", "sms",
            "Channel::Sms", "sms",
            "Channel::Email", "email",
            "Channel::FacebookPage", "facebook",
            "Channel::Instagram", "instagram");

    private final Duration tolerance;

    @Inject
    ChatwootWebhooks(IngestConfig config) {
        this(config.chatwoot().tolerance());
    }

    public ChatwootWebhooks(Duration tolerance) {
        this.tolerance = tolerance;
    }

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
        String timestamp = delivery.only(TIMESTAMP).orElse("");
        byte[] prefix = (timestamp + ".").getBytes(StandardCharsets.UTF_8);
        String signature = delivery.only(SIGNATURE).orElse("");
        String password = password(delivery);
        boolean isSigned = false;
        boolean isKnown = false;
        // The work of one of each kind at least, whatever there is to compare: time must not tell.
        for (Secret secret : secrets.isEmpty() ? List.of(DECOY) : secrets) {
            String text = secret.reveal();
            boolean isPassword = text.startsWith(PASSWORD);
            isSigned |= Hmac.isHex(Hmac.of(Hmac.SHA256, secret.bytes(), prefix, delivery.body()), SCHEME, signature)
                    && !isPassword;
            isKnown |= Secret.of(isPassword ? text.substring(PASSWORD.length()) : DECOY.reveal())
                            .matches(password)
                    && isPassword
                    && text.length() > PASSWORD.length();
        }
        if (secrets.isEmpty()) {
            return Verdict.forged("no secret is known");
        }
        if (!delivery.has(SIGNATURE) && !delivery.has(TIMESTAMP)) {
            return isKnown ? Verdict.genuine() : Verdict.forged("neither signature nor password");
        }
        if (!isSigned || !SECONDS.matcher(timestamp).matches()) {
            return Verdict.forged("wrong signature");
        }
        long age = delivery.receivedAt().getEpochSecond() - Long.parseLong(timestamp);
        return Math.abs(age) > tolerance.toSeconds()
                ? Verdict.stale(age > 0 ? "too old" : "from the future")
                : Verdict.genuine();
    }

    /** Of {@code Authorization: Basic}; the user's name says nothing. Empty = none. */
    private static String password(Delivery delivery) {
        Optional<String> header = delivery.only("Authorization");
        if (header.isEmpty() || !header.get().regionMatches(true, 0, "Basic ", 0, 6)) {
            return "";
        }
        try {
            String login = new String(
                    Base64.getDecoder().decode(header.get().substring(6).strip()), StandardCharsets.UTF_8);
            return login.substring(login.indexOf(':') + 1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        JsonObject json = payload.content();
        String event = text(json, "event");
        EventKey ofBody = EventKey.ofBody(NAME, delivery.body());
        if (event == null) {
            return Reading.event(
                    Reading.Event.of("other:", null, ofBody, payload).quarantined("no event type"));
        }
        Reading.Event read = switch (event) {
            case "message_created" -> message(json, payload, ofBody);
            // Told of again with every change; nothing but the change tells one from the other.
            case "message_updated" -> update(json, payload, ofBody);
            case "conversation_status_changed", "conversation_resolved", "conversation_opened" ->
                Reading.Event.of("conversation_status", JobType.PROCESS_DELIVERY_STATUS, ofBody, payload)
                        .on(channel(json), address(json, json, false));
            default -> Reading.Event.of("other:" + event, null, ofBody, payload);
        };
        return Reading.event(read.named(null, event.startsWith("message_") ? id(json, "id") : null));
    }

    private static Reading.Event message(JsonObject json, Payload payload, EventKey ofBody) {
        String id = id(json, "id");
        String account = id(object(json, "account"), "id");
        EventKey key = id == null || account == null ? ofBody : EventKey.of(NAME, "message_created", account, id);
        String type = type(json);
        if (Boolean.TRUE.equals(json.getValue("private"))) {
            return Reading.Event.of("other:private_note", null, key, payload);
        }
        JsonObject conversation = object(json, "conversation");
        String channel = channel(conversation);
        return switch (type) {
            case "incoming" -> {
                String address = address(json, conversation, true);
                Reading.Event event = Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                        .on(channel, address);
                yield address == null ? event.quarantined("a message from nobody: no contact in it") : event;
            }
            case "outgoing", "template" ->
                Reading.Event.of("outbound_message", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                        .on(channel, address(json, conversation, false));
            default -> Reading.Event.of("other:" + type, null, key, payload);
        };
    }

    private static Reading.Event update(JsonObject json, Payload payload, EventKey key) {
        boolean tellsOfOurs = type(json).equals("outgoing") && !Boolean.TRUE.equals(json.getValue("private"));
        JsonObject conversation = object(json, "conversation");
        return tellsOfOurs
                ? Reading.Event.of("delivery_status", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                        .on(channel(conversation), address(json, conversation, false))
                : Reading.Event.of("other:message_updated", null, key, payload);
    }

    /** A word in webhooks, a number where Chatwoot forgets to translate it. */
    private static String type(JsonObject json) {
        Object type = json.getValue("message_type");
        if (type instanceof Integer number) {
            return switch (number) {
                case 0 -> "incoming";
                case 1 -> "outgoing";
                case 2 -> "activity";
                case 3 -> "template";
                default -> "message_type_" + number;
            };
        }
        return type instanceof String word && !word.isBlank() ? word : "message";
    }

    private static String channel(JsonObject conversation) {
        String channel = text(conversation, "channel");
        return channel == null ? "custom" : CHANNELS.getOrDefault(channel, "custom");
    }

    /**
     * {@code contact/inbox} by Chatwoot's ids: telephone numbers and mail addresses are changed there by hand, and two
     * inboxes are two threads.
     */
    private static @Nullable String address(JsonObject json, JsonObject conversation, boolean isFromContact) {
        String contact = id(object(conversation, "contact_inbox"), "contact_id");
        contact = contact == null ? id(object(object(conversation, "meta"), "sender"), "id") : contact;
        contact = contact == null ? id(object(json, "contact"), "id") : contact;
        contact = contact == null && isFromContact ? id(object(json, "sender"), "id") : contact;
        String inbox = id(conversation, "inbox_id");
        inbox = inbox == null ? id(object(json, "inbox"), "id") : inbox;
        return contact == null || inbox == null ? contact : contact + "/" + inbox;
    }

    private static JsonObject object(JsonObject json, String name) {
        return json.getValue(name) instanceof JsonObject object ? object : new JsonObject();
    }

    /** A number in practice, a text in Chatwoot's documentation. */
    private static @Nullable String id(JsonObject json, String name) {
        Object value = json.getValue(name);
        return value instanceof Integer || value instanceof Long ? String.valueOf(value) : text(json, name);
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
