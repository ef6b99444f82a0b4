/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress as JSON lines: docs/schema/event.json. Fields that do not apply are left out.
 */
#include "base/json.h"
#include "cli/print.h"
#include "cli/render.h"

static const char *const names[] = {
    [BRANT_EVENT_RUN_START] = "run_start",
    [BRANT_EVENT_RUN_END] = "run_end",
    [BRANT_EVENT_MIGRATION_START] = "migration_start",
    [BRANT_EVENT_MIGRATION_END] = "migration_end",
    [BRANT_EVENT_STATEMENT] = "statement",
    [BRANT_EVENT_PROGRESS] = "progress",
    [BRANT_EVENT_LOCK_WAIT] = "lock_wait",
    [BRANT_EVENT_LOCK_TAKEN] = "lock_taken",
    [BRANT_EVENT_NOTICE] = "notice",
    [BRANT_EVENT_WARNING] = "warning",
    [BRANT_EVENT_TRACE] = "trace",
};

static void text_field(brn_json *w, const char *key, const char *value)
{
    if (value != NULL) {
        brn_json_key_cstr(w, key, value);
    }
}

/* Numbers beyond what the type of event has would be zeroes that mean nothing. */
static void numbers(brn_json *w, const brant_event *ev)
{
    uint32_t type = ev->type;
    bool is_end = type == BRANT_EVENT_RUN_END || type == BRANT_EVENT_MIGRATION_END;

    if (type == BRANT_EVENT_RUN_START || type == BRANT_EVENT_MIGRATION_START ||
        type == BRANT_EVENT_PROGRESS) {
        brn_json_key_int(w, "total", (int64_t)ev->total);
    }
    if (is_end || type == BRANT_EVENT_STATEMENT || type == BRANT_EVENT_PROGRESS) {
        brn_json_key_int(w, "done", (int64_t)ev->done);
    }
    if (is_end) {
        brn_json_key_cstr(w, "status", brant_status_name(ev->status));
    }
    if (is_end || type == BRANT_EVENT_STATEMENT || type == BRANT_EVENT_LOCK_WAIT ||
        type == BRANT_EVENT_LOCK_TAKEN) {
        brn_json_key_int(w, "duration_ms", ev->duration_ns / BRN_NS_PER_MS);
    }
}

static void statement(brn_json *w, const brant_event *ev)
{
    if (ev->statement != NULL) {
        brn_json_key(w, "statement");
        brn_json_str(w, (brn_str){ ev->statement, ev->statement_len });
    }
    text_field(w, "file", ev->file);
    if (ev->line > 0) {
        brn_json_key_int(w, "line", ev->line);
    }
    if (ev->type == BRANT_EVENT_STATEMENT) {
        if (ev->rows >= 0) {
            brn_json_key_int(w, "rows", ev->rows);
        }
        brn_json_key_bool(w, "dry_run", ev->dry_run != 0);
    }
}

static void json_event(cli_render *r, const brant_event *ev)
{
    char time[BRN_CLOCK_TEXT];
    brn_json w;

    if (ev->type >= BRN_ARRAY_LEN(names) || names[ev->type] == NULL) {
        return;
    }
    brn_clock_rfc3339(time, ev->wall_us);
    brn_json_begin(&w, &r->line, 0);
    brn_json_object(&w);
    brn_json_key_int(&w, "schema", 1);
    brn_json_key_cstr(&w, "event", names[ev->type]);
    brn_json_key_int(&w, "number", (int64_t)ev->number);
    brn_json_key_cstr(&w, "time", time);
    text_field(&w, "run_id", ev->run_id);
    text_field(&w, "database", ev->database);
    text_field(&w, "command", ev->command);
    text_field(&w, "migration", ev->migration);
    text_field(&w, "version", ev->version);
    text_field(&w, "name", ev->name);
    text_field(&w, "direction", ev->direction);
    text_field(&w, "unit", ev->unit);
    numbers(&w, ev);
    statement(&w, ev);
    text_field(&w, "id", ev->id);
    text_field(&w, "message", ev->message);
    brn_json_end(&w);
    brn_buf_add_char(&r->line, '\n');
    cli_render_flush(r);
}

const cli_renderer cli_render_json = { json_event, NULL };
