/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/conformance.h"
#include "engines/sqlite/sqlite.h"

#define PREFIX "sqlite:"

static bool create(char url[CONF_URL])
{
    char dir[] = "/tmp/brant-conf-XXXXXX";

    if (mkdtemp(dir) == NULL) {
        return false;
    }
    (void)snprintf(url, CONF_URL, PREFIX "%s/app.db", dir);
    return true;
}

static void destroy(const char *url)
{
    char dir[CONF_URL];
    DIR *listing = NULL;
    struct dirent *entry = NULL;

    (void)snprintf(dir, sizeof(dir), "%s", url + strlen(PREFIX));
    *strrchr(dir, '/') = '\0';
    listing = opendir(dir);
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        char path[CONF_URL + 300];

        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    (void)rmdir(dir);
}

static int64_t number(const char *url, const char *query)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;

    if (sqlite3_open_v2(url + strlen(PREFIX), &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, query, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int64(stmt, 0);
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return value;
}

static void missing(char url[CONF_URL], const char *existing)
{
    (void)snprintf(url, CONF_URL, "%.400s-missing", existing);
}

#define T "CREATE TABLE t (a INTEGER, b TEXT DEFAULT 'x')"

static const conf_probe probes[] = {
    { "create table, absent", NULL, T, BRN_VERDICT_NOT_DONE, "does not exist" },
    { "create table, there", T, T, BRN_VERDICT_DONE, "same definition" },
    { "create table, spaced otherwise", T,
      "create  table if not exists main.t(a integer, -- c\n b TEXT default 'x' )", BRN_VERDICT_DONE,
      "same definition" },
    { "create table, quoted name", T, "CREATE TABLE \"T\" (a INTEGER, b TEXT DEFAULT 'x')",
      BRN_VERDICT_DONE, "same definition" },
    { "create table, another column", T, "CREATE TABLE t (a INTEGER)", BRN_VERDICT_UNKNOWN,
      "create table t ( a integer , b text default 'x' )" },
    { "create table, another default", T, "CREATE TABLE t (a INTEGER, b TEXT DEFAULT 'X')",
      BRN_VERDICT_UNKNOWN, "another definition" },
    { "create table if not exists, another", T, "CREATE TABLE IF NOT EXISTS t (z)",
      BRN_VERDICT_UNKNOWN, "another definition" },
    { "create table where a view is", "CREATE VIEW t AS SELECT 1", T, BRN_VERDICT_UNKNOWN,
      "is a view" },
    { "create table as", T, "CREATE TABLE t AS SELECT 1", BRN_VERDICT_UNKNOWN, "SELECT" },
    { "create table as, absent", NULL, "CREATE TABLE t AS SELECT 1", BRN_VERDICT_NOT_DONE,
      "does not exist" },
    { "create virtual table", "CREATE VIRTUAL TABLE f USING fts5(x)",
      "CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(x)", BRN_VERDICT_DONE, "same definition" },
    { "create index, absent", T, "CREATE INDEX i ON t (a)", BRN_VERDICT_NOT_DONE,
      "index \"i\" does not exist" },
    { "create index, there", T ";;CREATE UNIQUE INDEX i ON t (a)",
      "CREATE UNIQUE INDEX IF NOT EXISTS i ON t(a)", BRN_VERDICT_DONE, "same definition" },
    { "create index, not unique", T ";;CREATE INDEX i ON t (a)", "CREATE UNIQUE INDEX i ON t (a)",
      BRN_VERDICT_UNKNOWN, "another definition" },
    { "create view, there", "CREATE VIEW v AS SELECT 1 AS x", "CREATE VIEW v AS SELECT 1 as x",
      BRN_VERDICT_DONE, "same definition" },
    { "create trigger, there",
      T ";;CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END",
      "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END",
      BRN_VERDICT_DONE, "same definition" },
    { "drop table, there", T, "DROP TABLE t", BRN_VERDICT_NOT_DONE, "still exists" },
    { "drop table, absent", NULL, "DROP TABLE IF EXISTS t", BRN_VERDICT_DONE, "any more" },
    { "drop index, absent", T, "DROP INDEX i", BRN_VERDICT_DONE, "any more" },
    { "drop view of a table's name", T, "DROP VIEW t", BRN_VERDICT_UNKNOWN, "is a table" },
    { "add column, absent", T, "ALTER TABLE t ADD COLUMN c TEXT", BRN_VERDICT_NOT_DONE,
      "does not exist" },
    { "add column, there", T ";;ALTER TABLE t ADD COLUMN c TEXT NOT NULL DEFAULT 'z'",
      "ALTER TABLE t ADD c TEXT NOT NULL DEFAULT 'z'", BRN_VERDICT_DONE, "same definition" },
    { "add column, before another", T ";;ALTER TABLE t ADD c TEXT;;ALTER TABLE t ADD d TEXT",
      "ALTER TABLE \"t\" ADD COLUMN c TEXT", BRN_VERDICT_DONE, "same definition" },
    { "add column, of another type", T ";;ALTER TABLE t ADD COLUMN c INTEGER",
      "ALTER TABLE t ADD COLUMN c TEXT", BRN_VERDICT_UNKNOWN, "another definition" },
    { "add column, shorter than what is there", T ";;ALTER TABLE t ADD COLUMN c TEXT DEFAULT 1",
      "ALTER TABLE t ADD COLUMN c TEXT", BRN_VERDICT_UNKNOWN, "another definition" },
    { "add column, no table", NULL, "ALTER TABLE t ADD COLUMN c TEXT", BRN_VERDICT_UNKNOWN,
      "does not exist" },
    { "drop column, there", T, "ALTER TABLE t DROP COLUMN b", BRN_VERDICT_NOT_DONE,
      "still exists" },
    { "drop column, absent", T, "ALTER TABLE t DROP COLUMN c", BRN_VERDICT_DONE, "does not exist" },
    { "rename column, not yet", T, "ALTER TABLE t RENAME COLUMN a TO z", BRN_VERDICT_NOT_DONE,
      "\"a\" exists" },
    { "rename column, done", T, "ALTER TABLE t RENAME z TO a", BRN_VERDICT_DONE, "\"a\" exists" },
    { "rename column, both", T, "ALTER TABLE t RENAME COLUMN a TO b", BRN_VERDICT_UNKNOWN,
      "exists" },
    { "rename column, case", T, "ALTER TABLE t RENAME COLUMN a TO A", BRN_VERDICT_NOT_DONE,
      "exists" },
    { "rename table, not yet", T, "ALTER TABLE t RENAME TO u", BRN_VERDICT_NOT_DONE,
      "\"t\" exists" },
    { "rename table, done", "CREATE TABLE u (a)", "ALTER TABLE t RENAME TO u", BRN_VERDICT_DONE,
      "\"u\" exists" },
    { "rename table, neither", NULL, "ALTER TABLE t RENAME TO u", BRN_VERDICT_UNKNOWN, "does not" },
    { "insert", T, "INSERT INTO t VALUES (1, 2)", BRN_VERDICT_UNKNOWN, "cannot be told" },
    { "select", NULL, "SELECT 1", BRN_VERDICT_REPEATABLE, "twice" },
    { "pragma", NULL, "PRAGMA user_version = 3", BRN_VERDICT_REPEATABLE, "twice" },
    { "vacuum", NULL, "VACUUM", BRN_VERDICT_REPEATABLE, "twice" },
    { "vacuum into", NULL, "VACUUM INTO 'x.db'", BRN_VERDICT_UNKNOWN, "cannot be told" },
    { "schema that is not attached", NULL, "CREATE TABLE other.t (a)", BRN_VERDICT_UNKNOWN,
      "attached" },
};

/* --- connections of a host program ------------------------------------------------------------ */

static void *host_open(const char *url)
{
    sqlite3 *db = NULL;
    const char *path = url != NULL ? url + strlen(PREFIX) : ":memory:";
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
        (void)sqlite3_close(db);
        return NULL;
    }
    return db;
}

static void host_close(void *host)
{
    int rc = sqlite3_close(host);

    assert_int_equal(rc, SQLITE_OK); /* no statement of ours is left */
}

static bool host_run(void *host, const char *sql)
{
    return sqlite3_exec(host, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int64_t host_number(void *host, const char *query)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(host, query, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int64(stmt, 0);
    }
    (void)sqlite3_finalize(stmt);
    return value;
}

/* ---------------------------------------------------------------------------------------------- */

const conf_quirks conf_quirks_sqlite = {
    .engine = &brn_engine_sqlite,
    .caps = BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE |
            BRN_CAP_FOREIGN_KEYS | BRN_CAP_CREATE | BRN_CAP_CREATE_UNASKED | BRN_CAP_OBJECTS |
            BRN_CAP_CANCEL | BRN_CAP_EXECUTE | BRN_CAP_ATTACH | BRN_CAP_MIRROR,
    .create = create,
    .destroy = destroy,
    .number = number,
    .missing = missing,
    .create_table = T,
    .insert_rows = "INSERT INTO t (a) VALUES (1), (2), (3)",
    .update_rows = "UPDATE t SET b = 'y' WHERE a < 3",
    .count_tables = "SELECT count(*) FROM sqlite_schema WHERE name = 't'",
    .count_rows = "SELECT count(*) FROM t",
    .bad_statement = "SELECT nosuch FROM t",
    .bad_offset = 7,
    .endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
               "SELECT count(*) FROM c",
    .count_ledger = "SELECT count(*) FROM brant_migrations",
    .ledger_newer = "UPDATE brant_migrations SET format = 99, tool = '9.9.9' WHERE id = 'm1'",
    .ledger_status = "UPDATE brant_migrations SET status = 'wobbly' WHERE id = 'm1'",
    .ledger_time = "UPDATE brant_migrations SET started_at = 'noon' WHERE id = 'm1'",
    .ledger_wider = "ALTER TABLE brant_migrations ADD COLUMN ours TEXT DEFAULT 'x'",
    .ledger_other = "CREATE TABLE brant_migrations (id TEXT, version TEXT)",
    .keys_schema = "CREATE TABLE parent (id INTEGER PRIMARY KEY, n TEXT);;"
                   "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id) "
                   "ON DELETE CASCADE);;"
                   "INSERT INTO parent VALUES (1, 'a'), (2, 'b');;"
                   "INSERT INTO child VALUES (1, 1), (2, 1), (3, 2), (4, NULL)",
    .keys_rebuild = "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, n TEXT, m TEXT);;"
                    "INSERT INTO parent_new SELECT id, n, NULL FROM parent;;"
                    "DROP TABLE parent;;"
                    "ALTER TABLE parent_new RENAME TO parent",
    .keys_orphan = "DELETE FROM parent WHERE id = 2",
    .keys_count = "SELECT count(*) FROM child",
    .keys_drop = "DROP TABLE parent",
    .values_table = "CREATE TABLE v (i INTEGER PRIMARY KEY, x)",
    .values_put = "INSERT INTO v (i, x) VALUES (?, ?)",
    .values_get = "SELECT x FROM v WHERE i = ?1",
    .values_all = "SELECT x, i FROM v ORDER BY i",
    .values_count = "SELECT count(*) FROM v",
    .values_many = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < "
                   "100000) SELECT n, zeroblob(8192) FROM c",
    .values_many_rows = 100000,
    .begin = "BEGIN",
    .commit = "COMMIT",
    .alone = "VACUUM",
    .ledger_write = "UPDATE brant_migrations SET status = 'completed'",
    .host_open = host_open,
    .host_close = host_close,
    .host_run = host_run,
    .host_number = host_number,
    .memory_url = "sqlite::memory:",
    .probes = probes,
    .probe_count = BRN_ARRAY_LEN(probes),
    .own = conf_own_sqlite,
};
