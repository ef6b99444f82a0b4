/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session carries from one statement to the next, and what of it is gone when a migration is
 * resumed on another one.
 *
 * Settings, variables and empty temporary tables come back: the statements that made them run
 * again. Not so the rows of a temporary table, a variable that was read from what has changed
 * since, and what the server remembers of the last statement, LAST_INSERT_ID(). A statement that
 * uses one of those would do something else, and nobody would notice.
 */
#ifndef BRN_RUN_CARRY_H
#define BRN_RUN_CARRY_H

#include "run/compile.h"

/* "resume.session_lost" when a statement behind the first `done` uses what is gone. */
brant_status brn_carry_check(
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_compiled *compiled,
    uint64_t done,
    const char *id,
    brant_error **err);

#endif
