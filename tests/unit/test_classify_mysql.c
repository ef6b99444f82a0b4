/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/classify.h"

#define VERB(word) BRN_VERB_##word
#define OBJECT(word) BRN_OBJECT_##word
#define ALTER(word) BRN_ALTER_##word
#define DDL BRN_STMT_DDL
#define DML BRN_STMT_DML
#define QUERY BRN_STMT_QUERY
#define LOSS BRN_STMT_DESTRUCTIVE
#define ALONE BRN_STMT_ALONE
#define MAY BRN_STMT_MAY_COMMIT
#define TXN BRN_STMT_NEEDS_TXN
#define SESSION BRN_STMT_SESSION
#define UNLOCKS BRN_STMT_UNLOCKS
#define CHAIN BRN_STMT_CHAIN
#define CASCADE BRN_STMT_CASCADE
#define REPLACE BRN_STMT_OR_REPLACE
#define SEVERAL BRN_STMT_SEVERAL
#define COMMITS BRN_STMT_COMMITS
#define FILE_HERE BRN_STMT_CLIENT_FILE

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
    const char *new_schema;
    const char *on;
    const char *on_schema;
    bool if_exists;
    bool temporary;
    bool to_savepoint;
    bool has_value;
};

static const struct class_case create_cases[] = {
    { "CREATE TABLE t (a int)", VERB(CREATE), OBJECT(TABLE), DDL | COMMITS, "t" },
    { "create/* x */table -- y\n `A b``c` (a int)", VERB(CREATE), OBJECT(TABLE), DDL | COMMITS,
      "A b`c" },
    { "CREATE TABLE IF NOT EXISTS S.T AS SELECT 1", VERB(CREATE), OBJECT(TABLE), DDL | COMMITS, "T",
      "S", .if_exists = true },
    { "CREATE TABLE t LIKE u", VERB(CREATE), OBJECT(TABLE), DDL | COMMITS, "t" },
    { "CREATE TEMPORARY TABLE t (a int)", VERB(CREATE), OBJECT(TABLE), DDL | SESSION, "t",
      .temporary = true },
    { "CREATE OR REPLACE TABLE t (a int)", VERB(CREATE), OBJECT(TABLE),
      DDL | COMMITS | REPLACE | LOSS, "t" },
    { "CREATE OR REPLACE TEMPORARY TABLE t (a int)", VERB(CREATE), OBJECT(TABLE),
      DDL | REPLACE | SESSION, "t", .temporary = true },
    { "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER g AFTER INSERT ON s.t FOR EACH "
      "ROW SET @a = RELEASE_LOCK('x') */",
      VERB(CREATE), OBJECT(TRIGGER), DDL | COMMITS, "g", .on = "t", .on_schema = "s" },
    { "CREATE INDEX i ON t (a)", VERB(CREATE), OBJECT(INDEX), DDL | COMMITS, "i", .on = "t" },
    { "CREATE UNIQUE INDEX IF NOT EXISTS i USING BTREE ON s.t (a)", VERB(CREATE), OBJECT(INDEX),
      DDL | COMMITS, "i", "s", .on = "t", .on_schema = "s", .if_exists = true },
    { "CREATE OR REPLACE FULLTEXT INDEX i ON t (a)", VERB(CREATE), OBJECT(INDEX),
      DDL | COMMITS | REPLACE, "i", .on = "t" },
    { "CREATE OR REPLACE ALGORITHM = MERGE DEFINER = a@localhost SQL SECURITY INVOKER VIEW s.v AS "
      "SELECT 1",
      VERB(CREATE), OBJECT(VIEW), DDL | COMMITS | REPLACE, "v", "s" },
    { "CREATE DEFINER=CURRENT_USER() PROCEDURE IF NOT EXISTS p() BEGIN COMMIT; END", VERB(CREATE),
      OBJECT(PROCEDURE), DDL | COMMITS, "p", .if_exists = true },
    { "CREATE AGGREGATE FUNCTION s.f(a int) RETURNS int RETURN 1", VERB(CREATE), OBJECT(FUNCTION),
      DDL | COMMITS, "f", "s" },
    { "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", VERB(CREATE), OBJECT(EVENT),
      DDL | COMMITS, "e" },
    { "CREATE PACKAGE BODY p AS a; END", VERB(CREATE), OBJECT(PACKAGE), DDL | COMMITS, "p" },
    { "CREATE DATABASE IF NOT EXISTS d", VERB(CREATE), OBJECT(DATABASE), DDL | COMMITS, "d",
      .if_exists = true },
    { "CREATE SCHEMA d", VERB(CREATE), OBJECT(DATABASE), DDL | COMMITS, "d" },
    { "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED BY 'x'", VERB(CREATE), OBJECT(ROLE),
      DDL | COMMITS, "a", .member = "%", .if_exists = true },
    { "CREATE USER a@localhost", VERB(CREATE), OBJECT(ROLE), DDL | COMMITS, "a",
      .member = "localhost" },
    { "CREATE ROLE r", VERB(CREATE), OBJECT(ROLE), DDL | COMMITS, "r" },
    { "CREATE SEQUENCE s.q START WITH 1", VERB(CREATE), OBJECT(SEQUENCE), DDL | COMMITS, "q", "s" },
    { "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')", VERB(CREATE), OBJECT(SERVER),
      DDL | COMMITS, "s" },
    { "CREATE UNDO TABLESPACE x ADD DATAFILE 'x'", VERB(CREATE), OBJECT(TABLESPACE), DDL | COMMITS,
      "x" },
    { "CREATE LOGFILE GROUP g ADD UNDOFILE 'x'", VERB(CREATE), OBJECT(LOGFILE_GROUP), DDL | COMMITS,
      "g" },
    { "CREATE NONSENSE x", VERB(CREATE), OBJECT(NONE), DDL | COMMITS },
    { "CREATE", VERB(CREATE), OBJECT(NONE), DDL | COMMITS },
    { "CREATE TABLE", VERB(CREATE), OBJECT(TABLE), DDL | COMMITS },
    { "SET STATEMENT max_statement_time=5 FOR CREATE TABLE t (a int)", VERB(CREATE), OBJECT(TABLE),
      DDL | COMMITS, "t" },

    { "DROP TABLE t", VERB(DROP), OBJECT(TABLE), DDL | COMMITS | LOSS, "t" },
    { "DROP TABLES IF EXISTS s.t, u CASCADE", VERB(DROP), OBJECT(TABLE),
      DDL | COMMITS | LOSS | SEVERAL | CASCADE, "t", "s", .if_exists = true },
    { "DROP TEMPORARY TABLE t", VERB(DROP), OBJECT(TABLE), DDL, "t", .temporary = true },
    { "DROP DATABASE d", VERB(DROP), OBJECT(DATABASE), DDL | COMMITS | LOSS, "d" },
    { "DROP SEQUENCE q", VERB(DROP), OBJECT(SEQUENCE), DDL | COMMITS | LOSS, "q" },
    { "DROP VIEW IF EXISTS v", VERB(DROP), OBJECT(VIEW), DDL | COMMITS, "v", .if_exists = true },
    { "DROP INDEX i ON s.t ALGORITHM=INPLACE", VERB(DROP), OBJECT(INDEX), DDL | COMMITS, "i", "s",
      .on = "t", .on_schema = "s" },
    { "DROP INDEX IF EXISTS `PRIMARY` ON t", VERB(DROP), OBJECT(INDEX), DDL | COMMITS, "PRIMARY",
      .on = "t", .if_exists = true },
    { "DROP TRIGGER IF EXISTS s.g", VERB(DROP), OBJECT(TRIGGER), DDL | COMMITS, "g", "s",
      .if_exists = true },
    { "DROP PROCEDURE p", VERB(DROP), OBJECT(PROCEDURE), DDL | COMMITS, "p" },
    { "DROP FUNCTION f", VERB(DROP), OBJECT(FUNCTION), DDL | COMMITS, "f" },
    { "DROP EVENT e", VERB(DROP), OBJECT(EVENT), DDL | COMMITS, "e" },
    { "DROP USER a@b, c", VERB(DROP), OBJECT(ROLE), DDL | COMMITS | SEVERAL, "a", .member = "b" },
    { "DROP PREPARE s", VERB(OTHER), OBJECT(NONE), SESSION, "s" },
    { "DROP", VERB(DROP), OBJECT(NONE), DDL | COMMITS },

    { "TRUNCATE TABLE s.t", VERB(TRUNCATE), OBJECT(NONE), DDL | COMMITS | LOSS, "t", "s" },
    { "TRUNCATE t", VERB(TRUNCATE), OBJECT(NONE), DDL | COMMITS | LOSS, "t" },
    { "RENAME TABLE a TO b", VERB(RENAME), OBJECT(TABLE), DDL | COMMITS, "a", NULL,
      ALTER(RENAME_TABLE), NULL, "b" },
    { "RENAME TABLES IF EXISTS s.a WAIT 5 TO u.b, c TO d", VERB(RENAME), OBJECT(TABLE),
      DDL | COMMITS | SEVERAL, "a", "s", ALTER(RENAME_TABLE), NULL, "b", "u", .if_exists = true },
    { "RENAME USER 'a'@'h' TO b@i", VERB(RENAME), OBJECT(ROLE), DDL | COMMITS, "a", NULL,
      ALTER(RENAME), "h", "b" },
    { "RENAME", VERB(RENAME), OBJECT(NONE), DDL | COMMITS },
    { "RENAME TABLE a", VERB(RENAME), OBJECT(TABLE), DDL | COMMITS, "a", NULL,
      ALTER(RENAME_TABLE) },
    { "GRANT SELECT ON d.* TO a@b", VERB(GRANT), OBJECT(NONE), DDL | COMMITS },
    { "REVOKE SELECT ON d.* FROM a", VERB(REVOKE), OBJECT(NONE), DDL | COMMITS },
};

#define TABLE_T(flags) VERB(ALTER), OBJECT(TABLE), DDL | COMMITS | (flags), "t", NULL

static const struct class_case alter_cases[] = {
    { "ALTER TABLE t ADD COLUMN a int", TABLE_T(0), ALTER(ADD_COLUMN), "a" },
    { "ALTER TABLE t ADD a int DEFAULT (f(1, 2)) AFTER b", TABLE_T(0), ALTER(ADD_COLUMN), "a" },
    { "ALTER ONLINE IGNORE TABLE IF EXISTS s.t WAIT 5 ADD COLUMN IF NOT EXISTS a ENUM('x', 'y')",
      VERB(ALTER), OBJECT(TABLE), DDL | COMMITS, "t", "s", ALTER(ADD_COLUMN), "a",
      .if_exists = true },
    { "ALTER TABLE t NOWAIT ADD (a int, b int)", TABLE_T(SEVERAL), ALTER(ADD_COLUMN), "a" },
    { "ALTER TABLE t ADD system int", TABLE_T(0), ALTER(ADD_COLUMN), "system" },
    { "ALTER TABLE t ADD INDEX i (a, b)", TABLE_T(0), ALTER(ADD_INDEX), "i" },
    { "ALTER TABLE t ADD KEY IF NOT EXISTS `i j` (a)", TABLE_T(0), ALTER(ADD_INDEX), "i j" },
    { "ALTER TABLE t ADD UNIQUE KEY i (a)", TABLE_T(0), ALTER(ADD_INDEX), "i" },
    { "ALTER TABLE t ADD UNIQUE (a)", TABLE_T(0), ALTER(ADD_INDEX) },
    { "ALTER TABLE t ADD FULLTEXT i (a)", TABLE_T(0), ALTER(ADD_INDEX), "i" },
    { "ALTER TABLE t ADD PRIMARY KEY (a)", TABLE_T(0), ALTER(ADD_CONSTRAINT) },
    { "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (b)", TABLE_T(0),
      ALTER(ADD_CONSTRAINT), "c" },
    { "ALTER TABLE t ADD CONSTRAINT CHECK (a > 0)", TABLE_T(0), ALTER(ADD_CONSTRAINT) },
    { "ALTER TABLE t ADD FOREIGN KEY c (a) REFERENCES u (b)", TABLE_T(0), ALTER(ADD_CONSTRAINT),
      "c" },
    { "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (1))", TABLE_T(0),
      ALTER(ADD_PARTITION), "p" },
    { "ALTER TABLE t ADD SYSTEM VERSIONING", TABLE_T(0) },
    { "ALTER TABLE t DROP COLUMN a", TABLE_T(LOSS), ALTER(DROP_COLUMN), "a" },
    { "ALTER TABLE t DROP IF EXISTS a", TABLE_T(LOSS), ALTER(DROP_COLUMN), "a" },
    { "ALTER TABLE t DROP INDEX i", TABLE_T(0), ALTER(DROP_INDEX), "i" },
    { "ALTER TABLE t DROP KEY IF EXISTS i", TABLE_T(0), ALTER(DROP_INDEX), "i" },
    { "ALTER TABLE t DROP PRIMARY KEY", TABLE_T(0), ALTER(DROP_CONSTRAINT) },
    { "ALTER TABLE t DROP FOREIGN KEY c", TABLE_T(0), ALTER(DROP_CONSTRAINT), "c" },
    { "ALTER TABLE t DROP CHECK c", TABLE_T(0), ALTER(DROP_CONSTRAINT), "c" },
    { "ALTER TABLE t DROP PARTITION p, q", TABLE_T(LOSS | SEVERAL), ALTER(DROP_PARTITION), "p" },
    { "ALTER TABLE t DROP SYSTEM VERSIONING", TABLE_T(LOSS) },
    { "ALTER TABLE t TRUNCATE PARTITION p", TABLE_T(LOSS) },
    { "ALTER TABLE t DISCARD TABLESPACE", TABLE_T(LOSS) },
    { "ALTER TABLE t CHANGE COLUMN a b bigint", TABLE_T(0), ALTER(CHANGE_COLUMN), "a", "b" },
    { "ALTER TABLE t CHANGE a b bigint", TABLE_T(0), ALTER(CHANGE_COLUMN), "a", "b" },
    { "ALTER TABLE t MODIFY a bigint FIRST", TABLE_T(0), ALTER(ALTER_COLUMN), "a" },
    { "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", TABLE_T(0), ALTER(ALTER_COLUMN), "a" },
    { "ALTER TABLE t ALTER INDEX i INVISIBLE", TABLE_T(0), ALTER(NONE), "i" },
    { "ALTER TABLE t RENAME TO s.u", TABLE_T(0), ALTER(RENAME_TABLE), NULL, "u", "s" },
    { "ALTER TABLE t RENAME u", TABLE_T(0), ALTER(RENAME_TABLE), NULL, "u" },
    { "ALTER TABLE t RENAME AS u", TABLE_T(0), ALTER(RENAME_TABLE), NULL, "u" },
    { "ALTER TABLE t RENAME COLUMN a TO b", TABLE_T(0), ALTER(RENAME_COLUMN), "a", "b" },
    { "ALTER TABLE t RENAME KEY a TO b", TABLE_T(0), ALTER(RENAME_INDEX), "a", "b" },
    { "ALTER TABLE t ADD a decimal(1, 2), DROP INDEX i, DROP b", TABLE_T(LOSS | SEVERAL),
      ALTER(ADD_COLUMN), "a" },
    { "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD a int", TABLE_T(0), ALTER(ADD_COLUMN), "a" },
    { "ALTER TABLE t ADD a int, ALGORITHM=INSTANT", TABLE_T(0), ALTER(ADD_COLUMN), "a" },
    { "ALTER TABLE t ENGINE=InnoDB", TABLE_T(0) },
    { "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", TABLE_T(0) },
    { "ALTER TABLE t", TABLE_T(0) },
    { "ALTER DATABASE d CHARACTER SET utf8mb4", VERB(ALTER), OBJECT(DATABASE), DDL | COMMITS, "d" },
    { "ALTER VIEW v AS SELECT 1", VERB(ALTER), OBJECT(VIEW), DDL | COMMITS, "v" },
    { "ALTER DEFINER=a@b EVENT e RENAME TO s.f DO DELETE FROM t", VERB(ALTER), OBJECT(EVENT),
      DDL | COMMITS, "e", NULL, ALTER(RENAME), NULL, "f", "s" },
    { "ALTER EVENT e DO RENAME TABLE a TO b", VERB(ALTER), OBJECT(EVENT), DDL | COMMITS, "e" },
    { "ALTER PROCEDURE p COMMENT 'x'", VERB(ALTER), OBJECT(PROCEDURE), DDL | COMMITS, "p" },
    { "ALTER USER a ACCOUNT LOCK", VERB(ALTER), OBJECT(ROLE), DDL | COMMITS, "a" },
    { "ALTER SEQUENCE q RESTART", VERB(ALTER), OBJECT(SEQUENCE), DDL | COMMITS, "q" },
    { "ALTER INSTANCE ROTATE INNODB MASTER KEY", VERB(ALTER), OBJECT(NONE), DDL | COMMITS },
};

static const struct class_case row_cases[] = {
    { "SELECT 1", VERB(SELECT), OBJECT(NONE), QUERY },
    { "((SELECT 1)) UNION (SELECT 2)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "WITH RECURSIVE a (b) AS (SELECT 1), c AS (SELECT 2) SELECT * FROM a", VERB(SELECT),
      OBJECT(NONE), QUERY },
    { "SELECT a INTO @x FROM t", VERB(SELECT), OBJECT(NONE), QUERY | SESSION },
    { "SELECT a INTO OUTFILE '/x' FROM t", VERB(SELECT), OBJECT(NONE), 0 },
    { "VALUES ROW(1)", VERB(SELECT), OBJECT(NONE), QUERY },
    { "TABLE s.t", VERB(SELECT), OBJECT(NONE), QUERY, "t", "s" },
    { "SHOW TABLES", VERB(SELECT), OBJECT(NONE), QUERY },
    { "DESC t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN DELETE FROM t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "DESCRIBE UPDATE t SET a = 1", VERB(SELECT), OBJECT(NONE), QUERY },
    { "EXPLAIN ANALYZE FORMAT=TREE DELETE FROM t", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "ANALYZE FORMAT=JSON UPDATE t SET a = 1", VERB(UPDATE), OBJECT(NONE), DML, "t" },
    { "ANALYZE SELECT 1", VERB(SELECT), OBJECT(NONE), QUERY },
    { "CHECKSUM TABLE t", VERB(SELECT), OBJECT(NONE), QUERY },
    { "INSERT INTO s.t VALUES (1)", VERB(INSERT), OBJECT(NONE), DML, "t", "s" },
    { "INSERT LOW_PRIORITY IGNORE `t u` SET a = 1", VERB(INSERT), OBJECT(NONE), DML, "t u" },
    { "REPLACE DELAYED INTO t VALUES (1)", VERB(INSERT), OBJECT(NONE), DML, "t" },
    { "UPDATE LOW_PRIORITY IGNORE t SET a = 1", VERB(UPDATE), OBJECT(NONE), DML, "t" },
    { "UPDATE t, u SET t.a = u.a", VERB(UPDATE), OBJECT(NONE), DML | SEVERAL, "t" },
    { "WITH a AS (SELECT 1) UPDATE t JOIN a SET t.a = 1", VERB(UPDATE), OBJECT(NONE), DML | SEVERAL,
      "t" },
    { "DELETE FROM t", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "DELETE QUICK FROM s.t WHERE a = 1", VERB(DELETE), OBJECT(NONE), DML, "t", "s" },
    { "DELETE FROM t ORDER BY a LIMIT 10", VERB(DELETE), OBJECT(NONE), DML, "t" },
    { "DELETE t, u FROM t JOIN u ON t.a = u.a", VERB(DELETE), OBJECT(NONE), DML | SEVERAL, "t" },
    { "DELETE FROM t RETURNING (SELECT 1 WHERE 1)", VERB(DELETE), OBJECT(NONE), DML | LOSS, "t" },
    { "LOAD DATA INFILE 'f' INTO TABLE s.t", VERB(LOAD), OBJECT(NONE), DML, "t", "s" },
    { "LOAD DATA LOW_PRIORITY LOCAL INFILE 'f' REPLACE INTO TABLE t", VERB(LOAD), OBJECT(NONE),
      DML | FILE_HERE, "t" },
    { "LOAD XML LOCAL INFILE 'f' INTO TABLE t", VERB(LOAD), OBJECT(NONE), DML | FILE_HERE, "t" },
    { "LOAD INDEX INTO CACHE t", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "CALL s.p(1)", VERB(CALL), OBJECT(NONE), MAY, "p", "s" },
    { "DO SLEEP(1)", VERB(DO) },
    { "HANDLER t OPEN", VERB(OTHER), OBJECT(NONE), SESSION, "t" },
    { "IMPORT TABLE FROM 'x'", VERB(IMPORT), OBJECT(NONE), DDL | COMMITS },

    { "BEGIN NOT ATOMIC INSERT INTO t VALUES (1); END", VERB(DO) },
    { "BEGIN NOT ATOMIC CREATE TABLE t (a int); END", VERB(DO), OBJECT(NONE), MAY },
    { "IF a THEN CALL p(); END IF", VERB(DO), OBJECT(NONE), MAY },
    { "WHILE a DO SET @a = 1; END WHILE", VERB(DO) },
    { "BEGIN NOT ATOMIC SELECT RELEASE_LOCK('a'); END", VERB(DO), OBJECT(NONE), UNLOCKS },
    { "", VERB(OTHER) },
    { "nonsense create table t", VERB(OTHER) },
    { "'create' table t", VERB(OTHER) },
    { "`create` table t", VERB(OTHER) },
    { "/*! */", VERB(OTHER) },
    { "(", VERB(OTHER) },
};

static const struct class_case session_cases[] = {
    { "BEGIN", VERB(BEGIN), OBJECT(NONE), COMMITS },
    { "BEGIN WORK", VERB(BEGIN), OBJECT(NONE), COMMITS },
    { "START TRANSACTION READ ONLY", VERB(BEGIN), OBJECT(NONE), COMMITS },
    { "START SLAVE", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "COMMIT", VERB(COMMIT) },
    { "COMMIT WORK AND CHAIN", VERB(COMMIT), OBJECT(NONE), CHAIN },
    { "COMMIT AND NO CHAIN NO RELEASE", VERB(COMMIT) },
    { "ROLLBACK RELEASE", VERB(ROLLBACK), OBJECT(NONE), UNLOCKS },
    { "ROLLBACK", VERB(ROLLBACK) },
    { "ROLLBACK WORK TO SAVEPOINT s", VERB(ROLLBACK), OBJECT(NONE), TXN, "s",
      .to_savepoint = true },
    { "SAVEPOINT `s`", VERB(SAVEPOINT), OBJECT(NONE), TXN, "s" },
    { "RELEASE SAVEPOINT s", VERB(RELEASE), OBJECT(NONE), TXN, "s" },
    { "XA START 'x', 'y'", VERB(XA), OBJECT(NONE), ALONE, "x" },
    { "XA END 'x'", VERB(XA), OBJECT(NONE), ALONE, "x" },
    { "XA PREPARE 'x'", VERB(PREPARE_TRANSACTION), OBJECT(NONE), ALONE, "x" },
    { "XA COMMIT N'x' ONE PHASE", VERB(COMMIT_PREPARED), OBJECT(NONE), ALONE, "x" },
    { "XA ROLLBACK 'x'", VERB(ROLLBACK_PREPARED), OBJECT(NONE), ALONE, "x" },
    { "XA RECOVER", VERB(SELECT), OBJECT(NONE), QUERY },

    { "LOCK TABLES s.t READ, u AS v WRITE", VERB(LOCK), OBJECT(TABLE), SESSION | COMMITS | SEVERAL,
      "t", "s" },
    { "LOCK TABLE t WRITE", VERB(LOCK), OBJECT(TABLE), SESSION | COMMITS, "t" },
    { "LOCK INSTANCE FOR BACKUP", VERB(LOCK), OBJECT(NONE), SESSION },
    { "UNLOCK TABLES", VERB(UNLOCK), OBJECT(NONE), SESSION | COMMITS },
    { "UNLOCK INSTANCE", VERB(UNLOCK), OBJECT(NONE), SESSION },
    { "FLUSH TABLES", VERB(FLUSH), OBJECT(NONE), COMMITS },
    { "FLUSH TABLES t WITH READ LOCK", VERB(FLUSH), OBJECT(NONE), COMMITS | SESSION },
    { "BACKUP STAGE START", VERB(OTHER), OBJECT(NONE), COMMITS | SESSION },

    { "SET sql_mode = 'ANSI'", VERB(SET), OBJECT(NONE), SESSION, "sql_mode", .new_name = "ANSI",
      .has_value = true },
    { "/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='' */", VERB(SET), OBJECT(NONE), SESSION | SEVERAL,
      "@OLD", .new_name = "@@SQL_MODE", .has_value = true },
    { "SET @@session.x := CONCAT(1, 2), y = 3", VERB(SET), OBJECT(NONE), SESSION | SEVERAL, "x",
      .new_name = "CONCAT(1, 2)", .has_value = true },
    { "SET LOCAL x = DEFAULT", VERB(SET), OBJECT(NONE), SESSION, "x" },
    { "SET x = ''", VERB(SET), OBJECT(NONE), SESSION, "x", .has_value = true },
    { "SET GLOBAL x = 1", VERB(SET), OBJECT(NONE), 0, "x", .new_name = "1", .has_value = true },
    { "SET @@persist.x = 1", VERB(SET), OBJECT(NONE), 0, "x", .new_name = "1", .has_value = true },
    { "SET GLOBAL x = 1, SESSION y = 2", VERB(SET), OBJECT(NONE), SESSION | SEVERAL, "x",
      .new_name = "1", .has_value = true },
    { "SET autocommit = 1", VERB(SET), OBJECT(NONE), SESSION | COMMITS, "autocommit",
      .new_name = "1", .has_value = true },
    { "SET @a = RELEASE_LOCK('x')", VERB(SET), OBJECT(NONE), SESSION | UNLOCKS, "@a",
      .new_name = "RELEASE_LOCK('x')", .has_value = true },
    { "SET NAMES utf8mb4 COLLATE utf8mb4_bin", VERB(SET), OBJECT(NONE), SESSION, "names",
      .new_name = "utf8mb4 COLLATE utf8mb4_bin", .has_value = true },
    { "SET CHARACTER SET 'utf8'", VERB(SET), OBJECT(NONE), SESSION, "character_set",
      .new_name = "utf8", .has_value = true },
    { "SET CHARSET DEFAULT", VERB(SET), OBJECT(NONE), SESSION, "character_set" },
    { "SET ROLE r", VERB(SET), OBJECT(NONE), SESSION, "role", .new_name = "r", .has_value = true },
    { "SET DEFAULT ROLE r", VERB(SET), OBJECT(NONE), COMMITS, "default_role", .new_name = "r",
      .has_value = true },
    { "SET PASSWORD FOR a = 'secret'", VERB(SET), OBJECT(NONE), COMMITS, "password" },
    { "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", VERB(SET), OBJECT(NONE), SESSION,
      "transaction" },
    { "SET GLOBAL TRANSACTION READ ONLY", VERB(SET), OBJECT(NONE), 0, "transaction" },
    { "SET STATEMENT a=1 FOR SELECT 1", VERB(SELECT), OBJECT(NONE), QUERY },
    { "USE `d`", VERB(USE), OBJECT(NONE), SESSION, "d" },
    { "PREPARE s FROM 'x'", VERB(OTHER), OBJECT(NONE), SESSION, "s" },
    { "EXECUTE s", VERB(OTHER), OBJECT(NONE), MAY, "s" },
    { "EXECUTE IMMEDIATE 'DROP TABLE t'", VERB(OTHER), OBJECT(NONE), MAY },
    { "DEALLOCATE PREPARE s", VERB(OTHER), OBJECT(NONE), SESSION, "s" },

    { "SELECT RELEASE_LOCK('x')", VERB(SELECT), OBJECT(NONE), QUERY | UNLOCKS },
    { "DO release_all_locks ()", VERB(DO), OBJECT(NONE), UNLOCKS },
    { "INSERT INTO t SELECT RELEASE_LOCK('x')", VERB(INSERT), OBJECT(NONE), DML | UNLOCKS, "t" },
    { "SELECT GET_LOCK('RELEASE_LOCK(1)', 1), release_lock FROM t -- RELEASE_LOCK(1)", VERB(SELECT),
      OBJECT(NONE), QUERY },

    { "ANALYZE TABLE s.t, u", VERB(ANALYZE), OBJECT(TABLE), COMMITS | SEVERAL, "t", "s" },
    { "ANALYZE LOCAL TABLE t", VERB(ANALYZE), OBJECT(TABLE), COMMITS, "t" },
    { "OPTIMIZE NO_WRITE_TO_BINLOG TABLE t", VERB(OPTIMIZE), OBJECT(TABLE), COMMITS, "t" },
    { "REPAIR VIEW v", VERB(REPAIR), OBJECT(VIEW), COMMITS, "v" },
    { "CHECK TABLE t QUICK", VERB(CHECK), OBJECT(TABLE), COMMITS, "t" },
    { "CACHE INDEX t IN c", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "RESET QUERY CACHE", VERB(RESET), OBJECT(NONE), COMMITS },
    { "INSTALL SONAME 'x'", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "UNINSTALL PLUGIN x", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "CHANGE MASTER TO MASTER_HOST='x'", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "STOP REPLICA", VERB(OTHER), OBJECT(NONE), COMMITS },
    { "KILL 1", VERB(OTHER) },
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
           is->has_value == c->has_value && same(is->schema, c->schema) &&
           same(is->name, c->name) && same(is->member, c->member) &&
           same(is->new_name, c->new_name) && same(is->new_schema, c->new_schema) &&
           same(is->on_schema, c->on_schema) && same(is->on, c->on);
}

static void check(const struct class_case *cases, size_t count)
{
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        const struct class_case *c = &cases[i];
        brn_stmt stmt = {
            .text = brn_str_from(c->text), .line = 1, .column = 1, .mode = BRN_LEX_DELIMITED
        };
        brn_arena arena = { 0 };
        brn_stmt_class is;
        brn_classify(&is, &arena, &brn_dialect_mysql, &stmt);
        if (!case_holds(c, &is)) {
            print_message(
                "%s: verb %d, %s, alter %d, flags %#x for %#x, [%.*s].[%.*s] [%.*s] "
                "[%.*s].[%.*s] on [%.*s].[%.*s]\n",
                c->text, (int)is.verb, brn_object_word(is.object), (int)is.alter, is.flags,
                c->flags, BRN_STR_ARG(is.schema), BRN_STR_ARG(is.name), BRN_STR_ARG(is.member),
                BRN_STR_ARG(is.new_schema), BRN_STR_ARG(is.new_name), BRN_STR_ARG(is.on_schema),
                BRN_STR_ARG(is.on));
            failed++;
        }
        brn_arena_release(&arena);
    }
    assert_int_equal(failed, 0);
}

static void what_makes_and_drops_objects(void **state)
{
    (void)state;
    check(create_cases, BRN_ARRAY_LEN(create_cases));
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

/* A statement keeps the mode in which it was cut, and is classified in it. */
static void a_statement_is_read_in_its_mode(void **state)
{
    brn_script script = { .text = BRN_STR("SET sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES';"
                                          "SELECT '\\', RELEASE_LOCK(1);DROP TABLE \"a\"\"\\\""),
                          .line = 1,
                          .column = 1 };
    brn_arena arena = { 0 };
    brn_stmt_list list = { 0 };
    brn_stmt_class is;

    (void)state;
    assert_int_equal(brn_split(&list, &arena, &brn_dialect_mysql, &script, NULL), BRANT_OK);
    assert_int_equal(list.count, 3);
    brn_classify(&is, &arena, &brn_dialect_mysql, &list.items[1]);
    assert_int_equal(is.flags, QUERY | UNLOCKS);
    brn_classify(&is, &arena, &brn_dialect_mysql, &list.items[2]);
    assert_true(same(is.name, "a\"\\"));
    brn_arena_release(&arena);
}

static void out_of_memory_leaves_names_empty(void **state)
{
    static const char *const texts[] = {
        "CREATE TABLE `a`.b (c int)", "SET a = 'x'", "XA START 'x'",
        "DROP USER 'a'@'b'",          "SET @a = 1",
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_stmt stmt = { .text = brn_str_from(texts[i]), .line = 1, .column = 1 };
        brn_arena arena = { .oom = true };
        brn_stmt_class is;
        brn_classify(&is, &arena, &brn_dialect_mysql, &stmt);
        assert_true(same(is.name, ""));
        assert_true(arena.oom);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_and_drops_objects),
        cmocka_unit_test(what_changes_objects),
        cmocka_unit_test(what_reads_and_changes_rows),
        cmocka_unit_test(what_concerns_transactions_and_the_session),
        cmocka_unit_test(a_statement_is_read_in_its_mode),
        cmocka_unit_test(out_of_memory_leaves_names_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
