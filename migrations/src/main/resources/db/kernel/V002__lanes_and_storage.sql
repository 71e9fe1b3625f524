-- Beside the contract, each with its reason. Nothing here adds a table, a view or a column.

-- Which of the 256 lanes a job belongs to. Same contact, same lane; an event without an address goes by its own id.
-- Each part seeds the hash of the next, so no two parts can run into each other ('ab','c' is not 'a','bc') and no text
-- is glued together for every row that is read. A single SELECT of immutable calls, so that the planner inlines it.
CREATE FUNCTION bot.lane_of(tenant_id uuid, channel text, channel_address text, inbound_event_id uuid)
    RETURNS integer
    LANGUAGE sql
    IMMUTABLE
    PARALLEL SAFE
AS $$
    SELECT (CASE
                WHEN channel_address IS NULL THEN uuid_hash_extended(inbound_event_id, 0)
                ELSE hashtextextended(
                        channel_address, hashtextextended(coalesce(channel, ''), uuid_hash_extended(tenant_id, 0)))
            END & 255)::integer
$$;
COMMENT ON FUNCTION bot.lane_of(uuid, text, text, uuid) IS
    'Lane 0..255 of a contact''s jobs, or of a single event where there is no address.';

-- Heads of waiting lines: jobs that a worker has touched (locked_at) and that wait for their next attempt. An owner
-- loads them when it takes a lane, because everything behind them must wait; without this index it would read the
-- whole backlog to find them. Jobs enter it only when they go back to the queue, so the ordinary path does not pay.
CREATE INDEX job_queue_waiting_heads_idx
    ON bot.job_queue (run_after)
    WHERE status = 'queued' AND locked_at IS NOT NULL;

-- Each message rewrites its conversation's context and times, none of them indexed: with room on the page the new
-- version stays there and touches no index (HOT).
ALTER TABLE bot.conversations SET (fillfactor = 80);

-- The same, seldom: opt-out, a name learned later.
ALTER TABLE bot.contacts SET (fillfactor = 90);

-- Every job leaves dead entries at the head of the 'queued' range of its index, and claiming walks over them. With the
-- default (a fifth of the table) a million kept 'done' rows would let 200,000 pile up first. Fillfactor is left alone:
-- status is indexed, so an update here can never be HOT.
ALTER TABLE bot.job_queue SET (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0.02
);
