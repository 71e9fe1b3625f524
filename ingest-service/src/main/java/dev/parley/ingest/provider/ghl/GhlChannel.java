package dev.parley.ingest.provider.ghl;

import dev.parley.ingest.provider.Address;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** GoHighLevel's words for channels, in ours, and what an address is on each. */
final class GhlChannel {
    static final String CUSTOM = "custom";
    /** A note among colleagues: no channel to a contact at all. */
    static final String INTERNAL = "internal";

    private static final Map<String, String> OF_TYPE_STRING = Map.ofEntries(
            Map.entry("TYPE_CALL", "call"),
            Map.entry("TYPE_IVR_CALL", "call"),
            Map.entry("TYPE_CAMPAIGN_CALL", "call"),
            Map.entry("TYPE_CAMPAIGN_MANUAL_CALL", "call"),
            Map.entry("TYPE_CUSTOM_CALL", "call"),
            Map.entry("TYPE_VOICEMAIL", "voicemail"),
            Map.entry("TYPE_CAMPAIGN_VOICEMAIL", "voicemail"),
            Map.entry("TYPE_SMS", "sms"),
            Map.entry("TYPE_CAMPAIGN_SMS", "sms"),
            Map.entry("TYPE_CAMPAIGN_MANUAL_SMS", "sms"),
            Map.entry("TYPE_CUSTOM_SMS", "sms"),
            Map.entry("TYPE_CUSTOM_PROVIDER_SMS", "sms"),
            Map.entry("TYPE_WHATSAPP", "whatsapp"),
            Map.entry("TYPE_EMAIL", "email"),
            Map.entry("TYPE_CAMPAIGN_EMAIL", "email"),
            Map.entry("TYPE_CUSTOM_EMAIL", "email"),
            Map.entry("TYPE_CUSTOM_PROVIDER_EMAIL", "email"),
            Map.entry("TYPE_INSTAGRAM", "instagram"),
            Map.entry("TYPE_FACEBOOK", "facebook"),
            Map.entry("TYPE_CAMPAIGN_FACEBOOK", "facebook"),
            Map.entry("TYPE_GMB", "google"),
            Map.entry("TYPE_CAMPAIGN_GMB", "google"),
            Map.entry("TYPE_WEBCHAT", "webchat"),
            Map.entry("TYPE_LIVE_CHAT", "webchat"),
            Map.entry("TYPE_INTERNAL_COMMENT", "internal"));

    private static final Map<String, String> OF_TYPE = Map.ofEntries(
            Map.entry("call", "call"),
            Map.entry("voicemail", "voicemail"),
            Map.entry("sms", "sms"),
            Map.entry("whatsapp", "whatsapp"),
            Map.entry("email", "email"),
            Map.entry("ig", "instagram"),
            Map.entry("instagram", "instagram"),
            Map.entry("fb", "facebook"),
            Map.entry("facebook", "facebook"),
            Map.entry("gmb", "google"),
            Map.entry("google", "google"),
            Map.entry("live chat", "webchat"),
            Map.entry("webchat", "webchat"),
            Map.entry("internalcomment", INTERNAL));

    private static final Set<String> BY_PHONE = Set.of("sms", "whatsapp", "call", "voicemail", "custom");
    private static final Set<String> BY_EMAIL = Set.of("email", "custom");

    private GhlChannel() {}

    /** Our word for {@code messageType} ({@code SMS}, {@code Live Chat}) or {@code messageTypeString} ({@code TYPE_SMS}). */
    static Optional<String> of(@Nullable String type) {
        if (type == null) {
            return Optional.empty();
        }
        String word = OF_TYPE_STRING.get(type.strip().toUpperCase(Locale.ROOT));
        return word == null
                ? Optional.ofNullable(OF_TYPE.get(type.strip().toLowerCase(Locale.ROOT)))
                : Optional.of(word);
    }

    /** {@code text} as an address of {@code channel}; empty where it is none, or the channel has no public ones. */
    static Optional<String> address(String channel, String text) {
        Optional<String> phone = BY_PHONE.contains(channel) ? Address.phone(text) : Optional.empty();
        return phone.isEmpty() && BY_EMAIL.contains(channel) ? Address.email(text) : phone;
    }
}
