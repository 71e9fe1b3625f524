package dev.parley.kit;

import dev.parley.queue.Job;
import dev.parley.queue.JobId;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobType;
import dev.parley.queue.Line;
import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Jobs with their events as a worker's drain hands them to a handler, read with plain SQL. */
public final class StoredJobs {
    private static final String OF_TENANT = """
            SELECT job.job_id, job.job_type, job.attempts, job.run_after, job.created_at, job.trace_id,
                   bot.lane_of(event.tenant_id, event.channel, event.channel_address, event.inbound_event_id) AS lane,
                   event.*
            FROM bot.job_queue AS job
            JOIN bot.inbound_events AS event USING (inbound_event_id)
            WHERE job.tenant_id = ?
              AND job.job_type = ?
              AND job.status = 'queued'
            ORDER BY job.created_at, job.job_id
            """;

    private StoredJobs() {}

    /** The queued jobs of {@code type} of {@code tenant}, in order of work. */
    public static List<Job> of(TestDatabase db, TenantId tenant, JobType type) {
        try (Connection connection = db.connect();
                PreparedStatement statement = connection.prepareStatement(OF_TENANT)) {
            statement.setObject(1, tenant.value());
            statement.setString(2, type.name());
            List<Job> jobs = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    jobs.add(job(row));
                }
            }
            return jobs;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Job job(ResultSet row) throws SQLException {
        UUID event = row.getObject("inbound_event_id", UUID.class);
        JobType type = new JobType(row.getString("job_type"));
        String channel = row.getString("channel");
        String address = row.getString("channel_address");
        Line.Direction direction = JobQueue.directionOf(type);
        return new Job(
                new JobId(row.getObject("job_id", UUID.class)),
                type,
                new Line(
                        row.getInt("lane"),
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        channel == null ? "" : channel,
                        address == null || direction == Line.Direction.ASIDE ? event.toString() : address,
                        direction),
                row.getInt("attempts"),
                row.getObject("run_after", OffsetDateTime.class),
                row.getObject("created_at", OffsetDateTime.class),
                row.getObject("trace_id", UUID.class),
                new Job.Event(
                        event,
                        row.getString("provider"),
                        row.getString("event_type"),
                        row.getString("provider_event_id"),
                        row.getString("provider_msg_id"),
                        channel,
                        address,
                        row.getObject("received_at", OffsetDateTime.class),
                        new JsonObject(row.getString("payload"))));
    }
}
