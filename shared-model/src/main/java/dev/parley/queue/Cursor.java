package dev.parley.queue;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.UUID;

/** A place in the queue's reading order {@code (run_after, created_at, job_id)}: everything up to it has been read. */
public record Cursor(OffsetDateTime runAfter, OffsetDateTime createdAt, JobId jobId) implements Comparable<Cursor> {
    private static final JobId FIRST_ID = new JobId(new UUID(0, 0));
    private static final OffsetDateTime EARLIEST = OffsetDateTime.of(1, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    /** Before every job. */
    public static final Cursor START = before(EARLIEST);

    /** Before every job that is due at {@code time} or later. */
    public static Cursor before(OffsetDateTime time) {
        return new Cursor(time, EARLIEST, FIRST_ID);
    }

    public static Cursor at(Job job) {
        return new Cursor(job.runAfter(), job.createdAt(), job.id());
    }

    public static Cursor earlier(Cursor a, Cursor b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    @Override
    public int compareTo(Cursor other) {
        return Comparator.comparing((Cursor c) -> c.runAfter.toInstant())
                .thenComparing(c -> c.createdAt.toInstant())
                .thenComparing(Cursor::jobId)
                .compare(this, other);
    }
}
