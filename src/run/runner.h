/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: takes a plan through the databases.
 *
 *   look (no lock) -> nothing to do? end -> lock -> look again -> plan -> steps -> unlock
 *
 * Commands that move migrations (up, down, goto, redo, setup) differ only in the plan they make:
 * the brn_planner. Everything that concerns one migration is in step.c.
 *
 * State of a migration while it runs is told by its ledger row. The row of the next migration is
 * written as running together with the completion of the one before ("handed over"), the first one
 * in a transaction of its own; a run that stops puts back what it handed over and did not use.
 */
#ifndef BRN_RUN_RUNNER_H
#define BRN_RUN_RUNNER_H

#include "run/box.h"
#include "run/compile.h"
#include "run/docs.h"

struct brn_run;

typedef brant_status brn_planner(brn_steps_plan *out, const struct brn_run *run, brant_error **err);
/* Sees each step compiled before anything runs; BRANT_OK lets it pass. */
typedef brant_status brn_verifier(
    const struct brn_run *run, size_t step, const brn_compiled *compiled, brant_error **err);

/* What one step loses: its first statement that deletes data, and how many there are (backup.c). */
typedef struct brn_loss {
    const brn_migration *migration;
    brn_direction direction;
    size_t count;
    const char *file;
    const char *kind;
    uint32_t line;
} brn_loss;

typedef struct brn_run {
    brant_session *session;
    brn_world *world;
    brn_arena *arena; /* of the box: lives as long as the report */
    brn_actor actor;
    const char *command;
    brn_planner *planner;
    brn_verifier *verifier; /* NULL: none */
    const void *goal;       /* the planner's */
    bool going_up;          /* differences between files and ledger refuse */
    bool dry_run;
    bool looking;    /* a plan that is only shown: does not tell that something resumes */
    bool create;     /* make missing databases even when there is nothing to run (setup) */
    bool one_by_one; /* never in one transaction, whatever the setting says */
    bool all;        /* the plan at hand runs in one transaction: setting tx=all of its database */
    brn_steps_plan plan;
    brn_texts texts;          /* from their check until they run */
    struct brn_frame *frames; /* of the steps that are running */
    size_t frame_count;
    int64_t began_ns;
    int64_t *next_seq;           /* one for each target */
    const brn_step *handed_over; /* its row says running, written by this run; NULL */
    bool all_open;               /* --tx all: its transaction is open */
    brn_program all_rows;        /* --tx all: rows that are written at its end */
    brn_chain chain_before_all;  /* --tx all: where the history was when it began */
    brn_doc_list applied;
    brn_doc_list skipped;
    const brant_migration *failed;
    const char *previous_version;
    BRN_VEC(brn_loss) losses; /* of the plan as it was before the lock */
    const char *backup;       /* which there is of what it loses, for the history; NULL */
} brn_run;

/* Runs the command; the report in `box` is filled also when it fails half way. */
brant_status brn_run_execute(brn_run *run, brn_box *box, brant_error **err);

/* How migrations of a target run: its setting tx, or x-no-tx-wrap in its URL. */
brn_tx brn_run_tx(const brn_run *run, size_t target);

/* Makes run->plan with the planner, after refusing what stands in the way. */
brant_status brn_run_plan(brn_run *run, brant_error **err);

/* Sets up what all commands share. */
void brn_run_init(
    brn_run *run, brant_session *session, brn_world *world, brn_box *box, const char *command);

/* ---- move.c ---- */

/* What a person asks of up, down and goto. */
typedef struct brn_move_goal {
    uint64_t count;
    const char *to;
    bool all;
    bool dry_run;
} brn_move_goal;

/* Planner of `up`; run->goal is a brn_move_goal. */
brant_status brn_move_plan_up(brn_steps_plan *out, const brn_run *run, brant_error **err);

/* ---- window.c ---- */

/* Runs the step `first` and those behind it that go to the engine together with it. *taken: how
 * many; set on success only. */
brant_status brn_steps_run(brn_run *run, size_t first, size_t *taken, brant_error **err);

/* ---- step.c, together.c ---- */

/* Puts back the row that was handed over, if any. Errors become warnings. */
void brn_step_put_back(brn_run *run);
/* --tx all: opens the transaction of the plan's target, and closes it. */
brant_status brn_step_begin_all(brn_run *run, brant_error **err);
brant_status brn_step_commit_all(brn_run *run, brant_error **err);
/* Rolls it back if it is open, and with it what was noted as done. */
void brn_step_abandon_all(brn_run *run);

/* ---- look.c ---- */

/* After a run that succeeded: fills report->validation when the setting validate-schema asks for
 * it. Nothing after a dry run. */
brant_status brn_run_validate(brn_run *run, brn_box *box, brant_error **err);

/* ---- shared with commands that only write the ledger (edit.c) ---- */

/* Runs a program, counting what is sent. `state` may be NULL. */
brant_status brn_run_program(
    brn_run *run,
    brn_target *target,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err);
/* Locks a target, reads its ledger again and the end of its history. */
brant_status brn_run_lock(brn_run *run, size_t target, brant_error **err);
void brn_run_unlock(brn_run *run);
/* Appends LEDGER operations to a program. */
void brn_program_ledger(
    brn_program *program,
    brn_arena *arena,
    brn_ledger_op_type type,
    const brn_ledger_row *row,
    const brn_history_row *history);
/* The lock is held still: what another run does now must not be overwritten. */
void brn_program_guard(brn_program *program, brn_arena *arena, const brn_target *target);
/* BEGIN and COMMIT where the engine has transactions for ledger rows; the guard in any case. */
void brn_program_begin(brn_program *program, brn_arena *arena, const brn_target *target);
void brn_program_commit(brn_program *program, brn_arena *arena, const brn_target *target);

#endif
