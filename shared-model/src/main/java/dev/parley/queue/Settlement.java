package dev.parley.queue;

import java.time.Duration;

/** How one job's attempt ended, ready to be written. */
public sealed interface Settlement {
    JobId job();

    record Done(JobId job) implements Settlement {}

    /** Due again after {@code after}; the attempt counts. */
    record Retry(JobId job, Duration after, String reason) implements Settlement {}

    /** Due again after {@code after}; the attempt does not count. */
    record Snooze(JobId job, Duration after, String reason) implements Settlement {}

    /** A dead letter from now on. */
    record Bury(JobId job, String reason) implements Settlement {}
}
