CREATE TABLE parley.shelf_marker (id integer PRIMARY KEY);
