package dev.parley.dialog;

import java.util.UUID;

/** Identity of one row of {@code bot.conversations}. */
public record ConversationId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
