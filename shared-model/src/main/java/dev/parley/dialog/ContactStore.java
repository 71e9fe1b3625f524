package dev.parley.dialog;

import dev.parley.tenant.TenantId;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Owner of {@code bot.contacts}: every statement that names the table is here. Reads are fragments which {@link Dialog}
 * joins: a lateral look-up of one row each, so that no statistics can talk the planner into reading the table.
 *
 * <p>A row's version is its {@code xmin}: it changes with every update, whoever makes it.
 */
final class ContactStore {
    private static final String COLUMNS = """
            contact_id AS c_id,
            tenant_id AS c_tenant,
            channel AS c_channel,
            channel_address AS c_address,
            display_name AS c_name,
            metadata AS c_metadata,
            xmin::text AS c_version
            """;

    /** By {@code i.tenant_id, i.channel, i.address}. */
    static final String BY_KEY = "SELECT " + COLUMNS + """
            FROM bot.contacts
            WHERE tenant_id = i.tenant_id
              AND channel = i.channel
              AND channel_address = i.address
            LIMIT 1
            """;

    /** By {@code m.m_contact}. */
    static final String BY_MESSAGE = "SELECT " + COLUMNS + """
            FROM bot.contacts
            WHERE contact_id = m.m_contact
            LIMIT 1
            """;

    private static final String INSERT = """
            INSERT INTO bot.contacts (contact_id, tenant_id, channel, channel_address, display_name, metadata)
            SELECT u.contact_id, u.tenant_id, u.channel, u.channel_address, u.display_name, u.metadata::jsonb
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
              AS u (contact_id, tenant_id, channel, channel_address, display_name, metadata)
            -- one order for all writers: they may wait for each other, never in a circle
            ORDER BY u.tenant_id, u.channel, u.channel_address
            -- somebody was faster: the row count tells, the caller reads again
            ON CONFLICT (tenant_id, channel, channel_address) DO NOTHING
            """;

    private static final String UPDATE = """
            WITH changed AS MATERIALIZED (
              SELECT u.contact_id, u.display_name, u.metadata::jsonb AS metadata
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
                AS u (contact_id, version, display_name, metadata)
              JOIN bot.contacts c ON c.contact_id = u.contact_id AND c.xmin::text = u.version
              -- locked in one order before anything is written
              ORDER BY c.contact_id
              FOR NO KEY UPDATE OF c
            )
            UPDATE bot.contacts c
            SET display_name = changed.display_name,
                metadata = changed.metadata,
                updated_at = statement_timestamp()
            FROM changed
            WHERE c.contact_id = changed.contact_id
            """;

    private ContactStore() {}

    static @Nullable Contact contact(Row row) {
        UUID id = row.getUUID("c_id");
        return id == null
                ? null
                : new Contact(
                        new ContactId(id),
                        new ContactKey(
                                new TenantId(row.getUUID("c_tenant")),
                                row.getString("c_channel"),
                                row.getString("c_address")),
                        row.getString("c_name"),
                        row.getValue("c_metadata") instanceof JsonObject json ? json : new JsonObject(),
                        row.getString("c_version"));
    }

    static List<CountedWrite> save(List<Contact> contacts) {
        List<Contact> fresh = contacts.stream().filter(Contact::isNew).toList();
        List<Contact> known =
                contacts.stream().filter(contact -> !contact.isNew()).toList();
        List<CountedWrite> writes = new ArrayList<>();
        if (!fresh.isEmpty()) {
            writes.add(new CountedWrite(
                    "new contacts",
                    INSERT,
                    Tuple.tuple()
                            .addArrayOfUUID(
                                    Columns.uuids(fresh, contact -> contact.id().value()))
                            .addArrayOfUUID(Columns.uuids(
                                    fresh, contact -> contact.key().tenant().value()))
                            .addArrayOfString(Columns.texts(
                                    fresh, contact -> contact.key().channel()))
                            .addArrayOfString(Columns.texts(
                                    fresh, contact -> contact.key().address()))
                            .addArrayOfString(Columns.texts(fresh, Contact::displayName))
                            .addArrayOfString(Columns.texts(
                                    fresh, contact -> contact.metadata().encode())),
                    fresh.size()));
        }
        if (!known.isEmpty()) {
            writes.add(new CountedWrite(
                    "contacts",
                    UPDATE,
                    Tuple.tuple()
                            .addArrayOfUUID(
                                    Columns.uuids(known, contact -> contact.id().value()))
                            .addArrayOfString(Columns.texts(known, Contact::version))
                            .addArrayOfString(Columns.texts(known, Contact::displayName))
                            .addArrayOfString(Columns.texts(
                                    known, contact -> contact.metadata().encode())),
                    known.size()));
        }
        return writes;
    }
}
