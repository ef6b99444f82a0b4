/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reviewer would say of a migration before it runs.
 */
#ifndef BRN_RUN_ADVICE_H
#define BRN_RUN_ADVICE_H

#include "run/runner.h"

/* Of the steps of one plan, in order. Zeroed at the start; lives in the run's arena. */
typedef struct brn_advice {
    BRN_VEC(brn_str) made; /* tables that steps so far make: nobody uses them yet */
} brn_advice;

/* Adds the findings of a step to the world's: "plan.large", "plan.blocks". */
void brn_advice_note(
    brn_advice *advice, brn_run *run, const brn_step *step, const brn_compiled *compiled);

/* Whether a failure can leave part of it done: its statements commit by themselves, and there is
 * more than one. Not where the author has asked for no transaction. */
bool brn_advice_is_partial(const brn_run *run, const brn_step *step, const brn_compiled *compiled);

/* What to do when the first migration of a database has failed and there is the table of another
 * tool, which may have applied it before; NULL: there is none. In the run's arena. */
const char *brn_advice_other_tool(brn_run *run, const brn_target *target);

#endif
