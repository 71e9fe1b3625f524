package dev.parley.dialog;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Owner of {@code bot.conversations}; see {@link ContactStore} for how it is read and versioned. */
final class ConversationStore {
    private static final String COLUMNS = """
            conversation_id AS v_id,
            tenant_id AS v_tenant,
            contact_id AS v_contact,
            status AS v_status,
            last_step AS v_step,
            last_intent AS v_intent,
            context AS v_context,
            last_inbound_at AS v_inbound_at,
            last_outbound_at AS v_outbound_at,
            xmin::text AS v_version
            """;

    /** By {@code c.c_tenant, c.c_id}: the open one, else the closed one (which will be reopened). */
    static final String BY_CONTACT = "SELECT " + COLUMNS + """
            FROM bot.conversations
            WHERE tenant_id = c.c_tenant
              AND contact_id = c.c_id
            -- 'open' sorts after 'closed': one descending step on the unique index
            ORDER BY status DESC
            LIMIT 1
            """;

    /** By {@code m.m_conversation}. */
    static final String BY_MESSAGE = "SELECT " + COLUMNS + """
            FROM bot.conversations
            WHERE conversation_id = m.m_conversation
            LIMIT 1
            """;

    private static final String INSERT = """
            INSERT INTO bot.conversations
              (conversation_id, tenant_id, contact_id, status,
               last_step, last_intent, context, last_inbound_at, last_outbound_at)
            SELECT u.conversation_id, u.tenant_id, u.contact_id, u.status,
                   u.last_step, u.last_intent, u.context::jsonb, u.last_inbound_at, u.last_outbound_at
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[],
                        $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
              AS u (conversation_id, tenant_id, contact_id, status,
                    last_step, last_intent, context, last_inbound_at, last_outbound_at)
            ORDER BY u.tenant_id, u.contact_id
            -- somebody was faster: the row count tells, the caller reads again
            ON CONFLICT (tenant_id, contact_id, status) DO NOTHING
            """;

    private static final String UPDATE = """
            WITH changed AS MATERIALIZED (
              SELECT u.conversation_id, u.status, u.last_step, u.last_intent,
                     u.context::jsonb AS context, u.last_inbound_at, u.last_outbound_at
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[],
                          $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
                AS u (conversation_id, version, status, last_step,
                      last_intent, context, last_inbound_at, last_outbound_at)
              JOIN bot.conversations v ON v.conversation_id = u.conversation_id AND v.xmin::text = u.version
              -- locked in one order before anything is written
              ORDER BY v.conversation_id
              FOR NO KEY UPDATE OF v
            )
            UPDATE bot.conversations v
            SET status = changed.status,
                last_step = changed.last_step,
                last_intent = changed.last_intent,
                context = changed.context,
                last_inbound_at = changed.last_inbound_at,
                last_outbound_at = changed.last_outbound_at,
                updated_at = statement_timestamp()
            FROM changed
            WHERE v.conversation_id = changed.conversation_id
            """;

    private ConversationStore() {}

    static @Nullable Conversation conversation(Row row) {
        UUID id = row.getUUID("v_id");
        return id == null
                ? null
                : new Conversation(
                        new ConversationId(id),
                        new TenantId(row.getUUID("v_tenant")),
                        new ContactId(row.getUUID("v_contact")),
                        "open".equals(row.getString("v_status")),
                        new ConversationState(
                                row.getString("v_step"),
                                row.getString("v_intent"),
                                row.getValue("v_context") instanceof JsonObject json ? json : new JsonObject()),
                        instant(row, "v_inbound_at"),
                        instant(row, "v_outbound_at"),
                        row.getString("v_version"));
    }

    private static @Nullable Instant instant(Row row, String column) {
        OffsetDateTime at = row.getOffsetDateTime(column);
        return at == null ? null : at.toInstant();
    }

    static List<CountedWrite> save(List<Conversation> conversations) {
        List<Conversation> fresh =
                conversations.stream().filter(Conversation::isNew).toList();
        List<Conversation> known = conversations.stream()
                .filter(conversation -> !conversation.isNew())
                .toList();
        List<CountedWrite> writes = new ArrayList<>();
        if (!fresh.isEmpty()) {
            Tuple arguments = Tuple.tuple()
                    .addArrayOfUUID(Columns.uuids(fresh, it -> it.id().value()))
                    .addArrayOfUUID(Columns.uuids(fresh, it -> it.tenant().value()))
                    .addArrayOfUUID(Columns.uuids(fresh, it -> it.contact().value()));
            writes.add(new CountedWrite("new conversations", INSERT, addState(arguments, fresh), fresh.size()));
        }
        if (!known.isEmpty()) {
            Tuple arguments = Tuple.tuple()
                    .addArrayOfUUID(Columns.uuids(known, it -> it.id().value()))
                    .addArrayOfString(Columns.texts(known, Conversation::version));
            writes.add(new CountedWrite("conversations", UPDATE, addState(arguments, known), known.size()));
        }
        return writes;
    }

    private static Tuple addState(Tuple arguments, List<Conversation> rows) {
        return arguments
                .addArrayOfString(Columns.texts(rows, it -> it.isOpen() ? "open" : "closed"))
                .addArrayOfString(Columns.texts(rows, it -> it.state().step()))
                .addArrayOfString(Columns.texts(rows, it -> it.state().intent()))
                .addArrayOfString(Columns.texts(rows, it -> it.state().context().encode()))
                .addArrayOfOffsetDateTime(Columns.times(rows, Conversation::lastInboundAt))
                .addArrayOfOffsetDateTime(Columns.times(rows, Conversation::lastOutboundAt));
    }
}
