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
 * Of the transactions between two Syncs only the last one waits for the disk, and those that took
 * long: what the server writes ahead it writes in order, so that with this one all before it are
 * there. What is not there yet is not reported. When the pipeline ends before its last transaction
 * a small one of brant's own takes that part.
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
    int64_t last_ns; /* when the answer before this one came */
    size_t to;       /* end of what is sent with one Sync */
    size_t answered; /* operations that are done */
    size_t reported; /* and that on_result has seen */
    /* Of each operation that is done, for as long as it is not reported. */
    brn_op_result *results;
    bool early;    /* the transaction being answered does not wait for the disk */
    bool held;     /* one that did not is committed, and may not be on disk */
    uint32_t sent; /* bits of slots whose preparation is on its way */
    int64_t rows;  /* of the last operation that is done */
    brn_postgres_stopping stopping;
    bool worked;  /* a statement was sent in the transaction that is being sent */
    brn_buf text; /* of one statement, with its NUL */
    size_t count; /* of items */
    size_t bytes;
    brn_pipe_item items[BRN_PIPE_ITEMS];
} brn_pipe;

/* Sends the operations from..to (excluded) and reads their answers. None of them may be one that
 * has to be alone, unless it is by itself. */
brant_status brn_pipe_run(brn_pipe *pipe, size_t from, size_t to, brant_error **err);

/* All operations before `end` are done. They are told of now, or once they are on disk. */
void brn_pipe_report(brn_pipe *pipe, size_t end, int64_t rows);
/* While an answer takes long: what is held back is made durable by a second session, and told of.
 */
void brn_pipe_settle_beside(brn_pipe *pipe);

/* --- prepared.c: the statements that brant itself sends --------------------------------------- */

/* Ledger operations that one statement writes. */
#define BRN_PIPE_TOGETHER 3

/* Statement of an operation, with its values as texts. */
typedef struct brn_pipe_text {
    uint32_t slot;   /* UINT32_MAX: is not prepared */
    char name[24];   /* of what is prepared */
    const char *sql; /* NULL: the slot is prepared, or its preparation sent */
    size_t count;
    const char *values[BRN_PIPE_TOGETHER * BRN_SQL_PARAMS + 1];
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
/* The result of it, or of another that writes history: notes the transaction's number, and whether
 * its COMMIT waits for the disk. */
void brn_pipe_note_end(brn_pipe *pipe, const PGresult *result);
/* What an error in one means. */
brant_status brn_pipe_error(
    brn_pipe *pipe, const brn_op *op, const PGresult *result, brant_error **err);

/* --- copy.c ----------------------------------------------------------------------------------- */

/* Whether the statement is a COPY, for which a pipeline has to be left. */
bool brn_postgres_is_copy(const brn_op *op);
/* Runs it: sends the rows that stand in the file; throws away those that the server sends. */
brant_status brn_postgres_copy(brn_postgres *p, const brn_op *op, int64_t *rows, brant_error **err);

#endif
