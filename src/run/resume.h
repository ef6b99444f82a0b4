/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on after a failure or a crash: the policy on-dirty, the statements that may be skipped, and
 * the one whose outcome is open.
 */
#ifndef BRN_RUN_RESUME_H
#define BRN_RUN_RESUME_H

#include "run/runner.h"

/*
 * Looks at what an earlier run left of this migration and fills in->done and in->done_digest. With
 * on-dirty=accept a failed migration counts as applied as it is: all its statements are skipped.
 *
 * BRANT_EDIRTY: "dirty.refused" (policy refuse), "dirty.half_undone" (its undo is half done),
 * "resume.edited" (statements that were done are not what the file says now), "resume.unknown"
 * (the outcome of a statement is open and the database cannot tell: brant repair).
 */
brant_status brn_resume_prepare(
    brn_compile_input *in,
    brn_run *run,
    const brn_step *step,
    brn_compiled *compiled,
    brant_error **err);

/*
 * Why what the row says of progress does not fit the file: a statement that has run, or the one
 * whose outcome is open, is not what it was. NULL when it fits, and on out of memory (latch).
 */
const char *brn_resume_misfit(
    brn_arena *arena, const brn_compiled *compiled, const brn_ledger_row *row);

/* done_digest of the first `count` statements, in the arena; NULL on out of memory. */
const char *brn_resume_digest(brn_arena *arena, const brn_compiled *compiled, uint64_t count);

/* What the database says of the open statement of a row. Evidence is in the arena. */
brant_status brn_resume_probe(
    brn_evidence *out,
    brn_arena *arena,
    brn_target *target,
    const brn_compiled *compiled,
    const brn_ledger_row *row,
    brant_error **err);

#endif
