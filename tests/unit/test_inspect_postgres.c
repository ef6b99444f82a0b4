/* SPDX-License-Identifier: Apache-2.0 */
/* What statements need, as the engine of PostgreSQL tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engines/postgres/postgres.h"

static brn_stmt_info inspect(const char *sql, uint32_t version)
{
    brn_conn conn = { .server_version = version };
    brn_stmt stmt = { .text = brn_str_from(sql), .line = 1, .column = 1 };
    brn_stmt_info info;

    brn_postgres_inspect(&info, version != 0 ? &conn : NULL, &stmt);
    return info;
}

/* --- roles ------------------------------------------------------------------------------------ */

static const struct role_case {
    const char *sql;
    brn_stmt_role role;
} role_cases[] = {
    { "CREATE INDEX CONCURRENTLY i ON t (a)", BRN_ROLE_ALONE },
    { "CREATE UNIQUE INDEX concurrently IF NOT EXISTS i ON t (a)", BRN_ROLE_ALONE },
    { "CREATE INDEX i ON t (a)", BRN_ROLE_PLAIN },
    { "DROP INDEX CONCURRENTLY i", BRN_ROLE_ALONE },
    { "DROP INDEX i", BRN_ROLE_PLAIN },
    { "REINDEX INDEX CONCURRENTLY i", BRN_ROLE_ALONE },
    { "REINDEX (CONCURRENTLY, VERBOSE) TABLE t", BRN_ROLE_ALONE },
    { "REINDEX (CONCURRENTLY false) TABLE t", BRN_ROLE_PLAIN },
    { "REINDEX TABLE t", BRN_ROLE_PLAIN },
    { "REINDEX SCHEMA s", BRN_ROLE_ALONE },
    { "REINDEX DATABASE d", BRN_ROLE_ALONE },
    { "REINDEX SYSTEM d", BRN_ROLE_ALONE },
    { "VACUUM", BRN_ROLE_ALONE },
    { "VACUUM (ANALYZE) t", BRN_ROLE_ALONE },
    { "ANALYZE t", BRN_ROLE_PLAIN },
    { "CLUSTER", BRN_ROLE_ALONE },
    { "CLUSTER t USING i", BRN_ROLE_PLAIN },
    { "CREATE DATABASE d", BRN_ROLE_ALONE },
    { "DROP DATABASE d", BRN_ROLE_ALONE },
    { "ALTER DATABASE d SET TABLESPACE s", BRN_ROLE_ALONE },
    { "ALTER DATABASE d SET work_mem = '5MB'", BRN_ROLE_PLAIN },
    { "CREATE TABLESPACE s LOCATION '/x'", BRN_ROLE_ALONE },
    { "DROP TABLESPACE s", BRN_ROLE_ALONE },
    { "ALTER SYSTEM SET work_mem = '5MB'", BRN_ROLE_ALONE },
    { "ALTER TABLE t DETACH PARTITION p CONCURRENTLY", BRN_ROLE_ALONE },
    { "ALTER TABLE t DETACH PARTITION p", BRN_ROLE_PLAIN },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", BRN_ROLE_ALONE },
    { "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)", BRN_ROLE_PLAIN },
    { "DROP SUBSCRIPTION s", BRN_ROLE_ALONE },
    { "ALTER SUBSCRIPTION s REFRESH PUBLICATION", BRN_ROLE_ALONE },
    { "REFRESH MATERIALIZED VIEW CONCURRENTLY m", BRN_ROLE_PLAIN },
    { "COMMIT PREPARED 'x'", BRN_ROLE_ALONE },
    { "ROLLBACK PREPARED 'x'", BRN_ROLE_ALONE },
    { "CALL p()", BRN_ROLE_PLAIN },
    { "DO $$ BEGIN COMMIT; END $$", BRN_ROLE_PLAIN },
    { "CHECKPOINT", BRN_ROLE_PLAIN },

    { "BEGIN", BRN_ROLE_BEGIN },
    { "START TRANSACTION READ WRITE", BRN_ROLE_BEGIN },
    { "COMMIT", BRN_ROLE_COMMIT },
    { "END", BRN_ROLE_COMMIT },
    { "COMMIT AND NO CHAIN", BRN_ROLE_COMMIT },
    { "COMMIT AND CHAIN", BRN_ROLE_REFUSED },
    { "ROLLBACK", BRN_ROLE_ROLLBACK },
    { "ABORT", BRN_ROLE_ROLLBACK },
    { "ROLLBACK AND CHAIN", BRN_ROLE_REFUSED },
    { "ROLLBACK TO SAVEPOINT s", BRN_ROLE_PLAIN },
    { "SAVEPOINT s", BRN_ROLE_PLAIN },
    { "RELEASE s", BRN_ROLE_PLAIN },
    { "PREPARE TRANSACTION 'x'", BRN_ROLE_REFUSED },
    { "PREPARE p AS SELECT 1", BRN_ROLE_PLAIN },

    { "SELECT pg_advisory_unlock(1)", BRN_ROLE_REFUSED },
    { "SELECT pg_catalog.\"pg_advisory_unlock_all\" ()", BRN_ROLE_REFUSED },
    { "DO $$ BEGIN PERFORM pg_advisory_unlock_shared(1); END $$", BRN_ROLE_REFUSED },
    { "SELECT pg_advisory_xact_lock(1)", BRN_ROLE_PLAIN },
    { "SELECT 'pg_advisory_unlock(1)'", BRN_ROLE_PLAIN },
    { "DISCARD ALL", BRN_ROLE_REFUSED },
    { "DISCARD TEMP", BRN_ROLE_PLAIN },
    { "DEALLOCATE ALL", BRN_ROLE_REFUSED },
    { "DEALLOCATE PREPARE p", BRN_ROLE_PLAIN },

    { "SET standard_conforming_strings = off", BRN_ROLE_REFUSED },
    { "SET LOCAL standard_conforming_strings TO 'of'", BRN_ROLE_REFUSED },
    { "SET standard_conforming_strings = on", BRN_ROLE_PLAIN },
    { "SET standard_conforming_strings = DEFAULT", BRN_ROLE_PLAIN },
    { "SELECT set_config('standard_conforming_strings', 'off', false)", BRN_ROLE_REFUSED },
    { "SELECT set_config('standard_conforming_strings', v, false)", BRN_ROLE_REFUSED },
    { "SET client_encoding = 'LATIN1'", BRN_ROLE_REFUSED },
    { "SET NAMES 'SQL_ASCII'", BRN_ROLE_REFUSED },
    { "SET client_encoding TO utf8", BRN_ROLE_PLAIN },
    { "SET client_encoding = 'UTF-8'", BRN_ROLE_PLAIN },
    { "SET client_encoding = 'a name that is longer than any'", BRN_ROLE_REFUSED },
    { "RESET client_encoding", BRN_ROLE_PLAIN },
    { "SET default_transaction_read_only = on", BRN_ROLE_REFUSED },
    { "SET default_transaction_read_only = 'f'", BRN_ROLE_PLAIN },
    { "SET transaction_read_only TO true", BRN_ROLE_REFUSED },
    { "SET TRANSACTION READ ONLY", BRN_ROLE_REFUSED },
    { "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY", BRN_ROLE_REFUSED },
    { "START TRANSACTION READ WRITE", BRN_ROLE_BEGIN },
    { "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY",
      BRN_ROLE_REFUSED },
    { "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", BRN_ROLE_PLAIN },
    { "SET ROLE app", BRN_ROLE_PLAIN },
    { "SET SESSION AUTHORIZATION app", BRN_ROLE_PLAIN },
    { "SET search_path = app, public", BRN_ROLE_PLAIN },

    { "DROP TABLE brant_migrations", BRN_ROLE_REFUSED },
    { "DROP TABLE a, \"brant_history\"", BRN_ROLE_REFUSED },
    { "TRUNCATE a, app.brant_history", BRN_ROLE_REFUSED },
    { "DELETE FROM brant_history WHERE seq = 1", BRN_ROLE_REFUSED },
    { "UPDATE ONLY BRANT_MIGRATIONS SET status = 'x'", BRN_ROLE_REFUSED },
    { "CREATE INDEX i ON brant_history (at)", BRN_ROLE_REFUSED },
    { "COPY brant_migrations FROM STDIN", BRN_ROLE_REFUSED },
    { "COPY brant_migrations TO STDOUT", BRN_ROLE_PLAIN },
    { "SELECT * FROM brant_migrations", BRN_ROLE_PLAIN },
    { "INSERT INTO copies SELECT * FROM brant_migrations", BRN_ROLE_PLAIN },
    { "GRANT SELECT ON brant_migrations TO reader", BRN_ROLE_PLAIN },
    { "DROP TABLE \"Brant_history\"", BRN_ROLE_PLAIN },
    { "", BRN_ROLE_PLAIN },
};

static void roles_are_what_the_server_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(role_cases); i++) {
        const struct role_case *c = &role_cases[i];
        brn_stmt_info info = inspect(c->sql, 150000);
        bool explained = c->role == BRN_ROLE_ALONE || c->role == BRN_ROLE_REFUSED;

        if (info.role != c->role) {
            fail_msg("%s: role %d", c->sql, (int)info.role);
        }
        if (explained != (info.why != NULL) || explained != (info.hint != NULL)) {
            fail_msg("%s: %s", c->sql, info.why != NULL ? info.why : "no reason");
        }
        assert_int_equal(info.unasked, c->role == BRN_ROLE_ALONE);
    }
}

static void what_must_be_alone_depends_on_the_server(void **state)
{
    static const struct version_case {
        uint32_t version;
        brn_stmt_role role;
    } cases[] = {
        { 110022, BRN_ROLE_ALONE },
        { 120000, BRN_ROLE_PLAIN },
        { 180001, BRN_ROLE_PLAIN },
        { 0, BRN_ROLE_PLAIN }, /* not connected */
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_stmt_info info = inspect("ALTER TYPE e ADD VALUE 'x'", cases[i].version);

        assert_int_equal(info.role, cases[i].role);
        assert_string_equal(info.kind, "alter type");
    }
    assert_int_equal(inspect("VACUUM", 0).role, BRN_ROLE_ALONE);
}

static void the_reason_names_the_statement(void **state)
{
    static const struct reason_case {
        const char *sql;
        const char *why;
    } cases[] = {
        { "REINDEX SCHEMA s", "REINDEX SCHEMA" },
        { "REINDEX TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY" },
        { "ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "DETACH PARTITION CONCURRENTLY" },
        { "ALTER SYSTEM RESET ALL", "ALTER SYSTEM" },
        { "CLUSTER (VERBOSE)", "CLUSTER of all tables" },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_stmt_info info = inspect(cases[i].sql, 150000);

        assert_non_null(info.why);
        if (strncmp(info.why, cases[i].why, strlen(cases[i].why)) != 0) {
            fail_msg("%s: %s", cases[i].sql, info.why);
        }
    }
}

/* --- the rest --------------------------------------------------------------------------------- */

#define DDL 1u
#define DML 2u
#define REPEATABLE 4u
#define DESTRUCTIVE 8u
#define SESSION 16u

static const struct property_case {
    const char *sql;
    const char *kind;
    unsigned properties;
} property_cases[] = {
    { "CREATE TABLE t (a int)", "create table", DDL },
    { "CREATE TABLE IF NOT EXISTS t (a int)", "create table", DDL },
    { "CREATE TEMP TABLE t (a int)", "create table", DDL | SESSION },
    { "SELECT 1 AS a INTO TEMP t", "select table", DDL | SESSION },
    { "CREATE OR REPLACE VIEW v AS SELECT 1", "create view", DDL | REPEATABLE },
    { "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "create function",
      DDL | REPEATABLE },
    { "DROP TABLE t", "drop table", DDL | DESTRUCTIVE },
    { "DROP VIEW v", "drop view", DDL },
    { "ALTER TABLE t DROP COLUMN a", "alter table", DDL | DESTRUCTIVE },
    { "ALTER SYSTEM SET work_mem = '5MB'", "alter system", DDL | REPEATABLE },
    { "COMMENT ON TABLE t IS 'x'", "comment on table", DDL | REPEATABLE },
    { "GRANT SELECT ON t TO r", "grant", DDL | REPEATABLE },
    { "TRUNCATE t", "truncate", DML | DESTRUCTIVE },
    { "DELETE FROM t", "delete", DML | DESTRUCTIVE },
    { "DELETE FROM t WHERE a = 1", "delete", DML },
    { "INSERT INTO t VALUES (1)", "insert", DML },
    { "INSERT INTO t SELECT set_config('a.b', 'c', false)", "insert", DML },
    { "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE", "merge", DML },
    { "COPY t FROM STDIN", "copy", DML },
    { "REFRESH MATERIALIZED VIEW m", "refresh materialized view", DML | REPEATABLE },
    { "SELECT 1", "select", REPEATABLE },
    { "SELECT count(*) FROM t WHERE a IN (1, 2)", "select", REPEATABLE },
    { "SELECT create_hypertable('t', 'time')", "select", 0 },
    { "SELECT nextval('s')", "select", 0 },
    { "SELECT setval('s', 5)", "select", REPEATABLE },
    { "SELECT pg_catalog.set_config('search_path', '', false)", "select", REPEATABLE | SESSION },
    { "SELECT pg_advisory_lock(1)", "select", REPEATABLE | SESSION },
    { "SELECT set_config('a.b', 'c', false), f()", "select", 0 },
    { "DO $$ BEGIN PERFORM set_config('a.b', 'c', false); INSERT INTO t VALUES (1); END $$", "do",
      0 },
    { "SET search_path = app", "set", REPEATABLE | SESSION },
    { "SET LOCAL search_path = app", "set", REPEATABLE },
    { "SET ROLE app", "set", REPEATABLE | SESSION },
    { "RESET ALL", "reset", REPEATABLE | SESSION },
    { "LISTEN a", "listen", REPEATABLE | SESSION },
    { "PREPARE p AS SELECT 1", "prepare", REPEATABLE | SESSION },
    { "EXECUTE p", "execute", 0 },
    { "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "declare", REPEATABLE | SESSION },
    { "DECLARE c CURSOR WITH HOLD FOR SELECT f()", "declare", 0 },
    { "DECLARE c CURSOR FOR SELECT 1", "declare", 0 },
    { "NOTIFY a", "notify", 0 },
    { "VACUUM t", "vacuum", REPEATABLE },
    { "ANALYZE", "analyze", REPEATABLE },
    { "REINDEX INDEX i", "reindex index", REPEATABLE },
    { "LOCK TABLE t", "lock", REPEATABLE },
    { "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", "alter default privileges",
      DDL | REPEATABLE },
    { "ALTER TABLE t ADD COLUMN a int", "alter table", DDL },
    { "", "statement", 0 },
};

static void properties_are_what_the_text_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(property_cases); i++) {
        const struct property_case *c = &property_cases[i];
        brn_stmt_info info = inspect(c->sql, 150000);
        unsigned properties = (info.ddl ? DDL : 0) | (info.dml ? DML : 0) |
                              (info.repeatable ? REPEATABLE : 0) |
                              (info.destructive ? DESTRUCTIVE : 0) | (info.session ? SESSION : 0);

        if (properties != c->properties || strcmp(info.kind, c->kind) != 0) {
            fail_msg("%s: kind \"%s\", properties %u", c->sql, info.kind, properties);
        }
    }
}

static void what_must_open_a_transaction_is_known(void **state)
{
    static const struct opening_case {
        const char *sql;
        brn_stmt_opening opening;
    } cases[] = {
        { "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", BRN_OPENING_MUST },
        { "set local transaction deferrable", BRN_OPENING_MUST },
        { "SET SESSION CHARACTERISTICS AS TRANSACTION DEFERRABLE", BRN_OPENING_MAY },
        { "SET LOCAL lock_timeout = 0", BRN_OPENING_MAY },
        { "SET CONSTRAINTS ALL DEFERRED", BRN_OPENING_MAY },
        { "BEGIN", BRN_OPENING_NONE },
        { "begin /* x */ work -- y", BRN_OPENING_NONE },
        { "START TRANSACTION", BRN_OPENING_NONE },
        { "BEGIN ISOLATION LEVEL SERIALIZABLE", BRN_OPENING_MUST },
        { "START TRANSACTION DEFERRABLE", BRN_OPENING_MUST },
        { "SELECT 1", BRN_OPENING_NONE },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        brn_stmt_info info = inspect(cases[i].sql, 150000);

        if (info.opening != cases[i].opening) {
            fail_msg("%s: %d", cases[i].sql, (int)info.opening);
        }
    }
}

static void advice_is_for_where_a_statement_ran(void **state)
{
    static const struct advice_case {
        const char *sqlstate;
        const char *sql;
        const char *part; /* NULL: none */
    } cases[] = {
        { "55P04", "INSERT INTO t VALUES ('b')", "before this one" },
        { "2D000", "CALL p()", "transaction=off" },
        { "25001", "REINDEX TABLE partitioned", "transaction=off" },
        { "25001", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "first in the file" },
        { "42601", "SELEC 1", NULL },
        { NULL, "SELECT 1", NULL },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        const char *advice = brn_postgres_advice(cases[i].sqlstate, brn_str_from(cases[i].sql));

        assert_int_equal(advice != NULL, cases[i].part != NULL);
        if (advice != NULL) {
            assert_non_null(strstr(advice, cases[i].part));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_are_what_the_server_does),
        cmocka_unit_test(what_must_be_alone_depends_on_the_server),
        cmocka_unit_test(the_reason_names_the_statement),
        cmocka_unit_test(properties_are_what_the_text_says),
        cmocka_unit_test(what_must_open_a_transaction_is_known),
        cmocka_unit_test(advice_is_for_where_a_statement_ran),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
