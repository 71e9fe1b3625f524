package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The live catalogue against the contract's own text (a copy of it is a test resource), both ways. */
class SchemaContractIT {
    private static final String EXTRA_INDEX =
            "bot.job_queue (run_after) WHERE ((status = 'queued') AND (locked_at IS NOT NULL))";

    @Test
    void the_contract_is_read_completely() {
        Schema promised = Schema.promised();
        assertThat(promised.tables())
                .containsExactlyInAnyOrder(
                        "core.tenants",
                        "core.tenant_credentials",
                        "bot.inbound_events",
                        "bot.job_queue",
                        "bot.contacts",
                        "bot.conversations",
                        "bot.messages");
        List<String> facts = promised.columns().values().stream()
                .flatMap(java.util.Set::stream)
                .toList();
        assertThat(facts.stream().filter(fact -> fact.startsWith("FOREIGN KEY")))
                .hasSize(10);
        assertThat(facts.stream().filter(fact -> fact.startsWith("UNIQUE ("))).hasSize(6);
        assertThat(facts.stream().filter(fact -> fact.startsWith("UNIQUE INDEX")))
                .hasSize(1);
        assertThat(facts.stream().filter(fact -> fact.startsWith("PRIMARY KEY")))
                .hasSize(7);
        assertThat(facts.stream()
                        .filter(fact -> fact.matches("\\w+ (uuid|text|jsonb|bytea|boolean|integer|timestamp.*)")))
                .hasSize(72);
        assertThat(promised.plainIndexes().values().stream()
                        .mapToInt(java.util.Set::size)
                        .sum())
                .isEqualTo(11);
    }

    @Test
    void the_schema_is_the_contract_and_nothing_else() {
        try (Server.Database database = Server.shared().migratedDatabase()) {
            assertThat(Schema.differences(Schema.promised(), Schema.live(database), EXTRA_INDEX))
                    .isEmpty();
        }
    }

    @Test
    void only_tenant_credentials_go_with_their_tenant() {
        try (Server.Database database = Server.shared().migratedDatabase()) {
            assertThat(database.rows("""
                            SELECT conrelid::regclass::text AS name, confdeltype::text AS on_delete, confupdtype::text AS on_update
                            FROM pg_constraint
                            WHERE contype = 'f' AND (confdeltype <> 'a' OR confupdtype <> 'a')
                            """))
                    .singleElement()
                    .satisfies(row -> assertThat(row)
                            .containsEntry("name", "core.tenant_credentials")
                            .containsEntry("on_delete", "c")
                            .containsEntry("on_update", "a"));
        }
    }

    /** The comparison itself: what is changed here must be noticed, in these words. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            CREATE TABLE bot.extra (id uuid)                                        | tables: invented bot.extra
            CREATE VIEW core.extra AS SELECT 1 AS one                               | tables: invented core.extra (kind v)
            CREATE SEQUENCE bot.extra                                               | tables: invented bot.extra (kind S)
            DROP TABLE bot.messages                                                 | tables: missing bot.messages
            ALTER TABLE bot.contacts ADD COLUMN nickname text                       | bot.contacts: invented nickname text
            ALTER TABLE bot.contacts DROP COLUMN display_name                       | bot.contacts: missing display_name text
            ALTER TABLE bot.job_queue ALTER COLUMN attempts TYPE bigint             | bot.job_queue: missing attempts integer
            ALTER TABLE bot.messages DROP CONSTRAINT messages_pkey                  | bot.messages: missing PRIMARY KEY (message_id)
            ALTER TABLE core.tenants DROP CONSTRAINT tenants_tenant_slug_key        | core.tenants: missing UNIQUE (tenant_slug)
            ALTER TABLE bot.messages DROP CONSTRAINT messages_contact_id_fkey       | bot.messages: missing FOREIGN KEY (contact_id) REFERENCES bot.contacts(contact_id)
            ALTER TABLE bot.contacts ADD UNIQUE (channel_address)                   | bot.contacts: invented UNIQUE (channel_address)
            DROP INDEX bot.messages_inbound_idempotency_key                         | bot.messages: missing UNIQUE INDEX (tenant_id, provider, provider_msg_id, direction) WHERE direction = 'inbound'
            DROP INDEX bot.job_queue_status_run_after_created_at_idx                | bot.job_queue: no index on (status, run_after, created_at)
            DROP INDEX bot.contacts_tenant_id_idx                                   | bot.contacts: no index on (tenant_id)
            CREATE INDEX ON bot.messages (text)                                     | bot.messages: index nobody asked for (text)
            CREATE INDEX ON bot.messages (trace_id) WHERE text IS NULL              | bot.messages: index nobody asked for (trace_id) WHERE (text IS NULL)
            """)
    void a_deviation_is_noticed(String deviation, String complaint) {
        try (Server.Database database = Deviating.database()) {
            database.execute("BEGIN");
            database.execute(deviation);
            assertThat(Schema.differences(Schema.promised(), Schema.live(database), EXTRA_INDEX))
                    .contains(complaint);
        }
    }

    /** One database for all deviations: each is rolled back when its session closes. */
    private static final class Deviating {
        private static final String NAME;

        static {
            try (Server.Database database = Server.shared().migratedDatabase()) {
                NAME = database.name();
            }
        }

        static Server.Database database() {
            return Server.shared().database(NAME);
        }
    }
}
