/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/decorators.h"
#include "engine/wrap.h"

typedef struct fault_conn {
    brn_wrap wrap;
    brn_fault *fault;
    bool failing; /* the next operation fails: the boundary was behind one */
    bool in_txn;
} fault_conn;

/* Makes the inner engine's results look like those of the whole program. */
typedef struct listener {
    const brn_program *program;
    size_t op;
    brn_on_result *on_result;
    void *user;
} listener;

static void pass_on(const brn_program *one, size_t op, const brn_op_result *result, void *user)
{
    const listener *l = user;

    (void)one;
    (void)op;
    if (l->on_result != NULL) {
        l->on_result(l->program, l->op, result, l->user);
    }
}

/* Counts a boundary; true when it is the one, and kill and delay are already over. */
static bool reached(brn_fault *fault)
{
    fault->boundaries++;
    if (fault->at == 0 || fault->boundaries != fault->at) {
        return false;
    }
    if (fault->kind == BRN_FAULT_KILL) {
        (void)kill(getpid(), SIGKILL);
    } else if (fault->kind == BRN_FAULT_DELAY) {
        brn_clock_sleep_ms(fault->delay_ms);
    }
    return true;
}

static brant_status injected(const brn_op *op, brant_error **err)
{
    char what[64];

    brn_wrap_describe(what, op);
    return brn_error(err, BRANT_ESTATEMENT, "fault.injected", "injected failure at %s", what);
}

/* The server acted, then the connection was gone: what was open there is rolled back. */
static brant_status dropped(fault_conn *f, const brn_op *op, brant_error **err)
{
    char what[64];

    (void)f->wrap.inner->engine->reset(f->wrap.inner, NULL);
    brn_wrap_describe(what, op);
    return brn_error(
        err, BRANT_ECONNECT, "fault.dropped", "connection lost while waiting for %s", what);
}

static bool fails(brn_fault_kind kind)
{
    return kind == BRN_FAULT_FAIL || kind == BRN_FAULT_PASSING;
}

/* True: the operation at which it is lost, and `before` it acts. */
static bool loses(const brn_fault *fault, bool before)
{
    return fault->kind == BRN_FAULT_LOSE && (before || fault->boundaries + 1 == fault->at);
}

static brant_status lose(
    fault_conn *f, const brn_program *one, bool before, brn_run_state *state, brant_error **err)
{
    const brn_op *op = &one->ops.items[0];
    brn_run_state inner = { 0 };
    brant_status st = BRANT_OK;

    state->passing = f->in_txn || op->type == BRN_OP_BEGIN;
    if (!before) {
        st = f->wrap.inner->engine->run(f->wrap.inner, one, NULL, NULL, &inner, err);
        (void)reached(f->fault);
    }
    state->in_doubt = st == BRANT_OK || inner.in_doubt;
    f->in_txn = false;
    return st == BRANT_OK ? dropped(f, op, err) : st;
}

static void note_transaction(fault_conn *f, const brn_op *op)
{
    if (op->type == BRN_OP_BEGIN) {
        f->in_txn = true;
    } else if (op->type == BRN_OP_COMMIT) {
        f->in_txn = false;
    }
}

/* One operation between its two boundaries. */
static brant_status run_one(
    fault_conn *f, const brn_program *one, listener *l, brn_run_state *state, brant_error **err)
{
    const brn_op *op = &one->ops.items[0];
    brn_run_state inner = { 0 };
    brn_fault_kind kind = f->fault->kind;
    bool before = reached(f->fault);
    brant_status st;

    if (fails(kind) && (before || f->failing)) {
        f->failing = false;
        state->passing = kind == BRN_FAULT_PASSING;
        return injected(op, err);
    }
    if (loses(f->fault, before)) {
        return lose(f, one, before, state, err);
    }
    if (kind == BRN_FAULT_DROP && (before || f->fault->boundaries + 1 == f->fault->at)) {
        /* No result for the caller: the answer is what gets lost. */
        st = f->wrap.inner->engine->run(f->wrap.inner, one, NULL, NULL, &inner, err);
        (void)reached(f->fault);
        state->in_doubt = true;
        return st == BRANT_OK ? dropped(f, op, err) : st;
    }
    st = f->wrap.inner->engine->run(f->wrap.inner, one, pass_on, l, &inner, err);
    if (st != BRANT_OK) {
        state->in_doubt = inner.in_doubt;
        return st;
    }
    state->ops_done++;
    note_transaction(f, op);
    /* An operation that is done cannot fail: no engine answers like that. */
    f->failing = reached(f->fault) && fails(kind);
    return BRANT_OK;
}

static brant_status fault_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    fault_conn *f = (fault_conn *)conn;
    listener l = { program, 0, on_result, user };
    brant_status st = BRANT_OK;

    *state = (brn_run_state){ 0 };
    for (size_t i = 0; i < program->ops.count && st == BRANT_OK; i++) {
        brn_program one = *program;

        one.ops.items = &program->ops.items[i];
        one.ops.count = 1;
        l.op = i;
        st = run_one(f, &one, &l, state, err);
    }
    f->in_txn = f->in_txn && st == BRANT_OK;
    brn_wrap_sync(&f->wrap);
    return st;
}

brn_conn *brn_fault_wrap(brn_conn *inner, brn_fault *fault)
{
    fault_conn *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    brn_wrap_init(&f->wrap, inner, fault->hide_caps);
    f->fault = fault;
    f->wrap.table.run = fault_run;
    if (fault->window > 0) {
        f->wrap.conn.window = fault->window;
        f->wrap.conn.window_bytes = SIZE_MAX;
    }
    return &f->wrap.conn;
}
