/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress as lines for logs: time, level, what happened.
 *
 *     2026-02-26T15:30:00.123Z INFO Migration 20240226153000 ran successfully: create_employees
 *     (3 statements, 12 ms)
 *
 * "Migration <version> ran successfully" stands there once for each applied migration: people
 * search logs for it.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/print.h"
#include "cli/render.h"

#define SAY_EVERY_NS (5000 * BRN_NS_PER_MS)

typedef struct level {
    const char *name;
    cli_color color;
} level;

static const level info = { "INFO", CLI_GREEN };
static const level warn = { "WARN", CLI_YELLOW };
static const level failure = { "ERROR", CLI_RED };
static const level trace = { "TRACE", CLI_DIM };

static void begin(brn_buf *out, const cli_render *r, const brant_event *ev, level lv)
{
    cli_time(out, ev->wall_us);
    brn_buf_add_char(out, ' ');
    cli_colored(out, r->color, lv.color, lv.name);
    brn_buf_add_char(out, ' ');
}

static void add_database(brn_buf *out, const cli_render *r, const brant_event *ev)
{
    if (r->many && ev->database != NULL) {
        brn_buf_add_c(out, ", ");
        cli_clean(out, ev->database);
    }
}

static const char *version_of(const brant_event *ev)
{
    return ev->version != NULL && ev->version[0] != '\0' ? ev->version : ev->migration;
}

static bool run_start(brn_buf *out, cli_render *r, const brant_event *ev)
{
    if (ev->total == 0) {
        return false;
    }
    begin(out, r, ev, info);
    cli_clean(out, ev->command);
    brn_buf_add_c(out, ": ");
    cli_plural(out, ev->total, "migration");
    brn_buf_add_c(out, " to run");
    add_database(out, r, ev);
    return true;
}

static bool run_end(brn_buf *out, cli_render *r, const brant_event *ev)
{
    if (!r->verbose) {
        return false;
    }
    begin(out, r, ev, info);
    cli_clean(out, ev->command);
    brn_buf_add_c(out, ev->status == BRANT_OK ? " ended: " : " ended early: ");
    cli_plural(out, ev->done, "migration");
    brn_buf_add_c(out, " in ");
    cli_duration(out, ev->duration_ns / BRN_NS_PER_MS);
    add_database(out, r, ev);
    return true;
}

static bool migration_start(brn_buf *out, cli_render *r, const brant_event *ev)
{
    if (!r->verbose) {
        return false;
    }
    begin(out, r, ev, info);
    brn_buf_add_c(out, "Migration ");
    cli_clean(out, version_of(ev));
    brn_buf_add_c(out, " begins: ");
    cli_clean(out, ev->name);
    brn_buf_add_c(out, " (");
    cli_plural(out, ev->total, "statement");
    add_database(out, r, ev);
    brn_buf_add_char(out, ')');
    return true;
}

static const char *outcome(const cli_render *r, const brant_event *ev)
{
    bool down = ev->direction != NULL && strcmp(ev->direction, "down") == 0;

    if (ev->status == BRANT_ECANCELLED) {
        return " was interrupted: ";
    }
    if (ev->status != BRANT_OK) {
        return " failed: ";
    }
    if (r->dry_run) {
        return down ? " would be undone: " : " would run: ";
    }
    return down ? " was undone: " : " ran successfully: ";
}

static bool migration_end(brn_buf *out, cli_render *r, const brant_event *ev)
{
    bool failed = ev->status != BRANT_OK && ev->status != BRANT_ECANCELLED;

    begin(out, r, ev, failed ? failure : ev->status == BRANT_OK ? info : warn);
    brn_buf_add_c(out, "Migration ");
    cli_clean(out, version_of(ev));
    brn_buf_add_c(out, outcome(r, ev));
    cli_clean(out, ev->name);
    brn_buf_add_c(out, " (");
    cli_plural(out, ev->done, "statement");
    if (!r->dry_run) {
        brn_buf_add_c(out, ", ");
        cli_duration(out, ev->duration_ns / BRN_NS_PER_MS);
    }
    add_database(out, r, ev);
    brn_buf_add_char(out, ')');
    return true;
}

/* A dry run's statements are its answer and stand on stdout. */
static bool statement(brn_buf *out, cli_render *r, const brant_event *ev)
{
    brn_str text = { ev->statement, ev->statement != NULL ? ev->statement_len : 0 };

    if (!r->verbose || ev->dry_run) {
        return false;
    }
    begin(out, r, ev, info);
    cli_clean(out, ev->migration);
    brn_buf_printf(out, " statement %" PRIu64 ": ", ev->done);
    cli_clean_str(out, brn_str_trim(text));
    brn_buf_add_c(out, " (");
    if (ev->rows >= 0) {
        cli_plural(out, (uint64_t)ev->rows, "row");
        brn_buf_add_c(out, ", ");
    }
    cli_duration(out, ev->duration_ns / BRN_NS_PER_MS);
    add_database(out, r, ev);
    brn_buf_add_char(out, ')');
    return true;
}

/* Migrations and statements have lines of their own; rows come too often to say each time. */
static bool progress(brn_buf *out, cli_render *r, const brant_event *ev)
{
    bool is_end = ev->done == ev->total;

    if (ev->unit == NULL || strcmp(ev->unit, "rows") != 0 ||
        (!is_end && ev->mono_ns - r->rows_said_ns < SAY_EVERY_NS && r->rows_said_ns != 0)) {
        return false;
    }
    r->rows_said_ns = ev->mono_ns;
    begin(out, r, ev, info);
    if (ev->migration != NULL) {
        cli_clean(out, ev->migration);
        brn_buf_add_c(out, ": ");
    }
    brn_buf_printf(out, "%" PRIu64, ev->done);
    if (ev->total > 0) {
        brn_buf_printf(out, " of %" PRIu64, ev->total);
    }
    brn_buf_add_c(out, " rows");
    add_database(out, r, ev);
    return true;
}

static bool lock_wait(brn_buf *out, cli_render *r, const brant_event *ev)
{
    if (r->wait_said_ns != 0 && ev->duration_ns - r->wait_said_ns < SAY_EVERY_NS) {
        return false;
    }
    r->wait_said_ns = ev->duration_ns > 0 ? ev->duration_ns : 1;
    begin(out, r, ev, info);
    brn_buf_add_c(out, "waiting for the migration lock");
    if (ev->message != NULL && ev->message[0] != '\0') {
        brn_buf_add_c(out, ", held by ");
        cli_clean(out, ev->message);
    }
    brn_buf_add_c(out, " (");
    cli_duration(out, ev->duration_ns / BRN_NS_PER_MS);
    brn_buf_add_c(out, " so far");
    add_database(out, r, ev);
    brn_buf_add_char(out, ')');
    return true;
}

static bool lock_taken(brn_buf *out, cli_render *r, const brant_event *ev)
{
    bool waited = r->wait_said_ns != 0;

    r->wait_said_ns = 0;
    if (!waited && !r->verbose) {
        return false;
    }
    begin(out, r, ev, info);
    brn_buf_add_c(out, "migration lock taken after ");
    cli_duration(out, ev->duration_ns / BRN_NS_PER_MS);
    add_database(out, r, ev);
    return true;
}

static bool message(brn_buf *out, cli_render *r, const brant_event *ev, level lv)
{
    begin(out, r, ev, lv);
    if (r->many && ev->database != NULL) {
        cli_clean(out, ev->database);
        brn_buf_add_c(out, ": ");
    }
    cli_clean(out, ev->message != NULL ? ev->message : ev->id);
    return true;
}

/* The text of a trace event is in either field. */
static bool trace_line(brn_buf *out, cli_render *r, const brant_event *ev)
{
    brn_str text = { ev->statement, ev->statement != NULL ? ev->statement_len : 0 };

    begin(out, r, ev, trace);
    cli_clean(out, ev->message);
    if (ev->message != NULL && text.len > 0) {
        brn_buf_add_char(out, ' ');
    }
    cli_clean_str(out, text);
    return true;
}

static bool event_text(brn_buf *out, cli_render *r, const brant_event *ev)
{
    switch (ev->type) {
    case BRANT_EVENT_RUN_START:
        return run_start(out, r, ev);
    case BRANT_EVENT_RUN_END:
        return run_end(out, r, ev);
    case BRANT_EVENT_MIGRATION_START:
        return migration_start(out, r, ev);
    case BRANT_EVENT_MIGRATION_END:
        return migration_end(out, r, ev);
    case BRANT_EVENT_STATEMENT:
        return statement(out, r, ev);
    case BRANT_EVENT_PROGRESS:
        return progress(out, r, ev);
    case BRANT_EVENT_LOCK_WAIT:
        return lock_wait(out, r, ev);
    case BRANT_EVENT_LOCK_TAKEN:
        return lock_taken(out, r, ev);
    case BRANT_EVENT_NOTICE:
        return message(out, r, ev, info);
    case BRANT_EVENT_WARNING:
        return message(out, r, ev, warn);
    case BRANT_EVENT_TRACE:
        return trace_line(out, r, ev);
    default:
        return false;
    }
}

bool cli_plain_line(brn_buf *out, cli_render *r, const brant_event *ev)
{
    bool has_text = event_text(out, r, ev);

    if (has_text) {
        brn_buf_add_char(out, '\n');
    }
    return has_text;
}

static void plain_event(cli_render *r, const brant_event *ev)
{
    if (cli_plain_line(&r->line, r, ev)) {
        cli_render_flush(r);
    }
}

const cli_renderer cli_render_plain = { plain_event, NULL };
