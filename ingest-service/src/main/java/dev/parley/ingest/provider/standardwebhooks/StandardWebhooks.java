package dev.parley.ingest.provider.standardwebhooks;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Address;
import dev.parley.ingest.provider.Ed25519Key;
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
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Standard Webhooks 1.0.0, symmetric ({@code v1}, secrets {@code whsec_…}) and asymmetric ({@code v1a}, public keys
 * {@code whpk_…}). Signed is {@code id.timestamp.body}, as bytes. The timestamp is that of the attempt, so a narrow
 * tolerance loses nothing. The body is Parley's own plain JSON; the README of this module documents it.
 */
@Singleton
public final class StandardWebhooks implements WebhookProvider {
    private static final String NAME = "standard-webhooks";
    private static final Pattern TIMESTAMP = Pattern.compile("[0-9]{1,12}");
    private static final int MOST_SIGNATURES = 16;
    private static final int LEAST_KEY = 24;
    private static final int MOST_KEY = 64;
    private static final Pattern SPACES = Pattern.compile(" +");
    private static final Secret DECOY = Secret.of("whsec_" + "A".repeat(32));
    private static final Set<String> CHANNELS = Set.of(
            "sms", "whatsapp", "email", "instagram", "facebook", "google", "webchat", "call", "voicemail", "custom");
    private static final Logger LOG = LoggerFactory.getLogger(StandardWebhooks.class);

    private final Duration tolerance;

    @Inject
    StandardWebhooks(IngestConfig config) {
        this(config.standardWebhooks().tolerance());
    }

    public StandardWebhooks(Duration tolerance) {
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
        Optional<String> id = delivery.only("webhook-id");
        Optional<String> timestamp = delivery.only("webhook-timestamp");
        Optional<String> signatures = delivery.only("webhook-signature");
        byte[] prefix = (id.orElse("") + "." + timestamp.orElse("") + ".").getBytes(StandardCharsets.UTF_8);
        String[] presented = presented(signatures.orElse(""));
        boolean matches = false;
        // Before anything is decided: what lacks a signature takes as long as what has a wrong one.
        for (Secret secret : secrets.isEmpty() ? List.of(DECOY) : secrets) {
            matches |= matches(secret.reveal(), presented, prefix, delivery.body());
        }
        if (id.isEmpty() || timestamp.isEmpty() || signatures.isEmpty()) {
            return Verdict.forged("no signature");
        }
        // A dot would let id and timestamp be cut elsewhere than where they were joined.
        if (id.get().indexOf('.') >= 0 || !TIMESTAMP.matcher(timestamp.get()).matches()) {
            return Verdict.forged("malformed id or timestamp");
        }
        if (secrets.isEmpty() || !matches) {
            return Verdict.forged("wrong signature");
        }
        long age = delivery.receivedAt().getEpochSecond() - Long.parseLong(timestamp.get());
        if (Math.abs(age) > tolerance.toSeconds()) {
            return Verdict.stale(age > 0 ? "too old" : "from the future");
        }
        return Verdict.genuine();
    }

    private static String[] presented(String signatures) {
        // Nearly always one; several while a secret is being replaced.
        return signatures.indexOf(' ') < 0 ? new String[] {signatures} : SPACES.split(signatures, MOST_SIGNATURES + 1);
    }

    private static boolean matches(String secret, String[] presented, byte[] prefix, byte[] body) {
        try {
            if (secret.startsWith("whsec_")) {
                return symmetric(Base64.getDecoder().decode(secret.substring(6)), presented, prefix, body);
            }
            if (secret.startsWith("whpk_")) {
                Ed25519Key key = Ed25519Key.ofRaw(Base64.getDecoder().decode(secret.substring(5)));
                return asymmetric(key, presented, prefix, body);
            }
            LOG.warn("a webhook secret is neither whsec_… nor whpk_…; it is ignored");
        } catch (IllegalArgumentException e) {
            LOG.warn("a webhook secret is malformed (base64 of 24 to 64 bytes, or of a 32 byte key); it is ignored");
        }
        return false;
    }

    private static boolean symmetric(byte[] key, String[] presented, byte[] prefix, byte[] body) {
        if (key.length < LEAST_KEY || key.length > MOST_KEY) {
            throw new IllegalArgumentException("length of key");
        }
        byte[] expected = Hmac.of(Hmac.SHA256, key, prefix, body);
        boolean matches = false;
        for (int at = 0; at < Math.min(presented.length, MOST_SIGNATURES); at++) {
            matches |= MessageDigest.isEqual(expected, signature(presented[at], "v1,"));
        }
        return matches;
    }

    private static boolean asymmetric(Ed25519Key key, String[] presented, byte[] prefix, byte[] body) {
        for (int at = 0; at < Math.min(presented.length, MOST_SIGNATURES); at++) {
            if (key.verifies(signature(presented[at], "v1a,"), prefix, body)) {
                return true;
            }
        }
        return false;
    }

    /** The bytes after {@code version}; none if it is of another version or not base64. */
    private static byte[] signature(String presented, String version) {
        if (!presented.startsWith(version)) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(presented.substring(version.length()));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        String eventId = delivery.only("webhook-id").orElse(null);
        EventKey key = eventId == null ? EventKey.ofBody(NAME, delivery.body()) : EventKey.of(NAME, "wh", eventId);
        String type = text(payload.content(), "type");
        if (type == null) {
            return Reading.event(Reading.Event.of("other:", null, key, payload)
                    .named(eventId, null)
                    .quarantined("no event type"));
        }
        JsonObject data = payload.content().getValue("data") instanceof JsonObject object ? object : new JsonObject();
        String channel = channel(data);
        String address = address(channel, data);
        Reading.Event event = switch (type) {
            case "message.received" ->
                Reading.Event.of("inbound_message", JobType.PROCESS_INBOUND_MESSAGE, key, payload);
            case "message.sent" -> Reading.Event.of("outbound_message", JobType.PROCESS_DELIVERY_STATUS, key, payload);
            case "message.status" -> Reading.Event.of("delivery_status", JobType.PROCESS_DELIVERY_STATUS, key, payload);
            default -> Reading.Event.of("other:" + type, null, key, payload);
        };
        event = event.named(eventId, text(data, "message_id")).on(channel, address);
        boolean fromNobody = type.equals("message.received") && (channel == null || address == null);
        return Reading.event(
                fromNobody ? event.quarantined("a message from nobody: no data.channel or no data.address") : event);
    }

    private static @Nullable String channel(JsonObject data) {
        String channel = text(data, "channel");
        if (channel == null) {
            return null;
        }
        String known = channel.toLowerCase(Locale.ROOT);
        return CHANNELS.contains(known) ? known : "custom";
    }

    private static @Nullable String address(@Nullable String channel, JsonObject data) {
        String address = text(data, "address");
        if (address == null || channel == null) {
            return null;
        }
        return Address.on(channel, address);
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
