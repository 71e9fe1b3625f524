package dev.parley.sandbox.standin;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The channels imitated, each with the three names GoHighLevel has for it and the key of its do-not-disturb switch. */
public enum Channel {
    SMS("SMS", "SMS", 2, "TYPE_SMS", "SMS"),
    EMAIL("Email", "Email", 3, "TYPE_EMAIL", "Email"),
    FACEBOOK("FB", "FB", 11, "TYPE_FACEBOOK", "FB"),
    INSTAGRAM("IG", "IG", 18, "TYPE_INSTAGRAM", null),
    WHATSAPP("WhatsApp", "WhatsApp", 19, "TYPE_WHATSAPP", "WhatsApp"),
    CUSTOM("Custom", "Custom", 20, "TYPE_CUSTOM_SMS", null),
    LIVE_CHAT("Live_Chat", "Live Chat", 29, "TYPE_LIVE_CHAT", null);

    private final String apiType;
    private final String messageType;
    private final int typeId;
    private final String typeString;
    private final @Nullable String dndKey;

    Channel(String apiType, String messageType, int typeId, String typeString, @Nullable String dndKey) {
        this.apiType = apiType;
        this.messageType = messageType;
        this.typeId = typeId;
        this.typeString = typeString;
        this.dndKey = dndKey;
    }

    /** The {@code type} of a send request. */
    public String apiType() {
        return apiType;
    }

    /** The {@code messageType} of a webhook. */
    public String messageType() {
        return messageType;
    }

    int typeId() {
        return typeId;
    }

    String typeString() {
        return typeString;
    }

    @Nullable
    String dndKey() {
        return dndKey;
    }

    boolean usesPhone() {
        return this == SMS || this == WHATSAPP;
    }

    static Optional<Channel> ofApiType(String text) {
        for (Channel channel : values()) {
            if (channel.apiType.equals(text)) {
                return Optional.of(channel);
            }
        }
        return Optional.empty();
    }
}
