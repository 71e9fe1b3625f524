package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where rows and their index entries go: what the storage settings are there for. */
class StorageIT {
    private static final int JOBS = 20_000;

    private static Server.Database database;

    /** Jobs as ingest stores them, by ascending ids, of twenty tenants. */
    @BeforeAll
    static void jobs() {
        database = Server.shared().migratedDatabase();
        database.execute("INSERT INTO core.tenants (tenant_id, tenant_slug, name)"
                + " SELECT lpad(to_hex(i), 32, '0')::uuid, 't' || i, 'T' FROM generate_series(0, 19) i");
        database.execute("""
                INSERT INTO bot.inbound_events (inbound_event_id, tenant_id, provider, event_type, dedupe_key, payload)
                SELECT lpad(to_hex(i), 32, '0')::uuid, lpad(to_hex(i % 20), 32, '0')::uuid, 'ghl', 'inbound_message', 'k' || i, '{}'
                FROM generate_series(1, ?) i
                """, JOBS);
        database.execute("""
                INSERT INTO bot.job_queue (job_id, tenant_id, job_type, inbound_event_id, trace_id)
                SELECT inbound_event_id, tenant_id, 'process_inbound_message', inbound_event_id, inbound_event_id
                FROM bot.inbound_events
                ORDER BY inbound_event_id
                """);
    }

    @AfterAll
    static void close() {
        database.close();
    }

    private static long size(String index) {
        return database.value("SELECT pg_relation_size(('bot.' || ?)::regclass)", index);
    }

    @ParameterizedTest
    @ValueSource(strings = {"job_queue_pkey", "job_queue_trace_id_idx", "job_queue_job_type_inbound_event_id_key"})
    void a_job_that_is_done_finds_room_on_the_pages_where_it_was_queued(String index) {
        database.execute("BEGIN");
        long queued = size(index);

        database.execute("UPDATE bot.job_queue SET status = 'done'");

        assertThat(size(index)).isLessThan(queued + queued / 10);
        database.execute("ROLLBACK");
    }

    @Test
    void equal_tenants_are_not_merged_in_their_index() {
        // Merged entries take a quarter of this.
        assertThat(size("job_queue_tenant_id_idx")).isGreaterThan(JOBS * 20L);
    }
}
