/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who does it, with what: stored with every row of ledger and history.
 */
#ifndef BRN_LEDGER_ACTOR_H
#define BRN_LEDGER_ACTOR_H

#include "base/arena.h"

typedef struct brn_actor {
    char who[520];   /* user@host */
    char tool[32];   /* "brant 0.1.0" */
    char run_id[33]; /* 32 hexadecimal digits */
} brn_actor;

void brn_actor_init(brn_actor *actor);

#endif
