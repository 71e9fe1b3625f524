package dev.parley.work.handler;

import dev.parley.dialog.Dialog;
import dev.parley.dialog.FirstDialog;
import dev.parley.kit.Fixtures;
import dev.parley.kit.StoredJobs;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.queue.NewJob;
import dev.parley.queue.TimeOrderedId;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.spi.LeasedJobHandler.Step;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.MessagingAdapter.Sent;
import dev.parley.spi.Outcome;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import dev.parley.work.reader.ChatwootEvents;
import dev.parley.work.reader.GhlEvents;
import dev.parley.work.reader.GhlWorkflowEvents;
import dev.parley.work.reader.StandardWebhookEvents;
import dev.parley.work.reader.WhatsAppEvents;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The handlers on a real database, with one tenant and a vendor that does as it is told. */
final class Stage {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Plain inserts, in order, by the database's clock. */
    private static final String ENQUEUE = """
            INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id, created_at, run_after)
            SELECT job_id, tenant_id, job_type, event_id, trace_id,
                   statement_timestamp() + ordinal * interval '1 microsecond',
                   statement_timestamp() + ordinal * interval '1 microsecond'
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[]) WITH ORDINALITY
              AS u (job_id, tenant_id, job_type, event_id, trace_id, ordinal)
            ON CONFLICT (job_type, inbound_event_id) DO NOTHING
            """;

    final TestDatabase db;
    final Fixtures given;
    final TenantId tenant;
    final Vendor vendor = new Vendor();
    final ProcessInboundMessage inbound;
    final ProcessDeliveryStatus statuses;
    SendOutboundMessage sends;
    private volatile Tenant known;

    Stage(TestDatabase db) {
        this(db, "{}");
    }

    Stage(TestDatabase db, String settings) {
        this.db = db;
        this.given = new Fixtures(db);
        this.tenant = given.tenant("stage-" + UUID.randomUUID(), settings);
        EventReaders readers = new EventReaders(List.of(
                new GhlEvents(),
                new GhlWorkflowEvents(),
                new StandardWebhookEvents(),
                new WhatsAppEvents(),
                new ChatwootEvents()));
        Function<TenantId, Optional<Tenant>> tenants = this::findTenant;
        this.inbound = new ProcessInboundMessage(
                new Dialog(), new FirstDialog(), readers, adapters(), Stage::enqueueAll, tenants);
        this.statuses = new ProcessDeliveryStatus(new Dialog(), readers, tenants);
        this.sends = sends(SendPolicy.defaults());
        refreshTenant();
    }

    SendOutboundMessage sends(SendPolicy policy) {
        return new SendOutboundMessage(new Dialog(), adapters(), policy, this::findTenant);
    }

    FetchMedia media(MediaCheck check) {
        return new FetchMedia(
                new Dialog(), adapters(), check, SendPolicy.defaults(), Duration.ofMinutes(10), this::findTenant);
    }

    private MessagingAdapters adapters() {
        return new MessagingAdapters(List.of(vendor));
    }

    private Optional<Tenant> findTenant(TenantId id) {
        return id.equals(tenant) ? Optional.ofNullable(known) : Optional.empty();
    }

    /** As the worker's directory does it, beside the event loop: the row as it is now, for a test may have changed it. */
    void refreshTenant() {
        Map<String, Object> row = db.rows("SELECT * FROM core.tenants WHERE tenant_id = ?", tenant.value())
                .get(0);
        known = new Tenant(
                tenant,
                (String) row.get("tenant_slug"),
                "Smile Dental",
                (Boolean) row.get("is_enabled"),
                (String) row.get("messaging_adapter"),
                null,
                new Settings(new JsonObject(row.get("settings").toString())));
    }

    static Uni<Integer> enqueueAll(SqlConnection tx, List<NewJob> jobs) {
        return tx.preparedQuery(ENQUEUE)
                .execute(Tuple.tuple()
                        .addArrayOfUUID(
                                jobs.stream().map(job -> job.id().value()).toArray(UUID[]::new))
                        .addArrayOfUUID(
                                jobs.stream().map(job -> job.tenant().value()).toArray(UUID[]::new))
                        .addArrayOfString(
                                jobs.stream().map(job -> job.type().name()).toArray(String[]::new))
                        .addArrayOfUUID(jobs.stream().map(NewJob::eventId).toArray(UUID[]::new))
                        .addArrayOfUUID(jobs.stream().map(NewJob::traceId).toArray(UUID[]::new)))
                .map(rows -> rows.rowCount());
    }

    // --- what happens -----------------------------------------------------------------------------------------------

    /** Somebody writes; the event and its job are stored. */
    UUID hears(String address, String text) {
        return hears(address, text, "in-" + UUID.randomUUID());
    }

    UUID hears(String address, String text, @Nullable String providerMessageId) {
        return event(
                "ghl",
                "inbound_message",
                "process_inbound_message",
                address,
                providerMessageId,
                new JsonObject()
                        .put("type", "InboundMessage")
                        .put("body", text)
                        .put("contactId", "c-" + address)
                        .put("messageType", "SMS"));
    }

    /** The provider tells of a message that went out. */
    UUID isTold(String address, String providerMessageId, String text, String source, String status) {
        return event(
                "ghl",
                "outbound_message",
                "process_delivery_status",
                address,
                providerMessageId,
                new JsonObject()
                        .put("type", "OutboundMessage")
                        .put("messageId", providerMessageId)
                        .put("body", text)
                        .put("source", source)
                        .put("status", status)
                        .put("contactId", "c-" + address));
    }

    /** A bare status in Parley's own format. */
    UUID status(@Nullable String address, String providerMessageId, String state, @Nullable String error) {
        return event(
                "standard-webhooks",
                "delivery_status",
                "process_delivery_status",
                address,
                providerMessageId,
                new JsonObject()
                        .put("type", "message.status")
                        .put(
                                "data",
                                new JsonObject()
                                        .put("message_id", providerMessageId)
                                        .put("state", state)
                                        .put("error", error)));
    }

    UUID event(
            String provider,
            String type,
            String jobType,
            @Nullable String address,
            @Nullable String providerMessageId,
            JsonObject payload) {
        UUID id = TimeOrderedId.next();
        db.execute(
                """
                INSERT INTO bot.inbound_events
                  (inbound_event_id, tenant_id, provider, event_type, provider_msg_id, channel, channel_address,
                   dedupe_key, payload)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
                """,
                id,
                tenant.value(),
                provider,
                type,
                providerMessageId,
                address == null ? null : "sms",
                address,
                "test:" + id,
                payload.encode());
        given.job(id, jobType);
        return id;
    }

    // --- who works --------------------------------------------------------------------------------------------------

    <T> T inTransaction(Function<SqlConnection, Uni<T>> work) {
        return db.pool(Login.WORKER).withTransaction(work::apply).await().atMost(PATIENCE);
    }

    List<Job> jobs(JobType type) {
        refreshTenant();
        return StoredJobs.of(db, tenant, type);
    }

    /** Handles everything that came in, as one set, and marks it done. */
    List<Outcome> processInbound() {
        return settle(jobs(JobType.PROCESS_INBOUND_MESSAGE), jobs -> inTransaction(tx -> inbound.handle(tx, jobs)));
    }

    List<Outcome> processStatuses() {
        return settle(jobs(JobType.PROCESS_DELIVERY_STATUS), jobs -> inTransaction(tx -> statuses.handle(tx, jobs)));
    }

    private List<Outcome> settle(List<Job> jobs, Function<List<Job>, List<Outcome>> work) {
        List<Outcome> outcomes = work.apply(jobs);
        for (int at = 0; at < jobs.size(); at++) {
            if (outcomes.get(at) instanceof Outcome.Done) {
                db.execute(
                        "UPDATE bot.job_queue SET status = 'done' WHERE job_id = ?",
                        jobs.get(at).id().value());
            }
        }
        return outcomes;
    }

    List<Step<Optional<Sent>>> begin() {
        return inTransaction(tx -> sends.begin(tx, jobs(JobType.SEND_OUTBOUND_MESSAGE)));
    }

    /** One round over all waiting sends, as the worker makes it: begin, call, finish. */
    List<Outcome> send() {
        return settle(jobs(JobType.SEND_OUTBOUND_MESSAGE), jobs -> {
            List<Step<Optional<Sent>>> steps = inTransaction(tx -> sends.begin(tx, jobs));
            List<Finished<Optional<Sent>>> finished = new ArrayList<>();
            List<Outcome> outcomes = new ArrayList<>();
            for (int at = 0; at < jobs.size(); at++) {
                Job job = jobs.get(at);
                if (steps.get(at) instanceof Step.Settle<Optional<Sent>> settled) {
                    outcomes.add(settled.outcome());
                } else if (steps.get(at) instanceof Step.Call<Optional<Sent>> call) {
                    finished.add(call(job, call));
                }
            }
            List<Outcome> called = inTransaction(tx -> sends.finish(tx, finished));
            outcomes.addAll(called);
            return outcomes;
        });
    }

    static Finished<Optional<Sent>> call(Job job, Step.Call<Optional<Sent>> call) {
        try {
            return new Finished<>(job, call.call().get().await().atMost(PATIENCE), null);
        } catch (RuntimeException e) {
            return new Finished<>(job, null, e);
        }
    }

    // --- what is there then -----------------------------------------------------------------------------------------

    /** The transcript of an address: {@code > } what came in, {@code < } what went out or should. */
    List<String> transcript(String address) {
        return db.rows("""
                        SELECT CASE direction WHEN 'inbound' THEN '> ' ELSE '< ' END || coalesce(m.text, '') AS line
                        FROM bot.messages m JOIN bot.contacts c USING (contact_id)
                        WHERE c.tenant_id = ? AND c.channel_address = ?
                        ORDER BY m.created_at
                        """, tenant.value(), address).stream()
                .map(row -> (String) row.get("line"))
                .toList();
    }

    /** Payloads of the outbound messages to an address, oldest first. */
    List<JsonObject> outbound(String address) {
        return db.rows("""
                        SELECT m.payload::text AS payload FROM bot.messages m JOIN bot.contacts c USING (contact_id)
                        WHERE c.tenant_id = ? AND c.channel_address = ? AND m.direction = 'outbound'
                        ORDER BY m.created_at
                        """, tenant.value(), address).stream()
                .map(row -> new JsonObject((String) row.get("payload")))
                .toList();
    }

    List<String> states(String address) {
        return outbound(address).stream()
                .map(payload -> payload.getJsonObject("delivery").getString("state"))
                .toList();
    }

    JsonObject delivery(String address) {
        List<JsonObject> all = outbound(address);
        return all.get(all.size() - 1).getJsonObject("delivery");
    }

    Map<String, Object> conversation(String address) {
        List<Map<String, Object>> rows = db.rows("""
                SELECT v.* FROM bot.conversations v JOIN bot.contacts c USING (contact_id)
                WHERE c.tenant_id = ? AND c.channel_address = ?
                """, tenant.value(), address);
        if (rows.size() != 1) {
            throw new AssertionError("expected one conversation, found " + rows);
        }
        return rows.get(0);
    }

    JsonObject context(String address) {
        return new JsonObject(conversation(address).get("context").toString());
    }

    JsonObject metadata(String address) {
        return new JsonObject(db.value(
                String.class,
                "SELECT metadata::text FROM bot.contacts WHERE tenant_id = ? AND channel_address = ?",
                tenant.value(),
                address));
    }

    /** As if the last attempt had been made {@code ago}, and the last look-up, too. */
    void age(Duration ago) {
        String then = Instant.now().minus(ago).toString();
        db.execute("""
                UPDATE bot.messages
                SET payload = jsonb_set(
                  CASE WHEN payload -> 'delivery' ? 'missed_at'
                       THEN jsonb_set(payload, '{delivery,missed_at}', to_jsonb(?::text)) ELSE payload END,
                  '{delivery,attempted_at}', to_jsonb(?::text))
                WHERE tenant_id = ? AND payload -> 'delivery' ? 'attempted_at'
                """.replace("' ? '", "' ?? '"), then, then, tenant.value());
    }

    /** The vendor's side. */
    static final class Vendor implements MessagingAdapter {
        final List<OutboundMessage> sent = new ArrayList<>();
        final List<OutboundMessage> lookedUp = new ArrayList<>();
        Function<OutboundMessage, Uni<Sent>> onSend =
                message -> Uni.createFrom().item(new Sent("out-" + message.messageId(), "pending"));
        Function<OutboundMessage, Uni<Optional<Sent>>> onLookUp =
                message -> Uni.createFrom().item(Optional.empty());

        Optional<Duration> replyWindow = Optional.empty();
        Function<String, Uni<JsonArray>> onMedia = id -> Uni.createFrom().item(new JsonArray());
        final List<String> askedForMedia = new ArrayList<>();

        @Override
        public synchronized Uni<JsonArray> media(Tenant tenant, String providerMessageId) {
            askedForMedia.add(providerMessageId);
            return onMedia.apply(providerMessageId);
        }

        @Override
        public String name() {
            return "ghl";
        }

        @Override
        public Optional<Duration> replyWindow(String channel) {
            return replyWindow;
        }

        @Override
        public synchronized Uni<Sent> send(Tenant tenant, OutboundMessage message) {
            sent.add(message);
            return onSend.apply(message);
        }

        @Override
        public synchronized Uni<Optional<Sent>> lookUp(Tenant tenant, OutboundMessage message, Instant attemptedAt) {
            lookedUp.add(message);
            return onLookUp.apply(message);
        }
    }
}
