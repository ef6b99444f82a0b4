/* SPDX-License-Identifier: Apache-2.0 */
#include "support/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "run/session.h"

/* What work_query() and its kin give back. */
static char answer[8192];

/* ---- events ---- */

static void keep_event(brn_buf *to, const brant_event *ev)
{
    const char *id = ev->migration != NULL ? ev->migration : "";
    switch ((brant_event_type)ev->type) {
    case BRANT_EVENT_RUN_START:
        brn_buf_printf(to, "run %s %llu\n", ev->command, (unsigned long long)ev->total);
        break;
    case BRANT_EVENT_RUN_END:
        brn_buf_printf(
            to, "run end %s %llu\n", brant_status_name(ev->status), (unsigned long long)ev->done);
        break;
    case BRANT_EVENT_MIGRATION_START:
        brn_buf_printf(to, "start %s %s\n", id, ev->direction);
        break;
    case BRANT_EVENT_MIGRATION_END:
        brn_buf_printf(to, "end %s %s\n", id, brant_status_name(ev->status));
        break;
    case BRANT_EVENT_STATEMENT:
        brn_buf_printf(to, "statement %s %llu\n", id, (unsigned long long)ev->done);
        break;
    case BRANT_EVENT_LOCK_TAKEN:
        brn_buf_add_c(to, "locked\n");
        break;
    case BRANT_EVENT_NOTICE:
        brn_buf_printf(to, "notice %s\n", ev->id);
        break;
    case BRANT_EVENT_WARNING:
        brn_buf_printf(to, "warning %s\n", ev->id);
        break;
    case BRANT_EVENT_LOCK_WAIT:
    case BRANT_EVENT_PROGRESS:
    case BRANT_EVENT_TRACE:
        break;
    }
}

static void listen(const brant_event *ev, void *user)
{
    work *w = user;

    keep_event(&w->events, ev);
    if (w->hook != NULL) {
        w->hook(w, ev);
    }
}

const char *work_events(work *w)
{
    (void)snprintf(answer, sizeof(answer), "%s", brn_buf_text(&w->events));
    brn_buf_reset(&w->events);
    return answer;
}

size_t work_count(work *w, const char *line)
{
    brn_str rest = brn_buf_str(&w->events);
    brn_str one;
    size_t count = 0;

    while (brn_str_split(&rest, '\n', &one)) {
        count += brn_str_eq_c(one, line) ? 1 : 0;
    }
    return count;
}

/* ---- project and session ---- */

void work_start_project(work *w, const char *yaml, const work_file *files)
{
    memset(w, 0, sizeof(*w));
    brn_buf_init(&w->events, 0);
    tree_make(&w->dir);
    tree_mkdir(&w->dir, "migrations");
    tree_write(&w->dir, "brant.yaml", yaml);
    for (; files != NULL && files->name != NULL; files++) {
        tree_write(&w->dir, files->name, files->text);
    }
    assert_int_equal(brant_settings_new(&w->settings, NULL), BRANT_OK);
    work_set(w, "config", tree_path(&w->dir, "brant.yaml"));
}

void work_start(work *w, const work_file *files)
{
    work_start_project(w, "databases: { main: { url: \"sqlite:app.db\" } }\n", files);
}

void work_close(work *w)
{
    brant_session_close(w->session);
    brant_project_free(w->project);
    w->session = NULL;
    w->project = NULL;
}

void work_stop(work *w)
{
    work_close(w);
    brant_error_free(w->err);
    brant_settings_free(w->settings);
    brn_buf_release(&w->events);
    tree_remove(&w->dir);
}

static brn_conn *wrap(brn_conn *inner, void *user)
{
    const work *w = user;

    return w->fault != NULL ? brn_fault_wrap(inner, w->fault) : inner;
}

brant_session *work_open(work *w)
{
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;

    opts.on_event = listen;
    opts.user = w;
    if (w->project == NULL) {
        work_ok(w, brant_project_load(&w->project, w->settings, &w->err));
    }
    if (w->session == NULL) {
        work_ok(w, brant_session_open(&w->session, w->project, &opts, &w->err));
        w->session->wrap = wrap;
        w->session->wrap_user = w;
    }
    return w->session;
}

void work_set(work *w, const char *key, const char *value)
{
    work_ok(w, brant_settings_set(w->settings, key, value, BRANT_ORIGIN_FLAG, NULL, &w->err));
}

void work_expect(work *w, brant_status st, brant_status expected, const char *id)
{
    if (st != expected || (id != NULL && strcmp(brant_error_id(w->err), id) != 0)) {
        fail_msg(
            "%s: %s: %s (%s)", brant_status_name(st), brant_error_id(w->err),
            brant_error_message(w->err),
            brant_error_hint(w->err) != NULL ? brant_error_hint(w->err) : "no hint");
    }
    brant_error_free(w->err);
    w->err = NULL;
}

void work_ok(work *w, brant_status st)
{
    work_expect(w, st, BRANT_OK, NULL);
}

void work_up(work *w)
{
    work_ok(w, brant_up(NULL, work_open(w), NULL, &w->err));
}

/* ---- looking behind the library's back ---- */

static sqlite3 *open_db(work *w, const char *db)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(tree_path(&w->dir, db), &handle), SQLITE_OK);
    return handle;
}

const char *work_query(work *w, const char *db, const char *sql)
{
    sqlite3 *handle = open_db(w, db);
    sqlite3_stmt *stmt = NULL;

    answer[0] = '\0';
    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK) {
        (void)snprintf(answer, sizeof(answer), "%s", sqlite3_errmsg(handle));
    } else if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL) {
        (void)snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(stmt, 0));
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(handle);
    return answer;
}

void work_exec(work *w, const char *db, const char *sql)
{
    sqlite3 *handle = open_db(w, db);
    char *message = NULL;

    (void)sqlite3_busy_timeout(handle, 2000);
    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    (void)sqlite3_close(handle);
}

const char *work_ledger(work *w, const char *db)
{
    return work_query(
        w, db,
        "SELECT coalesce(group_concat(t, ', '), '') FROM (SELECT id || ' ' || status || ' ' || "
        "direction AS t FROM brant_migrations ORDER BY id)");
}

const char *work_history(work *w, const char *db)
{
    return work_query(
        w, db,
        "SELECT coalesce(group_concat(t, ', '), '') FROM (SELECT action || ' ' || "
        "coalesce(migration, '*') || ' ' || outcome AS t FROM brant_history ORDER BY seq)");
}

const char *work_ids(work *w, const brant_migration *const *list, size_t count)
{
    size_t len = 0;

    (void)w;
    answer[0] = '\0';
    for (size_t i = 0; i < count && len < sizeof(answer); i++) {
        len += (size_t)snprintf(
            answer + len, sizeof(answer) - len, "%s%s", i > 0 ? " " : "", list[i]->id);
    }
    return answer;
}
