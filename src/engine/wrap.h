/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the decorators share: a connection over another one, whose table forwards every call.
 *
 * A decorator embeds brn_wrap as its first member, lets brn_wrap_init() fill it, and then puts its
 * own functions into `table`, for required and present functions only: an optional function that
 * the inner engine lacks stays NULL, so that brn_engine_validate() holds for the wrapper as well.
 */
#ifndef BRN_ENGINE_WRAP_H
#define BRN_ENGINE_WRAP_H

#include "engine/engine.h"

typedef struct brn_wrap {
    brn_conn conn;
    brn_engine table; /* what conn.engine points to */
    brn_conn *inner;
} brn_wrap;

/* hide_caps: bits that the wrapper does not have, with the functions that belong to them. */
void brn_wrap_init(brn_wrap *wrap, brn_conn *inner, uint32_t hide_caps);
/* The wrapper's counters follow those of the inner connection: call after every forwarded call. */
void brn_wrap_sync(brn_wrap *wrap);
/* "begin", "statement 3", "ledger put": for traces and errors. */
void brn_wrap_describe(char out[64], const brn_op *op);

#endif
