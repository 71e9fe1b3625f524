package dev.parley.dialog;

import java.util.UUID;

/** Identity of one row of {@code bot.contacts}. */
public record ContactId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
