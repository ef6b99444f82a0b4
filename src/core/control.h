/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping: cancellation from another thread or a signal handler, and time limits.
 *
 * The session owns one brn_control; everything that may take long looks at it, engines inside a
 * statement as well where the client library allows it. Limits nest: the run, the migration in
 * it, the statement in that; the earliest one that has passed is named in the error together with
 * the setting to raise.
 */
#ifndef BRN_CORE_CONTROL_H
#define BRN_CORE_CONTROL_H

#include <stdatomic.h>

#include "core/error.h"

typedef enum brn_limit {
    BRN_LIMIT_RUN,
    BRN_LIMIT_MIGRATION,
    BRN_LIMIT_STATEMENT,
    BRN_LIMIT_COUNT
} brn_limit;

typedef struct brn_control {
    atomic_int own;
    atomic_int *cancelled;                /* its own, or that of the session it works for */
    int64_t limit_ms[BRN_LIMIT_COUNT];    /* 0: none */
    int64_t deadline_ns[BRN_LIMIT_COUNT]; /* monotonic; 0: none */
    int64_t
        lock_timeout_ms; /* for locks of other applications; 0: no limit; -1: the connection's */
    bool from_file;      /* the migration's limit is in the head of its file */
} brn_control;

void brn_control_init(brn_control *c);
/* From now on what cancels `other` cancels `c`; `other` outlives it. */
void brn_control_follow(brn_control *c, const brn_control *other);
/* Async-signal-safe and thread-safe. */
void brn_control_cancel(brn_control *c);
/* Starts a limit now; ms 0 removes it. */
void brn_control_start(brn_control *c, brn_limit limit, int64_t ms);
void brn_control_stop(brn_control *c, brn_limit limit);
/* The limit of a statement has its length for the whole run; it starts anew with each statement and
 * rests in between. */
void brn_control_arm(brn_control *c, brn_limit limit);
void brn_control_rest(brn_control *c, brn_limit limit);
/* True when something says stop: cheap enough for a callback that runs often. */
bool brn_control_poll(const brn_control *c);
/* BRANT_OK, or BRANT_ECANCELLED or BRANT_ETIMEOUT with the error set. */
brant_status brn_control_check(const brn_control *c, brant_error **err);
/* Milliseconds until the nearest deadline, at most `ms`. */
int64_t brn_control_left_ms(const brn_control *c, int64_t ms);

#endif
