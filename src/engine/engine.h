/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine interface: everything the rest of brant knows of a kind of database.
 *
 * An engine is one const table of functions. Planner, runner and ledger branch on capability bits
 * and limits, never on a name. `caps` in the table is an upper bound; connect() narrows it in
 * conn->caps to the server that answered. An optional function is NULL exactly when its bit is
 * clear in the table (brn_engine_validate() checks that, in a test, for all engines).
 *
 * Decorators (decorators.h) are engines over another engine: trace, dry run, fault.
 *
 * Conventions: on failure out parameters are untouched and *err is set. A connection is used by
 * one thread at a time. Functions look at conn->control where they may take long. docs/
 * adding-an-engine.md is the checklist, the conformance suite the definition of done.
 */
#ifndef BRN_ENGINE_ENGINE_H
#define BRN_ENGINE_ENGINE_H

#include <brant/code.h>
#include <brant/report.h>

#include "core/control.h"
#include "core/event.h"
#include "core/url.h"
#include "engine/program.h"

#define BRN_ENGINE_ABI 1

/* DDL can be rolled back and commits with other statements. */
#define BRN_CAP_TXN_DDL (1u << 0)
/* So can INSERT, UPDATE and DELETE. */
#define BRN_CAP_TXN_DML (1u << 1)
/* lock, unlock, lock_holder, lock_wait, lock_break. */
#define BRN_CAP_LOCK (1u << 2)
/* probe: tells whether a statement took effect. */
#define BRN_CAP_PROBE (1u << 3)
/* Foreign-key enforcement can be switched off around a transaction. */
#define BRN_CAP_FOREIGN_KEYS (1u << 4)
/* connect() with BRN_CONNECT_CREATE makes a missing database. */
#define BRN_CAP_CREATE (1u << 5)
/* objects: lists the user's objects. */
#define BRN_CAP_OBJECTS (1u << 6)
/* A statement that runs can be stopped on the server. */
#define BRN_CAP_CANCEL (1u << 7)
/* execute: one statement with values, for code migrations. */
#define BRN_CAP_EXECUTE (1u << 8)
/* connect() can work on a connection of the host program. */
#define BRN_CAP_ATTACH (1u << 9)
/* sessions: lists sessions of the server that are in each other's way. */
#define BRN_CAP_SESSIONS (1u << 10)
/* Making a missing database is nothing that people decide apart, as with a file: whoever writes
 * first makes it. */
#define BRN_CAP_CREATE_UNASKED (1u << 11)
/* mirror_read, and the operations on mirrors. */
#define BRN_CAP_MIRROR (1u << 12)
/* One past all of them: no two are the same. */
#define BRN_CAP_END (1u << 13)
_Static_assert(
    (uint64_t)BRN_CAP_TXN_DDL + BRN_CAP_TXN_DML + BRN_CAP_LOCK + BRN_CAP_PROBE +
            BRN_CAP_FOREIGN_KEYS + BRN_CAP_CREATE + BRN_CAP_OBJECTS + BRN_CAP_CANCEL +
            BRN_CAP_EXECUTE + BRN_CAP_ATTACH + BRN_CAP_SESSIONS + BRN_CAP_CREATE_UNASKED +
            BRN_CAP_MIRROR ==
        BRN_CAP_END - 1,
    "each capability has a bit of its own");

struct brn_engine;

typedef struct brn_conn {
    const struct brn_engine *engine;
    uint32_t caps;
    brn_control *control; /* of the session; never NULL */
    brn_emitter *emitter; /* of the session; never NULL */
    const char *database; /* name in the project, for messages */
    uint64_t requests;    /* round trips to the server so far; the engine counts */
    /* Of the server, in the engine's own count (150004, 100611); 0: means nothing to inspect(). */
    uint32_t server_version;
    /* BRN_LEX_ bits: how the server reads what is sent; known with the first ledger_read(). */
    uint32_t lex_mode;
    /* How many migrations, and how many bytes of them, one program may carry: what is sent together
     * takes one round trip. 0 and 1: one at a time. Narrowed by connect(), like caps. */
    uint32_t window;
    size_t window_bytes;
    /* The server ended the last session because somebody told it to, and lives on: what ran there
     * is not to be tried again. Set by reset(). */
    bool ended;
} brn_conn;

#define BRN_CONNECT_CREATE (1u << 0)    /* make the database when it is missing */
#define BRN_CONNECT_READ_ONLY (1u << 1) /* nothing will be written */

/* A connection that the host program lends (brant_attachment). */
typedef struct brn_lent {
    void *handle;
    /* NULL: those the engine is linked with. Else a table that begins with its size (size_t), which
     * connect() copies. */
    const void *functions;
} brn_lent;

typedef struct brn_connect_options {
    const brn_url *url;
    const char *base_dir;      /* relative paths in the URL start here; NULL: working directory */
    const char *password;      /* from elsewhere than the URL; NULL */
    const char *database;      /* name in the project; must outlive the connection */
    brn_control *control;      /* must outlive the connection */
    brn_emitter *emitter;      /* must outlive the connection */
    const char *ledger_schema; /* NULL: the current one. Must outlive the connection */
    int64_t lock_id;           /* number of the migration lock; -1: the engine derives one */
    int64_t connect_timeout_ms;
    int64_t lock_timeout_ms; /* longest wait for locks of other applications */
    /* Longest wait in one go, where the engine can let go and try again; 0: as above. */
    int64_t lock_attempt_ms;
    /* Where the lock is a lease: how long it outlives a run that gives no sign. */
    int64_t lease_ms;
    const brn_lent *lent; /* BRN_CAP_ATTACH: instead of a connection of its own; NULL */
    uint32_t flags;
} brn_connect_options;

typedef struct brn_server_info {
    char version[64]; /* "3.40.1" */
    char target[512]; /* what it reached, without secrets: path, or host:port/database */
    char user[128];
    bool writable;      /* tables can be made there, as far as the server tells */
    int64_t size_bytes; /* -1: unknown */
} brn_server_info;

/* What a statement needs. */
typedef enum brn_stmt_role {
    BRN_ROLE_PLAIN = 0, /* runs anywhere */
    BRN_ROLE_ALONE,     /* cannot run inside a transaction; `why` says so */
    BRN_ROLE_BEGIN,     /* the file's own transaction control */
    BRN_ROLE_COMMIT,
    BRN_ROLE_ROLLBACK,
    BRN_ROLE_FOREIGN_KEYS_OFF, /* has no effect inside a transaction: is hoisted out of it */
    BRN_ROLE_FOREIGN_KEYS_ON,
    BRN_ROLE_REFUSED, /* never from a migration; `why` says so */
} brn_stmt_role;

/* How a statement gets on with one that must be the first of its transaction. */
typedef enum brn_stmt_opening {
    BRN_OPENING_NONE = 0,
    BRN_OPENING_MAY,  /* it may stand before such a one */
    BRN_OPENING_MUST, /* says what kind of transaction it is: nothing was asked in it before */
} brn_stmt_opening;

typedef struct brn_stmt_info {
    brn_stmt_role role;
    brn_stmt_opening opening;
    bool ddl;
    bool dml;
    bool repeatable;  /* running it twice is the same as once */
    bool destructive; /* deletes rows, or drops what may hold some */
    bool session;     /* changes the session only: is run again when a run resumes behind it */
    /* ALONE: a file of nothing else runs without a transaction, and need not ask for it. */
    bool unasked;
    /* The server takes it wherever it stands: ALONE commits the transaction that it is in, COMMIT
     * without a transaction does nothing. */
    bool anywhere;
    bool bound;       /* means something only inside of a transaction: savepoints */
    bool idle;        /* does nothing where it stands: is left out */
    const char *why;  /* static: "VACUUM cannot run inside a transaction" */
    const char *hint; /* static: what to do */
    /* What it does to those who use its table meanwhile, and what would spare them that: static
     * texts; NULL: nothing, or nothing would. */
    const char *blocks;
    const char *blocks_hint;
    char kind[32]; /* for plans: "create table" */
} brn_stmt_info;

typedef enum brn_verdict {
    BRN_VERDICT_UNKNOWN = 0,
    BRN_VERDICT_DONE,
    BRN_VERDICT_NOT_DONE,
    BRN_VERDICT_REPEATABLE,
} brn_verdict;

typedef struct brn_evidence {
    brn_verdict verdict;
    const char *text; /* in the arena: "table "users" exists and has the same definition" */
} brn_evidence;

typedef struct brn_lock_holder {
    bool held;
    bool mine;
    int64_t pid;
    int64_t since_us;
    int64_t expires_us; /* of a lease, unless it is renewed; 0: the lock does not run out */
    int64_t fence;      /* of a lease: its number */
    char who[256];      /* user@host */
    char what[128];     /* command and version */
    char id[64];        /* by which the server knows the lock, held or not: a number; "" */
} brn_lock_holder;

/* What was done last according to a ledger that may be the connection's own of before. */
typedef struct brn_ledger_moved {
    const char *schema; /* NULL: there is none */
    const char *id;
    const char *checksum;
} brn_ledger_moved;

typedef struct brn_ledger_state {
    bool exists; /* the tables are there */
    brn_ledger_rows rows;
    /* A ledger in another place of the same database, for the warning; NULL. */
    const char *elsewhere;
    brn_ledger_moved moved;
    /* Without tables of ours: one of brn_sql_foreign_list(); NULL. */
    const char *foreign;
} brn_ledger_state;

typedef struct brn_object_info {
    const char *type; /* "table" */
    const char *name;
    const char *definition;
} brn_object_info;

typedef BRN_VEC(brn_object_info) brn_object_list;

typedef BRN_VEC(brant_server_session) brn_session_list;

struct brant_row {
    size_t count;
    const char *const *names;
    const brant_value *values;
};

/* One statement with values. */
typedef struct brn_query {
    brn_str sql;
    const brant_value *values;
    size_t count;
    brant_row_fn *on_row; /* NULL: rows are thrown away */
    void *user;
} brn_query;

typedef struct brn_engine {
    uint32_t abi;
    const char *name;           /* "postgres": stable, in configuration and events */
    const char *const *schemes; /* of URLs; NULL-terminated */
    uint32_t default_port;      /* 0: none */
    const brn_dialect *dialect;
    uint32_t caps;
    /* URL of an empty database of its own that is gone with its connection; NULL: there is none. */
    const char *scratch_url;

    /*
     * Required.
     *
     * connect: errors are told apart by id: "connect.unreachable", "connect.refused" (login),
     * "connect.no_database" (status BRANT_ECONNECT), "connect.no_rights".
     */
    brant_status (*connect)(brn_conn **out, const brn_connect_options *opts, brant_error **err);
    void (*disconnect)(brn_conn *conn);
    brant_status (*server_info)(brn_server_info *out, brn_conn *conn, brant_error **err);
    brant_status (*run)(
        brn_conn *conn,
        const brn_program *program,
        brn_on_result *on_result,
        void *user,
        brn_run_state *state, /* always written */
        brant_error **err);
    /* After a failed run: rolls back what is open and restores session settings. */
    brant_status (*reset)(brn_conn *conn, brant_error **err);
    /* All rows, in one query. Missing tables are not an error. */
    brant_status (*ledger_read)(
        brn_ledger_state *out,
        brn_arena *arena,
        brn_conn *conn,
        brn_ledger_detail detail,
        brant_error **err);
    /* The newest `limit` history rows (0: all), oldest first. Missing tables give none. */
    brant_status (*history_read)(
        brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err);
    /* Sends nothing. conn: for its server_version; NULL when not connected. */
    void (*inspect)(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt);

    /* BRN_CAP_LOCK. lock tries once: BRANT_ELOCKED when somebody else has it. lock_wait sleeps up
     * to ms, and returns true when there is reason to try again at once. lock_break frees a lock
     * that another process holds, as far as the engine can. */
    brant_status (*lock)(brn_conn *conn, const char *what, brant_error **err);
    void (*unlock)(brn_conn *conn);
    brant_status (*lock_holder)(brn_lock_holder *out, brn_conn *conn, brant_error **err);
    bool (*lock_wait)(brn_conn *conn, uint32_t ms);
    brant_status (*lock_break)(brn_conn *conn, const brn_lock_holder *holder, brant_error **err);

    /* BRN_CAP_PROBE. */
    brant_status (*probe)(
        brn_evidence *out,
        brn_arena *arena,
        brn_conn *conn,
        const brn_stmt *stmt,
        brant_error **err);

    /* BRN_CAP_OBJECTS: the user's objects without brant's own, sorted by type and name. */
    brant_status (*objects)(
        brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err);

    /* BRN_CAP_EXECUTE: one statement, in the transaction that is open or by itself. *changed: rows,
     * -1 when not known. The statement's time limit (BRN_LIMIT_STATEMENT) covers it.
     * Errors: "statement.failed" and its kin (BRANT_ESTATEMENT) with the statement in them,
     * "statement.transaction_control", and BRANT_EUSAGE "code.values" (their number is not that of
     * the parameters), "code.more_than_one". */
    brant_status (*execute)(
        int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err);

    /* BRN_CAP_SESSIONS: those of this database that keep others waiting or wait for others, and
     * those whose transaction is older than that, without the one that asks. First those that keep
     * most waiting, then the oldest. The texts are in the arena; `database` is left NULL. */
    brant_status (*sessions)(
        brn_session_list *out,
        brn_arena *arena,
        brn_conn *conn,
        int64_t older_than_ms,
        brant_error **err);

    /* BRN_CAP_MIRROR: the rows of another tool's table. It stands where the ledger does, or would:
     * ledger_read() has been called. A missing table is no error. */
    brant_status (*mirror_read)(
        brn_mirror_state *out,
        brn_arena *arena,
        brn_conn *conn,
        brn_mirror mirror,
        brant_error **err);
} brn_engine;

/* NULL when the table keeps its promises, else what is wrong with it (static text). */
const char *brn_engine_validate(const brn_engine *engine);

#endif
