/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "engines/sqlite/sqlite.h"

/* Virtual machine steps between two looks at the control: well under a millisecond. */
#define PROGRESS_STEPS 1000
#define FIRST_WAIT_MS 2
#define LONGEST_WAIT_MS 50

/* Between our calls the host works on the connection it lends. */
static bool is_of_host(const brn_sqlite *s)
{
    return s->lent && s->working == 0;
}

static bool may_stop(const brn_sqlite *s)
{
    return !s->finishing && !is_of_host(s);
}

/* The limit in force: the migration's own, or the connection's; -1: none. */
static int64_t lock_limit(const brn_sqlite *s)
{
    int64_t own = s->conn.control->lock_timeout_ms;

    if (is_of_host(s)) {
        return s->host_busy_ms;
    }
    if (own < 0) {
        return s->lock_timeout_ms;
    }
    return own > 0 ? own : -1;
}

/* Called between steps of a running statement; non-zero interrupts it. */
static int on_progress(void *user)
{
    const brn_sqlite *s = user;

    return may_stop(s) && brn_control_poll(s->conn.control);
}

/*
 * Called each time another connection's lock is in the way; zero gives up. The wait grows and
 * jitters, so that several waiters do not meet again and again.
 */
static int on_busy(void *user, int count)
{
    brn_sqlite *s = user;
    int64_t limit = lock_limit(s);
    int64_t now = brn_clock_mono_ns();
    int64_t left;
    int64_t wait;

    if (count == 0) {
        s->wait_began_ns = now;
    }
    left = LONGEST_WAIT_MS;
    if (limit >= 0) {
        left = limit - (now - s->wait_began_ns) / BRN_NS_PER_MS;
    }
    if (may_stop(s)) {
        if (brn_control_poll(s->conn.control)) {
            return 0;
        }
        left = brn_control_left_ms(s->conn.control, left);
    }
    if (left <= 0) {
        return 0;
    }
    wait = count < 5 ? (int64_t)FIRST_WAIT_MS << count : LONGEST_WAIT_MS;
    wait = wait / 2 + brn_jitter(&s->jitter, (uint32_t)wait);
    wait = wait < 1 ? 1 : wait;
    brn_clock_sleep_ms((uint32_t)(wait < left ? wait : left));
    return 1;
}

void brn_sqlite_handlers_install(brn_sqlite *s)
{
    s->f->busy_handler(s->db, on_busy, s);
    s->f->progress_handler(s->db, PROGRESS_STEPS, on_progress, s);
}

int brn_sqlite_exec(brn_sqlite *s, const char *sql)
{
    return s->f->exec(s->db, sql, NULL, NULL, NULL);
}

int brn_sqlite_number(brn_sqlite *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    int rc = brn_sqlite_prepare(&stmt, s, sql);

    if (rc == SQLITE_OK) {
        rc = s->f->step(stmt);
        if (rc == SQLITE_ROW) {
            *out = s->f->column_int64(stmt, 0);
            rc = SQLITE_OK;
        } else if (rc == SQLITE_DONE) {
            rc = SQLITE_OK;
        }
    }
    s->f->finalize(stmt);
    return rc;
}

bool brn_sqlite_foreign_keys(const brn_sqlite *s)
{
    int on = 0;

    (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &on);
    return on != 0;
}

int brn_sqlite_prepare(sqlite3_stmt **out, brn_sqlite *s, const char *sql)
{
    return s->f->prepare_v3(s->db, sql, -1, 0, out, NULL);
}

int brn_sqlite_bind_str(const brn_sqlite *s, sqlite3_stmt *stmt, int i, brn_str text)
{
    /* Empty text must not become null, which its NULL pointer would make of it. */
    return s->f->bind_text64(
        stmt, i, text.ptr != NULL ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

const char *brn_sqlite_column(brn_arena *arena, const brn_sqlite *s, sqlite3_stmt *stmt, int i)
{
    bool is_null = s->f->column_type(stmt, i) == SQLITE_NULL; /* undefined once converted */
    const char *text = (const char *)s->f->column_text(stmt, i);

    if (text == NULL) {
        /* Null, or no memory to convert it: the two must not be mixed up. */
        arena->oom = arena->oom || !is_null;
        return NULL;
    }
    return brn_arena_strdup(arena, text);
}
