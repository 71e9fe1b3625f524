-- Four group roles without login; login users become members (GRANT parley_worker TO my_worker). Roles belong to the
-- whole server, so another database may have created them already, or be creating them right now.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY ['parley_ingest', 'parley_worker', 'parley_operator', 'parley_scaler'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL; -- another migration was faster
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role % does not exist and % may not create it', wanted, current_user
                        USING ERRCODE = 'insufficient_privilege',
                            HINT = format('Let an administrator run: ALTER ROLE %I CREATEROLE; or create the roles '
                                || 'parley_ingest, parley_worker, parley_operator and parley_scaler (NOLOGIN).',
                                current_user);
            END;
        END IF;
    END LOOP;
END
$$;

-- The schema version (parley.schema_history) is what every service checks before it calls itself ready.
GRANT USAGE ON SCHEMA core, bot, parley TO parley_ingest, parley_worker, parley_operator;
GRANT USAGE ON SCHEMA core, bot TO parley_scaler;
GRANT SELECT ON parley.schema_history TO parley_ingest, parley_worker, parley_operator;

REVOKE EXECUTE ON FUNCTION bot.lane_of(uuid, text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bot.lane_of(uuid, text, text, uuid) TO parley_ingest, parley_worker, parley_operator;
-- Triggers run without these rights; nobody has a reason to call the functions by name.
REVOKE EXECUTE ON FUNCTION parley.set_updated_at(), parley.copy_trace_of_event(), parley.announce_tenant() FROM PUBLIC;

-- inbound_events is append-only: nobody below is given UPDATE, DELETE or TRUNCATE on it.

-- ingest: writes facts and their jobs; reads who the tenant is and what verifies a webhook (policy below).
GRANT SELECT ON core.tenants, core.tenant_credentials TO parley_ingest;
GRANT SELECT, INSERT ON bot.inbound_events, bot.job_queue TO parley_ingest;

-- worker: does the jobs, refreshes tokens, schedules events of its own. It cannot switch tenants on or off.
GRANT SELECT ON core.tenants TO parley_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON core.tenant_credentials TO parley_worker;
GRANT SELECT, INSERT ON bot.inbound_events TO parley_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON bot.job_queue TO parley_worker;
GRANT SELECT, INSERT, UPDATE ON bot.contacts, bot.conversations, bot.messages TO parley_worker;

-- operator: sees everything, manages tenants and credentials, redrives jobs, records facts of its own.
GRANT SELECT ON ALL TABLES IN SCHEMA core, bot TO parley_operator;
GRANT INSERT, UPDATE, DELETE ON core.tenants, core.tenant_credentials TO parley_operator;
GRANT INSERT ON bot.inbound_events TO parley_operator;
GRANT UPDATE ON bot.job_queue TO parley_operator;

-- scaler: counts due work of enabled tenants and sees neither payloads nor who wrote.
GRANT SELECT (tenant_id, is_enabled) ON core.tenants TO parley_scaler;
GRANT SELECT (tenant_id, job_type, status, run_after, created_at) ON bot.job_queue TO parley_scaler;

-- Secrets that verify webhooks are kept under 'webhook:<provider>'; those are all ingest may read. The owner of the
-- table is not bound by policies.
ALTER TABLE core.tenant_credentials ENABLE ROW LEVEL SECURITY;
CREATE POLICY ingest_reads_webhook_secrets ON core.tenant_credentials
    FOR SELECT TO parley_ingest USING (provider LIKE 'webhook:%');
CREATE POLICY worker_all ON core.tenant_credentials
    FOR ALL TO parley_worker USING (true) WITH CHECK (true);
CREATE POLICY operator_all ON core.tenant_credentials
    FOR ALL TO parley_operator USING (true) WITH CHECK (true);

-- Up to when reading the queue is final: a job stamped before this time is visible or will never be; one not yet committed
-- is stamped later, because its transaction is still listed. Other roles' transactions are not for a worker to see, so it
-- may ask for this one time and no more. Where the migrating user may not see them either, the answer is a flat two seconds
-- ago, longer than any transaction that enqueues is allowed to take: correct, and costs only walking.
CREATE FUNCTION parley.queue_floor()
    RETURNS timestamptz
    LANGUAGE sql
    VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog
AS $$
    SELECT least(statement_timestamp(), min(a.xact_start))
           -- a backend may be descheduled between reading the clock and listing its transaction
           - interval '50 milliseconds'
           - CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN interval '0' ELSE interval '2 seconds' END
    FROM pg_stat_activity a
    WHERE a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND a.backend_type = 'client backend'
      AND a.pid <> pg_backend_pid()
      -- readers that hold a snapshot for minutes must not hold the queue
      AND (a.backend_xid IS NOT NULL OR a.xact_start > statement_timestamp() - interval '5 seconds')
$$;
REVOKE ALL ON FUNCTION parley.queue_floor() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.queue_floor() TO parley_worker;
