-- Genuine events that belong to no known tenant (our app, an account nobody mapped; a body nobody can read) are stored
-- here as 'quarantined', so that nothing is dropped. It has no adapters: nothing is ever answered from it.
INSERT INTO core.tenants (tenant_id, tenant_slug, name)
VALUES ('00000000-0000-7000-8000-000000000000', 'unrouted', 'Events of no known tenant');
