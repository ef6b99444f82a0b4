/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress as one line of a terminal, redrawn in place.
 *
 *     [##########----------]  3/6  004_add_index  statement 2 of 5
 *
 * Whatever else is to be read stands above it: the line is cleared, the text written, and the next
 * event draws it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/render.h"

#define CELLS 20
#define DRAW_EVERY_NS (50 * BRN_NS_PER_MS)

static void bar_clear(cli_render *r)
{
    if (r->bar.visible) {
        r->bar.visible = false;
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

static void add_cells(brn_buf *out, uint64_t done, uint64_t total)
{
    uint64_t filled = done >= total ? CELLS : done * CELLS / total;

    brn_buf_add_char(out, '[');
    for (uint64_t i = 0; i < CELLS; i++) {
        brn_buf_add_char(out, i < filled ? '#' : '-');
    }
    brn_buf_printf(out, "]  %" PRIu64 "/%" PRIu64, done, total);
}

/* Cuts to `width` characters, never inside one. */
static void cut(brn_buf *text, size_t width)
{
    size_t chars = 0;

    for (size_t i = 0; i < text->len; i++) {
        chars += ((unsigned char)text->ptr[i] & 0xc0) != 0x80;
        if (chars > width) {
            brn_buf_truncate(text, i);
            return;
        }
    }
}

static void draw(cli_render *r, const brant_event *ev)
{
    cli_bar *bar = &r->bar;
    brn_buf text = { 0 };

    bar->drawn_ns = ev->mono_ns;
    bar->visible = true;
    if (bar->total > 0) {
        add_cells(&text, bar->done, bar->total);
        brn_buf_add_c(&text, "  ");
    }
    if (bar->waited_ns > 0) {
        brn_buf_add_c(&text, "waiting for the migration lock: ");
        cli_duration(&text, bar->waited_ns / BRN_NS_PER_MS);
    } else if (bar->current[0] != '\0') {
        cli_clean(&text, bar->current);
        if (bar->statements > 0) {
            brn_buf_printf(
                &text, "  %s %" PRIu64 " of %" PRIu64, bar->unit, bar->statement, bar->statements);
        }
    }
    cut(&text, cli_width(STDERR_FILENO) - 1);
    brn_buf_printf(&r->line, "\r%s\033[K", brn_buf_text(&text));
    cli_render_flush(r);
    brn_buf_release(&text);
}

static void migration_start(cli_bar *bar, const brant_event *ev)
{
    (void)snprintf(
        bar->current, sizeof(bar->current), "%s", ev->migration != NULL ? ev->migration : "");
    bar->unit = "statement";
    bar->statement = 0;
    bar->statements = ev->total;
}

static void progress(cli_bar *bar, const brant_event *ev)
{
    const char *unit = ev->unit != NULL ? ev->unit : "";

    if (strcmp(unit, "migrations") == 0) {
        bar->done = ev->done;
        bar->total = ev->total;
    } else {
        bar->unit = strcmp(unit, "rows") == 0 ? "row" : "statement";
        bar->statement = ev->done;
        bar->statements = ev->total;
    }
}

/* Takes in what the event says. False: it changes nothing in the bar. */
static bool update(cli_bar *bar, const brant_event *ev)
{
    switch (ev->type) {
    case BRANT_EVENT_RUN_START:
        bar->total += ev->total;
        return true;
    case BRANT_EVENT_MIGRATION_START:
        migration_start(bar, ev);
        return true;
    case BRANT_EVENT_MIGRATION_END:
        bar->done += ev->status == BRANT_OK;
        return true;
    case BRANT_EVENT_STATEMENT:
        bar->unit = "statement";
        bar->statement = ev->done;
        return true;
    case BRANT_EVENT_PROGRESS:
        progress(bar, ev);
        return true;
    case BRANT_EVENT_LOCK_WAIT:
        bar->waited_ns = ev->duration_ns > 0 ? ev->duration_ns : 1;
        return true;
    case BRANT_EVENT_LOCK_TAKEN:
        bar->waited_ns = 0;
        return true;
    default:
        return false;
    }
}

/* Events that are read, not only seen passing. */
static bool has_line(const cli_render *r, const brant_event *ev)
{
    switch (ev->type) {
    case BRANT_EVENT_NOTICE:
    case BRANT_EVENT_WARNING:
    case BRANT_EVENT_TRACE:
        return true;
    case BRANT_EVENT_MIGRATION_END:
    case BRANT_EVENT_STATEMENT:
        return r->verbose;
    default:
        return false;
    }
}

static void bar_event(cli_render *r, const brant_event *ev)
{
    bool is_due = !r->bar.visible || ev->mono_ns - r->bar.drawn_ns >= DRAW_EVERY_NS ||
                  ev->type == BRANT_EVENT_MIGRATION_START;
    bool changed = update(&r->bar, ev);

    if (has_line(r, ev)) {
        bar_clear(r);
        if (cli_plain_line(&r->line, r, ev)) {
            cli_render_flush(r);
        }
        is_due = true;
    }
    if (ev->type == BRANT_EVENT_RUN_END) {
        bar_clear(r);
    } else if (changed && is_due && (r->bar.total > 0 || r->bar.waited_ns > 0)) {
        draw(r, ev);
    }
}

const cli_renderer cli_render_bar = { bar_event, bar_clear };
