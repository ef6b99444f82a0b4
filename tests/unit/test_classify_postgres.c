/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/classify.h"

#define VERB(word) BRN_VERB_##word
#define OBJECT(word) BRN_OBJECT_##word
#define DDL BRN_STMT_DDL
#define DML BRN_STMT_DML
#define QUERY BRN_STMT_QUERY
#define LOSS BRN_STMT_DESTRUCTIVE
#define ALONE BRN_STMT_ALONE
#define COMMITS BRN_STMT_MAY_COMMIT
#define TXN BRN_STMT_NEEDS_TXN
#define SESSION BRN_STMT_SESSION
#define LOCAL BRN_STMT_LOCAL
#define UNLOCKS BRN_STMT_UNLOCKS
#define CHAIN BRN_STMT_CHAIN
#define CONC BRN_STMT_CONCURRENTLY
#define CASCADE BRN_STMT_CASCADE
#define REPLACE BRN_STMT_OR_REPLACE
#define SEVERAL BRN_STMT_SEVERAL

/* What is not given is expected to be absent. */
struct class_case {
    const char *text;
    brn_verb verb;
    brn_object object;
    uint32_t flags;
    const char *name;
    const char *schema;
    brn_alter alter;
    const char *member;
    const char *new_name;
    const char *on;
    const char *on_schema;
    bool if_exists;
    bool temporary;
    bool to_savepoint;
    bool has_value;
    uint32_t alone_below;
};

static const struct class_case create_cases[] = {
    { "CREATE TABLE t (a int)", VERB(CREATE), OBJECT(TABLE), DDL, "t" },
    { "create/* x */table -- y\n \"A b\"\"c\" ()", VERB(CREATE), OBJECT(TABLE), DDL, "A b\"c" },
    { "CREATE TABLE IF NOT EXISTS S.T AS SELECT 1", VERB(CREATE), OBJECT(TABLE), DDL, "t", "s",
      .if_exists = true },
    { "CREATE TABLE db.s.t ()", VERB(CREATE), OBJECT(TABLE), DDL, "t", "s" },
    { "CREATE TABLE if (a int)", VERB(CREATE), OBJECT(TABLE), DDL, "if" },
    { "CREATE TABLE U&\"d\\0061t\\+000061\" ()", VERB(CREATE), OBJECT(TABLE), DDL, "data" },
    { "CREATE TABLE U&\"d!0061ta\" UESCAPE '!' ()", VERB(CREATE), OBJECT(TABLE), DDL, "data" },
    { "CREATE TABLE u&\"\\D83D\\DE00\\\\\" ()", VERB(CREATE), OBJECT(TABLE), DDL,
      "\xf0\x9f\x98\x80\\" },
    { "CREATE TABLE U&\"\\00e4\\20ac\" ()", VERB(CREATE), OBJECT(TABLE), DDL,
      "\xc3\xa4\xe2\x82\xac" },
    { "CREATE TABLE U&\"\\zzzz\" ()", VERB(CREATE), OBJECT(TABLE), DDL, "\\zzzz" },
    { "CREATE TABLE U&\"\\D83D\" ()", VERB(CREATE), OBJECT(TABLE), DDL, "\\D83D" },
    { "CREATE TABLE \xc3\x84T ()", VERB(CREATE), OBJECT(TABLE), DDL, "\xc3\x84t" },
    { "CREATE TEMP TABLE t ()", VERB(CREATE), OBJECT(TABLE), DDL | SESSION, "t",
      .temporary = true },
    { "CREATE LOCAL TEMPORARY TABLE t ()", VERB(CREATE), OBJECT(TABLE), DDL | SESSION, "t",
      .temporary = true },
    { "CREATE TABLE pg_temp.t ()", VERB(CREATE), OBJECT(TABLE), DDL | SESSION, "t", "pg_temp",
      .temporary = true },
    { "CREATE UNLOGGED TABLE t ()", VERB(CREATE), OBJECT(TABLE), DDL, "t" },
    { "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", VERB(CREATE), OBJECT(TABLE), DDL, "p1" },
    { "CREATE FOREIGN TABLE f () SERVER s", VERB(CREATE), OBJECT(FOREIGN_TABLE), DDL, "f" },
    { "CREATE INDEX i ON t (a)", VERB(CREATE), OBJECT(INDEX), DDL, "i", .on = "t" },
    { "CREATE INDEX ON s.t (a)", VERB(CREATE), OBJECT(INDEX), DDL, "", "s", .on = "t",
      .on_schema = "s" },
    { "CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY s.t USING btree (a)", VERB(CREATE),
      OBJECT(INDEX), DDL, "i", "s", .on = "t", .on_schema = "s", .if_exists = true },
    { "CREATE INDEX CONCURRENTLY i ON t (a)", VERB(CREATE), OBJECT(INDEX), DDL | ALONE | CONC, "i",
      .on = "t" },
    { "create unique index /* */ concurrently if not exists i on t (a)", VERB(CREATE),
      OBJECT(INDEX), DDL | ALONE | CONC, "i", .on = "t", .if_exists = true },
    { "CREATE INDEX CONCURRENTLY ON t (a)", VERB(CREATE), OBJECT(INDEX), DDL | ALONE | CONC,
      .on = "t" },
    { "CREATE INDEX \"concurrently\" ON t (a)", VERB(CREATE), OBJECT(INDEX), DDL, "concurrently",
      .on = "t" },
    { "CREATE VIEW v AS SELECT 1", VERB(CREATE), OBJECT(VIEW), DDL, "v" },
    { "CREATE OR REPLACE TEMP VIEW v AS SELECT 1", VERB(CREATE), OBJECT(VIEW),
      DDL | REPLACE | SESSION, "v", .temporary = true },
    { "CREATE RECURSIVE VIEW s.v (a) AS SELECT 1", VERB(CREATE), OBJECT(VIEW), DDL, "v", "s" },
    { "CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 1", VERB(CREATE),
      OBJECT(MATERIALIZED_VIEW), DDL, "m", .if_exists = true },
    { "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a, b ON s.t FOR EACH ROW EXECUTE FUNCTION f()",
      VERB(CREATE), OBJECT(TRIGGER), DDL, "g", .on = "t", .on_schema = "s" },
    { "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t EXECUTE PROCEDURE f()", VERB(CREATE),
      OBJECT(TRIGGER), DDL, "g", .on = "t" },
    { "CREATE OR REPLACE TRIGGER g INSTEAD OF DELETE ON v EXECUTE FUNCTION f()", VERB(CREATE),
      OBJECT(TRIGGER), DDL | REPLACE, "g", .on = "v" },
    { "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", VERB(CREATE),
      OBJECT(EVENT_TRIGGER), DDL, "e" },
    { "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", VERB(CREATE), OBJECT(RULE), DDL, "r",
      .on = "t" },
    { "CREATE POLICY p ON s.t FOR SELECT USING (true)", VERB(CREATE), OBJECT(POLICY), DDL, "p",
      .on = "t", .on_schema = "s" },
    { "CREATE OR REPLACE FUNCTION s.f(a int) RETURNS int AS $$ delete from t; $$ LANGUAGE sql",
      VERB(CREATE), OBJECT(FUNCTION), DDL | REPLACE, "f", "s" },
    { "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM t; END", VERB(CREATE),
      OBJECT(FUNCTION), DDL, "f" },
    { "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ begin commit; end $$", VERB(CREATE),
      OBJECT(PROCEDURE), DDL, "p" },
    { "CREATE AGGREGATE a (int) (SFUNC = f)", VERB(CREATE), OBJECT(AGGREGATE), DDL, "a" },
    { "CREATE TYPE mood AS ENUM ('a')", VERB(CREATE), OBJECT(TYPE), DDL, "mood" },
    { "CREATE DOMAIN d AS int CHECK (VALUE > 0)", VERB(CREATE), OBJECT(DOMAIN), DDL, "d" },
    { "CREATE SEQUENCE IF NOT EXISTS s.q", VERB(CREATE), OBJECT(SEQUENCE), DDL, "q", "s",
      .if_exists = true },
    { "CREATE SCHEMA IF NOT EXISTS s", VERB(CREATE), OBJECT(SCHEMA), DDL, "s", .if_exists = true },
    { "CREATE SCHEMA AUTHORIZATION r", VERB(CREATE), OBJECT(SCHEMA), DDL, "r" },
    { "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA s", VERB(CREATE), OBJECT(EXTENSION),
      DDL, "uuid-ossp", .if_exists = true },
    { "CREATE DATABASE d", VERB(CREATE), OBJECT(DATABASE), DDL | ALONE, "d" },
    { "CREATE TABLESPACE x LOCATION '/x'", VERB(CREATE), OBJECT(TABLESPACE), DDL | ALONE, "x" },
    { "CREATE ROLE r LOGIN", VERB(CREATE), OBJECT(ROLE), DDL, "r" },
    { "CREATE USER u", VERB(CREATE), OBJECT(ROLE), DDL, "u" },
    { "CREATE GROUP g", VERB(CREATE), OBJECT(ROLE), DDL, "g" },
    { "CREATE USER MAPPING FOR u SERVER s", VERB(CREATE), OBJECT(USER_MAPPING), DDL },
    { "CREATE PUBLICATION p FOR ALL TABLES", VERB(CREATE), OBJECT(PUBLICATION), DDL, "p" },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", VERB(CREATE), OBJECT(SUBSCRIPTION),
      DDL | ALONE, "s" },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = true)", VERB(CREATE),
      OBJECT(SUBSCRIPTION), DDL | ALONE, "s" },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (enabled, create_slot = false)",
      VERB(CREATE), OBJECT(SUBSCRIPTION), DDL, "s" },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = 'off')", VERB(CREATE),
      OBJECT(SUBSCRIPTION), DDL, "s" },
    { "CREATE STATISTICS IF NOT EXISTS x (ndistinct) ON a, b FROM t", VERB(CREATE),
      OBJECT(STATISTICS), DDL, "x", .if_exists = true },
    { "CREATE STATISTICS ON a, b FROM t", VERB(CREATE), OBJECT(STATISTICS), DDL },
    { "CREATE SERVER s FOREIGN DATA WRAPPER w", VERB(CREATE), OBJECT(SERVER), DDL, "s" },
    { "CREATE FOREIGN DATA WRAPPER w", VERB(CREATE), OBJECT(FOREIGN_DATA_WRAPPER), DDL, "w" },
    { "CREATE COLLATION s.c (LOCALE = 'C')", VERB(CREATE), OBJECT(COLLATION), DDL, "c", "s" },
    { "CREATE DEFAULT CONVERSION c FOR 'a' TO 'b' FROM f", VERB(CREATE), OBJECT(CONVERSION), DDL,
      "c" },
    { "CREATE CAST (a AS b) WITHOUT FUNCTION", VERB(CREATE), OBJECT(CAST), DDL },
    { "CREATE OPERATOR s.=== (LEFTARG = int)", VERB(CREATE), OBJECT(OPERATOR), DDL },
    { "CREATE OPERATOR CLASS c FOR TYPE t USING btree AS OPERATOR 1 <", VERB(CREATE),
      OBJECT(OPERATOR_CLASS), DDL, "c" },
    { "CREATE OPERATOR FAMILY f USING btree", VERB(CREATE), OBJECT(OPERATOR_FAMILY), DDL, "f" },
    { "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", VERB(CREATE), OBJECT(TEXT_SEARCH), DDL,
      "c" },
    { "CREATE ACCESS METHOD m TYPE TABLE HANDLER h", VERB(CREATE), OBJECT(ACCESS_METHOD), DDL,
      "m" },
    { "CREATE OR REPLACE TRUSTED PROCEDURAL LANGUAGE l", VERB(CREATE), OBJECT(LANGUAGE),
      DDL | REPLACE, "l" },
    { "CREATE TRANSFORM FOR t LANGUAGE l (FROM SQL WITH FUNCTION f(internal))", VERB(CREATE),
      OBJECT(TRANSFORM), DDL },
    { "CREATE NONSENSE x", VERB(CREATE), OBJECT(NONE), DDL },
    { "CREATE", VERB(CREATE), OBJECT(NONE), DDL },
    { "CREATE TABLE", VERB(CREATE), OBJECT(TABLE), DDL },
};

static const struct class_case drop_cases[] = {
    { "DROP TABLE t", VERB(DROP), OBJECT(TABLE), DDL | LOSS, "t" },
    { "DROP TABLE IF EXISTS s.t, u CASCADE", VERB(DROP), OBJECT(TABLE),
      DDL | LOSS | SEVERAL | CASCADE, "t", "s", .if_exists = true },
    { "DROP TABLE pg_temp.t", VERB(DROP), OBJECT(TABLE), DDL, "t", "pg_temp", .temporary = true },
    { "DROP FOREIGN TABLE f", VERB(DROP), OBJECT(FOREIGN_TABLE), DDL, "f" },
    { "DROP SCHEMA s CASCADE", VERB(DROP), OBJECT(SCHEMA), DDL | LOSS | CASCADE, "s" },
    { "DROP DATABASE d WITH (FORCE)", VERB(DROP), OBJECT(DATABASE), DDL | LOSS | ALONE, "d" },
    { "DROP TABLESPACE x", VERB(DROP), OBJECT(TABLESPACE), DDL | ALONE, "x" },
    { "DROP TYPE t", VERB(DROP), OBJECT(TYPE), DDL | LOSS, "t" },
    { "DROP DOMAIN d RESTRICT", VERB(DROP), OBJECT(DOMAIN), DDL | LOSS, "d" },
    { "DROP SEQUENCE q", VERB(DROP), OBJECT(SEQUENCE), DDL | LOSS, "q" },
    { "DROP OWNED BY r", VERB(DROP), OBJECT(OWNED), DDL | LOSS },
    { "DROP EXTENSION e", VERB(DROP), OBJECT(EXTENSION), DDL, "e" },
    { "DROP EXTENSION e CASCADE", VERB(DROP), OBJECT(EXTENSION), DDL | LOSS | CASCADE, "e" },
    { "DROP INDEX i", VERB(DROP), OBJECT(INDEX), DDL, "i" },
    { "DROP INDEX CONCURRENTLY IF EXISTS s.i", VERB(DROP), OBJECT(INDEX), DDL | ALONE | CONC, "i",
      "s", .if_exists = true },
    { "DROP VIEW v CASCADE", VERB(DROP), OBJECT(VIEW), DDL | CASCADE, "v" },
    { "DROP MATERIALIZED VIEW m", VERB(DROP), OBJECT(MATERIALIZED_VIEW), DDL, "m" },
    { "DROP FUNCTION f(int, text)", VERB(DROP), OBJECT(FUNCTION), DDL, "f" },
    { "DROP FUNCTION f(int), g CASCADE", VERB(DROP), OBJECT(FUNCTION),
      DDL | LOSS | SEVERAL | CASCADE, "f" },
    { "DROP PROCEDURE p", VERB(DROP), OBJECT(PROCEDURE), DDL, "p" },
    { "DROP ROUTINE r", VERB(DROP), OBJECT(ROUTINE), DDL, "r" },
    { "DROP TRIGGER IF EXISTS g ON s.t", VERB(DROP), OBJECT(TRIGGER), DDL, "g", .on = "t",
      .on_schema = "s", .if_exists = true },
    { "DROP RULE r ON t", VERB(DROP), OBJECT(RULE), DDL, "r", .on = "t" },
    { "DROP POLICY p ON t CASCADE", VERB(DROP), OBJECT(POLICY), DDL | CASCADE, "p", .on = "t" },
    { "DROP SUBSCRIPTION s", VERB(DROP), OBJECT(SUBSCRIPTION), DDL | ALONE, "s" },
    { "DROP PUBLICATION p", VERB(DROP), OBJECT(PUBLICATION), DDL, "p" },
    { "DROP USER u", VERB(DROP), OBJECT(ROLE), DDL, "u" },
    { "DROP CAST (a AS b)", VERB(DROP), OBJECT(CAST), DDL },
    { "DROP OPERATOR FAMILY f USING btree", VERB(DROP), OBJECT(OPERATOR_FAMILY), DDL, "f" },
    { "DROP ACCESS METHOD m CASCADE", VERB(DROP), OBJECT(ACCESS_METHOD), DDL | LOSS | CASCADE,
      "m" },
};

static const struct class_case alter_cases[] = {
    { "ALTER TABLE s.t RENAME TO u", VERB(ALTER), OBJECT(TABLE), DDL, "t", "s",
      BRN_ALTER_RENAME_TABLE, NULL, "u" },
    { "ALTER TABLE IF EXISTS ONLY t RENAME COLUMN a TO b", VERB(ALTER), OBJECT(TABLE), DDL, "t",
      NULL, BRN_ALTER_RENAME_COLUMN, "a", "b", .if_exists = true },
    { "ALTER TABLE t * RENAME a TO \"B\"", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_RENAME_COLUMN, "a", "B" },
    { "ALTER TABLE t RENAME CONSTRAINT a TO b", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_RENAME_CONSTRAINT, "a", "b" },
    { "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int DEFAULT f(1, 2)", VERB(ALTER), OBJECT(TABLE),
      DDL, "t", NULL, BRN_ALTER_ADD_COLUMN, "a" },
    { "ALTER TABLE t ADD a int", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL, BRN_ALTER_ADD_COLUMN,
      "a" },
    { "ALTER TABLE t ADD exclude int", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_ADD_COLUMN, "exclude" },
    { "ALTER TABLE t ADD EXCLUDE USING gist (a WITH =)", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_ADD_CONSTRAINT },
    { "ALTER TABLE t ADD PRIMARY KEY (a)", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_ADD_CONSTRAINT },
    { "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", VERB(ALTER), OBJECT(TABLE), DDL,
      "t", NULL, BRN_ALTER_ADD_CONSTRAINT, "c" },
    { "ALTER TABLE t VALIDATE CONSTRAINT c", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_VALIDATE_CONSTRAINT, "c" },
    { "ALTER TABLE t DROP CONSTRAINT IF EXISTS c", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_DROP_CONSTRAINT, "c" },
    { "ALTER TABLE t DROP COLUMN IF EXISTS a CASCADE", VERB(ALTER), OBJECT(TABLE), DDL | LOSS, "t",
      NULL, BRN_ALTER_DROP_COLUMN, "a" },
    { "ALTER TABLE t DROP a", VERB(ALTER), OBJECT(TABLE), DDL | LOSS, "t", NULL,
      BRN_ALTER_DROP_COLUMN, "a" },
    { "ALTER TABLE t ADD b numeric(1, 2), DROP CONSTRAINT c, DROP a", VERB(ALTER), OBJECT(TABLE),
      DDL | LOSS | SEVERAL, "t", NULL, BRN_ALTER_ADD_COLUMN, "b" },
    { "ALTER TABLE t ADD b int CHECK (b > 0), ALTER c DROP DEFAULT", VERB(ALTER), OBJECT(TABLE),
      DDL | SEVERAL, "t", NULL, BRN_ALTER_ADD_COLUMN, "b" },
    { "ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint", VERB(ALTER), OBJECT(TABLE), DDL,
      "t", NULL, BRN_ALTER_ALTER_COLUMN, "a" },
    { "ALTER TABLE t ALTER a SET NOT NULL", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_ALTER_COLUMN, "a" },
    { "ALTER TABLE t ENABLE ROW LEVEL SECURITY", VERB(ALTER), OBJECT(TABLE), DDL, "t" },
    { "ALTER TABLE t OWNER TO r", VERB(ALTER), OBJECT(TABLE), DDL, "t" },
    { "ALTER TABLE t SET SCHEMA u", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_SET_SCHEMA, NULL, "u" },
    { "ALTER TABLE t ATTACH PARTITION s.p DEFAULT", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_ATTACH_PARTITION, "p" },
    { "ALTER TABLE t DETACH PARTITION p", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_DETACH_PARTITION, "p" },
    { "ALTER TABLE t DETACH PARTITION p CONCURRENTLY", VERB(ALTER), OBJECT(TABLE),
      DDL | ALONE | CONC, "t", NULL, BRN_ALTER_DETACH_PARTITION, "p" },
    { "ALTER TABLE t DETACH PARTITION p FINALIZE", VERB(ALTER), OBJECT(TABLE), DDL, "t", NULL,
      BRN_ALTER_DETACH_PARTITION, "p" },
    { "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", VERB(ALTER), OBJECT(TABLE), DDL },
    { "ALTER TABLE pg_temp.t DROP a", VERB(ALTER), OBJECT(TABLE), DDL, "t", "pg_temp",
      BRN_ALTER_DROP_COLUMN, "a" },
    { "ALTER FOREIGN TABLE f DROP COLUMN a", VERB(ALTER), OBJECT(FOREIGN_TABLE), DDL, "f", NULL,
      BRN_ALTER_DROP_COLUMN, "a" },
    { "ALTER INDEX i RENAME TO j", VERB(ALTER), OBJECT(INDEX), DDL, "i", NULL, BRN_ALTER_RENAME,
      NULL, "j" },
    { "ALTER VIEW IF EXISTS v RENAME TO w", VERB(ALTER), OBJECT(VIEW), DDL, "v", NULL,
      BRN_ALTER_RENAME, NULL, "w", .if_exists = true },
    { "ALTER MATERIALIZED VIEW m SET SCHEMA s", VERB(ALTER), OBJECT(MATERIALIZED_VIEW), DDL, "m",
      NULL, BRN_ALTER_SET_SCHEMA, NULL, "s" },
    { "ALTER SEQUENCE q RESTART", VERB(ALTER), OBJECT(SEQUENCE), DDL, "q" },
    { "ALTER FUNCTION s.f(int) RENAME TO g", VERB(ALTER), OBJECT(FUNCTION), DDL, "f", "s",
      BRN_ALTER_RENAME, NULL, "g" },
    { "ALTER TRIGGER g ON t RENAME TO h", VERB(ALTER), OBJECT(TRIGGER), DDL, "g", NULL,
      BRN_ALTER_RENAME, NULL, "h", .on = "t" },
    { "ALTER TYPE m ADD VALUE IF NOT EXISTS 'it''s' BEFORE 'b'", VERB(ALTER), OBJECT(TYPE),
      DDL | ALONE, "m", NULL, BRN_ALTER_ADD_VALUE, "it's", .if_exists = true,
      .alone_below = 120000 },
    { "ALTER TYPE s.m RENAME VALUE 'a' TO 'b'", VERB(ALTER), OBJECT(TYPE), DDL, "m", "s",
      BRN_ALTER_RENAME_VALUE, "a", "b" },
    { "ALTER TYPE m RENAME TO n", VERB(ALTER), OBJECT(TYPE), DDL, "m", NULL, BRN_ALTER_RENAME, NULL,
      "n" },
    { "ALTER TYPE c ADD ATTRIBUTE a int, DROP ATTRIBUTE IF EXISTS b", VERB(ALTER), OBJECT(TYPE),
      DDL | LOSS, "c" },
    { "ALTER DOMAIN d DROP NOT NULL", VERB(ALTER), OBJECT(DOMAIN), DDL, "d" },
    { "ALTER DATABASE d SET TABLESPACE x", VERB(ALTER), OBJECT(DATABASE), DDL | ALONE, "d" },
    { "ALTER DATABASE d SET work_mem = '1MB'", VERB(ALTER), OBJECT(DATABASE), DDL, "d" },
    { "ALTER DATABASE d RENAME TO e", VERB(ALTER), OBJECT(DATABASE), DDL, "d", NULL,
      BRN_ALTER_RENAME, NULL, "e" },
    { "ALTER SYSTEM SET work_mem = '1MB'", VERB(ALTER), OBJECT(SYSTEM), DDL | ALONE },
    { "ALTER SYSTEM RESET ALL", VERB(ALTER), OBJECT(SYSTEM), DDL | ALONE },
    { "ALTER ROLE r SET search_path = s", VERB(ALTER), OBJECT(ROLE), DDL, "r" },
    { "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", VERB(ALTER),
      OBJECT(DEFAULT_PRIVILEGES), DDL },
    { "ALTER EXTENSION e DROP TABLE t", VERB(ALTER), OBJECT(EXTENSION), DDL, "e" },
    { "ALTER PUBLICATION p DROP TABLE t", VERB(ALTER), OBJECT(PUBLICATION), DDL, "p" },
    { "ALTER SUBSCRIPTION s REFRESH PUBLICATION", VERB(ALTER), OBJECT(SUBSCRIPTION), DDL | ALONE,
      "s" },
    { "ALTER SUBSCRIPTION s SET PUBLICATION p", VERB(ALTER), OBJECT(SUBSCRIPTION), DDL | ALONE,
      "s" },
    { "ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (refresh = false)", VERB(ALTER),
      OBJECT(SUBSCRIPTION), DDL, "s" },
    { "ALTER SUBSCRIPTION s SET (failover = true)", VERB(ALTER), OBJECT(SUBSCRIPTION), DDL | ALONE,
      "s" },
    { "ALTER SUBSCRIPTION s SET (binary)", VERB(ALTER), OBJECT(SUBSCRIPTION), DDL, "s" },
    { "ALTER SUBSCRIPTION s DISABLE", VERB(ALTER), OBJECT(SUBSCRIPTION), DDL, "s" },
    { "ALTER LARGE OBJECT 1 OWNER TO r", VERB(ALTER), OBJECT(LARGE_OBJECT), DDL },
    { "ALTER", VERB(ALTER), OBJECT(NONE), DDL },

    { "COMMENT ON TABLE s.t IS 'x'", VERB(COMMENT), OBJECT(TABLE), DDL, "t", "s" },
    { "COMMENT ON COLUMN s.t.c IS 'x'", VERB(COMMENT), OBJECT(COLUMN), DDL, "t", "s",
      .member = "c" },
    { "COMMENT ON COLUMN t.c IS NULL", VERB(COMMENT), OBJECT(COLUMN), DDL, "t", .member = "c" },
    { "COMMENT ON CONSTRAINT c ON t IS 'x'", VERB(COMMENT), OBJECT(CONSTRAINT), DDL, "c",
      .on = "t" },
    { "COMMENT ON CONSTRAINT c ON DOMAIN d IS 'x'", VERB(COMMENT), OBJECT(CONSTRAINT), DDL, "c" },
    { "COMMENT ON TRIGGER g ON t IS 'x'", VERB(COMMENT), OBJECT(TRIGGER), DDL, "g", .on = "t" },
    { "COMMENT ON RULE r ON t IS 'x'", VERB(COMMENT), OBJECT(RULE), DDL, "r", .on = "t" },
    { "SECURITY LABEL FOR x ON TABLE t IS 'y'", VERB(LABEL), OBJECT(TABLE), DDL, "t" },
    { "GRANT SELECT ON t TO r", VERB(GRANT), OBJECT(NONE), DDL },
    { "REVOKE ALL ON t FROM r", VERB(REVOKE), OBJECT(NONE), DDL },
    { "REASSIGN OWNED BY a TO b", VERB(REASSIGN), OBJECT(NONE), DDL },
    { "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", VERB(IMPORT), OBJECT(NONE), DDL },
};

static const struct class_case row_cases[] = {
    { "SELECT 1", VERB(SELECT), OBJECT(NONE), QUERY },
    { "(SELECT 1) UNION (SELECT 2)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "((VALUES (1)))", VERB(SELECT), OBJECT(NONE), QUERY },
    { "TABLE s.t", VERB(SELECT), OBJECT(NONE), QUERY, "t", "s" },
    { "SHOW search_path", VERB(SELECT), OBJECT(NONE), QUERY },
    { "FETCH ALL FROM c", VERB(SELECT), OBJECT(NONE), QUERY },
    { "SELECT a INTO TEMP TABLE t FROM u", VERB(SELECT), OBJECT(TABLE), DDL | SESSION, "t",
      .temporary = true },
    { "SELECT a INTO s.t FROM u", VERB(SELECT), OBJECT(TABLE), DDL, "t", "s" },
    { "SELECT (SELECT 'into'), \"into\" FROM u", VERB(SELECT), OBJECT(NONE), QUERY },
    { "INSERT INTO s.t VALUES (1)", VERB(INSERT), OBJECT(NONE), DML, "t", "s" },
    { "INSERT INTO t SELECT * INTO u", VERB(INSERT), OBJECT(NONE), DML, "t" },
    { "UPDATE ONLY t SET a = 1", VERB(UPDATE), OBJECT(NONE), DML, "t" },
    { "DELETE FROM t", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "DELETE FROM ONLY t USING u", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "DELETE FROM t WHERE a = 1", VERB(DELETE), OBJECT(NONE), DML, "t" },
    { "DELETE FROM t USING (SELECT 1 WHERE true) u RETURNING 'where'", VERB(DELETE), OBJECT(NONE),
      DML | LOSS, "t" },
    { "DELETE FROM t WHERE CURRENT OF c", VERB(DELETE), OBJECT(NONE), DML, "t" },
    { "DELETE FROM pg_temp.t", VERB(DELETE), OBJECT(NONE), DML, "t", "pg_temp" },
    { "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", VERB(MERGE), OBJECT(NONE), DML,
      "t" },
    { "TRUNCATE t", VERB(TRUNCATE), OBJECT(NONE), DML | LOSS, "t" },
    { "TRUNCATE TABLE ONLY s.t, u RESTART IDENTITY CASCADE", VERB(TRUNCATE), OBJECT(NONE),
      DML | LOSS | SEVERAL | CASCADE, "t", "s" },
    { "TRUNCATE pg_temp.t", VERB(TRUNCATE), OBJECT(NONE), DML, "t", "pg_temp" },
    { "COPY s.t (a, b) FROM STDIN", VERB(COPY), OBJECT(NONE), DML, "t", "s" },
    { "COPY BINARY t FROM '/f'", VERB(COPY), OBJECT(NONE), DML, "t" },
    { "COPY t TO STDOUT", VERB(COPY), OBJECT(NONE), QUERY, "t" },
    { "COPY (SELECT 1) TO STDOUT", VERB(COPY), OBJECT(NONE), QUERY },
    { "COPY (DELETE FROM t RETURNING *) TO STDOUT", VERB(COPY), OBJECT(NONE), DML | LOSS },
    { "REFRESH MATERIALIZED VIEW m", VERB(REFRESH), OBJECT(MATERIALIZED_VIEW), DML, "m" },
    { "REFRESH MATERIALIZED VIEW CONCURRENTLY s.m", VERB(REFRESH), OBJECT(MATERIALIZED_VIEW),
      DML | CONC, "m", "s" },

    { "WITH a AS (SELECT 1) SELECT * FROM a", VERB(SELECT), OBJECT(NONE), QUERY },
    { "WITH RECURSIVE a (x, y) AS NOT MATERIALIZED (SELECT ')', (1)), \"b\" AS MATERIALIZED "
      "(VALUES (1)) DELETE FROM t",
      VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a WHERE true", VERB(SELECT),
      OBJECT(NONE), DML | LOSS },
    { "WITH a AS (DELETE FROM t WHERE x RETURNING *), b AS (UPDATE u SET c = 1) SELECT 1",
      VERB(SELECT), OBJECT(NONE), DML },
    { "WITH a AS (INSERT INTO t VALUES (1)) INSERT INTO u SELECT 1", VERB(INSERT), OBJECT(NONE),
      DML, "u" },
    { "WITH RECURSIVE a AS (SELECT 1 AS x) SEARCH DEPTH FIRST BY x SET o CYCLE x SET c TO 1 "
      "DEFAULT 0 USING p, b AS (SELECT 1) UPDATE t SET a = 1",
      VERB(UPDATE), OBJECT(NONE), DML, "t" },
    { "(WITH a AS (SELECT 1) SELECT 1)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "with a as (select 1", VERB(OTHER) },

    { "EXPLAIN DROP TABLE t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN (SELECT 1)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN (COSTS off) DELETE FROM t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN ANALYZE VERBOSE DELETE FROM t", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "EXPLAIN (COSTS, ANALYZE) DELETE FROM t WHERE a", VERB(DELETE), OBJECT(NONE), DML, "t" },
    { "EXPLAIN (ANALYZE off) DELETE FROM t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN (ANALYZE false, COSTS) INSERT INTO t (analyze) VALUES (1)", VERB(SELECT),
      OBJECT(NONE), QUERY },
    { "EXPLAIN (VERBOSE) INSERT INTO t (analyze) VALUES (1)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN ANALYZE WITH a AS (DELETE FROM t) SELECT 1", VERB(SELECT), OBJECT(NONE),
      DML | LOSS },

    { "CALL s.p(1)", VERB(CALL), OBJECT(NONE), COMMITS, "p", "s" },
    { "DO $$ begin perform 1; end $$", VERB(DO) },
    { "DO $$ begin -- commit\n perform 'rollback'; end $$", VERB(DO) },
    { "DO $$ begin delete from t; commit; end $$", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO LANGUAGE plpgsql $a$ begin rollback; end $a$", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO $$ begin call p(); end $$", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO 'begin perform 1; end' LANGUAGE 'plpgsql'", VERB(DO) },
    { "DO $$ x = 1 $$ LANGUAGE plpython3u", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO $$ it's $$", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO E'begin\\ncommit; end'", VERB(DO), OBJECT(NONE), COMMITS },
    { "DO $$ begin perform pg_advisory_unlock(1); end $$", VERB(DO), OBJECT(NONE), UNLOCKS },
    { "DO $$ begin perform set_config('a', 'b', false); end $$", VERB(DO), OBJECT(NONE), SESSION },
};

static const struct class_case session_cases[] = {
    { "BEGIN", VERB(BEGIN) },
    { "BEGIN WORK", VERB(BEGIN) },
    { "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", VERB(BEGIN) },
    { "START TRANSACTION READ WRITE", VERB(BEGIN) },
    { "START nonsense", VERB(OTHER) },
    { "COMMIT", VERB(COMMIT) },
    { "COMMIT TRANSACTION AND NO CHAIN", VERB(COMMIT) },
    { "COMMIT WORK AND CHAIN", VERB(COMMIT), OBJECT(NONE), CHAIN },
    { "END", VERB(COMMIT) },
    { "END TRANSACTION AND CHAIN", VERB(COMMIT), OBJECT(NONE), CHAIN },
    { "COMMIT PREPARED 'x'", VERB(COMMIT_PREPARED), OBJECT(NONE), ALONE, "x" },
    { "ROLLBACK", VERB(ROLLBACK) },
    { "ROLLBACK AND CHAIN", VERB(ROLLBACK), OBJECT(NONE), CHAIN },
    { "ABORT WORK", VERB(ROLLBACK) },
    { "ROLLBACK PREPARED 'x'", VERB(ROLLBACK_PREPARED), OBJECT(NONE), ALONE, "x" },
    { "ROLLBACK TO s", VERB(ROLLBACK), OBJECT(NONE), TXN, "s", .to_savepoint = true },
    { "ROLLBACK WORK TO SAVEPOINT s", VERB(ROLLBACK), OBJECT(NONE), TXN, "s",
      .to_savepoint = true },
    { "SAVEPOINT s", VERB(SAVEPOINT), OBJECT(NONE), TXN, "s" },
    { "RELEASE s", VERB(RELEASE), OBJECT(NONE), TXN, "s" },
    { "RELEASE SAVEPOINT \"S\"", VERB(RELEASE), OBJECT(NONE), TXN, "S" },
    { "PREPARE TRANSACTION 'x'", VERB(PREPARE_TRANSACTION), OBJECT(NONE), TXN, "x" },
    { "PREPARE transaction AS SELECT 1", VERB(OTHER), OBJECT(NONE), SESSION, "transaction" },
    { "PREPARE p (int) AS DELETE FROM t", VERB(OTHER), OBJECT(NONE), SESSION, "p" },
    { "LOCK TABLE ONLY s.t IN SHARE MODE", VERB(LOCK), OBJECT(NONE), TXN, "t", "s" },
    { "DECLARE c CURSOR FOR SELECT 1", VERB(OTHER), OBJECT(NONE), TXN, "c" },
    { "DECLARE c CURSOR WITH HOLD FOR SELECT 1", VERB(OTHER), OBJECT(NONE), SESSION, "c" },

    { "SET search_path = s", VERB(SET), OBJECT(NONE), SESSION, "search_path", .new_name = "s",
      .has_value = true },
    { "SET Search_Path TO a, \"B\", public", VERB(SET), OBJECT(NONE), SESSION, "search_path",
      .new_name = "a, \"B\", public", .has_value = true },
    { "SET search_path = ''", VERB(SET), OBJECT(NONE), SESSION, "search_path", .has_value = true },
    { "SET SESSION work_mem TO '1MB'", VERB(SET), OBJECT(NONE), SESSION, "work_mem",
      .new_name = "1MB", .has_value = true },
    { "SET LOCAL lock_timeout = 5", VERB(SET), OBJECT(NONE), LOCAL | TXN, "lock_timeout",
      .new_name = "5", .has_value = true },
    { "SET x = -1.5", VERB(SET), OBJECT(NONE), SESSION, "x", .new_name = "-1.5",
      .has_value = true },
    { "SET myapp.User TO 'x'", VERB(SET), OBJECT(NONE), SESSION, "myapp.user", .new_name = "x",
      .has_value = true },
    { "SET statement_timeout TO DEFAULT", VERB(SET), OBJECT(NONE), SESSION, "statement_timeout" },
    { "SET TIME ZONE 'UTC'", VERB(SET), OBJECT(NONE), SESSION, "timezone", .new_name = "UTC",
      .has_value = true },
    { "SET LOCAL TIME ZONE INTERVAL '1' HOUR", VERB(SET), OBJECT(NONE), LOCAL | TXN, "timezone",
      .new_name = "INTERVAL '1' HOUR", .has_value = true },
    { "SET ROLE r", VERB(SET), OBJECT(NONE), SESSION, "role", .new_name = "r", .has_value = true },
    { "SET ROLE 'R'", VERB(SET), OBJECT(NONE), SESSION, "role", .new_name = "R",
      .has_value = true },
    { "SET LOCAL ROLE \"R\"", VERB(SET), OBJECT(NONE), LOCAL | TXN, "role", .new_name = "R",
      .has_value = true },
    { "SET SESSION ROLE NONE", VERB(SET), OBJECT(NONE), SESSION, "role", .new_name = "NONE",
      .has_value = true },
    { "SET role = r", VERB(SET), OBJECT(NONE), SESSION, "role", .new_name = "r",
      .has_value = true },
    { "SET SESSION AUTHORIZATION u", VERB(SET), OBJECT(NONE), SESSION, "session_authorization",
      .new_name = "u", .has_value = true },
    { "SET SESSION SESSION AUTHORIZATION DEFAULT", VERB(SET), OBJECT(NONE), SESSION,
      "session_authorization" },
    { "SET LOCAL SESSION AUTHORIZATION u", VERB(SET), OBJECT(NONE), LOCAL | TXN,
      "session_authorization", .new_name = "u", .has_value = true },
    { "SET SCHEMA 's'", VERB(SET), OBJECT(NONE), SESSION, "search_path", .new_name = "s",
      .has_value = true },
    { "SET NAMES 'UTF8'", VERB(SET), OBJECT(NONE), SESSION, "client_encoding", .new_name = "UTF8",
      .has_value = true },
    { "SET XML OPTION DOCUMENT", VERB(SET), OBJECT(NONE), SESSION, "xmloption",
      .new_name = "DOCUMENT", .has_value = true },
    { "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", VERB(SET), OBJECT(NONE), LOCAL | TXN,
      "transaction" },
    { "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", VERB(SET), OBJECT(NONE), SESSION,
      "transaction" },
    { "SET CONSTRAINTS ALL DEFERRED", VERB(SET), OBJECT(NONE), LOCAL | TXN, "constraints" },
    { "RESET work_mem", VERB(RESET), OBJECT(NONE), SESSION, "work_mem" },
    { "RESET ALL", VERB(RESET), OBJECT(NONE), SESSION, "all" },
    { "RESET ROLE", VERB(RESET), OBJECT(NONE), SESSION, "role" },
    { "RESET SESSION AUTHORIZATION", VERB(RESET), OBJECT(NONE), SESSION, "session_authorization" },
    { "RESET TIME ZONE", VERB(RESET), OBJECT(NONE), SESSION, "timezone" },
    { "RESET TRANSACTION ISOLATION LEVEL", VERB(RESET), OBJECT(NONE), SESSION,
      "transaction_isolation" },
    { "DISCARD ALL", VERB(DISCARD), OBJECT(NONE), SESSION | ALONE | UNLOCKS, "all" },
    { "DISCARD TEMP", VERB(DISCARD), OBJECT(NONE), SESSION, "temp" },
    { "SELECT set_config('search_path', 's', false)", VERB(SELECT), OBJECT(NONE), QUERY | SESSION,
      "search_path", .new_name = "s", .has_value = true },
    { "SELECT pg_catalog.set_config('search_path', '', false)", VERB(SELECT), OBJECT(NONE),
      QUERY | SESSION, "search_path", .has_value = true },
    { "SELECT SET_CONFIG('a.b', $$c$$, true)", VERB(SELECT), OBJECT(NONE), QUERY | LOCAL | TXN,
      "a.b", .new_name = "c", .has_value = true },
    { "SELECT set_config(name, f(1), x) FROM t", VERB(SELECT), OBJECT(NONE), QUERY | SESSION },
    { "SELECT set_config('a', 'b', true), set_config('c', 'd', true)", VERB(SELECT), OBJECT(NONE),
      QUERY | LOCAL | TXN | SEVERAL, "a", .new_name = "b", .has_value = true },
    { "INSERT INTO t SELECT set_config('a', 'b', false)", VERB(INSERT), OBJECT(NONE), DML | SESSION,
      "t" },
    { "SET a.b.C = 1", VERB(SET), OBJECT(NONE), SESSION, "a.b.c", .new_name = "1",
      .has_value = true },
    { "SELECT 'set_config(1)', set_config FROM t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "SELECT pg_advisory_unlock(1, 2)", VERB(SELECT), OBJECT(NONE), QUERY | UNLOCKS },
    { "SELECT * FROM t WHERE \"pg_advisory_unlock_all\" ()", VERB(SELECT), OBJECT(NONE),
      QUERY | UNLOCKS },
    { "INSERT INTO t SELECT PG_ADVISORY_UNLOCK_SHARED(1)", VERB(INSERT), OBJECT(NONE),
      DML | UNLOCKS, "t" },
    { "SELECT pg_advisory_lock(1), 'pg_advisory_unlock(1)' -- pg_advisory_unlock(1)", VERB(SELECT),
      OBJECT(NONE), QUERY | SESSION },
    { "SELECT pg_catalog.pg_try_advisory_lock_shared(1, 2)", VERB(SELECT), OBJECT(NONE),
      QUERY | SESSION },
    { "SELECT pg_advisory_xact_lock(1), 'pg_advisory_lock(1)'", VERB(SELECT), OBJECT(NONE), QUERY },
    { "LISTEN x", VERB(OTHER), OBJECT(NONE), SESSION, "x" },
    { "LOAD 'x'", VERB(OTHER), OBJECT(NONE), SESSION },
    { "NOTIFY x", VERB(OTHER) },
    { "CHECKPOINT", VERB(OTHER) },

    { "VACUUM", VERB(VACUUM), OBJECT(NONE), ALONE },
    { "VACUUM (FULL, ANALYZE) s.t (a)", VERB(VACUUM), OBJECT(NONE), ALONE, "t", "s" },
    { "VACUUM FULL FREEZE VERBOSE ANALYZE t", VERB(VACUUM), OBJECT(NONE), ALONE, "t" },
    { "ANALYZE", VERB(ANALYZE) },
    { "ANALYSE VERBOSE t", VERB(ANALYZE), OBJECT(NONE), 0, "t" },
    { "CLUSTER", VERB(CLUSTER), OBJECT(NONE), ALONE },
    { "CLUSTER (VERBOSE)", VERB(CLUSTER), OBJECT(NONE), ALONE },
    { "CLUSTER VERBOSE s.t USING i", VERB(CLUSTER), OBJECT(NONE), 0, "t", "s" },
    { "CLUSTER i ON t", VERB(CLUSTER), OBJECT(NONE), 0, "t", .member = "i" },
    { "REINDEX INDEX i", VERB(REINDEX), OBJECT(INDEX), 0, "i" },
    { "REINDEX TABLE CONCURRENTLY s.t", VERB(REINDEX), OBJECT(TABLE), ALONE | CONC, "t", "s" },
    { "REINDEX (VERBOSE, CONCURRENTLY) INDEX i", VERB(REINDEX), OBJECT(INDEX), ALONE | CONC, "i" },
    { "REINDEX (CONCURRENTLY off) INDEX i", VERB(REINDEX), OBJECT(INDEX), 0, "i" },
    { "REINDEX SCHEMA s", VERB(REINDEX), OBJECT(SCHEMA), ALONE, "s" },
    { "REINDEX (VERBOSE) DATABASE d", VERB(REINDEX), OBJECT(DATABASE), ALONE, "d" },
    { "REINDEX SYSTEM", VERB(REINDEX), OBJECT(SYSTEM), ALONE },

    { "", VERB(OTHER) },
    { "nonsense create table t", VERB(OTHER) },
    { "'create' table t", VERB(OTHER) },
    { "\"create\" table t", VERB(OTHER) },
    { "/* a */", VERB(OTHER) },
    { "(", VERB(OTHER) },
    { "DROP TABLE t 'x", VERB(DROP), OBJECT(TABLE), DDL | LOSS, "t" },
};

static bool same(brn_str actual, const char *expected)
{
    return brn_str_eq_c(actual, expected != NULL ? expected : "");
}

static bool case_holds(const struct class_case *c, const brn_stmt_class *is)
{
    return is->verb == c->verb && is->object == c->object && is->alter == c->alter &&
           is->flags == c->flags && is->if_exists == c->if_exists &&
           is->temporary == c->temporary && is->to_savepoint == c->to_savepoint &&
           is->has_value == c->has_value && is->alone_below == c->alone_below &&
           same(is->schema, c->schema) && same(is->name, c->name) && same(is->member, c->member) &&
           same(is->new_name, c->new_name) && same(is->on_schema, c->on_schema) &&
           same(is->on, c->on);
}

static void check(const struct class_case *cases, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        const struct class_case *c = &cases[i];
        brn_stmt stmt = { .text = brn_str_from(c->text), .line = 1, .column = 1 };
        brn_arena arena = { 0 };
        brn_stmt_class is;
        brn_classify(&is, &arena, &brn_dialect_postgres, &stmt);
        if (!case_holds(c, &is)) {
            print_message(
                "%s: verb %d, %s, alter %d, flags %#x for %#x, [%.*s].[%.*s] [%.*s] [%.*s] on "
                "[%.*s].[%.*s]\n",
                c->text, (int)is.verb, brn_object_word(is.object), (int)is.alter, is.flags,
                c->flags, BRN_STR_ARG(is.schema), BRN_STR_ARG(is.name), BRN_STR_ARG(is.member),
                BRN_STR_ARG(is.new_name), BRN_STR_ARG(is.on_schema), BRN_STR_ARG(is.on));
            failed++;
        }
        brn_arena_release(&arena);
    }
    assert_int_equal(failed, 0);
}

static void what_makes_objects(void **state)
{
    (void)state;
    check(create_cases, BRN_ARRAY_LEN(create_cases));
}

static void what_drops_objects(void **state)
{
    (void)state;
    check(drop_cases, BRN_ARRAY_LEN(drop_cases));
}

static void what_changes_objects(void **state)
{
    (void)state;
    check(alter_cases, BRN_ARRAY_LEN(alter_cases));
}

static void what_reads_and_changes_rows(void **state)
{
    (void)state;
    check(row_cases, BRN_ARRAY_LEN(row_cases));
}

static void what_concerns_transactions_and_the_session(void **state)
{
    (void)state;
    check(session_cases, BRN_ARRAY_LEN(session_cases));
}

static void every_object_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(brn_object_word(BRN_OBJECT_NONE), "");
    for (int object = BRN_OBJECT_TABLE; object <= BRN_OBJECT_RESOURCE_GROUP; object++) {
        assert_true(brn_object_word((brn_object)object)[0] != '\0');
    }
    assert_string_equal(brn_object_word((brn_object)(BRN_OBJECT_RESOURCE_GROUP + 1)), "");
}

static void out_of_memory_leaves_names_empty(void **state)
{
    static const char *const texts[] = {
        "CREATE TABLE \"a\".b ()",           "CREATE TABLE U&\"\\0061\" ()", "SET a.b = E'x'",
        "SELECT set_config('a', 'b', true)", "DO $$ begin commit; end $$",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_stmt stmt = { .text = brn_str_from(texts[i]), .line = 1, .column = 1 };
        brn_arena arena = { .oom = true };
        brn_stmt_class is;
        brn_classify(&is, &arena, &brn_dialect_postgres, &stmt);
        assert_true(same(is.name, ""));
        assert_true(arena.oom);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_objects),
        cmocka_unit_test(what_drops_objects),
        cmocka_unit_test(what_changes_objects),
        cmocka_unit_test(what_reads_and_changes_rows),
        cmocka_unit_test(what_concerns_transactions_and_the_session),
        cmocka_unit_test(every_object_has_a_word),
        cmocka_unit_test(out_of_memory_leaves_names_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
