package dev.parley.work;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.queue.Line.Direction;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.UUID;

/** Jobs as an owner reads them, for tests without a database: the {@code nth} of a line is due {@code nth} seconds after noon. */
final class SampleJobs {
    static final OffsetDateTime NOON = OffsetDateTime.of(2026, 1, 1, 12, 0, 0, 0, ZoneOffset.UTC);
    /** Reading is final up to here, and no test's jobs are later. */
    static final Cursor FLOOR = Cursor.before(NOON.plusHours(1));

    private SampleJobs() {}

    static TenantId tenant(int nth) {
        return new TenantId(new UUID(0, nth));
    }

    static Line line(TenantId tenant, int lane, String address) {
        return new Line(lane, tenant, "sms", address, Direction.INCOMING);
    }

    static Job job(Line line, int nth) {
        OffsetDateTime at = NOON.plusSeconds(nth);
        int lineNumber = Objects.hash(line.tenant(), line.address());
        Job.Event event = new Job.Event(
                new UUID(~lineNumber, nth),
                "ghl",
                "inbound_message",
                null,
                null,
                "sms",
                line.address(),
                at,
                new JsonObject());
        return new Job(
                new JobId(new UUID(lineNumber, nth)),
                JobType.PROCESS_INBOUND_MESSAGE,
                line,
                0,
                at,
                at,
                UUID.randomUUID(),
                event);
    }

    static DueJob due(Line line, int nth) {
        return new DueJob(job(line, nth), false, false, Duration.ZERO, null);
    }
}
