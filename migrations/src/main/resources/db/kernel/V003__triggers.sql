-- Trigger functions live in schema parley: core and bot hold what the contract lists.

-- updated_at for every writer that does not set it. Parley's own statements set it, and the WHEN clause is decided
-- without entering plpgsql, so they do not pay. statement_timestamp(), not now(): a long transaction must not turn back
-- the time an earlier statement of it wrote.
CREATE FUNCTION parley.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := statement_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER set_updated_at BEFORE UPDATE ON core.tenants
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION parley.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON core.tenant_credentials
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION parley.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON bot.job_queue
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION parley.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON bot.contacts
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION parley.set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON bot.conversations
    FOR EACH ROW WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at)
    EXECUTE FUNCTION parley.set_updated_at();

-- A job inserted by hand carries its event's trace. The services name the trace themselves and skip this.
CREATE FUNCTION parley.copy_trace_of_event() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    SELECT event.trace_id INTO NEW.trace_id
    FROM bot.inbound_events AS event
    WHERE event.inbound_event_id = NEW.inbound_event_id;
    -- Otherwise the complaint would be about a missing trace_id, which is not what is wrong.
    IF NOT FOUND AND NEW.inbound_event_id IS NOT NULL THEN
        RAISE EXCEPTION 'job_queue: there is no inbound event %', NEW.inbound_event_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER copy_trace_of_event BEFORE INSERT ON bot.job_queue
    FOR EACH ROW WHEN (NEW.trace_id IS NULL)
    EXECUTE FUNCTION parley.copy_trace_of_event();

-- Services keep tenants in memory; this tells them whom to forget. A notification inside a transaction serialises
-- commits, which is fine on tables that change a few times a day and nowhere else.
CREATE FUNCTION parley.announce_tenant() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('parley_tenants', OLD.tenant_id::text);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        -- The same text twice in one transaction is delivered once.
        PERFORM pg_notify('parley_tenants', NEW.tenant_id::text);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER announce_tenant AFTER INSERT OR UPDATE OR DELETE ON core.tenants
    FOR EACH ROW EXECUTE FUNCTION parley.announce_tenant();
CREATE TRIGGER announce_tenant AFTER INSERT OR UPDATE OR DELETE ON core.tenant_credentials
    FOR EACH ROW EXECUTE FUNCTION parley.announce_tenant();
