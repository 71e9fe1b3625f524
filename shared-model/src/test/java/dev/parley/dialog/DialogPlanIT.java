package dev.parley.dialog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.Fixtures;
import dev.parley.kit.Plans;
import dev.parley.kit.TestDatabase;
import dev.parley.tenant.TenantId;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Handling a batch must cost the same beside a long transcript as beside none. */
class DialogPlanIT {
    private static final List<String> TABLES = List.of("messages", "conversations", "contacts", "inbound_events");

    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    @BeforeAll
    static void aLongTranscript() {
        TenantId tenant = new Fixtures(db).tenant();
        db.execute("""
                INSERT INTO bot.contacts (contact_id, tenant_id, channel, channel_address)
                SELECT gen_random_uuid(), ?, 'sms', '+' || g FROM generate_series(1, 2000) g
                """, tenant.value());
        db.execute("""
                INSERT INTO bot.conversations (conversation_id, tenant_id, contact_id)
                SELECT gen_random_uuid(), tenant_id, contact_id FROM bot.contacts
                """);
        db.execute("""
                INSERT INTO bot.messages
                    (message_id, tenant_id, conversation_id, contact_id, direction, provider, provider_msg_id, channel,
                     text, trace_id)
                SELECT gen_random_uuid(), tenant_id, conversation_id, contact_id,
                       CASE WHEN g % 2 = 0 THEN 'inbound' ELSE 'outbound' END, 'ghl', gen_random_uuid()::text, 'sms',
                       'hello', gen_random_uuid()
                FROM bot.conversations, generate_series(1, 15) g
                """);
        db.execute("ANALYZE bot.contacts, bot.conversations, bot.messages");
    }

    private static final Map<Class<?>, List<String>> STATEMENTS = Map.of(
            Dialog.class, List.of("READ", "READ_LETTERS", "READ_REPORTED"),
            MessageStore.class, List.of("IN_FLIGHT", "TRANSCRIPT", "INSERT", "UPDATE"),
            ConversationStore.class, List.of("INSERT", "UPDATE"),
            ContactStore.class, List.of("INSERT", "UPDATE"));

    private static Stream<Arguments> statements() {
        return STATEMENTS.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream()
                        .map(name -> Arguments.of(
                                entry.getKey().getSimpleName() + '.' + name,
                                Plans.textsOf(entry.getKey()).get(name))));
    }

    @ParameterizedTest
    @MethodSource("statements")
    void a_batch_reads_what_its_keys_find_and_no_more(String name, String sql) throws Exception {
        List<String> plan = Plans.kept(db, sql, true);

        assertThat(Plans.excesses(plan, TABLES))
                .as("%s%n%s", name, String.join("\n", plan))
                .isEmpty();
    }
}
