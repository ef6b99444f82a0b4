3INSERT INTO "brant_history" VALUES ('\'); DELETE FROM "t;"; CREATE TABLE "a""b" (a int); SET sql_mode = ''; DROP TABLE "x";
