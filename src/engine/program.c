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

const char *brn_program_migration(const brn_program *program, size_t op)
{
    const brn_op *ops = program->ops.items;

    /* A transaction begins before its guard. */
    if (op + 1 < program->ops.count && ops[op].type == BRN_OP_BEGIN) {
        op++;
    }
    for (size_t i = op + 1; i-- > 0;) {
        if (ops[i].type == BRN_OP_GUARD && ops[i].id != NULL) {
            return ops[i].id;
        }
    }
    return program->migration;
}
