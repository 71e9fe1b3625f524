package dev.parley.ingest.provider.whatsapp;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.ingest.IngestConfig;
import dev.parley.ingest.provider.Hmac;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Webhooks of Meta's WhatsApp Cloud API: one URL and one app secret for all numbers, HMAC-SHA256 over the raw body in
 * {@code X-Hub-Signature-256}, and a GET by which Meta checks a new URL. One POST may speak of many messages of many
 * numbers: each becomes an event of its own, for the tenant that has the number.
 *
 * <p>Source: Meta, "Webhooks" and "Create a webhook endpoint" of the WhatsApp Business Platform documentation
 * (developers.facebook.com/documentation/business-messaging/whatsapp/webhooks).
 */
@Singleton
public final class WhatsAppWebhooks implements WebhookProvider {
    static final String NAME = "whatsapp";

    private static final String SIGNATURE = "X-Hub-Signature-256";
    private static final String SCHEME = "sha256=";
    private static final Pattern CHALLENGE = Pattern.compile("[A-Za-z0-9_-]{1,256}");
    private static final Secret DECOY = Secret.of("nobody has this secret, comparing with it only takes time");
    private static final Logger LOG = LoggerFactory.getLogger(WhatsAppWebhooks.class);

    private final AppSecrets appSecrets;
    private final List<Secret> verifyTokens;

    @Inject
    WhatsAppWebhooks(IngestConfig config, AppSecrets appSecrets) {
        this(appSecrets, config.whatsapp().verifyTokens().orElse(List.of()));
    }

    public WhatsAppWebhooks(List<String> appSecrets, List<String> verifyTokens) {
        this(new AppSecrets(appSecrets), verifyTokens);
    }

    WhatsAppWebhooks(AppSecrets appSecrets, List<String> verifyTokens) {
        this.appSecrets = appSecrets;
        this.verifyTokens = verifyTokens.stream()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(Secret::of)
                .toList();
        boolean hasNone = appSecrets.all().isEmpty();
        if (hasNone != this.verifyTokens.isEmpty()) {
            LOG.warn(
                    "PARLEY_WHATSAPP_APP_SECRETS and PARLEY_WHATSAPP_VERIFY_TOKENS go together, {} is not set: {}",
                    hasNone ? "the first" : "the second",
                    hasNone ? "every webhook of Meta is refused" : "Meta cannot check the URL");
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
        return Optional.of("whatsapp.phone_number_id");
    }

    @Override
    public Optional<String> handshake(Map<String, List<String>> query) {
        String token = only(query, "hub.verify_token");
        boolean matches = false;
        for (Secret known : verifyTokens.isEmpty() ? List.of(DECOY) : verifyTokens) {
            matches |= known.matches(token);
        }
        String challenge = only(query, "hub.challenge");
        boolean isSound = only(query, "hub.mode").equals("subscribe")
                // It is sent back to whoever asks: nothing that a browser could take for a page.
                && CHALLENGE.matcher(challenge).matches();
        return matches && !verifyTokens.isEmpty() && isSound ? Optional.of(challenge) : Optional.empty();
    }

    private static String only(Map<String, List<String>> query, String name) {
        List<String> values = query.getOrDefault(name, List.of());
        return values.size() == 1 ? values.get(0) : "";
    }

    @Override
    public Verdict verify(Delivery delivery, List<Secret> secrets) {
        List<Secret> known = appSecrets.all();
        Optional<String> signature = delivery.only(SIGNATURE);
        boolean matches = false;
        // All of them, even after a match or without a signature: time must not tell.
        for (Secret secret : known.isEmpty() ? List.of(DECOY) : known) {
            byte[] expected = Hmac.of(Hmac.SHA256, secret.bytes(), delivery.body());
            matches |= Hmac.isHex(expected, SCHEME, signature.orElse(""));
        }
        if (signature.isEmpty()) {
            return Verdict.forged("no signature");
        }
        return matches && !known.isEmpty() ? Verdict.genuine() : Verdict.forged("wrong signature");
    }

    @Override
    public Reading read(Delivery delivery, Payload payload) {
        List<Piece> pieces = Piece.of(payload.content());
        if (pieces.isEmpty()) {
            EventKey key = EventKey.ofBody(NAME, delivery.body());
            return Reading.event(Reading.Event.of("other:empty", null, key, payload));
        }
        if (pieces.size() == 1) {
            // Nothing to divide: stored as it was sent.
            return Reading.event(pieces.get(0).event(payload));
        }
        String mended = payload.reason();
        List<Reading.Event> events = new ArrayList<>();
        for (Piece piece : pieces) {
            Payload own = Payload.json(piece.json().encode().getBytes(StandardCharsets.UTF_8));
            events.add(piece.event(mended == null ? own : own.noting(mended)));
        }
        if (mended != null) {
            events.add(bytes(delivery, payload, pieces));
        }
        return new Reading.Events(events);
    }

    /** The parts were mended, so the bytes are kept once more, whole: for the one tenant they concern, else for nobody's. */
    private static Reading.Event bytes(Delivery delivery, Payload payload, List<Piece> pieces) {
        Set<Optional<String>> accounts = pieces.stream()
                .map(piece -> Optional.ofNullable(piece.account()))
                .collect(Collectors.toSet());
        @Nullable
        String account = accounts.size() == 1 ? accounts.iterator().next().orElse(null) : null;
        return Reading.Event.of("other:bytes", null, EventKey.ofBody(NAME, delivery.body()), payload)
                .from(account)
                .quarantined(Objects.requireNonNull(payload.reason())
                        + ": the bytes of a delivery whose parts are stored" + " beside it");
    }
}
