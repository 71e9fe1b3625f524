package dev.parley.dialog;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Owner of {@code bot.messages}; see {@link ContactStore} for how it is read and versioned. */
final class MessageStore {
    private static final String COLUMNS = """
            message_id AS m_id,
            tenant_id AS m_tenant,
            conversation_id AS m_conversation,
            contact_id AS m_contact,
            direction AS m_direction,
            provider AS m_provider,
            provider_msg_id AS m_provider_msg_id,
            channel AS m_channel,
            text AS m_text,
            payload AS m_payload,
            trace_id AS m_trace,
            created_at AS m_created_at,
            xmin::text AS m_version
            """;

    /** By {@code i.message_id}. */
    static final String BY_ID = "SELECT " + COLUMNS + """
            FROM bot.messages
            WHERE message_id = i.message_id
            LIMIT 1
            """;

    /**
     * Is there a message with the id {@code i.message_id}? A row or none, not EXISTS: that the planner may answer by hashing
     * the whole table, and a plan made while the table was small does so for ever.
     */
    static final String STORED = """
            SELECT true AS is_stored
            FROM bot.messages
            WHERE message_id = i.message_id
            LIMIT 1
            """;

    /** Did the customer's message {@code i.provider, i.provider_msg_id} come before? Follows the idempotency index. */
    static final String HEARD = """
            SELECT true AS was_heard
            FROM bot.messages
            WHERE tenant_id = i.tenant_id
              AND provider = i.provider
              AND provider_msg_id = i.provider_msg_id
              AND direction = 'inbound'
            LIMIT 1
            """;

    /** Our message that the vendor calls {@code i.provider_msg_id}, sent by {@code i.adapter} or told by {@code i.provider}. */
    static final String SENT_AS = "SELECT " + COLUMNS + """
            FROM bot.messages
            WHERE provider = ANY (ARRAY[i.provider, i.adapter])
              AND provider_msg_id = i.provider_msg_id
              AND tenant_id = i.tenant_id
              AND direction = 'outbound'
            ORDER BY created_at
            LIMIT 1
            """;

    /** What may have left without our knowing the vendor's id, among the latest messages of each conversation. */
    static final String IN_FLIGHT = """
            SELECT m.*
            FROM unnest($1::uuid[]) AS i (conversation_id)
            CROSS JOIN LATERAL (
            SELECT\s""" + COLUMNS + """
            FROM bot.messages
            WHERE conversation_id = i.conversation_id
              AND created_at > now() - interval '3 days'
            ORDER BY created_at DESC
            -- bounds the work; and keeps the planner from starting at all messages without a provider_msg_id. What flies
            -- is the oldest of what still waits: with a small bound a long backlog would hide it
            LIMIT 2000
            ) m
            WHERE m.m_direction = 'outbound'
              AND m.m_provider_msg_id IS NULL
              AND (m.m_payload -> 'delivery' ->> 'state' IN ('sending', 'unknown', 'sent')
                -- to be sent again, because the first attempt seemed lost: perhaps it was not
                OR m.m_payload -> 'delivery' ->> 'state' = 'planned' AND m.m_payload -> 'delivery' ? 'attempted_at')
            ORDER BY m.m_created_at, m.m_id
            """;

    /** All of the conversation in which the message {@code $1} stands. */
    static final String TRANSCRIPT = "SELECT " + COLUMNS + """
            FROM bot.messages
            WHERE conversation_id = (SELECT conversation_id FROM bot.messages WHERE message_id = $1)
            ORDER BY created_at, message_id
            """;

    private static final String INSERT = """
            INSERT INTO bot.messages
              (message_id, tenant_id, conversation_id, contact_id, direction,
               provider, provider_msg_id, channel, text, payload, trace_id, created_at)
            SELECT u.message_id, u.tenant_id, u.conversation_id, u.contact_id, u.direction,
                   u.provider, u.provider_msg_id, u.channel, u.text, u.payload::jsonb, u.trace_id,
                   -- now() is one moment for the whole batch; a transcript needs an order
                   statement_timestamp() + u.ordinal * interval '1 microsecond'
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[],
                        $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[])
              WITH ORDINALITY
              AS u (message_id, tenant_id, conversation_id, contact_id, direction,
                    provider, provider_msg_id, channel, text, payload, trace_id, ordinal)
            ORDER BY u.ordinal
            -- somebody was faster: the row count tells, the caller reads again
            ON CONFLICT DO NOTHING
            """;

    private static final String UPDATE = """
            WITH changed AS MATERIALIZED (
              SELECT u.message_id, u.provider_msg_id, u.payload::jsonb AS payload
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
                AS u (message_id, version, provider_msg_id, payload)
              JOIN bot.messages m ON m.message_id = u.message_id AND m.xmin::text = u.version
              -- locked in one order before anything is written
              ORDER BY m.message_id
              FOR NO KEY UPDATE OF m
            )
            UPDATE bot.messages m
            SET provider_msg_id = changed.provider_msg_id,
                payload = changed.payload
            FROM changed
            WHERE m.message_id = changed.message_id
            """;

    private MessageStore() {}

    static @Nullable Message message(Row row) {
        UUID id = row.getUUID("m_id");
        if (id == null) {
            return null;
        }
        OffsetDateTime createdAt = row.getOffsetDateTime("m_created_at");
        return new Message(
                new MessageId(id),
                new TenantId(row.getUUID("m_tenant")),
                new ConversationId(row.getUUID("m_conversation")),
                new ContactId(row.getUUID("m_contact")),
                "inbound".equals(row.getString("m_direction")) ? Message.Direction.INBOUND : Message.Direction.OUTBOUND,
                row.getString("m_provider"),
                row.getString("m_provider_msg_id"),
                row.getString("m_channel"),
                row.getString("m_text") == null ? "" : row.getString("m_text"),
                row.getValue("m_payload") instanceof JsonObject json ? json : new JsonObject(),
                row.getUUID("m_trace"),
                createdAt == null ? null : createdAt.toInstant(),
                row.getString("m_version"));
    }

    static List<CountedWrite> save(List<Message> messages) {
        List<Message> fresh = messages.stream().filter(Message::isNew).toList();
        List<Message> known =
                messages.stream().filter(message -> !message.isNew()).toList();
        List<CountedWrite> writes = new ArrayList<>();
        if (!fresh.isEmpty()) {
            writes.add(new CountedWrite(
                    "new messages",
                    INSERT,
                    Tuple.tuple()
                            .addArrayOfUUID(Columns.uuids(fresh, it -> it.id().value()))
                            .addArrayOfUUID(
                                    Columns.uuids(fresh, it -> it.tenant().value()))
                            .addArrayOfUUID(
                                    Columns.uuids(fresh, it -> it.conversation().value()))
                            .addArrayOfUUID(
                                    Columns.uuids(fresh, it -> it.contact().value()))
                            .addArrayOfString(
                                    Columns.texts(fresh, it -> it.direction().word()))
                            .addArrayOfString(Columns.texts(fresh, Message::provider))
                            .addArrayOfString(Columns.texts(fresh, Message::providerMessageId))
                            .addArrayOfString(Columns.texts(fresh, Message::channel))
                            .addArrayOfString(Columns.texts(fresh, Message::text))
                            .addArrayOfString(
                                    Columns.texts(fresh, it -> it.payload().encode()))
                            .addArrayOfUUID(Columns.uuids(fresh, Message::traceId)),
                    fresh.size()));
        }
        if (!known.isEmpty()) {
            writes.add(new CountedWrite(
                    "messages",
                    UPDATE,
                    Tuple.tuple()
                            .addArrayOfUUID(Columns.uuids(known, it -> it.id().value()))
                            .addArrayOfString(Columns.texts(known, Message::version))
                            .addArrayOfString(Columns.texts(known, Message::providerMessageId))
                            .addArrayOfString(
                                    Columns.texts(known, it -> it.payload().encode())),
                    known.size()));
        }
        return writes;
    }
}
