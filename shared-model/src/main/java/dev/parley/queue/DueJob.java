package dev.parley.queue;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A queued job as the owner of its lane read it.
 *
 * @param touched a worker has had it before: it holds its line until it is settled
 * @param suspect its last claim was lost with its worker, which it may have killed, or its statement took too long: it runs
 *     by itself
 * @param waits how long until it is due; zero = due
 * @param lockedBy who had it last, with the claim token if it is leased; null = nobody yet
 */
public record DueJob(
        Job job,
        boolean touched,
        boolean suspect,
        Duration waits,
        @Nullable String lockedBy) {}
