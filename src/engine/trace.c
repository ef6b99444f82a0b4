/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/decorators.h"
#include "engine/wrap.h"

/* A listener to results that stands before the caller's own. */
typedef struct listener {
    brn_wrap *wrap;
    brn_on_result *on_result;
    void *user;
} listener;

__attribute__((format(printf, 4, 5))) static void say(
    const brn_wrap *w, const brn_op *op, int64_t began_ns, const char *format, ...)
{
    char text[256];
    va_list args;
    brant_event ev = {
        .type = BRANT_EVENT_TRACE,
        .database = w->conn.database,
        .message = text,
        .duration_ns = began_ns > 0 ? brn_clock_mono_ns() - began_ns : 0,
    };

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (op != NULL && op->type == BRN_OP_STATEMENT) {
        ev.statement = op->sql.ptr;
        ev.statement_len = op->sql.len;
        ev.done = op->number;
        ev.line = op->stmt != NULL ? op->stmt->line : 0;
    }
    brn_emit(w->conn.emitter, &ev);
}

/* One line for a call that is over. */
static brant_status said(
    brn_wrap *w, const char *call, int64_t began_ns, brant_status st, brant_error *const *err)
{
    brn_wrap_sync(w);
    if (st == BRANT_OK) {
        say(w, NULL, began_ns, "%s", call);
    } else {
        say(w, NULL, began_ns, "%s: %.200s", call,
            err != NULL ? brant_error_message(*err) : brant_status_name(st));
    }
    return st;
}

static void trace_result(
    const brn_program *program, size_t op, const brn_op_result *result, void *user)
{
    const listener *l = user;
    const brn_op *done = &program->ops.items[op];
    char what[64];

    brn_wrap_describe(what, done);
    if (done->type == BRN_OP_STATEMENT) {
        say(l->wrap, done, 0, "%s: %lld rows, %lld us", what, (long long)result->rows,
            (long long)(result->duration_ns / 1000));
    } else {
        say(l->wrap, done, 0, "%s", what);
    }
    if (l->on_result != NULL) {
        l->on_result(program, op, result, l->user);
    }
}

static brant_status trace_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    listener l = { w, on_result, user };
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st;

    say(w, NULL, 0, "run: %zu operations%s%s", program->ops.count,
        program->migration != NULL ? " of " : "",
        program->migration != NULL ? program->migration : "");
    st = w->inner->engine->run(w->inner, program, trace_result, &l, state, err);
    if (st != BRANT_OK && state->ops_done < program->ops.count) {
        const brn_op *failed = &program->ops.items[state->ops_done];
        char what[64];

        brn_wrap_describe(what, failed);
        say(w, failed, 0, "%s %s", what, state->in_doubt ? "is in doubt" : "failed");
    }
    return said(w, "run", began_ns, st, err);
}

static brant_status trace_server_info(brn_server_info *out, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->server_info(out, w->inner, err);

    return said(w, "server_info", began_ns, st, err);
}

static brant_status trace_reset(brn_conn *conn, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->reset(w->inner, err);

    return said(w, "reset", began_ns, st, err);
}

static brant_status trace_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->ledger_read(out, arena, w->inner, detail, err);

    return said(w, "ledger_read", began_ns, st, err);
}

static brant_status trace_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->history_read(out, arena, w->inner, limit, err);

    return said(w, "history_read", began_ns, st, err);
}

static brant_status trace_lock(brn_conn *conn, const char *what, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->lock(w->inner, what, err);

    return said(w, "lock", began_ns, st, err);
}

static void trace_unlock(brn_conn *conn)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();

    w->inner->engine->unlock(w->inner);
    (void)said(w, "unlock", began_ns, BRANT_OK, NULL);
}

static brant_status trace_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->lock_holder(out, w->inner, err);

    return said(w, "lock_holder", began_ns, st, err);
}

static bool trace_lock_wait(brn_conn *conn, uint32_t ms)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    bool woken = w->inner->engine->lock_wait(w->inner, ms);

    (void)said(w, "lock_wait", began_ns, BRANT_OK, NULL);
    return woken;
}

static brant_status trace_lock_break(
    brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->lock_break(w->inner, holder, err);

    return said(w, "lock_break", began_ns, st, err);
}

static brant_status trace_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->probe(out, arena, w->inner, stmt, err);

    return said(w, "probe", began_ns, st, err);
}

static brant_status trace_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->objects(out, arena, w->inner, err);

    return said(w, "objects", began_ns, st, err);
}

/* The statement without its values, which may be secrets. */
static brant_status trace_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    brn_wrap *w = (brn_wrap *)conn;
    const brn_op shown = { .type = BRN_OP_STATEMENT, .sql = query->sql };
    int64_t began_ns = brn_clock_mono_ns();
    brant_status st = w->inner->engine->execute(changed, w->inner, query, err);

    brn_wrap_sync(w);
    if (st == BRANT_OK) {
        say(w, &shown, began_ns, "execute: %lld rows", (long long)*changed);
    } else {
        say(w, &shown, began_ns, "execute: %.200s",
            err != NULL ? brant_error_message(*err) : brant_status_name(st));
    }
    return st;
}

brn_conn *brn_trace_wrap(brn_conn *inner)
{
    brn_wrap *w = calloc(1, sizeof(*w));

    if (w == NULL) {
        return NULL;
    }
    brn_wrap_init(w, inner, 0);
    w->table.server_info = trace_server_info;
    w->table.run = trace_run;
    w->table.reset = trace_reset;
    w->table.ledger_read = trace_ledger_read;
    w->table.history_read = trace_history_read;
    if (w->table.lock != NULL) {
        w->table.lock = trace_lock;
        w->table.unlock = trace_unlock;
        w->table.lock_holder = trace_lock_holder;
        w->table.lock_wait = trace_lock_wait;
        w->table.lock_break = trace_lock_break;
    }
    if (w->table.probe != NULL) {
        w->table.probe = trace_probe;
    }
    if (w->table.objects != NULL) {
        w->table.objects = trace_objects;
    }
    if (w->table.execute != NULL) {
        w->table.execute = trace_execute;
    }
    return &w->conn;
}
