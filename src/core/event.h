/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending events. An emitter numbers and stamps them; the public struct is in <brant/event.h>.
 */
#ifndef BRN_CORE_EVENT_H
#define BRN_CORE_EVENT_H

#include <brant/event.h>

#include "base/str.h"

typedef struct brn_emitter {
    brant_event_fn *fn; /* NULL: nobody listens */
    void *user;
    uint64_t number;
    const char *run_id; /* NULL outside a run */
} brn_emitter;

/* Fills size, number and times of `ev`, its run id if it has none, and calls the listener. */
void brn_emit(brn_emitter *em, brant_event *ev);
void brn_emit_notice(brn_emitter *em, const char *database, const char *id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void brn_emit_warning(
    brn_emitter *em, const char *database, const char *id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
