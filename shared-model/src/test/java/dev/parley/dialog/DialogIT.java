package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.dialog.Dialog.Changes;
import dev.parley.dialog.Dialog.Found;
import dev.parley.dialog.Dialog.Lookup;
import dev.parley.dialog.Dialog.Reading;
import dev.parley.kit.Fixtures;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.TestDatabase.Login;
import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DialogIT {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final Fixtures given = new Fixtures(db);
    private final Dialog dialog = new Dialog();
    private final TenantId tenant = given.tenant();

    private <T> T inTransaction(Function<SqlConnection, Uni<T>> work) {
        return db.pool(Login.WORKER).withTransaction(work::apply).await().atMost(Duration.ofSeconds(20));
    }

    private Found read(String address) {
        return read(List.of(lookup(address, null))).found().get(0);
    }

    private Reading<Found> read(List<Lookup> lookups) {
        return inTransaction(tx -> dialog.readReported(tx, lookups));
    }

    private Lookup lookup(String address, String providerMessageId) {
        return new Lookup(
                new ContactKey(tenant, "sms", address),
                new MessageId(TimeOrderedId.next()),
                "ghl",
                "ghl",
                providerMessageId);
    }

    private void write(Changes changes) {
        inTransaction(tx -> dialog.write(tx, changes));
    }

    private Contact contact(String address) {
        return Contact.stranger(new ContactKey(tenant, "sms", address));
    }

    private static Message message(Conversation conversation, Message.Direction direction, String id, String text) {
        return Message.of(
                new MessageId(TimeOrderedId.next()),
                conversation,
                direction,
                "ghl",
                id,
                "sms",
                text,
                new JsonObject(),
                UUID.randomUUID());
    }

    @Test
    void what_was_written_is_read_back() {
        Contact contact = contact("+1500").named("Ana").withRefs(new JsonObject("{\"ghl\": {\"contact_id\": \"c1\"}}"));
        Conversation conversation =
                Conversation.begin(contact).with(ConversationState.start().at("greeting", "hello"));

        write(new Changes(
                List.of(contact),
                List.of(conversation),
                List.of(message(conversation, Message.Direction.INBOUND, "m1", "hi\u0000 there"))));

        Reading<Found> reading = read(List.of(lookup("+1500", "m1"), lookup("+1501", "m2"), lookup("+1500", "m3")));
        Found known = reading.found().get(0);
        assertThat(known.contact().orElseThrow().displayName()).isEqualTo("Ana");
        assertThat(known.contact().orElseThrow().refs()).isEqualTo(contact.refs());
        assertThat(known.contact().orElseThrow().id()).isEqualTo(contact.id());
        assertThat(known.conversation().orElseThrow().state()).isEqualTo(conversation.state());
        assertThat(known.wasHeard()).isTrue();
        assertThat(known.isStored()).isFalse();
        assertThat(reading.found().get(1).contact()).isEmpty();
        assertThat(reading.found().get(1).conversation()).isEmpty();
        assertThat(reading.found().get(1).wasHeard()).isFalse();
        assertThat(reading.found().get(2).wasHeard()).isFalse();
        assertThat(db.value(String.class, "SELECT text FROM bot.messages WHERE tenant_id = ?", tenant.value()))
                .isEqualTo("hi\uFFFD there");
    }

    @Test
    void an_unchanged_row_is_not_written() {
        write(new Changes(List.of(), List.of(), List.of()));
        assertThat(db.count("bot.contacts WHERE tenant_id = ?", tenant.value())).isZero();
    }

    @Test
    void our_message_is_found_by_the_vendors_id_within_its_tenant_only() {
        Contact contact = contact("+1502");
        Conversation conversation = Conversation.begin(contact);
        write(new Changes(
                List.of(contact),
                List.of(conversation),
                List.of(message(conversation, Message.Direction.OUTBOUND, "out-1", "hello"))));
        TenantId other = given.tenant();

        Reading<Found> reading = read(List.of(
                lookup("+1502", "out-1"),
                new Lookup(
                        new ContactKey(other, "sms", "+1502"), new MessageId(UUID.randomUUID()), "ghl", "ghl", "out-1"),
                new Lookup(
                        new ContactKey(tenant, "sms", "?"),
                        new MessageId(UUID.randomUUID()),
                        "standard-webhooks",
                        "ghl",
                        "out-1"),
                new Lookup(
                        new ContactKey(tenant, "sms", "?"),
                        new MessageId(UUID.randomUUID()),
                        "standard-webhooks",
                        null,
                        "out-1")));

        assertThat(reading.found().stream().map(found -> found.sentAs().isPresent()))
                .containsExactly(true, false, true, false);
        assertThat(reading.found().get(0).wasHeard()).isFalse();
        assertThat(inTransaction(tx -> dialog.read(tx, List.of(lookup("+1502", "out-1"))))
                        .found()
                        .get(0)
                        .sentAs())
                .as("nobody asked whether it is ours")
                .isEmpty();
    }

    @Test
    void a_closed_conversation_is_found_and_reopened_in_place() {
        UUID contact = given.contact(tenant, "sms", "+1503");
        UUID conversation = given.conversation(contact);
        db.execute("UPDATE bot.conversations SET status = 'closed' WHERE conversation_id = ?", conversation);

        Conversation found = read("+1503").conversation().orElseThrow();
        write(new Changes(List.of(), List.of(found.reopened()), List.of()));

        assertThat(found.isOpen()).isFalse();
        assertThat(db.rows("SELECT conversation_id, status FROM bot.conversations WHERE contact_id = ?", contact))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("conversation_id", conversation)
                        .containsEntry("status", "open"));
    }

    @Test
    void of_an_open_and_a_closed_conversation_the_open_one_counts() {
        UUID contact = given.contact(tenant, "sms", "+1504");
        UUID closed = given.conversation(contact);
        db.execute("UPDATE bot.conversations SET status = 'closed' WHERE conversation_id = ?", closed);
        UUID open = given.conversation(contact);

        assertThat(read("+1504").conversation().orElseThrow().id().value()).isEqualTo(open);
    }

    @Test
    void messages_written_together_keep_their_order() {
        Contact contact = contact("+1505");
        Conversation conversation = Conversation.begin(contact);
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            messages.add(message(conversation, Message.Direction.INBOUND, "order-" + i, "text " + i));
        }
        write(new Changes(List.of(contact), List.of(conversation), messages));

        assertThat(db.rows(
                        "SELECT text FROM bot.messages WHERE conversation_id = ? ORDER BY created_at",
                        conversation.id().value()))
                .extracting(row -> row.get("text"))
                .containsExactlyElementsOf(
                        messages.stream().map(it -> (Object) it.text()).toList());
    }

    @Test
    void a_contact_that_somebody_else_created_meanwhile_is_a_conflict() {
        given.contact(tenant, "sms", "+1506");
        Contact late = contact("+1506");

        assertThatThrownBy(() -> write(new Changes(List.of(late, contact("+1507")), List.of(), List.of())))
                .isInstanceOf(DialogConflictException.class)
                .hasMessageContaining("new contacts: expected to write 2 rows, wrote 1");

        assertThat(read("+1507").contact()).as("the whole batch is rolled back").isEmpty();
    }

    @Test
    void a_conversation_that_changed_since_it_was_read_is_a_conflict() {
        UUID conversation = given.conversation(given.contact(tenant, "sms", "+1508"));
        Conversation read = read("+1508").conversation().orElseThrow();
        db.execute("UPDATE bot.conversations SET last_step = 'theirs' WHERE conversation_id = ?", conversation);

        assertThatThrownBy(() -> write(
                        new Changes(List.of(), List.of(read.with(read.state().at("ours", null))), List.of())))
                .isInstanceOf(DialogConflictException.class);

        assertThat(read("+1508").conversation().orElseThrow().state().step()).isEqualTo("theirs");
    }

    @Test
    void a_change_that_commits_while_we_wait_for_the_row_is_a_conflict() throws Exception {
        UUID id = given.contact(tenant, "sms", "+1509");
        Contact read = read("+1509").contact().orElseThrow();
        try (var other = db.connect();
                var statement =
                        other.prepareStatement("UPDATE bot.contacts SET display_name = 'x' WHERE contact_id = ?")) {
            other.setAutoCommit(false);
            statement.setObject(1, id);
            statement.execute();
            CompletableFuture<Void> ours = db.pool(Login.WORKER)
                    .withTransaction(
                            tx -> dialog.write(tx, new Changes(List.of(read.named("Ana")), List.of(), List.of())))
                    .subscribeAsCompletionStage();
            org.awaitility.Awaitility.await()
                    .until(() -> db.count("pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'", db.name())
                            == 1);
            other.commit();
            assertThatThrownBy(() -> ours.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(DialogConflictException.class);
        }
    }

    @Test
    void a_message_that_is_there_already_is_a_conflict() {
        Contact contact = contact("+1510");
        Conversation conversation = Conversation.begin(contact);
        write(new Changes(
                List.of(contact),
                List.of(conversation),
                List.of(message(conversation, Message.Direction.INBOUND, "twice", "a"))));

        assertThatThrownBy(() -> write(new Changes(
                        List.of(), List.of(), List.of(message(conversation, Message.Direction.INBOUND, "twice", "b")))))
                .isInstanceOf(DialogConflictException.class);
    }

    @Test
    void a_letter_is_read_with_whom_it_is_for() {
        UUID conversation = given.conversation(given.contact(tenant, "sms", "+1511"));
        UUID message = given.message(conversation, "outbound", "hello");

        Reading<Optional<Dialog.Letter>> reading = inTransaction(
                tx -> dialog.readLetters(tx, List.of(new MessageId(UUID.randomUUID()), new MessageId(message))));

        assertThat(reading.found().get(0)).isEmpty();
        assertThat(reading.found().get(1).orElseThrow().contact().key().address())
                .isEqualTo("+1511");
        assertThat(reading.found().get(1).orElseThrow().conversation().id().value())
                .isEqualTo(conversation);
    }

    /** However the statistics look, reading a batch must not read a table. */
    @Test
    void reading_follows_indexes_with_many_rows_present_and_none_expected() {
        db.execute("""
                INSERT INTO bot.contacts (tenant_id, channel, channel_address)
                SELECT ?, 'sms', 'plan-' || n FROM generate_series(1, 20000) AS n
                """, tenant.value());
        db.execute("""
                INSERT INTO bot.conversations (tenant_id, contact_id)
                SELECT tenant_id, contact_id FROM bot.contacts WHERE channel_address LIKE 'plan-%'
                """);
        db.execute("""
                INSERT INTO bot.messages
                  (tenant_id, conversation_id, contact_id, direction, provider, provider_msg_id, channel, trace_id)
                SELECT tenant_id, conversation_id, contact_id, 'outbound', 'ghl', 'plan-' || contact_id, 'sms', gen_random_uuid()
                FROM bot.conversations WHERE tenant_id = ?
                """, tenant.value());
        db.execute("ANALYZE bot.contacts, bot.conversations, bot.messages");

        for (String name : List.of("READ", "READ_REPORTED", "READ_LETTERS")) {
            assertThat(genericPlan(Dialog.class, name))
                    // a hashed sub-plan reads the whole table, by whatever index
                    .doesNotContain("Seq Scan", "SubPlan")
                    .contains("Index Scan");
        }
        assertThat(genericPlan(MessageStore.class, "IN_FLIGHT"))
                .doesNotContain("Seq Scan")
                .contains("messages_conversation_id_created_at_idx");
        assertThat(genericPlan(Dialog.class, "READ")).contains("messages_inbound_idempotency_key");
        for (Class<?> store : List.of(ContactStore.class, ConversationStore.class, MessageStore.class)) {
            assertThat(genericPlan(store, "UPDATE")).doesNotContain("Seq Scan").contains("Index Scan");
        }
    }

    /** The plan that a cached statement ends up with: made for any parameters. */
    private static String genericPlan(Class<?> owner, String name) {
        String sql = statement(owner, name);
        long parameters = java.util.regex.Pattern.compile("[$][0-9]+")
                .matcher(sql)
                .results()
                .map(java.util.regex.MatchResult::group)
                .distinct()
                .count();
        String nulls = String.join(", ", java.util.Collections.nCopies((int) parameters, "NULL"));
        List<String> plan = new ArrayList<>();
        // The simple protocol: the driver must not take the $1 for its own.
        db.pool()
                .withConnection(connection -> connection
                        .query("SET plan_cache_mode = force_generic_plan")
                        .execute()
                        .chain(() -> connection.query("DEALLOCATE ALL").execute())
                        .chain(() -> connection.query("PREPARE probe AS " + sql).execute())
                        .chain(() -> connection
                                .query("EXPLAIN EXECUTE probe (" + nulls + ")")
                                .execute())
                        .invoke(rows -> rows.forEach(row -> plan.add(row.getString(0))))
                        .eventually(
                                () -> connection.query("RESET plan_cache_mode").execute()))
                .await()
                .atMost(Duration.ofSeconds(20));
        return String.join("\n", plan);
    }

    private static String statement(Class<?> owner, String name) {
        try {
            Field field = owner.getDeclaredField(name);
            assertThat(Modifier.isStatic(field.getModifiers())).isTrue();
            field.setAccessible(true);
            return (String) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
