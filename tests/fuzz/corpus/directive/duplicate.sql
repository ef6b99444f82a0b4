/* x */;
-- brant: requires=none
-- brant: requires=a
