package dev.parley.queue;

import java.util.UUID;

/** Identity of one row of {@code bot.job_queue}. */
public record JobId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
