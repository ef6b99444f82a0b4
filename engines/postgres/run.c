/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs on PostgreSQL: pipelines as long as they can be, and single operations where one has to
 * be by itself.
 *
 * By itself is a statement outside of transactions (what it needs is committed before, its outcome
 * is written behind), a COPY, which libpq does not pipeline, and a function of the host program.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/postgres/pipeline.h"
#include "text/classify.h"

/* --- which operations come together ----------------------------------------------------------- */

static bool is_in_txn(bool before, const brn_op *op)
{
    if (op->type == BRN_OP_BEGIN || (op->flags & BRN_OP_OWN_BEGIN) != 0) {
        return true;
    }
    return op->type == BRN_OP_COMMIT || (op->flags & BRN_OP_OWN_END) != 0 ? false : before;
}

static bool begins_with_word(brn_str sql, const char *word)
{
    size_t len = strlen(word);

    return brn_str_ieq(brn_str_slice(sql, 0, len), brn_str_from(word)) &&
           (sql.len == len || !((sql.ptr[len] | 0x20) >= 'a' && (sql.ptr[len] | 0x20) <= 'z'));
}

/* Ends the transaction of the program, or would begin another. Few statements are looked at twice.
 */
static bool is_control(const brn_postgres *p, const brn_op *op)
{
    static const char *const words[] = { "begin", "start", "commit", "end", "rollback", "abort" };
    brn_stmt stmt = { .text = op->sql, .line = 1, .column = 1 };
    brn_stmt_info info = { 0 };
    bool looks = false;

    for (size_t i = 0; i < BRN_ARRAY_LEN(words) && !looks; i++) {
        looks = begins_with_word(op->sql, words[i]);
    }
    if (!looks || (op->flags & (BRN_OP_OWN_BEGIN | BRN_OP_OWN_END)) != 0) {
        return false;
    }
    brn_postgres_inspect(&info, &p->conn, &stmt);
    return info.role == BRN_ROLE_BEGIN || info.role == BRN_ROLE_COMMIT ||
           info.role == BRN_ROLE_ROLLBACK;
}

static bool is_alone(const brn_postgres *p, const brn_op *op, bool in_txn)
{
    if (op->type != BRN_OP_STATEMENT) {
        return op->type == BRN_OP_BARRIER;
    }
    return op->call != NULL || brn_postgres_is_copy(op) ||
           (!in_txn && (op->flags & BRN_OP_OWN_BEGIN) == 0) || is_control(p, op);
}

/*
 * Outside of BEGIN and COMMIT all that is sent with one Sync is one transaction. So an operation
 * there comes together with the guard before it only, and not with one that would be taken back
 * with it. And not with the guard, where its snapshot would be in the way of BEGIN ISOLATION LEVEL.
 */
static bool comes_along(const brn_op *before, const brn_op *op, bool in_txn)
{
    if ((op->flags & BRN_OP_FRESH) != 0) {
        return false;
    }
    return in_txn || before->type == BRN_OP_GUARD || before->type == BRN_OP_COMMIT ||
           (before->flags & BRN_OP_OWN_END) != 0;
}

/* Behind the last operation that can be sent together with the one at `from`. */
static size_t end_of_pipeline(const brn_postgres *p, const brn_program *program, size_t from)
{
    const brn_op *ops = program->ops.items;
    bool in_txn = p->in_program || p->in_own;
    size_t end = from;

    while (end < program->ops.count && !is_alone(p, &ops[end], in_txn) &&
           (end == from || comes_along(&ops[end - 1], &ops[end], in_txn))) {
        in_txn = is_in_txn(in_txn, &ops[end]);
        end++;
    }
    return end;
}

/* --- by itself -------------------------------------------------------------------------------- */

brant_status brn_postgres_transaction_lost(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_lost",
        "the transaction of the migration is gone: it was rolled back");

    brn_error_hint(err, "A function that gets an error must return it.");
    return st;
}

/* What comes next in the program is true only while the transaction is as it was. */
static brant_status check_after_call(brn_postgres *p, brant_error **err)
{
    PGTransactionStatusType now = PQtransactionStatus(p->pg);
    brant_status st;

    if (now == (p->in_program ? PQTRANS_INTRANS : PQTRANS_IDLE)) {
        return BRANT_OK;
    }
    if (p->in_program) {
        return brn_postgres_transaction_lost(err);
    }
    st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_open",
        "the function has left a transaction open");
    brn_error_detail(err, "It is rolled back.");
    brn_error_hint(err, "Commit what the function begins.");
    return st;
}

static brant_status run_call(brn_pipe *pipe, const brn_op *op, int64_t *rows, brant_error **err)
{
    brn_postgres *p = pipe->p;
    brant_status st = brn_control_check(p->conn.control, err);

    if (st != BRANT_OK) {
        return st;
    }
    p->call = op;
    st = op->call(op->call_user, rows, err);
    p->call = NULL;
    return st == BRANT_OK ? check_after_call(p, err) : st;
}

static brant_status run_copy(brn_pipe *pipe, const brn_op *op, int64_t *rows, brant_error **err)
{
    brn_control *control = pipe->p->conn.control;
    brant_status st = brn_control_check(control, err);

    if (st != BRANT_OK) {
        return st;
    }
    brn_control_arm(control, BRN_LIMIT_STATEMENT);
    st = brn_postgres_copy(pipe->p, op, rows, err);
    brn_control_rest(control, BRN_LIMIT_STATEMENT);
    pipe->worked = true;
    /* Rows that come by themselves: whether a lost answer means that they stayed is not known. */
    pipe->state->in_doubt = st != BRANT_OK && PQstatus(pipe->p->pg) != CONNECTION_OK;
    pipe->state->passing = pipe->state->in_doubt && pipe->p->in_program;
    return st;
}

static bool is_concurrent(const brn_op *op)
{
    brn_stmt stmt = { .text = op->sql, .line = 1, .column = 1 };
    brn_stmt_class what = { 0 };
    brn_arena arena;

    brn_arena_init(&arena);
    brn_classify(&what, &arena, &brn_dialect_postgres, &stmt);
    brn_arena_release(&arena);
    return (what.flags & BRN_STMT_CONCURRENTLY) != 0;
}

static brant_status set_quietly(brn_postgres *p, const char *sql, brant_error **err)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_query(&result, p, sql, 0, NULL, err);

    PQclear(result);
    return st;
}

/*
 * CREATE INDEX CONCURRENTLY and its kin wait for transactions of others, also those that do not
 * touch the table. They keep nobody waiting meanwhile, and given up they leave an INVALID index.
 */
static brant_status run_concurrent(brn_pipe *pipe, size_t index, brant_error **err)
{
    brn_postgres *p = pipe->p;
    const brn_op *op = &pipe->program->ops.items[index];
    brn_stmt stmt = { .text = op->sql, .line = 1, .column = 1 };
    bool ran = false;
    brant_status st = set_quietly(p, "SET lock_timeout = 0", err);

    if (st == BRANT_OK) {
        st = brn_postgres_index_prepare(p, &stmt, err);
    }
    if (st == BRANT_OK) {
        size_t reported = pipe->reported;
        brn_on_result *on_result = pipe->on_result;

        /* It is done only when its index is good. */
        pipe->on_result = NULL;
        st = brn_pipe_run(pipe, index, index + 1, err);
        pipe->on_result = on_result;
        pipe->reported = reported;
        pipe->answered = reported;
        pipe->state->ops_done = reported;
        ran = st == BRANT_OK;
        if (!ran && PQtransactionStatus(p->pg) == PQTRANS_IDLE) {
            brn_postgres_index_left(p, &stmt);
        }
    }
    if (st == BRANT_OK) {
        st = brn_postgres_index_check(p, &stmt, err);
    }
    if (st == BRANT_OK && p->settings_sent) {
        st = brn_postgres_settings(p, false, err);
    }
    if (ran &&
        (PQstatus(p->pg) != CONNECTION_OK || st == BRANT_ETIMEOUT || st == BRANT_ECANCELLED)) {
        pipe->state->in_doubt = true; /* it has run: nobody must take it for refused */
    }
    if (st == BRANT_OK) {
        brn_pipe_report(pipe, index + 1, 0);
    }
    return st;
}

static brant_status refuse_control(const brn_op *op, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_control",
        "the statement would end the transaction of the migration");

    brn_error_statement(err, op->sql);
    brn_error_hint(
        err, "Leave BEGIN, COMMIT and ROLLBACK out, or write \"-- brant: transaction=off\".");
    return st;
}

static brant_status run_alone(brn_pipe *pipe, size_t index, brant_error **err)
{
    const brn_op *op = &pipe->program->ops.items[index];
    int64_t rows = 0;
    brant_status st = BRANT_OK;

    if ((op->flags & BRN_OP_RESTORE_SESSION) != 0) {
        st = pipe->p->settings_sent ? brn_postgres_restore(pipe->p, err) : BRANT_OK;
    } else if (op->type == BRN_OP_STATEMENT) {
        if (op->call != NULL) {
            st = run_call(pipe, op, &rows, err);
        } else if (brn_postgres_is_copy(op)) {
            st = run_copy(pipe, op, &rows, err);
        } else if (pipe->p->in_program && is_control(pipe->p, op)) {
            st = refuse_control(op, err);
        } else if (is_concurrent(op)) {
            return run_concurrent(pipe, index, err);
        } else {
            return brn_pipe_run(pipe, index, index + 1, err);
        }
    }
    if (st == BRANT_OK) {
        brn_pipe_report(pipe, index + 1, rows);
    }
    return st;
}

/* --- the whole program ------------------------------------------------------------------------ */

static brant_status prepare(brn_postgres *p, brant_error **err)
{
    brant_status st = p->pg != NULL ? BRANT_OK : brn_postgres_lost(p, err);

    if (st == BRANT_OK && p->read_only) {
        st = brn_error(
            err, BRANT_EUSAGE, "connect.read_only", "the connection was opened for reading only");
    }
    if (st == BRANT_OK) {
        st = brn_postgres_ledger_schema(p, err);
    }
    if (st == BRANT_OK && !p->home.known) {
        st = brn_postgres_home_read(p, err);
    }
    return st;
}

brant_status brn_postgres_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_pipe *pipe = calloc(1, sizeof(*pipe));
    brn_op_result *results = calloc(program->ops.count + 1, sizeof(*results));
    brant_status st = BRANT_OK;

    *state = (brn_run_state){ 0 };
    if (pipe == NULL || results == NULL) {
        free(results);
        free(pipe);
        return brn_error_oom(err);
    }
    *pipe = (brn_pipe){ .p = p, .program = program, .on_result = on_result, .user = user };
    pipe->results = results;
    pipe->state = state;
    pipe->began_us = brn_clock_wall_us();
    pipe->worked = p->in_program;
    brn_buf_init(&pipe->text, 0);
    brn_control_rest(conn->control, BRN_LIMIT_STATEMENT);
    st = prepare(p, err);
    for (size_t at = 0; at < program->ops.count && st == BRANT_OK;) {
        size_t end = end_of_pipeline(p, program, at);

        pipe->last_ns = brn_clock_mono_ns();
        st = end > at ? brn_pipe_run(pipe, at, end, err) : run_alone(pipe, at, err);
        at = end > at ? end : at + 1;
    }
    if (st != BRANT_OK) {
        /* What is done and not reported has not failed. */
        size_t failed = pipe->held ? pipe->answered : state->ops_done;

        brn_error_subject(err, conn->database, brn_program_migration(program, failed));
    }
    brn_buf_release(&pipe->text);
    free(results);
    free(pipe);
    return st;
}
