CREATE TABLE parley.broken_first (id integer);
