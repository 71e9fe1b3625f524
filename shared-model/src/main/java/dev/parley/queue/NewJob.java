package dev.parley.queue;

import dev.parley.tenant.TenantId;
import java.util.UUID;

/** A job to be enqueued as due now. {@code UNIQUE (job_type, inbound_event_id)} makes a second enqueue a no-op. */
public record NewJob(JobId id, TenantId tenant, JobType type, UUID eventId, UUID traceId) {}
