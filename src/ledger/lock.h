/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking the migration lock: by polling, on the session that runs the statements.
 *
 * Polling, because a session that blocks in a server's lock call can deadlock with what the holder
 * runs. The pause starts at 50 ms and doubles up to poll_ms; the engine cuts it short when there is
 * reason to try again.
 */
#ifndef BRN_LEDGER_LOCK_H
#define BRN_LEDGER_LOCK_H

#include "engine/engine.h"

typedef struct brn_lock_wish {
    const char *what;   /* "up, brant 0.1.0": shown to those who wait */
    int64_t timeout_ms; /* 0: no limit */
    int64_t poll_ms;
} brn_lock_wish;

/*
 * *waited: somebody else had it at first. Events LOCK_WAIT (with the holder) and LOCK_TAKEN.
 * "lock.timeout" (BRANT_ELOCKED) names the holder. An engine without BRN_CAP_LOCK has nothing to
 * take: that is no error.
 */
brant_status brn_lock_take(
    bool *waited, brn_conn *conn, const brn_lock_wish *wish, brant_error **err);

#endif
