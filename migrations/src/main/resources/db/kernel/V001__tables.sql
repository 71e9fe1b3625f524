-- The seven tables of the contract: its columns, keys, uniques, foreign keys and indexes, and nothing else.
-- NOT NULL and CHECK stand where its words imply them. What it calls optional, and what an event without a contact has
-- none of (an installation has no channel), stays nullable.

CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS bot;

CREATE TABLE core.tenants (
    tenant_id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_slug       text        NOT NULL,
    name              text        NOT NULL,
    is_enabled        boolean     NOT NULL DEFAULT true,
    messaging_adapter text,
    calendar_adapter  text,
    settings          jsonb       NOT NULL DEFAULT '{}'::jsonb,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_tenant_slug_key UNIQUE (tenant_slug),
    CONSTRAINT tenants_tenant_slug_not_blank CHECK (btrim(tenant_slug) <> '')
);
CREATE INDEX tenants_is_enabled_idx ON core.tenants (is_enabled);

CREATE TABLE core.tenant_credentials (
    credential_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id     uuid        NOT NULL,
    provider      text        NOT NULL,
    credentials   bytea       NOT NULL,
    key_version   integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_credentials_pkey PRIMARY KEY (credential_id),
    CONSTRAINT tenant_credentials_tenant_id_provider_key UNIQUE (tenant_id, provider),
    CONSTRAINT tenant_credentials_tenant_id_fkey
        FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id) ON DELETE CASCADE,
    CONSTRAINT tenant_credentials_provider_not_blank CHECK (btrim(provider) <> ''),
    CONSTRAINT tenant_credentials_key_version_positive CHECK (key_version >= 1)
);

CREATE TABLE bot.inbound_events (
    inbound_event_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id         uuid        NOT NULL,
    provider          text        NOT NULL,
    event_type        text        NOT NULL,
    provider_event_id text,
    provider_msg_id   text,
    channel           text,
    channel_address   text,
    received_at       timestamptz NOT NULL DEFAULT now(),
    dedupe_key        text        NOT NULL,
    -- No default: a fact whose payload was forgotten must not look like one that came empty.
    payload           jsonb       NOT NULL,
    trace_id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT inbound_events_pkey PRIMARY KEY (inbound_event_id),
    CONSTRAINT inbound_events_tenant_id_dedupe_key_key UNIQUE (tenant_id, dedupe_key),
    CONSTRAINT inbound_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id),
    CONSTRAINT inbound_events_dedupe_key_not_blank CHECK (btrim(dedupe_key) <> '')
);
CREATE INDEX inbound_events_received_at_idx ON bot.inbound_events (received_at);
CREATE INDEX inbound_events_trace_id_idx ON bot.inbound_events (trace_id);

CREATE TABLE bot.job_queue (
    job_id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id        uuid        NOT NULL,
    job_type         text        NOT NULL,
    inbound_event_id uuid        NOT NULL,
    status           text        NOT NULL DEFAULT 'queued',
    attempts         integer     NOT NULL DEFAULT 0,
    run_after        timestamptz NOT NULL DEFAULT now(),
    locked_at        timestamptz,
    locked_by        text,
    last_error       text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    -- No default: it is the event's; a trigger copies it where the insert does not name it.
    trace_id         uuid        NOT NULL,
    CONSTRAINT job_queue_pkey PRIMARY KEY (job_id),
    CONSTRAINT job_queue_job_type_inbound_event_id_key UNIQUE (job_type, inbound_event_id),
    CONSTRAINT job_queue_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id),
    CONSTRAINT job_queue_inbound_event_id_fkey
        FOREIGN KEY (inbound_event_id) REFERENCES bot.inbound_events (inbound_event_id),
    CONSTRAINT job_queue_job_type_not_blank CHECK (btrim(job_type) <> ''),
    CONSTRAINT job_queue_status_known CHECK (status IN ('queued', 'processing', 'done', 'failed')),
    CONSTRAINT job_queue_attempts_not_negative CHECK (attempts >= 0)
);
CREATE INDEX job_queue_status_run_after_created_at_idx ON bot.job_queue (status, run_after, created_at);
CREATE INDEX job_queue_tenant_id_idx ON bot.job_queue (tenant_id);
CREATE INDEX job_queue_trace_id_idx ON bot.job_queue (trace_id);

CREATE TABLE bot.contacts (
    contact_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id       uuid        NOT NULL,
    channel         text        NOT NULL,
    channel_address text        NOT NULL,
    display_name    text,
    metadata        jsonb       NOT NULL DEFAULT '{}'::jsonb,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contacts_pkey PRIMARY KEY (contact_id),
    CONSTRAINT contacts_tenant_id_channel_channel_address_key UNIQUE (tenant_id, channel, channel_address),
    CONSTRAINT contacts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id)
);
CREATE INDEX contacts_tenant_id_idx ON bot.contacts (tenant_id);

CREATE TABLE bot.conversations (
    conversation_id  uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id        uuid        NOT NULL,
    contact_id       uuid        NOT NULL,
    status           text        NOT NULL DEFAULT 'open',
    last_step        text,
    last_intent      text,
    context          jsonb       NOT NULL DEFAULT '{}'::jsonb,
    last_inbound_at  timestamptz,
    last_outbound_at timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conversations_pkey PRIMARY KEY (conversation_id),
    -- The contract's composite index on the same three columns is this constraint's own; a second one would only
    -- cost every write again.
    CONSTRAINT conversations_tenant_id_contact_id_status_key UNIQUE (tenant_id, contact_id, status),
    CONSTRAINT conversations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id),
    CONSTRAINT conversations_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES bot.contacts (contact_id),
    CONSTRAINT conversations_status_known CHECK (status IN ('open', 'closed'))
);

CREATE TABLE bot.messages (
    message_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id       uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    contact_id      uuid        NOT NULL,
    direction       text        NOT NULL,
    provider        text        NOT NULL,
    provider_msg_id text,
    channel         text        NOT NULL,
    -- Nullable: a picture, a call or a voicemail has no words.
    text            text,
    payload         jsonb       NOT NULL DEFAULT '{}'::jsonb,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- No default: a message belongs to the trace of what caused it; an invented one would hide that it was forgotten.
    trace_id        uuid        NOT NULL,
    CONSTRAINT messages_pkey PRIMARY KEY (message_id),
    CONSTRAINT messages_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES core.tenants (tenant_id),
    CONSTRAINT messages_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES bot.conversations (conversation_id),
    CONSTRAINT messages_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES bot.contacts (contact_id),
    CONSTRAINT messages_direction_known CHECK (direction IN ('inbound', 'outbound'))
);
CREATE UNIQUE INDEX messages_inbound_idempotency_key
    ON bot.messages (tenant_id, provider, provider_msg_id, direction)
    WHERE direction = 'inbound';
CREATE INDEX messages_conversation_id_created_at_idx ON bot.messages (conversation_id, created_at);
CREATE INDEX messages_provider_provider_msg_id_idx ON bot.messages (provider, provider_msg_id);
CREATE INDEX messages_trace_id_idx ON bot.messages (trace_id);
