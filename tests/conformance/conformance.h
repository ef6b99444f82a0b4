/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance suite: what every engine has to do, run against one engine at a time.
 *
 *   conformance sqlite
 *
 * An engine brings a quirks record (quirks_<engine>.c): how to get an empty database, what it can
 * do, and statements in its language. Each test gets a fresh database. A text that is NULL in the
 * record skips the tests that need it.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

#define CONF_URL 512

typedef struct conf_probe {
    const char *name;
    const char *before;   /* run first; NULL. Statements separated by ";;" */
    const char *stmt;     /* what is probed */
    brn_verdict verdict;  /* without running it */
    const char *evidence; /* part of the text */
    const char *where;    /* a query that gives 0 where the server cannot do this; NULL: all can */
} conf_probe;

typedef struct conf_quirks {
    const brn_engine *engine;
    uint32_t caps; /* expected of a fresh connection */

    /* An empty database that exists; false: not available here, the suite is skipped. */
    bool (*create)(char url[CONF_URL]);
    void (*destroy)(const char *url);
    /* A number that a query gives, on a connection of its own; -1 when the query fails. */
    int64_t (*number)(const char *url, const char *query);
    /* URL of a database that does not exist beside one that does; NULL: there is no such thing. */
    void (*missing)(char url[CONF_URL], const char *existing);

    const char *create_table;  /* makes a table "t" with a column "a" */
    const char *insert_rows;   /* three rows into t */
    const char *update_rows;   /* changes two of them */
    const char *count_tables;  /* query: 1 when t exists, else 0 */
    const char *count_rows;    /* query */
    const char *bad_statement; /* fails */
    int64_t bad_offset;        /* where it is wrong; -1: the engine cannot tell */
    const char *endless;       /* runs for minutes */

    bool holder_is_session; /* pid of a lock's holder: of its session on the server */

    const char *count_ledger;  /* query: rows of the ledger */
    const char *ledger_newer;  /* statement: makes the row "m1" one of format 99 by tool "9.9.9" */
    const char *ledger_status; /* statement: gives the row "m1" an unknown status */
    const char *ledger_time;   /* statement: gives it a bad time */
    const char *ledger_wider;  /* statement: adds a column to the ledger's table */
    const char
        *ledger_other; /* statement: makes a table of the ledger's name, with other columns */

    /* BRN_CAP_FOREIGN_KEYS: parent and child with a cascade, ";;" between statements; rebuilding
     * the parent; orphaning a child; counting children. */
    const char *keys_schema;
    const char *keys_rebuild;
    const char *keys_orphan;
    const char *keys_count;
    const char *keys_drop; /* would delete children */

    /* BRN_CAP_EXECUTE: a table "v" with a key "i" and a column "x" that takes every type; a row of
     * (i, x); x of the row i; x and i of all rows in the order of i; many rows with a blob each. */
    const char *values_table;
    const char *values_put;
    const char *values_get;
    const char *values_all;
    const char *values_count;
    const char *values_many;
    size_t values_many_rows;
    /* By type of the value, where no column takes every type: as values_put and values_get, with a
     * column of its own that is called "x" in the result. NULL: those above. */
    const char *values_put_as[BRANT_VALUE_BLOB + 1];
    const char *values_get_as[BRANT_VALUE_BLOB + 1];
    bool values_no_nul;      /* a text cannot have a NUL in it: BRANT_EUSAGE "code.values" */
    bool values_no_infinity; /* a REAL cannot be infinite: likewise */
    bool values_nan;         /* a REAL that is not a number stays one; else it becomes null */
    const char *begin;       /* a transaction of one's own */
    const char *commit;
    const char *alone;        /* cannot run inside a transaction */
    const char *ledger_write; /* brant's own table */

    /* BRN_CAP_ATTACH: a connection as a host program has it; without a URL, one in memory. */
    void *(*host_open)(const char *url);
    void (*host_close)(void *host);
    bool (*host_run)(void *host, const char *sql);
    int64_t (*host_number)(void *host, const char *query); /* -1 when it fails */
    const char *memory_url;                                /* fits every connection */

    const conf_probe *probes; /* ends with a NULL name */
    size_t probe_count;

    int (*own)(void); /* group of what only this engine has; NULL */
} conf_quirks;

extern const conf_quirks conf_quirks_sqlite;
extern const conf_quirks conf_quirks_postgres; /* where that engine is built */
extern const conf_quirks conf_quirks_mysql;
/* The same engine on connections that it is lent, by another copy of SQLite. */
const conf_quirks *conf_quirks_sqlite_lent(void);

/* --- the harness (harness.c)
 * --------------------------------------------------------------------*/

/* One database with what a session would bring. */
typedef struct conf_db {
    const conf_quirks *quirks;
    char url[CONF_URL];
    brn_url parsed;
    brn_arena arena;
    brn_control control;
    brn_emitter emitter;
    unsigned events; /* of type TRACE */
    unsigned warnings;
    char last_trace[256];
    char last_statement[256];
    const char *ledger_schema;
    const brn_lent *lent; /* the next connection is the host's; NULL */
    int64_t lock_timeout_ms;
    int64_t lease_ms; /* 0: the engine's own */
} conf_db;

/* The engine under test; set by main. */
const conf_quirks *conf_engine(void);
void conf_use(const conf_quirks *quirks);

int conf_setup(void **state);
int conf_teardown(void **state);

brant_status conf_try_connect(brn_conn **out, conf_db *db, uint32_t flags, brant_error **err);
/* Fails the test when it cannot. */
brn_conn *conf_connect(conf_db *db);
void conf_close(brn_conn *conn);

/* Programs of one test; in the arena of the database. */
brn_op *conf_add(brn_program *program, conf_db *db, brn_op_type type);
void conf_add_sql(brn_program *program, conf_db *db, const char *sql);
void conf_add_ledger(
    brn_program *program, conf_db *db, brn_ledger_op_type type, const brn_ledger_row *row);
void conf_add_history(brn_program *program, conf_db *db, const brn_history_row *row);
/* BEGIN, create table, insert, put row "m1" completed, history, COMMIT: seven operations with the
 * guard, which is at 1. Where a table cannot be rolled back it is made here, and the program begins
 * with an update. */
void conf_migration(brn_program *program, conf_db *db);
/* Whether nothing, or all, of that program has stayed. */
bool conf_is_before(const conf_db *db);
bool conf_is_after(const conf_db *db);
/* A statement that can be rolled back, before others that need the table: making it, or an update,
 * for which it is made first. */
const char *conf_change(conf_db *db);
brn_ledger_row conf_row(const char *id, brn_row_status status);

/* Runs statements separated by ";;", each in a program of its own; fails the test on an error. */
void conf_run_sql(brn_conn *conn, conf_db *db, const char *sql);
void conf_ensure(brn_conn *conn, conf_db *db);
/* One statement with values through engine->execute(). */
brant_status conf_execute(
    int64_t *changed,
    brn_conn *conn,
    const char *sql,
    const brant_value *values,
    size_t count,
    brant_row_fn *on_row,
    void *user,
    brant_error **err);
/* Status, and frees the error after comparing its id (NULL: any). */
void conf_expect(brant_status st, brant_error *err, brant_status want, const char *id);
/* Fails the test with the error's text when st is not BRANT_OK. */
void conf_ok(brant_status st, brant_error *err);

#define TEST(f) cmocka_unit_test_setup_teardown(f, conf_setup, conf_teardown)

/* --- groups: each returns the number of failures
 * --------------------------------------------------*/

int conf_group_connect(void);
int conf_group_ledger(void);
int conf_group_program(void);
int conf_group_lock(void);
int conf_group_probe(void);
int conf_group_decorators(void);
int conf_group_keys(void);
int conf_group_execute(void);
int conf_group_functions(void);
int conf_group_attach(void);
int conf_group_sessions(void);
int conf_own_sqlite(void);
int conf_own_postgres(void);
int conf_own_postgres_server(void);
int conf_own_mysql(void);
int conf_own_sqlite_attach(void);
int conf_own_sqlite_known(void);

#endif
