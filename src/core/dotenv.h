/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .env files: one variable a line.
 *
 *     # comment
 *     export NAME=value        # a comment here needs a blank before it
 *     NAME='taken literally'
 *     NAME="with \n \t \" \\ and \$"
 *
 * A quoted value ends on its line. ${NAME} is not replaced: what a value means would depend on the
 * order of lines and on who started the process.
 */
#ifndef BRN_CORE_DOTENV_H
#define BRN_CORE_DOTENV_H

#include "base/vec.h"
#include "core/error.h"

#define BRN_DOTENV_MAX_BYTES ((size_t)1024 * 1024)

typedef struct brn_dotenv_var {
    const char *name;
    const char *value;
    uint32_t line; /* of the name, from 1 */
    uint32_t column;
} brn_dotenv_var;

typedef BRN_VEC(brn_dotenv_var) brn_dotenv_list;

/* Appends the variables of `text` to `list` in their order; a name may come twice. `file` is for
 * errors and may be NULL. */
brant_status brn_dotenv_parse(
    brn_dotenv_list *list, brn_arena *arena, brn_str text, const char *file, brant_error **err);

#endif
