/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/program.h"

brn_op *brn_program_add(brn_program *program, brn_arena *arena, brn_op_type type)
{
    brn_op *op = BRN_VEC_PUSH(arena, &program->ops);

    if (op != NULL) {
        op->type = type;
    }
    return op;
}
