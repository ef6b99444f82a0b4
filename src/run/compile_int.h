/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What compile.c (reading and deciding) and emit.c (writing the program) share.
 */
#ifndef BRN_RUN_COMPILE_INT_H
#define BRN_RUN_COMPILE_INT_H

#include "run/compile.h"

bool brn_foreign_keys_off(const brn_compiled *c);
/* Value of a placeholder, from the settings' environment; `user` is the target. */
const char *brn_placeholder_value(const char *name, void *user);
bool brn_placeholders_on(const brn_compiled *c, const brn_target *target);

#endif
