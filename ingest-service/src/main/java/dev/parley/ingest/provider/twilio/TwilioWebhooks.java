package dev.parley.ingest.provider.twilio;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Form;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Address;
import dev.parley.queue.JobType;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Reply;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import dev.parley.tenant.Settings;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages by SMS and WhatsApp, and callbacks about the fate of ours. Each tenant has a URL of its own and its account's
 * auth tokens (primary and secondary) as secrets. Signed is the URL that Twilio was given, so that must be configured here
 * too: what a request says about its host is anybody's to write. A GET says in its query what a POST says in its body.
 */
@Singleton
public final class TwilioWebhooks implements WebhookProvider {
    private static final String NAME = "twilio";
    private static final String SIGNATURE = "X-Twilio-Signature";
    private static final int SIGNATURE_LENGTH = 20;
    private static final Secret DECOY = Secret.of("0".repeat(32));
    private static final Form NO_PARAMETERS = new Form(List.of());
    /** Empty TwiML: do nothing more. Anything else would be sent to the customer, or reported as an error. */
    private static final Reply NOTHING_TO_SAY =
            new Reply("text/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");

    private static final Logger LOG = LoggerFactory.getLogger(TwilioWebhooks.class);

    private final @Nullable String publicUrl;

    @Inject
    TwilioWebhooks(IngestConfig config) {
        this(config.publicUrl().orElse(null));
        if (publicUrl == null) {
            LOG.info(
                    "PARLEY_PUBLIC_URL is not set: webhooks of Twilio are refused, except where settings.twilio.public_url"
                            + " says under which URL Twilio sees us");
        }
    }

    /** @param publicUrl under which the world sees this service; null = not known: nothing verifies */
    public TwilioWebhooks(@Nullable String publicUrl) {
        this.publicUrl = publicUrl == null || publicUrl.isBlank()
                ? null
                : publicUrl.strip().replaceAll("/+$", "");
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
    public Optional<WebhookProvider> forTenant(Settings settings, @Nullable String source) {
        return Optional.of(settings.text("twilio.public_url")
                .<WebhookProvider>map(TwilioWebhooks::new)
                .orElse(this));
    }

    @Override
    public boolean takesForms() {
        return true;
    }

    /** The method is chosen at Twilio, number by number. */
    @Override
    public boolean takesQueries() {
        return true;
    }

    @Override
    public Optional<Reply> reply() {
        return Optional.of(NOTHING_TO_SAY);
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        Optional<byte[]> presented = delivery.only(SIGNATURE).flatMap(TwilioWebhooks::decoded);
        Optional<String> hash = TwilioSignature.bodyHash(delivery.target());
        // The parameters of a GET are signed where they stand, in the URL.
        boolean isSignedByUrlAlone = hash.isPresent() || delivery.isQuery();
        Optional<Form> form = isSignedByUrlAlone ? Optional.of(NO_PARAMETERS) : Form.of(delivery.body());
        String base = publicUrl == null ? "https://not-configured.invalid" : publicUrl;
        boolean matches = false;
        for (Secret secret : secrets.isEmpty() ? List.of(DECOY) : secrets) {
            for (String url : TwilioSignature.spellings(base + delivery.target())) {
                byte[] expected = TwilioSignature.of(secret.bytes(), url, form.orElse(NO_PARAMETERS));
                matches |= MessageDigest.isEqual(expected, presented.orElse(new byte[0]));
            }
        }
        if (presented.isEmpty()) {
            return Verdict.forged("no signature");
        }
        if (publicUrl == null) {
            return Verdict.forged("PARLEY_PUBLIC_URL is not set");
        }
        if (form.isEmpty()) {
            return Verdict.forged("not a form");
        }
        if (secrets.isEmpty() || !matches) {
            return Verdict.forged("wrong signature");
        }
        if (hash.isPresent() && !TwilioSignature.isHashOf(hash.get(), delivery.body())) {
            return Verdict.forged("body is not the one of bodySHA256");
        }
        return Verdict.genuine();
    }

    private static Optional<byte[]> decoded(String signature) {
        try {
            byte[] bytes = Base64.getDecoder().decode(signature);
            return bytes.length == SIGNATURE_LENGTH ? Optional.of(bytes) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public Payload payload(Delivery delivery) {
        return TwilioSignature.bodyHash(delivery.target()).isPresent()
                ? Payload.json(delivery.body())
                : Payload.form(delivery.body());
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        JsonObject json = payload.content();
        String sid = firstText(json, "MessageSid", "SmsSid", "SmsMessageSid");
        EventKey unnamed = EventKey.ofBody(NAME, delivery.body());
        if (sid == null) {
            String kind = text(json, "CallSid") == null ? "unknown" : "call";
            return Reading.event(Reading.Event.of("other:" + kind, null, unnamed, payload));
        }
        String status = firstText(json, "MessageStatus", "SmsStatus");
        boolean isInbound = status == null
                ? json.containsKey("Body") || json.containsKey("NumMedia")
                : Set.of("received", "receiving").contains(status.toLowerCase(Locale.ROOT));
        if (isInbound) {
            return new Reading.Events(inbound(json, sid, payload));
        }
        if (status == null) {
            return Reading.event(
                    Reading.Event.of("other:message", null, unnamed, payload).named(null, sid));
        }
        // The same message passes through several states, and may fail for one reason after another.
        EventKey key =
                EventKey.of(NAME, "status", sid, status.toLowerCase(Locale.ROOT), or(text(json, "ErrorCode"), ""));
        return Reading.event(at(
                Reading.Event.of("delivery_status", JobType.PROCESS_DELIVERY_STATUS, key, payload)
                        .named(null, sid),
                text(json, "To")));
    }

    private static List<Reading.Event> inbound(JsonObject json, String sid, Payload payload) {
        String from = text(json, "From");
        List<Reading.Event> events = new ArrayList<>();
        Reading.Event message = at(
                Reading.Event.of(
                                "inbound_message",
                                JobType.PROCESS_INBOUND_MESSAGE,
                                EventKey.of(NAME, "message", sid),
                                payload)
                        .named(null, sid),
                from);
        events.add(from == null ? message.quarantined("a message from nobody: no From") : message);
        String optOut = text(json, "OptOutType");
        boolean isMark = optOut != null && Set.of("stop", "start").contains(optOut.toLowerCase(Locale.ROOT));
        if (from != null && isMark) {
            // After the message: whoever is not known yet becomes so by it.
            events.add(at(
                    Reading.Event.of(
                                    "contact_dnd",
                                    JobType.PROCESS_DELIVERY_STATUS,
                                    EventKey.of(NAME, "opt-out", sid),
                                    payload)
                            .named(null, sid),
                    from));
        }
        return events;
    }

    /** {@code whatsapp:+15550100} names its channel; a bare number is a telephone's. */
    private static Reading.Event at(Reading.Event event, @Nullable String address) {
        if (address == null) {
            return event;
        }
        int colon = address.indexOf(':');
        String bare = address.substring(colon + 1).strip();
        String channel = colon < 0
                ? "sms"
                : switch (address.substring(0, colon).strip().toLowerCase(Locale.ROOT)) {
                    case "whatsapp" -> "whatsapp";
                    case "messenger" -> "facebook";
                    default -> "custom";
                };
        boolean isNumbered = channel.equals("sms") || channel.equals("whatsapp");
        String known =
                isNumbered ? Address.phone(bare).orElse(bare) : channel.equals("custom") ? address.strip() : bare;
        return event.on(channel, known.isEmpty() ? null : known);
    }

    private static @Nullable String firstText(JsonObject json, String... names) {
        for (String name : names) {
            String text = text(json, name);
            if (text != null) {
                return text;
            }
        }
        return null;
    }

    private static String or(@Nullable String text, String otherwise) {
        return text == null ? otherwise : text;
    }

    private static @Nullable String text(JsonObject json, String name) {
        return json.getValue(name) instanceof String text && !text.isBlank() ? text : null;
    }
}
