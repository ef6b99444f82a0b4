/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step-by-step interpreter: runs a program one operation at a time for engines that cannot do
 * better.
 *
 * It looks at conn->control before operations that begin something (BEGIN, STATEMENT, intent) and
 * not before those that finish something (outcome, COMMIT): stopping between a statement and its
 * outcome would make an unknown out of a known.
 *
 * It keeps the statement's time limit: whoever set BRN_LIMIT_STATEMENT with brn_control_start()
 * gave its length; the interpreter starts it anew with each statement and lets it rest in between.
 * A function of the host program (op->call) has no limit of its own: its statements have.
 */
#ifndef BRN_ENGINE_INTERPRET_H
#define BRN_ENGINE_INTERPRET_H

#include "engine/engine.h"

typedef struct brn_steps {
    brant_status (*begin)(brn_conn *conn, uint32_t flags, brant_error **err);
    /* *in_doubt is set when the outcome is not known. */
    brant_status (*commit)(brn_conn *conn, bool *in_doubt, brant_error **err);
    brant_status (*statement)(
        brn_conn *conn, const brn_op *op, int64_t *rows, bool *in_doubt, brant_error **err);
    /* began_us: wall clock at the start of the program, for operations with `stamp`. */
    brant_status (*ledger)(
        brn_conn *conn, const brn_ledger_op *op, int64_t began_us, brant_error **err);
    brant_status (*guard)(brn_conn *conn, const char *id, const char *run_id, brant_error **err);
    /* Makes op->call: for engines that must know of it, as to look afterwards whether the
     * transaction is as it was. NULL: the interpreter calls it. */
    brant_status (*call)(brn_conn *conn, const brn_op *op, int64_t *rows, brant_error **err);
} brn_steps;

brant_status brn_interpret(
    brn_conn *conn,
    const brn_steps *steps,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err);

#endif
