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
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
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
    private static final String NAME = "ghl";
    private static final String SIGNATURE = "X-GHL-Signature";
    private static final Logger LOG = LoggerFactory.getLogger(GhlWebhooks.class);

    private final Supplier<List<Ed25519Key>> keys;
    private final Set<String> appIds;

    @Inject
    GhlWebhooks(IngestConfig config, GhlKeys keys) {
        this(config.ghl().appIds().orElse(List.of()), keys::all);
    }

    /** @throws IllegalArgumentException if one of {@code extraKeys} is malformed; says which */
    public GhlWebhooks(List<String> appIds, List<String> extraKeys) {
        this(appIds, new GhlKeys(extraKeys)::all);
    }

    /** @param keys asked for each delivery: they may change at any time */
    GhlWebhooks(List<String> appIds, Supplier<List<Ed25519Key>> keys) {
        this.keys = keys;
        this.appIds = Set.copyOf(
                appIds.stream().map(String::strip).filter(id -> !id.isEmpty()).toList());
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

    /** Of the circuit breaker: checked about every three days for each webhook URL. */
    @Override
    public Optional<Duration> successWindow() {
        return Optional.of(Duration.ofDays(3));
    }

    @Override
    public Set<String> apps() {
        return appIds;
    }

    @Override
    public Optional<String> app(Payload payload) {
        return Optional.ofNullable(text(payload.content(), "appId"));
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Optional<String> header = delivery.only(SIGNATURE);
        // "N/A" is what GoHighLevel itself puts where it did not sign.
        if (header.isEmpty() || header.get().equalsIgnoreCase("N/A")) {
            return forgedAfterWork(delivery, "no signature");
        }
        byte[] signature;
        try {
            signature = Base64.getDecoder().decode(header.get());
        } catch (IllegalArgumentException e) {
            return forgedAfterWork(delivery, "signature is not base64");
        }
        if (signature.length != Ed25519Key.SIGNATURE_LENGTH) {
            return forgedAfterWork(delivery, "signature is not 64 bytes");
        }
        return verifies(signature, delivery) ? Verdict.genuine() : Verdict.forged("wrong signature");
    }

    private boolean verifies(byte[] signature, Delivery delivery) {
        for (Ed25519Key key : keys.get()) {
            if (key.verifies(signature, delivery.body())) {
                return true;
            }
        }
        return false;
    }

    /** What has no signature takes as long as what has a wrong one. */
    private Verdict forgedAfterWork(Delivery delivery, String why) {
        boolean never = verifies(Ed25519Key.nobodysSignature(), delivery);
        LOG.trace("the work of verifying was done, verified={}", never);
        return Verdict.forged(why);
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
