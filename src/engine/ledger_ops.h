/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger as engines see it: rows, and typed operations on them.
 *
 * What the rows mean is the business of src/ledger/; an engine only stores and returns them.
 * Writing is a typed part of a program (brn_ledger_op), rendered by the engine, so that a ledger
 * row can commit in the same transaction as the migration it tells of.
 *
 *   brant_migrations   one row per migration that was ever started (and not undone)
 *   brant_history      append-only, hash-chained
 */
#ifndef BRN_ENGINE_LEDGER_OPS_H
#define BRN_ENGINE_LEDGER_OPS_H

#include "base/digest.h"
#include "base/vec.h"

/* Shape of the tables. A row with a higher number was written by a newer brant: hands off. */
#define BRN_LEDGER_FORMAT 1

/* Stored as these words; "pending" is the absence of a row. */
typedef enum brn_row_status {
    BRN_ROW_RUNNING = 1,
    BRN_ROW_COMPLETED = 2,
    BRN_ROW_FAILED = 3,
} brn_row_status;

typedef enum brn_direction {
    BRN_UP = 1,
    BRN_DOWN = 2
} brn_direction;

/* Strings are NULL or "" when absent; both are stored as NULL. */
typedef struct brn_ledger_row {
    const char *id;
    const char *version; /* the part of the id that orders */
    int64_t
        seq; /* order of application, from 1; a migration that is applied again gets a new one */
    brn_row_status status;
    brn_direction direction;
    const char *kind;
    bool required;
    const char *phase;
    const char *checksum;
    const char *down_checksum;
    const char *requires; /* ids, comma-separated */
    const char *min_read_version;
    int64_t stmts_total;
    int64_t stmts_done;
    int64_t intent;            /* number of the statement whose outcome is open; 0: none */
    const char *intent_digest; /* of that statement's text */
    const char *done_digest;   /* of the statements done so far: may they be skipped? */
    int64_t started_us;        /* UTC, microseconds since 1970 */
    int64_t finished_us;       /* 0: not finished */
    int64_t duration_ms;       /* -1: not known */
    const char *who;           /* user@host */
    const char *tool;          /* brant version */
    const char *run_id;        /* run that wrote the row last */
    const char *error;
    int64_t format;
} brn_ledger_row;

typedef BRN_VEC(brn_ledger_row) brn_ledger_rows;

/* How much of the rows is read. */
typedef enum brn_ledger_detail {
    /* What shows that there is nothing to do: id, status and checksum, and direction up in rows
     * that are completed. The rest is zero, so format tells that such a row must not be written.
     * Rows come in any order. */
    BRN_LEDGER_BRIEF,
    BRN_LEDGER_FULL, /* all fields, sorted */
} brn_ledger_detail;

typedef struct brn_history_row {
    int64_t seq; /* given by the database, ascending */
    const char *run_id;
    const char *action;    /* up down mark force adopt repair push setup */
    const char *migration; /* NULL for what concerns the whole database */
    const char *outcome;   /* ok, failed */
    const char *checksum;
    const char *detail;
    const char *who;
    const char *tool;
    int64_t at_us;
    int64_t duration_ms; /* -1: not known; not covered by the hash */
    const char *prev;    /* hash of the row before; "" for the very first */
    const char *hash;
    int64_t format;
} brn_history_row;

typedef BRN_VEC(brn_history_row) brn_history_rows;

/*
 * The table in which another tool records what is applied, kept in step with the ledger: what that
 * means is the business of src/ledger/mirror.h.
 */
typedef enum brn_mirror {
    BRN_MIRROR_NONE = 0,
    BRN_MIRROR_GOFR, /* gofr_migrations: a row for each version, from 1 */
} brn_mirror;

typedef struct brn_mirror_row {
    int64_t version;
    int64_t started_us;  /* to the second; 0: not readable */
    int64_t duration_ms; /* -1: not known */
} brn_mirror_row;

typedef BRN_VEC(brn_mirror_row) brn_mirror_rows;

typedef struct brn_mirror_state {
    bool exists;
    brn_mirror_rows rows; /* of what is applied, ascending */
} brn_mirror_state;

typedef enum brn_ledger_op_type {
    /* Create the tables where they are missing; that of a mirror too. */
    BRN_LEDGER_ENSURE = 1,
    /* Insert or replace the whole row. With `stamp`, finished_us is now and duration_ms the time
     * since the program began; both are taken when the operation runs. */
    BRN_LEDGER_PUT,
    /* Of the row `id`: intent and intent_digest; stmts_done as given. */
    BRN_LEDGER_INTENT,
    /* Of the row `id`: stmts_done, done_digest; intent cleared. */
    BRN_LEDGER_OUTCOME,
    /* Of the row `id`: status failed, error, intent as given, finished_us now. Progress stays. */
    BRN_LEDGER_FAIL,
    /* Delete the row `id`. */
    BRN_LEDGER_REMOVE,
    /* Append `history`. With `stamp`, duration_ms is taken when the operation runs. */
    BRN_LEDGER_HISTORY,
    /* In the table of a mirror: the version of `row` is applied, since started_us; `stamp` as in
     * PUT. A row that is there is replaced. */
    BRN_LEDGER_MIRROR_PUT,
    /* And it is not. */
    BRN_LEDGER_MIRROR_REMOVE,
} brn_ledger_op_type;

#define BRN_LEDGER_TYPES (BRN_LEDGER_MIRROR_REMOVE + 1)

typedef struct brn_ledger_op {
    brn_ledger_op_type type;
    bool stamp;
    brn_mirror mirror;              /* ENSURE, MIRROR_PUT and MIRROR_REMOVE */
    const brn_ledger_row *row;      /* all but ENSURE and HISTORY */
    const brn_history_row *history; /* HISTORY */
} brn_ledger_op;

/* By seq, then id. Rows are usually stored in that order. */
void brn_ledger_rows_sort(brn_ledger_rows *rows);

/* "running", "completed", "failed"; 0 for any other text. */
const char *brn_row_status_name(brn_row_status status);
brn_row_status brn_row_status_parse(brn_str text);
const char *brn_direction_name(brn_direction direction); /* "up", "down" */

#endif
