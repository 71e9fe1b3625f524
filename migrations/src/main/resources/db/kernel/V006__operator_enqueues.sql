-- Gap repair is an operator's command: messages that were missed while nobody listened become events with their jobs, and an
-- event whose job is gone, or that was put aside unread, gets one. By the same statements as ingest's, so under the same
-- unique keys; what is in the queue stays only the workers' to delete.
GRANT INSERT ON bot.job_queue TO parley_operator;
