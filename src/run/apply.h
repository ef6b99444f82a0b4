/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying a saved plan (saved.h): a run whose planner makes the plan anew and refuses it unless it
 * is the saved one. It plans before the lock and again under it, so what is compared there is what
 * runs.
 */
#ifndef BRN_RUN_APPLY_H
#define BRN_RUN_APPLY_H

#include "run/runner.h"
#include "run/saved.h"

/* What a plan just made by `run` depends on, in the run's arena. */
brant_status brn_apply_note(
    const void **out, const brn_run *run, const brn_move_goal *goal, brant_error **err);

#endif
