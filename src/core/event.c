/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

void brn_emit(brn_emitter *em, brant_event *ev)
{
    if (em == NULL || em->fn == NULL) {
        return;
    }
    ev->size = sizeof(*ev);
    ev->number = ++em->number;
    ev->wall_us = brn_clock_wall_us();
    ev->mono_ns = brn_clock_mono_ns();
    if (ev->run_id == NULL) {
        ev->run_id = em->run_id;
    }
    em->fn(ev, em->user);
}

__attribute__((format(printf, 5, 0))) static void emit_text(
    brn_emitter *em,
    brant_event_type type,
    const char *database,
    const char *id,
    const char *format,
    va_list args)
{
    /* The beginning on the stack, so that a warning arrives even when memory is gone. */
    char start[512] = "";
    brn_buf whole;
    va_list again;
    brant_event ev = { .type = (uint32_t)type, .database = database, .id = id };

    if (em == NULL || em->fn == NULL) {
        return;
    }
    va_copy(again, args);
    brn_buf_init(&whole, 0);
    ev.message = start;
    if (vsnprintf(start, sizeof(start), format, args) >= (int)sizeof(start)) {
        brn_buf_vprintf(&whole, format, again);
        if (!whole.failed) {
            ev.message = brn_buf_text(&whole);
        }
    }
    va_end(again);
    brn_emit(em, &ev);
    brn_buf_release(&whole);
}

void brn_emit_notice(brn_emitter *em, const char *database, const char *id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    emit_text(em, BRANT_EVENT_NOTICE, database, id, format, args);
    va_end(args);
}

void brn_emit_warning(
    brn_emitter *em, const char *database, const char *id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    emit_text(em, BRANT_EVENT_WARNING, database, id, format, args);
    va_end(args);
}
