/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/render.h"

#include <stdio.h>
#include <string.h>

void cli_render_release(cli_render *r)
{
    brn_buf_release(&r->line);
}

void cli_render_clear(cli_render *r)
{
    if (r->ops != NULL && r->ops->clear != NULL) {
        r->ops->clear(r);
    }
}

void cli_render_flush(cli_render *r)
{
    /* A line that found no memory is lost: progress is worth less than the run. */
    if (!r->line.failed && r->line.len > 0) {
        (void)fwrite(r->line.ptr, 1, r->line.len, stderr);
        (void)fflush(stderr);
    }
    brn_buf_reset(&r->line);
}

static void keep_shown(cli_render *r, const brant_event *ev)
{
    cli_shown *shown = BRN_VEC_PUSH(r->arena, &r->shown);
    brn_str text = { ev->statement, ev->statement != NULL ? ev->statement_len : 0 };

    if (shown == NULL) {
        return;
    }
    *shown = (cli_shown){
        .database = ev->database != NULL ? brn_arena_strdup(r->arena, ev->database) : NULL,
        .migration = ev->migration != NULL ? brn_arena_strdup(r->arena, ev->migration) : NULL,
        .direction = brn_arena_strdup(r->arena, r->direction),
        .file = ev->file != NULL ? brn_arena_strdup(r->arena, ev->file) : NULL,
        .line = ev->line,
        .number = ev->done,
        .text = brn_arena_str(r->arena, brn_str_trim(text)),
    };
}

static bool is_wanted(const cli_render *r, const brant_event *ev)
{
    if (ev->type == BRANT_EVENT_TRACE) {
        return r->trace;
    }
    return !r->quiet || ev->type == BRANT_EVENT_WARNING;
}

void cli_render_event(const brant_event *ev, void *user)
{
    cli_render *r = user;

    if (ev->type == BRANT_EVENT_MIGRATION_START) {
        const char *direction = ev->direction != NULL ? ev->direction : "";

        (void)snprintf(r->direction, sizeof(r->direction), "%s", direction);
    }
    if (ev->type == BRANT_EVENT_STATEMENT && ev->dry_run) {
        keep_shown(r, ev);
    }
    if (r->ops != NULL && is_wanted(r, ev)) {
        r->ops->event(r, ev);
    }
}

/* Warnings and notices are no progress: --progress=none does not hide them. */
static void none_event(cli_render *r, const brant_event *ev)
{
    if (ev->type != BRANT_EVENT_WARNING && ev->type != BRANT_EVENT_NOTICE &&
        ev->type != BRANT_EVENT_TRACE) {
        return;
    }
    if (cli_plain_line(&r->line, r, ev)) {
        cli_render_flush(r);
    }
}

const cli_renderer cli_render_none = { none_event, NULL };
