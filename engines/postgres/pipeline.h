/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many operations of a program in one round trip.
 *
 *   send  BEGIN GUARD statement... ledger... COMMIT  BEGIN GUARD ...  Sync
 *   read  one answer for each, in order
 *
 * There is one Sync, at the end: an error, that of a COMMIT included, makes the server skip all
 * that follows up to there. A Sync behind each migration would not do: the next one would run. What
 * is outside of BEGIN and COMMIT is one implicit transaction that commits at the Sync, so its
 * results are reported only then.
 *
 * Texts that are large are sent in chunks, each with a Flush, and their answers are read in
 * between: neither side's memory grows with the script.
 */
#ifndef BRN_POSTGRES_PIPELINE_H
#define BRN_POSTGRES_PIPELINE_H

#include "engines/postgres/postgres.h"

/* Answers that may be on their way at a time, and bytes that are sent before they are read. */
#define BRN_PIPE_ITEMS 1024
#define BRN_PIPE_BYTES ((size_t)1 << 20)

/* One thing sent, and one answer. */
typedef struct brn_pipe_item {
    size_t op;         /* that it belongs to */
    uint32_t prepares; /* bit of the slot that it prepares; 0 */
    bool last;         /* of its operation: with this answer the operation is done */
} brn_pipe_item;

/* The run of one program. */
typedef struct brn_pipe {
    brn_postgres *p;
    const brn_program *program;
    brn_on_result *on_result;
    void *user;
    brn_run_state *state;
    int64_t began_us;
    int64_t last_ns;  /* when the answer before this one came */
    size_t reported;  /* operations that on_result has seen */
    uint32_t sent;    /* bits of slots whose preparation is on its way */
    int64_t rows;     /* of the last operation that is done */
    bool stopping;    /* the server was asked to cancel, or what runs is not to be stopped */
    bool worked;      /* a statement was sent in the transaction that is being sent */
    bool sent_in_txn; /* a BEGIN was sent, and no COMMIT behind it */
    brn_buf text;     /* of one statement, with its NUL */
    size_t count;     /* of items */
    size_t bytes;
    brn_pipe_item items[BRN_PIPE_ITEMS];
} brn_pipe;

/* Sends the operations from..to (excluded) and reads their answers. None of them may be one that
 * has to be alone, unless it is by itself. */
brant_status brn_pipe_run(brn_pipe *pipe, size_t from, size_t to, brant_error **err);

/* Tells of all operations before `end` that were not told of. */
void brn_pipe_report(brn_pipe *pipe, size_t end, int64_t rows);

/* --- prepared.c: the statements that brant itself sends --------------------------------------- */

/* Ledger operations that one statement writes. */
#define BRN_PIPE_TOGETHER 3

/* Statement of an operation, with its values as texts. */
typedef struct brn_pipe_text {
    uint32_t slot;   /* UINT32_MAX: is not prepared */
    char name[24];   /* of what is prepared */
    const char *sql; /* NULL: the slot is prepared, or its preparation sent */
    size_t count;
    const char *values[BRN_PIPE_TOGETHER * BRN_SQL_PARAMS];
    char numbers[BRN_PIPE_TOGETHER * BRN_SQL_PARAMS][24];
    brn_sql_stmt ledger[BRN_PIPE_TOGETHER];
} brn_pipe_text;

/* Statement `i` of an operation that is not a STATEMENT; false when it has no such. The text is in
 * pipe->text. */
bool brn_pipe_render(brn_pipe_text *out, brn_pipe *pipe, const brn_op *op, size_t i);
/* How many operations from `op` on one statement writes: the row of a migration that is done, its
 * history and the row of the next one, as they stand at the end of a transaction; else 1. */
size_t brn_pipe_together(const brn_pipe *pipe, size_t op, size_t to);
/* That statement of `count` operations. */
void brn_pipe_render_together(brn_pipe_text *out, brn_pipe *pipe, size_t op, size_t count);
/* What an error in one means. */
brant_status brn_pipe_error(
    brn_pipe *pipe, const brn_op *op, const PGresult *result, brant_error **err);

/* --- copy.c ----------------------------------------------------------------------------------- */

/* Whether the statement is a COPY, for which a pipeline has to be left. */
bool brn_postgres_is_copy(const brn_op *op);
/* Runs it: sends the rows that stand in the file; throws away those that the server sends. */
brant_status brn_postgres_copy(brn_postgres *p, const brn_op *op, int64_t *rows, brant_error **err);

#endif
