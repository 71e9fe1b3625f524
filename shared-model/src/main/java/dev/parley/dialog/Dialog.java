package dev.parley.dialog;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The one door to contacts, conversations and the transcript. It speaks in batches: one statement reads everything that a
 * set of jobs needs to be decided, a handful written without waiting for one another record what was decided.
 *
 * <p>Everything happens inside the caller's transaction. What is written is checked against what was read: if a row has
 * changed in between, the Uni fails with {@link DialogConflictException} and the caller rolls back.
 */
public final class Dialog {
    /**
     * What an event is about.
     *
     * @param messageId the id its message has, or would have
     * @param provider of the event
     * @param adapter under whose name our own messages to this contact are stored; null = none
     * @param providerMessageId null = the provider gave none
     */
    public record Lookup(
            ContactKey contact,
            MessageId messageId,
            String provider,
            @Nullable String adapter,
            @Nullable String providerMessageId) {}

    /**
     * What is known about one {@link Lookup}.
     *
     * @param isStored there is a message with this id
     * @param wasHeard the customer's message with this provider id is in the transcript
     * @param sentAs our own message that the provider calls by this id; empty where nobody asked for it
     */
    public record Found(
            Optional<Contact> contact,
            Optional<Conversation> conversation,
            boolean isStored,
            boolean wasHeard,
            Optional<Message> sentAs) {}

    /** Answers in the order of the questions. {@code now} is the database's clock. */
    public record Reading<T>(Instant now, List<T> found) {}

    /** A message with whom it is for. */
    public record Letter(Message message, Contact contact, Conversation conversation) {}

    /**
     * Rows to write: those without a version are new, the others replace what was read. At most one entry per row. The
     * order of new messages is their order in the transcript.
     */
    public record Changes(List<Contact> contacts, List<Conversation> conversations, List<Message> messages) {}

    private static final String ASKED = """
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
              WITH ORDINALITY
              AS i (tenant_id, channel, address, message_id, provider, adapter, provider_msg_id, ordinal)
            LEFT JOIN LATERAL (
            """
            + ContactStore.BY_KEY + """
            ) c ON true
            LEFT JOIN LATERAL (
            """ + ConversationStore.BY_CONTACT + """
            ) v ON true
            LEFT JOIN LATERAL (
            """ + MessageStore.STORED + """
            ) s ON true
            LEFT JOIN LATERAL (
            """
            + MessageStore.HEARD + """
            ) h ON true
            """;

    private static final String READ = """
            SELECT statement_timestamp() AS now, c.*, v.*, s.*, h.*
            """ + ASKED + """
            ORDER BY i.ordinal
            """;

    private static final String READ_REPORTED = """
            SELECT statement_timestamp() AS now, c.*, v.*, s.*, h.*, m.*
            """ + ASKED + """
            LEFT JOIN LATERAL (
            """ + MessageStore.SENT_AS + """
            ) m ON true
            ORDER BY i.ordinal
            """;

    private static final String READ_LETTERS =
            """
            SELECT statement_timestamp() AS now,
                   c.*,
                   v.*,
                   m.*
            FROM unnest($1::uuid[]) WITH ORDINALITY AS i (message_id, ordinal)
            LEFT JOIN LATERAL (
            """ + MessageStore.BY_ID + """
            ) m ON true
            LEFT JOIN LATERAL (
            """ + ContactStore.BY_MESSAGE + """
            ) c ON true
            LEFT JOIN LATERAL (
            """ + ConversationStore.BY_MESSAGE + """
            ) v ON true
            ORDER BY i.ordinal
            """;

    /** What is known about each of {@code lookups}, which must not be empty, in one statement; nothing of our own sends. */
    public Uni<Reading<Found>> read(SqlConnection tx, List<Lookup> lookups) {
        return tx.preparedQuery(READ)
                .execute(asked(lookups))
                .map(rows -> reading(rows, lookups.size(), row -> found(row, null)));
    }

    /** The same, and whether the provider's message is one that we sent: what a report is about. */
    public Uni<Reading<Found>> readReported(SqlConnection tx, List<Lookup> lookups) {
        return tx.preparedQuery(READ_REPORTED)
                .execute(asked(lookups))
                .map(rows -> reading(rows, lookups.size(), row -> found(row, MessageStore.message(row))));
    }

    private static Tuple asked(List<Lookup> lookups) {
        return Tuple.tuple()
                .addArrayOfUUID(
                        Columns.uuids(lookups, it -> it.contact().tenant().value()))
                .addArrayOfString(Columns.texts(lookups, it -> it.contact().channel()))
                .addArrayOfString(Columns.texts(lookups, it -> it.contact().address()))
                .addArrayOfUUID(Columns.uuids(lookups, it -> it.messageId().value()))
                .addArrayOfString(Columns.texts(lookups, Lookup::provider))
                .addArrayOfString(Columns.texts(lookups, Lookup::adapter))
                .addArrayOfString(Columns.texts(lookups, Lookup::providerMessageId));
    }

    private static Found found(Row row, @Nullable Message sentAs) {
        return new Found(
                Optional.ofNullable(ContactStore.contact(row)),
                Optional.ofNullable(ConversationStore.conversation(row)),
                row.getBoolean("is_stored") != null,
                row.getBoolean("was_heard") != null,
                Optional.ofNullable(sentAs));
    }

    /** The messages with these ids, which must not be none, and whom they are for; empty where there is none. */
    public Uni<Reading<Optional<Letter>>> readLetters(SqlConnection tx, List<MessageId> ids) {
        return tx.preparedQuery(READ_LETTERS)
                .execute(Tuple.tuple().addArrayOfUUID(Columns.uuids(ids, MessageId::value)))
                .map(rows -> reading(rows, ids.size(), Dialog::letter));
    }

    private static Optional<Letter> letter(Row row) {
        Message message = MessageStore.message(row);
        Contact contact = ContactStore.contact(row);
        Conversation conversation = ConversationStore.conversation(row);
        return message == null || contact == null || conversation == null
                ? Optional.empty()
                : Optional.of(new Letter(message, contact, conversation));
    }

    private static <T> Reading<T> reading(RowSet<Row> rows, int expected, java.util.function.Function<Row, T> answer) {
        List<T> answers = new ArrayList<>(expected);
        Instant now = null;
        for (Row row : rows) {
            now = row.getOffsetDateTime("now").toInstant();
            answers.add(answer.apply(row));
        }
        if (now == null || answers.size() != expected) {
            throw new IllegalStateException("asked " + expected + " questions, got " + answers.size() + " answers");
        }
        return new Reading<>(now, answers);
    }

    /**
     * Our recent messages of these conversations that have left, or may have, and of which we do not know the provider's
     * id; oldest first.
     */
    public Uni<Map<ConversationId, List<Message>>> readInFlight(
            SqlConnection tx, Collection<ConversationId> conversations) {
        if (conversations.isEmpty()) {
            return Uni.createFrom().item(Map.of());
        }
        UUID[] ids =
                conversations.stream().map(ConversationId::value).distinct().toArray(UUID[]::new);
        return tx.preparedQuery(MessageStore.IN_FLIGHT)
                .execute(Tuple.tuple().addArrayOfUUID(ids))
                .map(rows -> {
                    Map<ConversationId, List<Message>> found = new HashMap<>();
                    for (Row row : rows) {
                        Message message = MessageStore.message(row);
                        if (message != null) {
                            found.computeIfAbsent(message.conversation(), id -> new ArrayList<>())
                                    .add(message);
                        }
                    }
                    return found;
                });
    }

    /** The whole conversation in which {@code message} stands, oldest first; empty if there is no such message. */
    public Uni<List<Message>> readTranscript(SqlConnection db, MessageId message) {
        return db.preparedQuery(MessageStore.TRANSCRIPT)
                .execute(Tuple.of(message.value()))
                .map(rows -> {
                    List<Message> transcript = new ArrayList<>();
                    for (Row row : rows) {
                        Message each = MessageStore.message(row);
                        if (each != null) {
                            transcript.add(each);
                        }
                    }
                    return transcript;
                });
    }

    /**
     * Writes {@code changes} in at most six statements, sent one behind the other without waiting in between, parents
     * first. Fails with {@link DialogConflictException} if any row was not as it had been read.
     */
    public Uni<Void> write(SqlConnection tx, Changes changes) {
        List<Uni<Void>> writes = new ArrayList<>();
        ContactStore.save(changes.contacts()).forEach(write -> writes.add(write.run(tx)));
        ConversationStore.save(changes.conversations()).forEach(write -> writes.add(write.run(tx)));
        MessageStore.save(changes.messages()).forEach(write -> writes.add(write.run(tx)));
        return writes.isEmpty()
                ? Uni.createFrom().voidItem()
                : Uni.combine().all().unis(writes).discardItems();
    }
}
