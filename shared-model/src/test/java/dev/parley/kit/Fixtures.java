package dev.parley.kit;

import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import java.util.UUID;

/**
 * Rows for tests, written with plain SQL by the database's owner, so that they hold nothing the code under test made.
 * Every method commits and returns the new row's id; what a test does not say has a sensible value.
 */
public final class Fixtures {
    private final TestDatabase db;

    public Fixtures(TestDatabase db) {
        this.db = db;
    }

    /** An enabled tenant that nobody else uses, answering through {@code ghl}. */
    public TenantId tenant() {
        return tenant("tenant-" + UUID.randomUUID());
    }

    public TenantId tenant(String slug) {
        return tenant(slug, "{}");
    }

    /** @param settings a JSON object */
    public TenantId tenant(String slug, String settings) {
        return new TenantId(insert("""
                INSERT INTO core.tenants (tenant_id, tenant_slug, name, messaging_adapter, calendar_adapter, settings)
                VALUES (?, ?, ?, 'ghl', 'ghl', ?::jsonb)
                """, TimeOrderedId.next(), slug, slug, settings));
    }

    public void enable(TenantId tenant, boolean enabled) {
        db.execute("UPDATE core.tenants SET is_enabled = ? WHERE tenant_id = ?", enabled, tenant.value());
    }

    /** @param sealed what {@code Vault.seal} returned */
    public UUID credentials(TenantId tenant, String provider, byte[] sealed, int keyVersion) {
        return insert("""
                INSERT INTO core.tenant_credentials (credential_id, tenant_id, provider, credentials, key_version)
                VALUES (?, ?, ?, ?, ?)
                """, TimeOrderedId.next(), tenant.value(), provider, sealed, keyVersion);
    }

    /** An {@code inbound_message} of provider {@code ghl} on channel {@code sms}. */
    public UUID event(TenantId tenant, String address) {
        return event(tenant, "inbound_message", "sms", address, "{\"body\": \"hello\"}");
    }

    /** @param channel and address may be null, as for an installation */
    public UUID event(TenantId tenant, String type, String channel, String address, String payload) {
        UUID id = TimeOrderedId.next();
        return insert(
                """
                INSERT INTO bot.inbound_events
                    (inbound_event_id, tenant_id, provider, event_type, provider_event_id, provider_msg_id, channel,
                     channel_address, dedupe_key, payload)
                VALUES (?, ?, 'ghl', ?, ?, ?, ?, ?, ?, ?::jsonb)
                """,
                id,
                tenant.value(),
                type,
                "webhook-" + id,
                "message-" + id,
                channel,
                address,
                "ghl:" + id,
                payload);
    }

    /** A {@code process_inbound_message} job, due now. */
    public UUID job(UUID event) {
        return job(event, "process_inbound_message");
    }

    /** A queued job of {@code event}, due now, in its trace. */
    public UUID job(UUID event, String type) {
        return insert("""
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, created_at, run_after, trace_id)
                SELECT ?, tenant_id, ?, inbound_event_id, clock_timestamp(), clock_timestamp(), trace_id
                FROM bot.inbound_events
                WHERE inbound_event_id = ?
                """, TimeOrderedId.next(), type, event);
    }

    public UUID contact(TenantId tenant, String channel, String address) {
        return insert("""
                INSERT INTO bot.contacts (contact_id, tenant_id, channel, channel_address)
                VALUES (?, ?, ?, ?)
                """, TimeOrderedId.next(), tenant.value(), channel, address);
    }

    /** An open conversation. */
    public UUID conversation(UUID contact) {
        return insert("""
                INSERT INTO bot.conversations (conversation_id, tenant_id, contact_id)
                SELECT ?, tenant_id, contact_id
                FROM bot.contacts
                WHERE contact_id = ?
                """, TimeOrderedId.next(), contact);
    }

    /** @param direction {@code inbound} or {@code outbound} */
    public UUID message(UUID conversation, String direction, String text) {
        UUID id = TimeOrderedId.next();
        return insert("""
                INSERT INTO bot.messages
                    (message_id, tenant_id, conversation_id, contact_id, direction, provider, provider_msg_id, channel,
                     text, trace_id)
                SELECT ?, tenant_id, conversation_id, contact_id, ?, 'ghl', ?, contact.channel, ?, gen_random_uuid()
                FROM bot.conversations
                JOIN bot.contacts AS contact USING (tenant_id, contact_id)
                WHERE conversation_id = ?
                """, id, direction, "message-" + id, text, conversation);
    }

    private UUID insert(String sql, UUID id, Object... rest) {
        Object[] args = new Object[rest.length + 1];
        args[0] = id;
        System.arraycopy(rest, 0, args, 1, rest.length);
        int rows = db.execute(sql, args);
        if (rows != 1) {
            throw new AssertionError("expected one new row, got " + rows + ": " + sql);
        }
        return id;
    }
}
