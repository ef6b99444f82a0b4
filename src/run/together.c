/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --tx all: one transaction around all migrations of a plan.
 */
#include <string.h>

#include "base/clock.h"
#include "run/step_int.h"

void brn_forget_uncommitted(brn_run *run, brn_target *target)
{
    size_t index = (size_t)(target - run->session->targets);
    if (!run->all_open) {
        return;
    }
    run->all_open = false;
    run->all_rows = (brn_program){ 0 };
    target->chain = run->chain_before_all;
    run->applied.count = 0;
    brn_graph_join(&run->world->graph, index, &run->world->ledgers[index].rows);
}

/* There is one: the runner asks only then. */
static brn_step *first_runnable(const brn_run *run)
{
    size_t i = 0;
    while (i + 1 < run->plan.steps.count &&
           (run->plan.steps.items[i].manual || run->plan.steps.items[i].blocked)) {
        i++;
    }
    return &run->plan.steps.items[i];
}

static brant_status begin(brn_run *run, brn_target *target, brant_error **err)
{
    brn_program program = { .run_id = run->actor.run_id };
    brn_op *op = brn_program_add(&program, run->arena, BRN_OP_BEGIN);
    if (op == NULL) {
        return brn_error_oom(err);
    }
    return brn_run_program(run, target, &program, NULL, NULL, NULL, err);
}

brant_status brn_step_begin_all(brn_run *run, brant_error **err)
{
    const brn_step *step = first_runnable(run);
    brn_target *target = &run->session->targets[step->migration->database];
    run->chain_before_all = target->chain;
    brant_status st = brn_announce(run, step, 0, err);
    if (st == BRANT_OK) {
        st = begin(run, target, err);
    }
    run->all_open = st == BRANT_OK;
    return st;
}

void brn_step_abandon_all(brn_run *run)
{
    if (!run->all_open) {
        return;
    }
    brn_target *target = &run->session->targets[first_runnable(run)->migration->database];
    brn_reset_quietly(run, target);
    brn_forget_uncommitted(run, target);
}

/*
 * Until the COMMIT nothing has happened: the ends of all migrations are told after it, and their
 * rows are written just before it. In between, each change of the schema would make SQLite prepare
 * the statements for the rows anew.
 */
brant_status brn_step_commit_all(brn_run *run, brant_error **err)
{
    brn_step *first = first_runnable(run);
    brn_target *target = &run->session->targets[first->migration->database];
    brn_run_state state = { 0 };
    brant_error *failure = NULL;
    run->all_rows.run_id = run->actor.run_id;
    brn_op *commit = brn_program_add(&run->all_rows, run->arena, BRN_OP_COMMIT);
    brant_status st =
        commit == NULL ? brn_error_oom(&failure)
                       : brn_run_program(run, target, &run->all_rows, NULL, NULL, &state, &failure);
    if (st != BRANT_OK) {
        brn_frame f = { .run = run, .step = first, .target = target };
        brn_ledger_state ledger = { 0 };
        if (target->conn != NULL) {
            brn_target_reset(target);
        }
        bool known = state.in_doubt && target->conn != NULL &&
                     brn_read_quietly(&ledger, run, target, NULL) == BRANT_OK;
        if (state.in_doubt && !known) {
            run->handed_over = NULL; /* its row may say that all is done */
        }
        if (known && brn_frame_took_effect(&f, brn_frame_row(&f, &ledger))) {
            brant_error_free(failure);
            failure = NULL;
            st = BRANT_OK;
        }
    }
    if (st != BRANT_OK) {
        brn_forget_uncommitted(run, target);
        if (err != NULL) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
        return st;
    }
    run->all_open = false;
    run->handed_over = NULL;
    for (size_t i = 0; i < run->applied.count; i++) {
        const brant_migration *doc = run->applied.items[i];
        brant_event ev = {
            .type = BRANT_EVENT_MIGRATION_END,
            .database = doc->database,
            .migration = doc->id,
            .version = doc->version,
            .name = doc->name,
            .direction = run->plan.steps.items[0].direction == BRN_DOWN ? "down" : "up",
            .done = doc->statements_total,
            .duration_ns = doc->duration_ms * BRN_NS_PER_MS,
            .dry_run = run->dry_run ? 1 : 0,
        };
        brn_emit(&run->session->emitter, &ev);
    }
    return BRANT_OK;
}
