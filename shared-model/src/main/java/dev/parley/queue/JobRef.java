package dev.parley.queue;

import java.time.OffsetDateTime;
import java.util.Comparator;

/** A job known by name only: what it is, where it stands in its line. */
public record JobRef(JobId id, JobType type, Line line, OffsetDateTime createdAt) {
    /** The order of work within one line. */
    public static final Comparator<JobRef> ORDER_OF_WORK =
            Comparator.comparing(JobRef::createdAt).thenComparing(JobRef::id);

    public static JobRef of(Job job) {
        return new JobRef(job.id(), job.type(), job.line(), job.createdAt());
    }
}
