/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One migration on its way through a database: what the files about it share.
 *
 *   step.c      its rows, its events, its end; manual ones
 *   window.c    compiling steps, handing them to the engine, several at once where that helps
 *   failure.c   what is done, and recorded, when it fails
 *   together.c  --tx all: one transaction around all of them
 */
#ifndef BRN_RUN_STEP_INT_H
#define BRN_RUN_STEP_INT_H

#include "run/runner.h"

typedef struct brn_frame {
    brn_run *run;
    brn_step *step;
    size_t index; /* of the step in the plan */
    brn_target *target;
    brn_compile_input in;
    brn_compiled compiled;
    brn_step *next; /* whose row is written together with this one's completion; NULL */
    size_t first;   /* its first operation in the program that is run */
    size_t end;     /* behind its last one */
    int64_t began_ns;
    int64_t ended_ns;    /* 0: it has not, as far as is known */
    uint64_t statements; /* that have run */
} brn_frame;

/* ---- step.c ---- */

void brn_frame_emit_start(const brn_frame *f);
void brn_frame_emit_end(const brn_frame *f, brant_status st);
/* Tells of a statement that is done; nothing for other operations. */
void brn_frame_result(brn_frame *f, const brn_op *op, const brn_op_result *result);
/* It has taken effect: chain, numbers and joined state follow. */
void brn_frame_done(brn_frame *f);

/* The row as it is to say "running", by this run; `seq` for one that has no number yet. What is
 * known of progress stays. NULL: out of memory. */
brn_ledger_row *brn_running_row(brn_arena *arena, brn_run *run, const brn_step *step, int64_t seq);
/* Announces a step: its row says running from here on. */
brant_status brn_announce(brn_run *run, const brn_step *step, uint64_t total, brant_error **err);
/* Rolls back and restores, reads the ledger, runs a program of ledger operations: whatever the
 * control says, since cleaning up must work although the run was told to stop. */
void brn_reset_quietly(brn_run *run, brn_target *target);
brant_status brn_read_quietly(
    brn_ledger_state *out, brn_run *run, brn_target *target, brant_error **err);
/* Whether the history ends with what this run wrote last. Where it does not, another run has had
 * the lock while the connection was lost, and what this one knows of the ledger is not true any
 * more. */
bool brn_history_ends_here(brn_run *run, brn_target *target);
brant_status brn_write_quietly(
    brn_run *run, brn_target *target, const brn_program *program, brant_error **err);
/* A person does it: the row says running until it is marked. */
brant_status brn_frame_run_manual(brn_frame *f, brant_error **err);

/* ---- failure.c ---- */

/* Whether the ledger says that the step is done, by this run. `row` is the migration's, or NULL. */
bool brn_frame_took_effect(const brn_frame *f, const brn_ledger_row *row);
const brn_ledger_row *brn_frame_row(const brn_frame *f, const brn_ledger_state *state);
/*
 * The end of a step that failed: places the error, rolls back, asks the ledger when an answer was
 * lost, records the failure. BRANT_OK when the step has taken effect after all; *failure is then
 * gone. `state` counts operations of this step.
 */
brant_status brn_frame_failed(
    brn_frame *f, brant_status st, const brn_run_state *state, brant_error **failure);

/* ---- together.c ---- */

/* --tx all: what was noted as done is rolled back with the rest. */
void brn_forget_uncommitted(brn_run *run, brn_target *target);

#endif
