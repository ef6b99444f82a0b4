/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/postgres/pipeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define ITEMS_OF_ONE 8
#define SIDE_MS 1000

/* --- sending ---------------------------------------------------------------------------------- */

/*
 * The server keeps answers back until it is asked for them or has many. It is asked behind each
 * COMMIT, so that people see how far it is, and behind each statement that has a time limit, which
 * ends with its answer.
 */

static void expect(brn_pipe *pipe, size_t op, uint32_t prepares, bool last)
{
    pipe->items[pipe->count++] = (brn_pipe_item){ op, prepares, last };
}

/* One of brant's own statements, prepared when it was not. */
static bool send_text(brn_pipe *pipe, size_t op, const brn_pipe_text *text, bool last)
{
    PGconn *pg = pipe->p->pg;

    if (text->slot == UINT32_MAX) {
        expect(pipe, op, 0, last);
        return PQsendQueryParams(
            pg, text->sql, (int)text->count, NULL, text->values, NULL, NULL, 0);
    }
    if (text->sql != NULL) {
        if (PQsendPrepare(pg, text->name, text->sql, 0, NULL) == 0) {
            return false;
        }
        expect(pipe, op, 1u << text->slot, false);
        pipe->sent |= 1u << text->slot;
    }
    expect(pipe, op, 0, last);
    return PQsendQueryPrepared(pg, text->name, (int)text->count, text->values, NULL, NULL, 0) == 1;
}

/* A limit of the migration's own, in place of the session's. */
static bool send_lock_limit(brn_pipe *pipe, size_t op)
{
    int64_t ms = pipe->p->conn.control->lock_timeout_ms;
    char sql[64];

    if (ms < 0) {
        return true;
    }
    if (pipe->p->lock_attempt_ms > 0 && (ms == 0 || ms > pipe->p->lock_attempt_ms)) {
        ms = pipe->p->lock_attempt_ms;
    }
    (void)snprintf(sql, sizeof(sql), "SET LOCAL lock_timeout = %" PRId64, ms);
    expect(pipe, op, 0, true);
    return PQsendQueryParams(pipe->p->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool has_word(brn_str sql, const char *word)
{
    size_t len = strlen(word);

    for (size_t at = 0; at + len <= sql.len; at++) {
        if (brn_str_ieq(brn_str_slice(sql, at, at + len), (brn_str){ word, len })) {
            return true;
        }
    }
    return false;
}

/* Whether the session may be another user's afterwards. */
static bool sets_role(brn_str sql)
{
    bool may = brn_str_ieq(brn_str_slice(sql, 0, 3), BRN_STR("set")) ||
               brn_str_ieq(brn_str_slice(sql, 0, 6), BRN_STR("select"));

    return may && (has_word(sql, "role") || has_word(sql, "authorization"));
}

/*
 * The ledger is the user's who logged in, whoever a script has become. So where it is read or
 * written the session is that user's again, until the transaction ends, or the script's next
 * statement. set_config() is SET LOCAL without a word when there is no BEGIN. (Two columns: one
 * alone is taken for the number of the transaction.)
 */
#define REMEMBER_ROLE                                                                              \
    "SELECT pg_catalog.set_config('brant.role', pg_catalog.current_setting('role'), true),"        \
    " pg_catalog.set_config('brant.session_user', session_user, true)"
#define BE_USER                                                                                    \
    "SELECT 1, pg_catalog.set_config('session_authorization', $1, true) WHERE session_user <> $1"
#define BE_ROLE "SELECT 1, pg_catalog.set_config('role', $1, true) WHERE current_user <> $1"
#define BE_USER_AGAIN                                                                              \
    "SELECT pg_catalog.set_config('session_authorization',"                                        \
    " pg_catalog.current_setting('brant.session_user'), true)"                                     \
    " WHERE session_user <> pg_catalog.current_setting('brant.session_user')"
#define BE_ROLE_AGAIN                                                                              \
    "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('brant.role'), true)"

static bool send_sql(brn_pipe *pipe, size_t op, const char *sql, const char *value, bool last)
{
    expect(pipe, op, 0, last);
    return PQsendQueryParams(
               pipe->p->pg, sql, value != NULL ? 1 : 0, NULL, &value, NULL, NULL, 0) == 1;
}

static bool send_own_role(brn_pipe *pipe, size_t op, bool remember)
{
    const brn_postgres *p = pipe->p;

    return (!remember || send_sql(pipe, op, REMEMBER_ROLE, NULL, false)) &&
           send_sql(pipe, op, BE_USER, PQuser(p->pg), false) &&
           send_sql(pipe, op, BE_ROLE, p->home.user, false);
}

static bool send_script_role(brn_pipe *pipe, size_t op)
{
    return send_sql(pipe, op, BE_USER_AGAIN, NULL, false) &&
           send_sql(pipe, op, BE_ROLE_AGAIN, NULL, true);
}

static bool send_statement(brn_pipe *pipe, size_t op)
{
    brn_str sql = pipe->program->ops.items[op].sql;

    brn_buf_reset(&pipe->text);
    brn_buf_add_str(&pipe->text, sql);
    if (pipe->text.failed) {
        return false;
    }
    pipe->p->role_set = pipe->p->role_set || sets_role(sql);
    expect(pipe, op, 0, true);
    pipe->bytes += sql.len;
    pipe->worked = true;
    return PQsendQueryParams(
               pipe->p->pg, brn_buf_text(&pipe->text), 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           (pipe->p->conn.control->limit_ms[BRN_LIMIT_STATEMENT] == 0 ||
            PQsendFlushRequest(pipe->p->pg) == 1);
}

static bool send_ensure(brn_pipe *pipe, size_t op, brn_pipe_text *text)
{
    const brn_op *what = &pipe->program->ops.items[op];
    bool sent = true;

    for (size_t i = 0; sent && brn_pipe_render(text, pipe, what, i); i++) {
        /* The last one is not known to be it before the next is asked for. */
        sent = !pipe->text.failed && send_text(pipe, op, text, false);
    }
    pipe->items[pipe->count - 1].last = true;
    return sent;
}

static bool send_begin(brn_pipe *pipe, size_t op, const brn_pipe_text *text)
{
    pipe->worked = false;
    return send_text(pipe, op, text, pipe->p->conn.control->lock_timeout_ms < 0) &&
           send_lock_limit(pipe, op);
}

/* As the user that logged in, where a script may have become another. */
static bool send_guard(brn_pipe *pipe, size_t op, const brn_pipe_text *text)
{
    if (!pipe->p->role_set) {
        return send_text(pipe, op, text, true);
    }
    return send_own_role(pipe, op, true) && send_text(pipe, op, text, false) &&
           send_script_role(pipe, op);
}

static bool send_ledger(brn_pipe *pipe, size_t op, const brn_pipe_text *text)
{
    return (!pipe->p->role_set || send_own_role(pipe, op, false)) &&
           send_text(pipe, op, text, true);
}

static bool send_op(brn_pipe *pipe, size_t op)
{
    const brn_op *what = &pipe->program->ops.items[op];
    brn_pipe_text text;

    if (what->type == BRN_OP_STATEMENT) {
        return send_statement(pipe, op);
    }
    if (what->type == BRN_OP_LEDGER && what->ledger->type == BRN_LEDGER_ENSURE) {
        return send_ensure(pipe, op, &text);
    }
    if (!brn_pipe_render(&text, pipe, what, 0) || pipe->text.failed) {
        return false;
    }
    switch (what->type) {
    case BRN_OP_BEGIN:
        return send_begin(pipe, op, &text);
    case BRN_OP_GUARD:
        return send_guard(pipe, op, &text);
    case BRN_OP_LEDGER:
        return send_ledger(pipe, op, &text);
    default:
        return send_text(pipe, op, &text, true) && PQsendFlushRequest(pipe->p->pg) == 1;
    }
}

/* The operation, and those behind it that go with it; returns where it stopped, SIZE_MAX: it could
 * not be sent. */
static size_t send_next(brn_pipe *pipe, size_t op, size_t to)
{
    size_t count = brn_pipe_together(pipe, op, to);
    brn_pipe_text text;

    if (count == 1) {
        return send_op(pipe, op) ? op + 1 : SIZE_MAX;
    }
    if (pipe->p->role_set && !send_own_role(pipe, op, false)) {
        return SIZE_MAX;
    }
    brn_pipe_render_together(&text, pipe, op, count);
    return !pipe->text.failed && send_text(pipe, op + count - 1, &text, true) ? op + count
                                                                              : SIZE_MAX;
}

/* Sends from `from` on what fits; returns where it stopped. SIZE_MAX: it could not be sent. */
static size_t send_some(brn_pipe *pipe, size_t from, size_t to)
{
    pipe->count = 0;
    pipe->bytes = 0;
    /* So many at most belong to one operation. */
    while (from < to && pipe->count + ITEMS_OF_ONE < BRN_PIPE_ITEMS &&
           pipe->bytes < BRN_PIPE_BYTES) {
        from = send_next(pipe, from, to);
    }
    return from;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void tell(brn_pipe *pipe)
{
    for (; pipe->reported < pipe->answered; pipe->reported++) {
        pipe->state->ops_done = pipe->reported + 1;
        if (pipe->on_result != NULL) {
            pipe->on_result(
                pipe->program, pipe->reported, &pipe->results[pipe->reported], pipe->user);
        }
    }
}

void brn_pipe_report(brn_pipe *pipe, size_t end, int64_t rows)
{
    int64_t now_ns = brn_clock_mono_ns();

    for (; pipe->answered < end; pipe->answered++) {
        pipe->results[pipe->answered] = (brn_op_result){
            .rows = rows,
            .duration_ns = now_ns - pipe->last_ns,
            .at_ns = now_ns,
        };
        pipe->last_ns = now_ns;
    }
    if (!pipe->held) {
        tell(pipe);
    }
}

/* What was cancelled because the control said so is told in its words. A cancel that was meant for
 * the wait of a COMMIT before it is nobody's fault: it is run again. */
static brant_status item_error(
    brn_pipe *pipe, const brn_op *op, const PGresult *result, brant_error **err)
{
    brn_postgres *p = pipe->p;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool cancelled = sqlstate != NULL && strcmp(sqlstate, "57014") == 0;
    bool passing =
        brn_postgres_is_passing(sqlstate) || (cancelled && pipe->stopping == BRN_STOPPING);
    brant_status st = BRANT_OK;

    if (cancelled && pipe->stopping != BRN_GO_ON) {
        st = brn_control_check(p->conn.control, err);
    }
    if (st == BRANT_OK) {
        st = brn_pipe_error(pipe, op, result, err);
        pipe->state->passing = pipe->state->passing || (st != BRANT_OK && !p->in_own && passing);
    } else if (op->type == BRN_OP_STATEMENT) {
        brn_error_statement(err, op->sql);
    }
    return st;
}

/* All results of one item: rows are thrown away as they come. */
static brant_status take_item(
    brn_pipe *pipe, const brn_pipe_item *item, int64_t *rows, brant_error **err)
{
    brn_postgres *p = pipe->p;
    const brn_op *op = &pipe->program->ops.items[item->op];
    brant_status st = BRANT_OK;
    PGresult *result = NULL;

    if (op->type == BRN_OP_STATEMENT) {
        (void)PQsetSingleRowMode(p->pg);
    }
    for (;;) {
        brant_status got =
            brn_postgres_result_stopping(&result, p, &pipe->stopping, st == BRANT_OK ? err : NULL);

        if (got != BRANT_OK) {
            pipe->state->in_doubt = true;
            return st != BRANT_OK ? st : got;
        }
        if (result == NULL) {
            return st;
        }
        if (st == BRANT_OK) {
            st = item_error(pipe, op, result, err);
        }
        if (st == BRANT_OK) {
            *rows = brn_postgres_changed(result);
            if (op->type == BRN_OP_LEDGER) {
                brn_pipe_note_end(pipe, result);
            }
        }
        PQclear(result);
    }
}

/* The operation is done. What is in no transaction yet is so with the Sync only. */
static void op_is_done(brn_pipe *pipe, size_t index, int64_t rows)
{
    brn_postgres *p = pipe->p;
    const brn_op *op = &pipe->program->ops.items[index];

    if (op->type == BRN_OP_BEGIN) {
        p->in_program = true;
        pipe->early = false;
    } else if (op->type == BRN_OP_COMMIT) {
        pipe->held = pipe->early;
        p->in_program = false;
        p->xid[0] = '\0';
        p->blocked[0] = '\0';
    } else if ((op->flags & BRN_OP_OWN_BEGIN) != 0) {
        p->in_own = true;
    } else if ((op->flags & BRN_OP_OWN_END) != 0) {
        p->in_own = false;
    } else if (!p->in_program && !p->in_own) {
        pipe->rows = rows;
        return;
    }
    brn_pipe_report(pipe, index + 1, rows);
}

static brant_status take_answers(brn_pipe *pipe, brant_error **err)
{
    brn_control *control = pipe->p->conn.control;
    brant_status st = BRANT_OK;

    for (size_t i = 0; i < pipe->count && st == BRANT_OK; i++) {
        const brn_pipe_item *item = &pipe->items[i];
        bool statement = pipe->program->ops.items[item->op].type == BRN_OP_STATEMENT;
        int64_t rows = -1;

        if (statement) {
            brn_control_arm(control, BRN_LIMIT_STATEMENT);
        }
        st = take_item(pipe, item, &rows, err);
        brn_control_rest(control, BRN_LIMIT_STATEMENT);
        if (st != BRANT_OK) {
            break;
        }
        pipe->p->prepared |= item->prepares;
        if (item->last) {
            op_is_done(pipe, item->op, rows);
        }
    }
    return st;
}

/* --- both ends -------------------------------------------------------------------------------- */

/* Up to the answer to the Sync: what was skipped, or the commit of what is in no transaction, which
 * may fail as well. */
static brant_status take_sync(brn_pipe *pipe, brant_error **err)
{
    brant_status st = BRANT_OK;
    bool synced = false;

    while (!synced && PQpipelineStatus(pipe->p->pg) != PQ_PIPELINE_OFF) {
        PGresult *result = NULL;
        brant_status got = brn_postgres_result_stopping(
            &result, pipe->p, &pipe->stopping, st == BRANT_OK ? err : NULL);

        if (got == BRANT_OK && PQstatus(pipe->p->pg) != CONNECTION_OK) {
            /* libpq would give an error for ever: the sync never comes. */
            PQclear(result);
            got = brn_postgres_lost(pipe->p, st == BRANT_OK ? err : NULL);
        }
        if (got != BRANT_OK) {
            return st != BRANT_OK ? st : got;
        }
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && st == BRANT_OK) {
            st = brn_postgres_error(
                pipe->p, result, (brn_str){ 0 }, "statement.failed", "could not commit", err);
        }
        PQclear(result);
    }
    return st;
}

/* After an error of the server: it skips what follows up to the Sync. */
static void skip_rest(brn_pipe *pipe, bool sync_sent)
{
    if (PQstatus(pipe->p->pg) != CONNECTION_OK ||
        PQpipelineStatus(pipe->p->pg) == PQ_PIPELINE_OFF) {
        return;
    }
    if (sync_sent || PQpipelineSync(pipe->p->pg) == 1) {
        (void)take_sync(pipe, NULL);
    }
}

static brant_status not_sent(brn_pipe *pipe, brant_error **err)
{
    pipe->state->in_doubt = true;
    return pipe->text.failed ? brn_error_oom(err) : brn_postgres_lost(pipe->p, err);
}

/* Stopping between a statement and its outcome, or before a COMMIT, would make an unknown out of a
 * known. */
static bool begins_something(const brn_program *program, size_t from, size_t to)
{
    bool begins = false;

    for (size_t i = from; i < to && !begins; i++) {
        const brn_op *op = &program->ops.items[i];

        begins = op->type == BRN_OP_BEGIN || op->type == BRN_OP_STATEMENT ||
                 (op->type == BRN_OP_LEDGER && op->ledger->type == BRN_LEDGER_INTENT);
    }
    return begins;
}

static bool has_statements(const brn_program *program)
{
    bool has = false;

    for (size_t i = 0; i < program->ops.count && !has; i++) {
        has = program->ops.items[i].type == BRN_OP_STATEMENT;
    }
    return has;
}

/* A COMMIT takes as long as it takes; rows of the ledger by themselves do not take long. */
static brn_postgres_stopping how_to_stop(const brn_pipe *pipe, bool begins)
{
    if (!has_statements(pipe->program)) {
        return BRN_BRIEF;
    }
    if (begins) {
        return BRN_GO_ON;
    }
    return pipe->p->in_program || pipe->p->in_own ? BRN_NOT_STOPPED : BRN_BRIEF;
}

static brant_status run_chunks(brn_pipe *pipe, size_t from, size_t to, brant_error **err)
{
    brn_postgres *p = pipe->p;
    brant_status st = BRANT_OK;
    bool begins = false;
    bool synced = false;

    while (from < to && st == BRANT_OK) {
        begins = begins_something(pipe->program, from, to);
        pipe->stopping = how_to_stop(pipe, begins);
        st = begins ? brn_control_check(p->conn.control, err) : BRANT_OK;
        if (st != BRANT_OK) {
            break;
        }
        from = send_some(pipe, from, to);
        synced = from == to;
        if (from == SIZE_MAX || (synced ? PQpipelineSync(p->pg) : PQsendFlushRequest(p->pg)) == 0) {
            st = not_sent(pipe, err);
            break;
        }
        p->conn.requests++;
        st = take_answers(pipe, err);
    }
    if (st != BRANT_OK) {
        skip_rest(pipe, synced);
        return st;
    }
    st = take_sync(pipe, err);
    if (st == BRANT_OK) {
        brn_pipe_report(pipe, to, pipe->rows);
    }
    return st;
}

/* --- what does not wait for the disk ---------------------------------------------------------- */

void brn_pipe_settle_beside(brn_pipe *pipe)
{
    PGconn *side = pipe->held ? brn_postgres_side(pipe->p) : NULL;
    char *text = NULL;

    if (side == NULL) {
        return;
    }
    text = brn_postgres_side_ask(side, "SELECT " BRN_POSTGRES_WRITE_AHEAD, SIDE_MS);
    if (text != NULL && PQtransactionStatus(side) == PQTRANS_IDLE) {
        pipe->held = false;
        tell(pipe);
    }
    free(text);
    PQfinish(side);
}

/* Behind a pipeline that ended before a transaction that waits for the disk. */
static brant_status settle(brn_pipe *pipe, brant_error **err)
{
    brant_status st = brn_postgres_make_durable(pipe->p, err);

    if (st == BRANT_OK) {
        pipe->held = false;
        tell(pipe);
    } else {
        pipe->state->in_doubt = true;
    }
    return st;
}

/* --- all of it -------------------------------------------------------------------------------- */

static brant_status leave(brn_pipe *pipe, brant_status st, brant_error **err)
{
    brn_postgres *p = pipe->p;

    if (PQpipelineStatus(p->pg) != PQ_PIPELINE_OFF && PQexitPipelineMode(p->pg) == 0 &&
        st == BRANT_OK) {
        st = brn_postgres_lost(p, err);
    }
    if (pipe->held) {
        brant_status settled = settle(pipe, st == BRANT_OK ? err : NULL);

        st = st == BRANT_OK ? settled : st;
    } else if (st == BRANT_OK) {
        p->unwritten = false;
    }
    return st;
}

brant_status brn_pipe_run(brn_pipe *pipe, size_t from, size_t to, brant_error **err)
{
    brn_postgres *p = pipe->p;
    brant_status st;

    p->blocked[0] = '\0';
    pipe->to = to;
    pipe->sent = 0;
    pipe->worked = pipe->worked && p->in_program;
    pipe->last_ns = brn_clock_mono_ns();
    if (p->pg == NULL || PQenterPipelineMode(p->pg) == 0) {
        return brn_postgres_lost(p, err);
    }
    p->pipe = pipe;
    st = run_chunks(pipe, from, to, err);
    p->pipe = NULL;
    if (PQstatus(p->pg) == CONNECTION_OK) {
        st = leave(pipe, st, err);
    }
    if (PQstatus(p->pg) != CONNECTION_OK) {
        /* What a transaction did is there as a whole or not at all, and its row says which. A
         * server that ends the session may say so in place of the answer to a COMMIT that it has
         * made. */
        size_t failed = pipe->state->ops_done;

        pipe->state->in_doubt = st != BRANT_OK;
        pipe->state->passing = p->in_program || pipe->held ||
                               (failed < pipe->program->ops.count &&
                                pipe->program->ops.items[failed].type == BRN_OP_BEGIN);
    }
    return st;
}
