/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines over another engine. Each wrap function takes over the inner connection and returns one
 * whose disconnect() closes both; on failure (out of memory) it returns NULL and the inner
 * connection still belongs to the caller.
 */
#ifndef BRN_ENGINE_DECORATORS_H
#define BRN_ENGINE_DECORATORS_H

#include "engine/engine.h"

/* Sends every call and every operation as BRANT_EVENT_TRACE. */
brn_conn *brn_trace_wrap(brn_conn *inner);

/* Reads go through; programs and locks are reported as done and change nothing. */
brn_conn *brn_dry_run_wrap(brn_conn *inner);
/* What the wrapper does with a program: reports every operation as done, skipped. */
brant_status brn_dry_run_program(
    const brn_program *program, brn_on_result *on_result, void *user, brn_run_state *state);

/* What the fault engine does at its boundary. */
typedef enum brn_fault_kind {
    BRN_FAULT_COUNT = 0, /* nothing: counts boundaries */
    BRN_FAULT_KILL,      /* SIGKILL to this process */
    /* The operation fails without reaching the inner engine; at a boundary behind one, the next. */
    BRN_FAULT_FAIL,
    /* The operation acts, but the answer is lost: an error with in_doubt. What was open in the
     * inner connection is rolled back, as a server does, and it can be used again. */
    BRN_FAULT_DROP,
    BRN_FAULT_DELAY, /* waits delay_ms */
    /* As FAIL, for something that passes by itself (brn_run_state.passing). */
    BRN_FAULT_PASSING,
    /* The connection is lost: at a boundary before an operation it does not reach the inner engine,
     * at one behind it acts. Either way in_doubt, and passing where a transaction was open. What
     * was open is rolled back; the connection is there again. */
    BRN_FAULT_LOSE,
} brn_fault_kind;

/*
 * Boundaries are numbered from 1: for each operation of each program one before it and one after
 * it. The fault engine hands programs to the inner engine one operation at a time.
 */
typedef struct brn_fault {
    brn_fault_kind kind;
    uint64_t at; /* boundary; 0: never */
    uint32_t delay_ms;
    uint32_t window;     /* migrations that come together; 0: as the inner engine has it */
    uint32_t hide_caps;  /* bits the wrapped connection does not have: tests the other shape */
    uint64_t boundaries; /* counted so far */
} brn_fault;

/* `fault` must outlive the connection. */
brn_conn *brn_fault_wrap(brn_conn *inner, brn_fault *fault);

#endif
