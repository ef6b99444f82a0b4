/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/decorators.h"
#include "engine/wrap.h"

brant_status brn_dry_run_program(
    const brn_program *program, brn_on_result *on_result, void *user, brn_run_state *state)
{
    static const brn_op_result shown = { .rows = -1, .skipped = true };

    *state = (brn_run_state){ .ops_done = program->ops.count };
    for (size_t i = 0; on_result != NULL && i < program->ops.count; i++) {
        on_result(program, i, &shown, user);
    }
    return BRANT_OK;
}

static brant_status dry_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    (void)conn;
    (void)err;
    return brn_dry_run_program(program, on_result, user, state);
}

static brant_status dry_reset(brn_conn *conn, brant_error **err)
{
    (void)conn;
    (void)err;
    return BRANT_OK;
}

static brant_status dry_lock(brn_conn *conn, const char *what, brant_error **err)
{
    (void)conn;
    (void)what;
    (void)err;
    return BRANT_OK;
}

static void dry_unlock(brn_conn *conn)
{
    (void)conn;
}

static brant_status dry_lock_break(brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    (void)conn;
    (void)holder;
    (void)err;
    return BRANT_OK;
}

/* Nobody comes here: functions of a program are not called. Should one, it changes nothing. */
static brant_status dry_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    (void)conn;
    (void)query;
    (void)err;
    *changed = -1;
    return BRANT_OK;
}

brn_conn *brn_dry_run_wrap(brn_conn *inner)
{
    brn_wrap *w = calloc(1, sizeof(*w));

    if (w == NULL) {
        return NULL;
    }
    brn_wrap_init(w, inner, 0);
    w->table.run = dry_run;
    w->table.reset = dry_reset;
    if (w->table.lock != NULL) {
        w->table.lock = dry_lock;
        w->table.unlock = dry_unlock;
        w->table.lock_break = dry_lock_break;
    }
    if (w->table.execute != NULL) {
        w->table.execute = dry_execute;
    }
    return &w->conn;
}
