-- Storage only: where a finished job's index entries go.

-- Every job is written twice at least, queued and done, and the second time it gets an entry in each index again, on the
-- page of its first where the key has not changed. Ids and traces ascend, so pages are filled once and left as full as this
-- says: with nine tenths, the default, every page overflows when its jobs are done, and each time the server first looks
-- through the table for entries it could throw away. With half, the second entry finds its place. What is ascending splits
-- by this setting, so old pages need no rebuilding.
ALTER INDEX bot.job_queue_pkey SET (fillfactor = 50);
ALTER INDEX bot.job_queue_trace_id_idx SET (fillfactor = 50);
ALTER INDEX bot.job_queue_job_type_inbound_event_id_key SET (fillfactor = 50);

-- A few keys with very many rows, each written twice. Merging equal keys makes this index four times as small and every job
-- dearer to finish: a page is merged, or searched for what could go, over and over.
ALTER INDEX bot.job_queue_tenant_id_idx SET (deduplicate_items = off);
