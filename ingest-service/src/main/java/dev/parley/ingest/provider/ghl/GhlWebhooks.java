package dev.parley.ingest.provider.ghl;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Ed25519Key;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Webhooks of a GoHighLevel marketplace app: one URL for all accounts, Ed25519 over the raw body. The key is GoHighLevel's
 * for <i>every</i> app of the world, so a good signature proves who sent it and not for whom: {@code appId} must be one of
 * ours, and the tenant is whoever has {@code locationId} in its settings.
 *
 * <p>Events that carry no {@code appId} (the documentation's samples; live ones have it) are held to the second lock
 * alone: a tenant gets them if it has their location, otherwise they are nobody's we know and are quarantined.
 */
@Singleton
public final class GhlWebhooks implements WebhookProvider {
    /** GoHighLevel's own, published in its webhook guide; a rotation is announced by mail and configured. */
    static final String GHL_PUBLIC_KEY = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=";

    private static final String NAME = "ghl";
    private static final String SIGNATURE = "X-GHL-Signature";
    private static final Logger LOG = LoggerFactory.getLogger(GhlWebhooks.class);

    private final List<Ed25519Key> keys;
    private final Set<String> appIds;

    @Inject
    GhlWebhooks(IngestConfig config) {
        this(config.ghl().appIds().orElse(List.of()), config.ghl().publicKeys().orElse(List.of()));
    }

    /** @throws IllegalArgumentException if one of {@code extraKeys} is malformed; says which */
    GhlWebhooks(List<String> appIds, List<String> extraKeys) {
        this.appIds = Set.copyOf(
                appIds.stream().map(String::strip).filter(id -> !id.isEmpty()).toList());
        List<Ed25519Key> all = new ArrayList<>();
        all.add(Ed25519Key.ofSpki(GHL_PUBLIC_KEY));
        for (int at = 0; at < extraKeys.size(); at++) {
            if (extraKeys.get(at).isBlank()) {
                continue;
            }
            try {
                all.add(Ed25519Key.ofSpki(extraKeys.get(at)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "PARLEY_GHL_PUBLIC_KEYS: key " + (at + 1) + " is " + e.getMessage(), e);
            }
        }
        this.keys = List.copyOf(all);
        if (this.appIds.isEmpty()) {
            LOG.warn(
                    "PARLEY_GHL_APP_IDS is empty: GoHighLevel events that name their app are quarantined, because nobody "
                            + "said which apps are ours");
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Scope scope() {
        return Scope.APP;
    }

    @Override
    public Optional<String> accountSetting() {
        return Optional.of("ghl.location_id");
    }

    /** The only status retried under both of GoHighLevel's retry policies. */
    @Override
    public int retryLaterStatus() {
        return 429;
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Optional<String> header = delivery.only(SIGNATURE);
        // "N/A" is what GoHighLevel itself puts where it did not sign.
        if (header.isEmpty() || header.get().equalsIgnoreCase("N/A")) {
            return Verdict.forged("no signature");
        }
        byte[] signature;
        try {
            signature = Base64.getDecoder().decode(header.get());
        } catch (IllegalArgumentException e) {
            return Verdict.forged("signature is not base64");
        }
        if (signature.length != Ed25519Key.SIGNATURE_LENGTH) {
            return Verdict.forged("signature is not 64 bytes");
        }
        for (Ed25519Key key : keys) {
            if (key.verifies(signature, delivery.body())) {
                return Verdict.genuine();
            }
        }
        return Verdict.forged("wrong signature");
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        JsonObject json = payload.content();
        String appId = text(json, "appId");
        if (appId != null && !appIds.isEmpty() && !appIds.contains(appId)) {
            return new Reading.NotOurs("foreign app");
        }
        Reading.Event event = event(delivery, payload, json)
                .from(text(json, "locationId"))
                .named(text(json, "webhookId"), messageId(json));
        if (appId != null && appIds.isEmpty()) {
            // No tenant may be written to by an app that nobody vouched for, and nothing may be lost either.
            event = event.from(null).quarantined("PARLEY_GHL_APP_IDS does not say which apps are ours");
        }
        return Reading.event(event);
    }

    private static Reading.Event event(Delivery delivery, Payload payload, JsonObject json) {
        String type = text(json, "type");
        EventKey key = key(delivery, json, type);
        if (type == null) {
            return Reading.Event.of("other:", null, key, payload).quarantined("no event type");
        }
        return switch (type) {
            case "InboundMessage", "OutboundMessage" -> message(type, key, payload, json);
            case "ContactDndUpdate" -> Reading.Event.of("contact_dnd", JobType.PROCESS_DELIVERY_STATUS, key, payload);
            case "INSTALL" -> Reading.Event.of("app_installed", null, key, payload);
            case "UNINSTALL" -> Reading.Event.of("app_uninstalled", null, key, payload);
            default -> Reading.Event.of("other:" + type, null, key, payload);
        };
    }

    /** Both {@code type} and {@code direction} must agree: the bot must never take its own words for a customer's. */
    private static Reading.Event message(String type, EventKey key, Payload payload, JsonObject json) {
        boolean inbound = type.equals("InboundMessage");
        String direction = text(json, "direction");
        String channel = channel(json);
        if (channel.equals(GhlChannel.INTERNAL)) {
            return Reading.Event.of("other:InternalComment", null, key, payload);
        }
        String address = address(channel, json, json.getValue(inbound ? "from" : "to"));
        if (channel.equals("call") || channel.equals("voicemail")) {
            return Reading.Event.of("other:" + channel, null, key, payload).on(channel, address);
        }
        Reading.Event event = inbound
                ? Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload)
                : Reading.Event.of("outbound_message", JobType.PROCESS_DELIVERY_STATUS, key, payload);
        event = event.on(channel, address);
        if (direction != null && !direction.equalsIgnoreCase(inbound ? "inbound" : "outbound")) {
            return event.quarantined("type and direction contradict each other");
        }
        return inbound && address == null
                ? event.quarantined("a message from nobody: no contactId, no address")
                : event;
    }

    private static EventKey key(Delivery delivery, JsonObject json, @Nullable String type) {
        String webhookId = text(json, "webhookId");
        if (webhookId != null) {
            return EventKey.of(NAME, "wh", webhookId);
        }
        String messageId = messageId(json);
        if (messageId != null && type != null) {
            String status = text(json, "status");
            // An outbound message is told of again with every step it makes.
            return type.equals("OutboundMessage") && status != null
                    ? EventKey.of(NAME, "msg", type, messageId, status)
                    : EventKey.of(NAME, "msg", type, messageId);
        }
        return EventKey.ofBody(NAME, delivery.body());
    }

    private static @Nullable String messageId(JsonObject json) {
        String id = text(json, "messageId");
        return id == null ? text(json, "emailMessageId") : id;
    }

    private static String channel(JsonObject json) {
        return GhlChannel.of(text(json, "messageTypeString"))
                .or(() -> GhlChannel.of(text(json, "messageType")))
                .orElse(GhlChannel.CUSTOM);
    }

    /** Phone or e-mail where the channel has one, else GoHighLevel's id of the contact; {@code from} may be anything. */
    private static @Nullable String address(String channel, JsonObject json, @Nullable Object other) {
        Optional<String> address = other instanceof String text ? GhlChannel.address(channel, text) : Optional.empty();
        return address.orElse(text(json, "contactId"));
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
