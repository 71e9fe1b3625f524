package dev.parley.dialog;

import java.util.UUID;

/**
 * Identity of one row of {@code bot.messages}: the id of the event it came with, or the id of the job that sends it, so
 * that a second write of the same message meets the primary key.
 */
public record MessageId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
