/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wrap.h"

#include <stdio.h>
#include <stdlib.h>

static brn_wrap *wrap_of(brn_conn *conn)
{
    return (brn_wrap *)conn;
}

void brn_wrap_sync(brn_wrap *wrap)
{
    wrap->conn.requests = wrap->inner->requests;
    wrap->conn.ended = wrap->inner->ended;
    wrap->conn.lex_mode = wrap->inner->lex_mode;
}

/* --- forwarding ------------------------------------------------------------------------------- */

static void wrap_disconnect(brn_conn *conn)
{
    brn_wrap *w = wrap_of(conn);

    if (w != NULL) {
        w->inner->engine->disconnect(w->inner);
        free(w);
    }
}

static brant_status wrap_server_info(brn_server_info *out, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->server_info(out, w->inner, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->run(w->inner, program, on_result, user, state, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_reset(brn_conn *conn, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->reset(w->inner, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->ledger_read(out, arena, w->inner, detail, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->history_read(out, arena, w->inner, limit, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_lock(brn_conn *conn, const char *what, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->lock(w->inner, what, err);

    brn_wrap_sync(w);
    return st;
}

static void wrap_unlock(brn_conn *conn)
{
    brn_wrap *w = wrap_of(conn);

    w->inner->engine->unlock(w->inner);
    brn_wrap_sync(w);
}

static brant_status wrap_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->lock_holder(out, w->inner, err);

    brn_wrap_sync(w);
    return st;
}

static bool wrap_lock_wait(brn_conn *conn, uint32_t ms)
{
    brn_wrap *w = wrap_of(conn);
    bool woken = w->inner->engine->lock_wait(w->inner, ms);

    brn_wrap_sync(w);
    return woken;
}

static brant_status wrap_lock_break(
    brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->lock_break(w->inner, holder, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->probe(out, arena, w->inner, stmt, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->objects(out, arena, w->inner, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->execute(changed, w->inner, query, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_sessions(
    brn_session_list *out,
    brn_arena *arena,
    brn_conn *conn,
    int64_t older_than_ms,
    brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->sessions(out, arena, w->inner, older_than_ms, err);

    brn_wrap_sync(w);
    return st;
}

static brant_status wrap_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err)
{
    brn_wrap *w = wrap_of(conn);
    brant_status st = w->inner->engine->mirror_read(out, arena, w->inner, mirror, err);

    brn_wrap_sync(w);
    return st;
}

/* --- making ----------------------------------------------------------------------------------- */

static void add_optional(brn_engine *table)
{
    if ((table->caps & BRN_CAP_LOCK) != 0) {
        table->lock = wrap_lock;
        table->unlock = wrap_unlock;
        table->lock_holder = wrap_lock_holder;
        table->lock_wait = wrap_lock_wait;
        table->lock_break = wrap_lock_break;
    }
    if ((table->caps & BRN_CAP_PROBE) != 0) {
        table->probe = wrap_probe;
    }
    if ((table->caps & BRN_CAP_OBJECTS) != 0) {
        table->objects = wrap_objects;
    }
    if ((table->caps & BRN_CAP_EXECUTE) != 0) {
        table->execute = wrap_execute;
    }
    if ((table->caps & BRN_CAP_SESSIONS) != 0) {
        table->sessions = wrap_sessions;
    }
    if ((table->caps & BRN_CAP_MIRROR) != 0) {
        table->mirror_read = wrap_mirror_read;
    }
}

void brn_wrap_init(brn_wrap *wrap, brn_conn *inner, uint32_t hide_caps)
{
    const brn_engine *engine = inner->engine;

    wrap->inner = inner;
    wrap->table = (brn_engine){
        .abi = engine->abi,
        .name = engine->name,
        .schemes = engine->schemes,
        .default_port = engine->default_port,
        .dialect = engine->dialect,
        .caps = engine->caps & ~hide_caps,
        .connect = engine->connect,
        .disconnect = wrap_disconnect,
        .server_info = wrap_server_info,
        .run = wrap_run,
        .reset = wrap_reset,
        .ledger_read = wrap_ledger_read,
        .history_read = wrap_history_read,
        .inspect = engine->inspect,
    };
    add_optional(&wrap->table);
    wrap->conn = *inner;
    wrap->conn.engine = &wrap->table;
    wrap->conn.caps = inner->caps & ~hide_caps;
}

static const char *ledger_word(brn_ledger_op_type type)
{
    switch (type) {
    case BRN_LEDGER_ENSURE:
        return "ensure";
    case BRN_LEDGER_PUT:
        return "put";
    case BRN_LEDGER_INTENT:
        return "intent";
    case BRN_LEDGER_OUTCOME:
        return "outcome";
    case BRN_LEDGER_FAIL:
        return "fail";
    case BRN_LEDGER_REMOVE:
        return "remove";
    case BRN_LEDGER_HISTORY:
        return "history";
    case BRN_LEDGER_MIRROR_PUT:
        return "mirror put";
    case BRN_LEDGER_MIRROR_REMOVE:
        return "mirror remove";
    }
    return "operation";
}

void brn_wrap_describe(char out[64], const brn_op *op)
{
    const char *word = "operation";

    switch (op->type) {
    case BRN_OP_STATEMENT:
        (void)snprintf(out, 64, "statement %u", (unsigned)op->number);
        return;
    case BRN_OP_LEDGER:
        (void)snprintf(out, 64, "ledger %s", ledger_word(op->ledger->type));
        return;
    case BRN_OP_BEGIN:
        word = "begin";
        break;
    case BRN_OP_COMMIT:
        word = "commit";
        break;
    case BRN_OP_GUARD:
        word = "guard";
        break;
    case BRN_OP_BARRIER:
        word = "barrier";
        break;
    }
    (void)snprintf(out, 64, "%s", word);
}
