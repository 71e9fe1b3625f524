package dev.parley.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bot.lane_of}: workers of two releases share the work only if they agree on it. */
class LaneOfIT {
    private static final UUID TENANT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
    private static final UUID EVENT = UUID.fromString("01890a5d-ac96-7b12-8000-0123456789ab");

    private static Server.Database database;

    @BeforeAll
    static void migrate() {
        database = Server.shared().migratedDatabase();
    }

    @AfterAll
    static void close() {
        database.close();
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "sms, +15550100, 247",
                "sms, +15550101, 94",
                "email, ann@example.org, 103",
                "null, +15550100, 245",
                "sms, null, 219"
            })
    void a_contact_keeps_its_lane_for_ever(String channel, String address, int lane) {
        assertThat(lane(TENANT, channel, address, EVENT)).isEqualTo(lane);
    }

    @Test
    void every_event_of_a_contact_has_the_same_lane() {
        assertThat(lane(TENANT, "sms", "+15550100", UUID.randomUUID()))
                .isEqualTo(lane(TENANT, "sms", "+15550100", EVENT));
    }

    @Test
    void without_an_address_the_event_alone_decides() {
        assertThat(lane(UUID.randomUUID(), "sms", null, EVENT)).isEqualTo(lane(TENANT, null, null, EVENT));
    }

    @Test
    void lanes_are_0_to_255_and_evenly_filled() {
        // 100,000 contacts in 256 lanes: 391 each on average, standard deviation 20; 6 of those are never seen.
        assertThat(database.rows("""
                        SELECT count(*) AS lanes, min(lane) AS lowest, max(lane) AS highest,
                            min(n) > 270 AND max(n) < 512 AS even
                        FROM (
                            SELECT bot.lane_of(?, 'sms', '+1555' || i, ?) AS lane, count(*) AS n
                            FROM generate_series(1, 100000) AS i
                            GROUP BY 1) AS filled
                        """, TENANT, EVENT))
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("lanes", 256L)
                        .containsEntry("lowest", 0)
                        .containsEntry("highest", 255)
                        .containsEntry("even", true));
    }

    @Test
    void events_without_an_address_fill_the_lanes_too() {
        assertThat(database.<Long>value("""
                        SELECT count(DISTINCT bot.lane_of(?, NULL, NULL, gen_random_uuid()))
                        FROM generate_series(1, 20000)
                        """, TENANT)).isEqualTo(256L);
    }

    /** If the parts ran into each other, all 2,000 pairs would agree; by chance one in 256 does. */
    @Test
    void parts_do_not_run_into_each_other() {
        assertThat(database.<Long>value("""
                        SELECT count(*)
                        FROM generate_series(1, 2000) AS i
                        WHERE bot.lane_of(?, 'sms' || i, 'x', ?) = bot.lane_of(?, 'sms', i || 'x', ?)
                        """, TENANT, EVENT, TENANT, EVENT)).isLessThan(30);
    }

    @Test
    void tenants_with_the_same_contact_do_not_share_a_lane_by_rule() {
        assertThat(database.<Long>value("""
                        SELECT count(DISTINCT bot.lane_of(gen_random_uuid(), 'sms', '+15550100', ?))
                        FROM generate_series(1, 20000)
                        """, EVENT)).isEqualTo(256L);
    }

    @Test
    void the_planner_sees_through_the_function() {
        assertThat(database.rows("""
                        EXPLAIN (VERBOSE, COSTS OFF)
                        SELECT inbound_event_id FROM bot.inbound_events
                        WHERE bot.lane_of(tenant_id, channel, channel_address, inbound_event_id) = ANY ('{1,2,3}')
                        """))
                .extracting(row -> row.values().toString())
                .anyMatch(line -> line.contains("hashtextextended"))
                .noneMatch(line -> line.contains("lane_of"));
    }

    /** The index of the waiting heads finds them among a backlog that nobody has touched yet. */
    @Test
    void waiting_heads_are_found_without_reading_the_backlog() {
        database.execute("""
                WITH tenant AS (
                    INSERT INTO core.tenants (tenant_slug, name) VALUES ('backlog', 'B') RETURNING tenant_id
                ), event AS (
                    INSERT INTO bot.inbound_events (tenant_id, provider, event_type, dedupe_key, payload)
                    SELECT tenant_id, 'ghl', 'inbound_message', i::text, '{}' FROM tenant, generate_series(1, 20000) AS i
                    RETURNING tenant_id, inbound_event_id, trace_id, dedupe_key
                )
                INSERT INTO bot.job_queue (tenant_id, job_type, inbound_event_id, trace_id, locked_at)
                SELECT tenant_id, 'x', inbound_event_id, trace_id, CASE WHEN dedupe_key LIKE '%777' THEN now() END
                FROM event
                """);
        database.execute("ANALYZE bot.job_queue");
        assertThat(database.rows("""
                        EXPLAIN (COSTS OFF)
                        SELECT * FROM bot.job_queue
                        WHERE status = 'queued' AND locked_at IS NOT NULL AND run_after > now() - interval '1 day'
                        """))
                .extracting(row -> row.values().toString())
                .anyMatch(line -> line.contains("job_queue_waiting_heads_idx"));
    }

    private static int lane(UUID tenant, String channel, String address, UUID event) {
        return database.value("SELECT bot.lane_of(?, ?::text, ?::text, ?)", tenant, channel, address, event);
    }
}
