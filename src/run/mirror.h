/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another tool's table beside the ledger (setting mirror), for a time in which both tools are in
 * use. The ledger is the truth: a row goes into the table, and out of it, in the same transaction
 * as the ledger's. What the table lacks, as after switching the setting on, the next run adds. What
 * it has and the ledger has not, the other tool did: that stops a run, and `adopt` takes it over.
 */
#ifndef BRN_RUN_MIRROR_H
#define BRN_RUN_MIRROR_H

#include "run/runner.h"

/* The number by which such a table knows a version, from 1; 0: it cannot be in one. */
int64_t brn_mirror_number(const char *version);
/* The table behind a mirror, and its name in settings and messages: "gofr". */
const char *brn_mirror_table(brn_mirror mirror);
const char *brn_mirror_name(brn_mirror mirror);
/* BRN_MIRROR_NONE for any other text. */
brn_mirror brn_mirror_parse(const char *name);

/*
 * Reads the table of a connected target that has a mirror, and compares it with the ledger as the
 * graph has it. "mirror.unsupported" (BRANT_EUNSUPPORTED) when the kind of database has none.
 */
brant_status brn_mirror_look(brn_world *world, size_t target, brant_error **err);

/* Adds to a program what the ledger operation just added to it means for the mirror, if there is
 * one. `row` is that operation's, with its version. */
void brn_mirror_follow(
    brn_program *program, brn_arena *arena, const brn_target *target, const brn_ledger_op *op);

/* Under the lock: makes the table, and adds what it lacks. Looks at what brn_mirror_look() saw. */
brant_status brn_mirror_catch_up(brn_run *run, size_t target, brant_error **err);

#endif
