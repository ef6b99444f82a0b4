/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite: a file, or memory. DDL is transactional, so a migration and its ledger row are one
 * transaction; the migration lock is flock() on a file beside the database.
 *
 *   functions.c  the functions of SQLite, of which there may be two copies in a process
 *   attach.c   a connection that the host program lends
 *   url.c      which file, and the parameters of the URL
 *   sqlite.c   the engine's table, connect, disconnect, server_info
 *   handlers.c waiting for other connections' locks, stopping inside a statement
 *   error.c    result codes of SQLite as errors that say what to do
 *   run.c      the steps of a program
 *   execute.c  one statement with values, for functions of the host program
 *   guard.c    what a statement must not do on the quiet: DROP TABLE that deletes other rows
 *   ledger.c   ledger operations and reading
 *   known.c    what the transaction before left, and nobody has changed since
 *   lock.c     the migration lock
 *   inspect.c  what a statement needs (transaction or not)
 *   probe.c    whether a statement took effect
 *   fold.c     definitions in a form that compares
 *   objects.c  the user's objects
 */
#ifndef BRN_ENGINES_SQLITE_SQLITE_H
#define BRN_ENGINES_SQLITE_SQLITE_H

#include <brant/sqlite.h>
#include <sqlite3.h>

#include "engine/engine.h"
#include "engine/interpret.h"
#include "engine/sql_ledger.h"
#include "text/classify.h"

extern const brn_engine brn_engine_sqlite;

/* Which file to open, and how. Texts live in the arena. */
typedef struct brn_sqlite_target {
    const char *path; /* as given; ":memory:" */
    bool in_memory;
    bool read_only;    /* mode=ro */
    bool no_create;    /* mode=ro or mode=rw */
    bool foreign_keys; /* enforce them */
    int64_t busy_ms;   /* -1: not given */
} brn_sqlite_target;

brant_status brn_sqlite_target_read(
    brn_sqlite_target *out, brn_arena *arena, const brn_connect_options *opts, brant_error **err);

typedef struct brn_sqlite_lock {
    bool held;
    int fd;      /* holds the flock; -1 */
    int mark_fd; /* open for writing when fd is not, so that waiters see it close; -1 */
    brn_str what;
    struct brn_watch *watch; /* of a waiter; NULL */
    uint32_t doubt_ms;       /* longest next wait after a wake-up that found it held; 0: any */
} brn_sqlite_lock;

/* See known.c. */
typedef struct brn_sqlite_known {
    bool open;        /* a transaction is, in which something may be learnt */
    bool kept;        /* none is, and what is here was true for data of `version` */
    unsigned version; /* as SQLITE_FCNTL_DATA_VERSION counts */
    bool looked;      /* at the columns of the ledger's tables */
    bool ours;        /* they are those of this version, in its order */
    /* The ledger row that was written as running; "": none. */
    char row_id[256];
    char row_run[64];
} brn_sqlite_known;

/* One prepared statement for each kind of ledger operation, and one for the guard. */
#define BRN_SQLITE_CACHE BRN_LEDGER_TYPES

typedef struct brn_sqlite {
    brn_conn conn;
    const brant_sqlite_functions *f; /* of the copy that `db` belongs to; never NULL */
    sqlite3 *db;
    brn_arena arena;         /* lives as long as the connection */
    brn_arena scratch;       /* of one statement */
    const char *path;        /* real path; ":memory:" */
    const char *lock_path;   /* NULL: in memory, nobody else can come */
    const char *schema;      /* of the ledger */
    int64_t lock_timeout_ms; /* -1: no limit */
    int64_t wait_began_ns;   /* of the busy handler */
    uint64_t jitter;
    bool finishing;            /* no stopping now: the outcome of something is being written */
    bool in_program;           /* between BEGIN and COMMIT of a program */
    bool foreign_keys;         /* as the URL has it, or the host */
    bool restore_foreign_keys; /* switched off for this transaction */
    const brn_op *call;        /* the function of the host that runs; NULL */
    bool open_is_ours;         /* a transaction that work of ours left open */
    unsigned working;          /* depth of our calls that run statements; 0: the host may */
    bool lent;                 /* `db` is the host's; the rest is about that */
    bool installed;            /* our handlers are in it */
    bool touched;              /* foreign_keys is to be put back */
    bool restore_query_only;
    sqlite3_stmt *rollback;
    int64_t host_query_only;
    int64_t host_busy_ms;
    brant_sqlite_functions copied; /* what `f` points to, when the host brought them */
    brn_sqlite_lock lock;
    sqlite3_stmt *cache[BRN_SQLITE_CACHE];
    bool positional;    /* those in the cache that insert name no columns */
    unsigned lone_puts; /* rows put outside of a transaction since the lock was taken */
    brn_sqlite_known known;
} brn_sqlite;

/* --- error.c: every function returns the status it set
 * ------------------------------------------*/

/* What `rc` of a call on s->db means. `id` and `what` are for codes without a meaning of their own:
 * "statement.failed", "could not read the ledger" (NULL: SQLite's message alone). */
brant_status brn_sqlite_error(
    brn_sqlite *s, int rc, const char *id, const char *what, brant_error **err);

/* --- functions.c
 * --------------------------------------------------------------------------------*/

/* Those of the copy that brant is linked with. */
extern const brant_sqlite_functions brn_sqlite_linked;

/* --- attach.c
 * --------------------------------------------------------------------------------*/

/* In place of opening. Also after a failure: brn_sqlite_detach(). */
brant_status brn_sqlite_attach(
    brn_sqlite *s,
    const brn_sqlite_target *target,
    const brn_connect_options *opts,
    brant_error **err);
/* In place of closing. */
void brn_sqlite_detach(brn_sqlite *s);
/* "attach.in_transaction" when the host has a transaction open, which ours must not join. */
brant_status brn_sqlite_check_host(const brn_sqlite *s, brant_error **err);
/* Around everything that runs statements for somebody; they nest. */
void brn_sqlite_work_begins(brn_sqlite *s);
void brn_sqlite_work_ends(brn_sqlite *s);
/* A connection of ours is rolled back by closing it, one of the host by nothing else: so a ROLLBACK
 * is ready before a transaction begins, for the case that there is no memory left to prepare it. */
int brn_sqlite_ready_rollback(brn_sqlite *s);
int brn_sqlite_rollback(brn_sqlite *s);
/* Settings of the host as they were before our work. */
void brn_sqlite_give_back(brn_sqlite *s);

/* --- handlers.c
 * ---------------------------------------------------------------------------------*/

void brn_sqlite_handlers_install(brn_sqlite *s);
/* Runs SQL of our own that returns no rows. */
int brn_sqlite_exec(brn_sqlite *s, const char *sql);
/* First column of the first row as a number; *out stays when there is no row. */
int brn_sqlite_number(brn_sqlite *s, const char *sql, int64_t *out);
bool brn_sqlite_foreign_keys(const brn_sqlite *s);
int brn_sqlite_prepare(sqlite3_stmt **out, brn_sqlite *s, const char *sql);
/* The text stays where it is until the binding is cleared or the statement gone. */
int brn_sqlite_bind_str(const brn_sqlite *s, sqlite3_stmt *stmt, int i, brn_str text);
/* Text of a column in the arena; NULL for null, and with the arena's latch when out of memory. */
const char *brn_sqlite_column(brn_arena *arena, const brn_sqlite *s, sqlite3_stmt *stmt, int i);

/* --- sqlite.c
 * -----------------------------------------------------------------------------------*/

/* Sets path and lock_path. */
brant_status brn_sqlite_use_file(brn_sqlite *s, const char *real, brant_error **err);
brant_status brn_sqlite_open_failed(brn_sqlite *s, int rc, brant_error **err);

/* --- run.c
 * -----------------------------------------------------------------------------------*/

/* How many bytes of white space, comments and terminators the text begins with. */
size_t brn_sqlite_blank(brn_str text);
/* The first statement of `sql`, NULL when there is none; *second is where another one begins, or
 * SIZE_MAX. */
brant_status brn_sqlite_prepare_first(
    sqlite3_stmt **out, size_t *second, brn_sqlite *s, brn_str sql, brant_error **err);
/* Refuses what SQLite would do without a word although it cannot be meant. Flags are those of the
 * operation. */
brant_status brn_sqlite_check_statement(
    brn_sqlite *s, brn_arena *arena, const brn_stmt_class *what, uint32_t flags, brant_error **err);
bool brn_sqlite_changes_rows(const brn_stmt_class *what);
brant_status brn_sqlite_transaction_lost(brant_error **err);

/* --- known.c
 * ---------------------------------------------------------------------------------*/

/* Behind the BEGIN IMMEDIATE of a program; its COMMIT, with the result code of that. */
void brn_sqlite_known_begin(brn_sqlite *s);
int brn_sqlite_known_commit(brn_sqlite *s);
/* Before a statement of a file; before anything else that may change anything, or when a
 * transaction ends in another way. */
void brn_sqlite_known_statement(brn_sqlite *s, const brn_stmt_class *what, brn_str sql);
void brn_sqlite_known_forget(brn_sqlite *s);
/* Before a transaction that may be open is rolled back: what was committed stays known. */
void brn_sqlite_known_reset(brn_sqlite *s);
/* Behind a ledger operation that succeeded. */
void brn_sqlite_known_ledger(brn_sqlite *s, const brn_ledger_op *op);
/* Whether rows can be written without naming columns; looks at them when it has to. */
int brn_sqlite_known_columns(bool *ours, brn_sqlite *s);
/* True when the row is there, running, and of this run. */
bool brn_sqlite_known_row(const brn_sqlite *s, const char *id, const char *run_id);

/* --- the rest
 * -----------------------------------------------------------------------------------*/

brant_status brn_sqlite_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err);
brant_status brn_sqlite_reset(brn_conn *conn, brant_error **err);

brant_status brn_sqlite_drop_guard(
    brn_sqlite *s, brn_arena *arena, const brn_stmt_class *drop, brant_error **err);

brant_status brn_sqlite_ledger_step(
    brn_conn *conn, const brn_ledger_op *op, int64_t began_us, brant_error **err);
brant_status brn_sqlite_guard_step(
    brn_conn *conn, const char *id, const char *run_id, brant_error **err);
brant_status brn_sqlite_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err);
brant_status brn_sqlite_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err);
brant_status brn_sqlite_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err);
void brn_sqlite_cache_release(brn_sqlite *s);

brant_status brn_sqlite_lock_take(brn_conn *conn, const char *what, brant_error **err);
void brn_sqlite_lock_release(brn_conn *conn);
/* True when the lock is held and its file is still the one that others would open. */
bool brn_sqlite_lock_is_ours(const brn_sqlite *s);
brant_status brn_sqlite_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err);
bool brn_sqlite_lock_wait(brn_conn *conn, uint32_t ms);
brant_status brn_sqlite_lock_break(
    brn_conn *conn, const brn_lock_holder *holder, brant_error **err);
void brn_sqlite_watch_release(brn_sqlite *s);

/* Replace the content of `out`. The column definition is that of ALTER TABLE ... ADD COLUMN. */
void brn_sqlite_fold_create(brn_buf *out, brn_str sql);
void brn_sqlite_fold_column(brn_buf *out, brn_str alter);

void brn_sqlite_inspect(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt);
/* The same for a statement that is classified; `out` zeroed. */
void brn_sqlite_inspect_class(brn_stmt_info *out, const brn_stmt_class *what, const brn_stmt *stmt);
brant_status brn_sqlite_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err);
brant_status brn_sqlite_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err);
brant_status brn_sqlite_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err);

#endif
