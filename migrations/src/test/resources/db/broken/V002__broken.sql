CREATE TABLE parley.broken_second (id integer);
SELECT nonsense;
