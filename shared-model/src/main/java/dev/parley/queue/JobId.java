package dev.parley.queue;

import java.util.UUID;

/** Identity of one row of {@code bot.job_queue}; ordered as Postgres orders uuid, by unsigned bytes. */
public record JobId(UUID value) implements Comparable<JobId> {
    @Override
    public int compareTo(JobId other) {
        int high = Long.compareUnsigned(value.getMostSignificantBits(), other.value.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(value.getLeastSignificantBits(), other.value.getLeastSignificantBits());
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
