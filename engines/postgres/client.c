/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All waiting for the server: poll() in slices, so that the control is looked at, and reading while
 * there is something to send: a server whose answers nobody reads stops reading too.
 */
#include "engines/postgres/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define SLICE_MS 100
#define QUIET_MS 10000      /* for cleaning up */
#define UNREACHABLE_MS 1000 /* and when a second session could not be had */
#define CANCEL_AGAIN_MS 1000
#define SIDE_MS 1000
#define FIRST_LOOK_MS 1000 /* at who blocks us */
#define LOOK_AGAIN_MS 5000
#define CANCEL_TEXT 256

/* One wait, over several slices. */
typedef struct waiting {
    int64_t deadline_ns; /* 0: none, and the control is looked at */
    int64_t look_ns;     /* when to look who blocks us; 0: never */
} waiting;

/* --- who blocks us ---------------------------------------------------------------------------- */

/* Number 0 stands for a prepared transaction. */
static const char blockers_sql[] =
    "SELECT pg_catalog.string_agg(CASE WHEN b.pid = 0 THEN 'a prepared transaction'"
    " ELSE pg_catalog.format('process %%s (%%s%%suser %%s%%s%%s)%%s', b.pid,"
    " NULLIF(a.application_name, ''),"
    " CASE WHEN a.application_name <> '' THEN ', ' END,"
    " COALESCE(a.usename, '?'),"
    " ' from ' || pg_catalog.host(a.client_addr),"
    " CASE WHEN a.state LIKE 'idle in%%' THEN ', ' || a.state || ' for ' ||"
    " pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - a.xact_start) END,"
    " ': ' || pg_catalog.left(pg_catalog.regexp_replace(a.query, '[[:space:]]+', ' ', 'g'), 100))"
    " END, '; ')"
    " FROM (SELECT DISTINCT u.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(%d)) u(pid)"
    " LIMIT 3) b LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid";

/* "process 4711 (psql, user app from 10.0.0.3): UPDATE ...", asked on a second session; empty when
 * nobody does, or it cannot be told. */
static void ask_blockers(brn_buf *out, const brn_postgres *p, PGconn *side, int pid)
{
    char sql[BRN_ARRAY_LEN(blockers_sql) + 16];
    char *text = NULL;

    (void)snprintf(sql, sizeof(sql), blockers_sql, pid);
    text = brn_postgres_side_ask(side, sql, SIDE_MS);
    if (text != NULL) {
        brn_postgres_mask(p, text);
        brn_buf_add_c(out, text);
    }
    free(text);
}

/* The process that serves us. Behind a pooler it is known with the lock only; what libpq has there
 * is a number of the pooler's, which nothing can block. */
static int backend_pid(const brn_postgres *p)
{
    return p->lock_pid != 0 ? p->lock_pid : PQbackendPID(p->pg);
}

/* Neither a lock nor a limit of the server ends this wait, and nothing else shows it. */
static void look_for_standby(brn_postgres *p, PGconn *side, int pid)
{
    static const char standby[] = "a synchronous standby";
    char sql[128];
    char *text = NULL;

    (void)snprintf(
        sql, sizeof(sql),
        "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %d AND wait_event = 'SyncRep'", pid);
    text = brn_postgres_side_ask(side, sql, SIDE_MS);
    if (text != NULL && strcmp(p->blocked, standby) != 0) {
        (void)snprintf(p->blocked, sizeof(p->blocked), "%s", standby);
        brn_emit_warning(
            p->conn.emitter, p->conn.database, "server.standby",
            "the server has committed, and waits for %s (synchronous_standby_names)", standby);
    }
    free(text);
}

static void look_why_it_waits(brn_postgres *p)
{
    PGconn *side = brn_postgres_side(p);
    brn_buf text;

    if (side == NULL) {
        return;
    }
    brn_buf_init(&text, 0);
    ask_blockers(&text, p, side, backend_pid(p));
    if (text.len == 0) {
        look_for_standby(p, side, backend_pid(p));
    } else if (strncmp(p->blocked, text.ptr, sizeof(p->blocked) - 1) != 0) {
        (void)snprintf(p->blocked, sizeof(p->blocked), "%s", text.ptr);
        brn_emit_warning(
            p->conn.emitter, p->conn.database, "lock.blocked",
            "the statement waits for a lock that is held by %s", text.ptr);
    }
    brn_buf_release(&text);
    PQfinish(side);
}

/* Before the server gives up waiting, where it does so soon: a look takes a connection. */
static int64_t first_look_ms(const brn_postgres *p)
{
    int64_t attempt_ms = p->lock_attempt_ms > 0 ? p->lock_attempt_ms : p->lock_timeout_ms;

    if (p->conn.control->lock_timeout_ms > 0 &&
        (attempt_ms <= 0 || p->conn.control->lock_timeout_ms < attempt_ms)) {
        attempt_ms = p->conn.control->lock_timeout_ms;
    }
    return attempt_ms > 0 && attempt_ms / 4 < FIRST_LOOK_MS ? attempt_ms / 4 : FIRST_LOOK_MS;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* libpq notices what is gone when it reads. */
static void cut(brn_postgres *p)
{
    int fd = PQsocket(p->pg);

    if (fd >= 0) {
        (void)shutdown(fd, SHUT_RDWR);
        (void)PQconsumeInput(p->pg);
        (void)PQconsumeInput(p->pg);
    }
}

/* A script that listens is told of all that others, and it itself, have notified: nobody asks for
 * it, and libpq keeps it until somebody does. */
static void drop_notifications(brn_postgres *p)
{
    PGnotify *notification = PQnotifies(p->pg);

    for (; notification != NULL; notification = PQnotifies(p->pg)) {
        PQfreemem(notification);
    }
}

/* One slice, at most. False when the connection is lost. */
static bool wait_slice(brn_postgres *p, const waiting *w)
{
    int unsent = PQflush(p->pg);
    struct pollfd wait = {
        .fd = PQsocket(p->pg),
        .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
    };
    int64_t ms = SLICE_MS;

    if (w->look_ns != 0) {
        /* Shortly before the server gives up a look must not be missed. */
        int64_t look_ms = (w->look_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS + 1;

        ms = look_ms < ms ? look_ms : ms;
        ms = ms > 0 ? ms : 0;
    }
    if (unsent < 0 || wait.fd < 0) {
        return false;
    }
    if (w->deadline_ns == 0) {
        ms = brn_control_left_ms(p->conn.control, ms);
    }
    if (poll(&wait, 1, (int)ms) < 0 && errno != EINTR && errno != EAGAIN) {
        return false;
    }
    if (PQconsumeInput(p->pg) == 0) {
        return false;
    }
    drop_notifications(p);
    return true;
}

brant_status brn_postgres_wait_some(brn_postgres *p, brant_error **err)
{
    waiting w = { 0 };

    return wait_slice(p, &w) ? BRANT_OK : brn_postgres_lost(p, err);
}

/* Until a result can be had. BRANT_ETIMEOUT without an error: the deadline passed, or the control
 * says stop. */
static brant_status wait_ready(brn_postgres *p, waiting *w)
{
    while (PQisBusy(p->pg) != 0) {
        int64_t now = brn_clock_mono_ns();

        if (w->deadline_ns != 0 ? now >= w->deadline_ns : brn_control_poll(p->conn.control)) {
            return BRANT_ETIMEOUT;
        }
        if (w->look_ns != 0 && now >= w->look_ns) {
            if (p->pipe != NULL) {
                brn_pipe_settle_beside(p->pipe);
            }
            look_why_it_waits(p);
            w->look_ns = brn_clock_mono_ns() + LOOK_AGAIN_MS * BRN_NS_PER_MS;
        }
        if (!wait_slice(p, w)) {
            /* What arrived before the end may still say why. */
            return PQisBusy(p->pg) == 0 ? BRANT_OK : BRANT_ECONNECT;
        }
    }
    return BRANT_OK;
}

/* --- stopping --------------------------------------------------------------------------------- */

/* PQcancel() blocks, without a limit, on a connection of its own. So it is called only when the
 * server has just answered: with a session, or with a reason to have none. */
static bool is_reachable(brn_postgres *p)
{
    brant_error *failure = NULL;
    PGconn *side = NULL;
    brant_status st = brn_postgres_dial(&side, p, NULL, SIDE_MS, &failure);
    bool answered = st == BRANT_OK || brant_error_sqlstate(failure) != NULL;

    PQfinish(side);
    brant_error_free(failure);
    return answered;
}

static bool cancel(brn_postgres *p)
{
    PGcancel *handle = PQgetCancel(p->pg);
    char text[CANCEL_TEXT];
    bool reached = handle != NULL && is_reachable(p);

    if (reached) {
        (void)PQcancel(handle, text, (int)sizeof(text));
    }
    PQfreeCancel(handle);
    return reached;
}

void brn_postgres_cancel(brn_postgres *p)
{
    (void)cancel(p);
}

/* Rows for or from a COPY: no more of them. */
static void end_copy(brn_postgres *p, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COPY_IN:
        (void)PQputCopyEnd(p->pg, "cancelled");
        break;
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        cut(p);
        break;
    default:
        break;
    }
}

/* Takes all results that are on their way. A pipeline ends with the sync that it has not had yet:
 * only then libpq lets it be left. */
static void drain(brn_postgres *p, int64_t ms)
{
    waiting w = { .deadline_ns = brn_clock_mono_ns() + ms * BRN_NS_PER_MS };
    bool piped = PQpipelineStatus(p->pg) != PQ_PIPELINE_OFF;
    bool done = false;

    if (piped) {
        (void)PQpipelineSync(p->pg);
    }
    while (!done && PQstatus(p->pg) == CONNECTION_OK) {
        PGresult *result = NULL;

        if (piped && PQexitPipelineMode(p->pg) == 1) {
            break;
        }
        if (wait_ready(p, &w) != BRANT_OK) {
            cut(p);
            break;
        }
        result = PQgetResult(p->pg);
        done = result == NULL && !piped;
        end_copy(p, result);
        PQclear(result);
    }
}

static brant_status stop(brn_postgres *p, brant_error **err)
{
    bool reached = cancel(p);

    drain(p, reached ? QUIET_MS : UNREACHABLE_MS);
    return brn_control_check(p->conn.control, err);
}

/* --- results ---------------------------------------------------------------------------------- */

static brant_status next_result(PGresult **out, brn_postgres *p, waiting *w, brant_error **err)
{
    brant_status st = p->pg != NULL ? wait_ready(p, w) : BRANT_ECONNECT;

    if (st == BRANT_ETIMEOUT && w->deadline_ns == 0) {
        return stop(p, err);
    }
    if (st == BRANT_ETIMEOUT && cancel(p)) {
        w->deadline_ns = brn_clock_mono_ns() + CANCEL_AGAIN_MS * BRN_NS_PER_MS;
        st = wait_ready(p, w);
    }
    if (st == BRANT_ETIMEOUT) {
        cut(p);
        st = BRANT_ECONNECT;
    }
    if (st == BRANT_OK) {
        *out = PQgetResult(p->pg);
    }
    return st == BRANT_OK ? st : brn_postgres_lost(p, err);
}

static waiting begin_waiting(brn_postgres *p, bool quiet)
{
    int64_t now = brn_clock_mono_ns();
    waiting w = { 0 };

    if (quiet) {
        w.deadline_ns = now + QUIET_MS * BRN_NS_PER_MS;
    } else {
        w.look_ns = now + first_look_ms(p) * BRN_NS_PER_MS;
    }
    return w;
}

brant_status brn_postgres_result(PGresult **out, brn_postgres *p, brant_error **err)
{
    waiting w = begin_waiting(p, false);

    p->blocked[0] = '\0';
    return next_result(out, p, &w, err);
}

/* Once is not enough: what is cancelled while it waits for a standby goes on with what has been
 * sent behind it. */
static brant_status wait_cancelling(brn_postgres *p, bool cancels, bool at_once)
{
    int64_t end_ns = brn_clock_mono_ns() + QUIET_MS * BRN_NS_PER_MS;
    brant_status st = BRANT_ETIMEOUT;

    while (st == BRANT_ETIMEOUT && brn_clock_mono_ns() < end_ns) {
        waiting w = { 0 };

        if (cancels && at_once) {
            (void)cancel(p);
        }
        w.deadline_ns = brn_clock_mono_ns() + CANCEL_AGAIN_MS * BRN_NS_PER_MS;
        st = wait_ready(p, &w);
        at_once = true;
    }
    return st;
}

static brant_status wait_as(brn_postgres *p, brn_postgres_stopping *stopping)
{
    bool was_stopping = *stopping == BRN_STOPPING;
    waiting w = begin_waiting(p, *stopping == BRN_BRIEF);
    brant_status st = was_stopping ? BRANT_ETIMEOUT : wait_ready(p, &w);

    if (st != BRANT_ETIMEOUT) {
        return st;
    }
    if (*stopping != BRN_NOT_STOPPED) {
        *stopping = BRN_STOPPING;
    }
    return wait_cancelling(p, *stopping == BRN_STOPPING, !was_stopping);
}

brant_status brn_postgres_result_stopping(
    PGresult **out, brn_postgres *p, brn_postgres_stopping *stopping, brant_error **err)
{
    brant_status st = p->pg != NULL ? wait_as(p, stopping) : BRANT_ECONNECT;

    if (st == BRANT_ETIMEOUT) {
        cut(p);
        st = BRANT_ECONNECT;
    }
    if (st != BRANT_OK) {
        return brn_postgres_lost(p, err);
    }
    *out = PQgetResult(p->pg);
    return BRANT_OK;
}

/* --- one statement ---------------------------------------------------------------------------- */

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/* The last good result, or the error of the first bad one. */
static brant_status take_results(
    PGresult **out, brn_postgres *p, waiting *w, brn_str sql, brant_error **err)
{
    PGresult *good = NULL;
    brant_status st = BRANT_OK;

    for (;;) {
        PGresult *result = NULL;
        brant_status got = next_result(&result, p, w, st == BRANT_OK ? err : NULL);

        if (got != BRANT_OK || result == NULL) {
            st = st == BRANT_OK ? got : st;
            break;
        }
        if (!is_good(result)) {
            end_copy(p, result);
            if (st == BRANT_OK) {
                st = brn_postgres_error(p, result, sql, "statement.failed", NULL, err);
            }
            PQclear(result);
            continue;
        }
        PQclear(good);
        good = result;
    }
    if (st != BRANT_OK) {
        PQclear(good);
        return st;
    }
    *out = good;
    return BRANT_OK;
}

static brant_status query(
    PGresult **out,
    brn_postgres *p,
    const char *sql,
    size_t count,
    const char *const *values,
    bool quiet,
    brant_error **err)
{
    waiting w = begin_waiting(p, quiet);

    p->blocked[0] = '\0';
    if (PQsendQueryParams(p->pg, sql, (int)count, NULL, values, NULL, NULL, 0) == 0) {
        return brn_postgres_lost(p, err);
    }
    p->conn.requests++;
    return take_results(out, p, &w, brn_str_from(sql), err);
}

brant_status brn_postgres_query(
    PGresult **out,
    brn_postgres *p,
    const char *sql,
    size_t count,
    const char *const *values,
    brant_error **err)
{
    brant_status st = brn_control_check(p->conn.control, err);

    return st == BRANT_OK ? query(out, p, sql, count, values, false, err) : st;
}

brant_status brn_postgres_query_quietly(
    PGresult **out,
    brn_postgres *p,
    const char *sql,
    size_t count,
    const char *const *values,
    brant_error **err)
{
    return query(out, p, sql, count, values, true, err);
}

const char *brn_postgres_tag(const PGresult *result)
{
    /* libpq takes it as not const, and only reads it. */
    return PQcmdStatus((PGresult *)(uintptr_t)result);
}

int64_t brn_postgres_changed(const PGresult *result)
{
    const char *tag = brn_postgres_tag(result);
    const char *number = strrchr(tag, ' ');

    /* What a SELECT counts it has not changed. */
    return number != NULL && strncmp(tag, "SELECT", 6) != 0 ? strtoll(number + 1, NULL, 10) : 0;
}
