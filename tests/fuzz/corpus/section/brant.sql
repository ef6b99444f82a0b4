-- brant: requires=none
-- brant: up
CREATE TABLE t(a);
-- brant: down
DROP TABLE t;
