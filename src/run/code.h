/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations that are functions of the host program: registering them, and what they work with
 * while they run. The public half is <brant/code.h>.
 */
#ifndef BRN_RUN_CODE_H
#define BRN_RUN_CODE_H

#include "run/compile.h"

/* Makes the STATEMENT operation call the function of the migration; its frame lives in the arena.
 */
brant_status brn_code_prepare(
    brn_op *op, brn_arena *arena, const brn_compile_input *in, brant_error **err);

#endif
