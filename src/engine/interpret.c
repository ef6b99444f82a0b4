/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/interpret.h"

#include "base/clock.h"

typedef struct walk {
    brn_conn *conn;
    const brn_steps *steps;
    const brn_program *program;
    int64_t began_us;
} walk;

/* Whether stopping before this operation leaves everything known. */
static bool begins_something(const brn_op *op)
{
    switch (op->type) {
    case BRN_OP_BEGIN:
    case BRN_OP_STATEMENT:
        return true;
    case BRN_OP_LEDGER:
        return op->ledger->type == BRN_LEDGER_INTENT;
    case BRN_OP_COMMIT:
    case BRN_OP_GUARD:
    case BRN_OP_BARRIER:
        return false;
    }
    return false;
}

static brant_status run_statement(
    const walk *w, const brn_op *op, int64_t *rows, bool *in_doubt, brant_error **err)
{
    brant_status st;

    if (op->call != NULL) {
        return w->steps->call != NULL ? w->steps->call(w->conn, op, rows, err)
                                      : op->call(op->call_user, rows, err);
    }
    brn_control_arm(w->conn->control, BRN_LIMIT_STATEMENT);
    st = w->steps->statement(w->conn, op, rows, in_doubt, err);
    brn_control_rest(w->conn->control, BRN_LIMIT_STATEMENT);
    return st;
}

static brant_status run_op(
    const walk *w, const brn_op *op, int64_t *rows, bool *in_doubt, brant_error **err)
{
    switch (op->type) {
    case BRN_OP_BEGIN:
        return w->steps->begin(w->conn, op->flags, err);
    case BRN_OP_COMMIT:
        return w->steps->commit(w->conn, in_doubt, err);
    case BRN_OP_STATEMENT:
        return run_statement(w, op, rows, in_doubt, err);
    case BRN_OP_LEDGER:
        return w->steps->ledger(w->conn, op->ledger, w->began_us, err);
    case BRN_OP_GUARD:
        return w->steps->guard(w->conn, op->id, w->program->run_id, err);
    case BRN_OP_BARRIER:
        return BRANT_OK; /* each operation is done and known before the next one anyway */
    }
    return brn_error(err, BRANT_EINTERNAL, "engine.internal", "unknown operation in a program");
}

brant_status brn_interpret(
    brn_conn *conn,
    const brn_steps *steps,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    walk w = { conn, steps, program, brn_clock_wall_us() };

    *state = (brn_run_state){ 0 };
    brn_control_rest(conn->control, BRN_LIMIT_STATEMENT);
    for (size_t i = 0; i < program->ops.count; i++) {
        const brn_op *op = &program->ops.items[i];
        int64_t began_ns = brn_clock_mono_ns();
        brn_op_result result = { 0 };
        brant_status st = BRANT_OK;

        if (begins_something(op)) {
            st = brn_control_check(conn->control, err);
        }
        if (st == BRANT_OK) {
            st = run_op(&w, op, &result.rows, &state->in_doubt, err);
        }
        if (st != BRANT_OK) {
            brn_error_subject(err, conn->database, brn_program_migration(program, i));
            return st;
        }
        state->ops_done = i + 1;
        state->in_doubt = false;
        if (on_result != NULL) {
            result.duration_ns = brn_clock_mono_ns() - began_ns;
            on_result(program, i, &result, user);
        }
    }
    return BRANT_OK;
}
