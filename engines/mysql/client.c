/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All waiting for the server. libmariadb's calls say what they wait for; poll() does it in slices,
 * so that the control is looked at. When that says stop, the server is asked to end the statement,
 * on a second session, and its answer is waited for: only then it is known what became of it.
 */
#include "engines/mysql/mysql.h"

#include <errmsg.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

#define SLICE_MS 100
#define QUIET_MS 10000 /* for cleaning up, and for what was asked to stop */
#define SIDE_MS 1000
#define FIRST_LOOK_MS 1000 /* at who blocks us */
#define LOOK_AGAIN_MS 5000
#define IDLE_LOOKS 2
#define UNREACHABLE_MS 1000 /* for an answer, when the server could not be asked to stop */

/* --- one call --------------------------------------------------------------------------------- */

static int begin_connect(brn_mysql_call *call)
{
    const brn_mysql_target *t = call->target;

    return mysql_real_connect_start(
        &call->connected, call->my, t->socket != NULL ? NULL : t->host, t->user, t->password,
        call->dbname, t->port, t->socket, CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS);
}

static int begin(brn_mysql_call *call)
{
    switch (call->kind) {
    case BRN_MYSQL_CONNECT:
        return begin_connect(call);
    case BRN_MYSQL_QUERY:
        return mysql_real_query_start(&call->failed, call->my, call->sql.ptr, call->sql.len);
    case BRN_MYSQL_NEXT:
        return mysql_next_result_start(&call->failed, call->my);
    case BRN_MYSQL_STORE:
        return mysql_store_result_start(&call->res, call->my);
    case BRN_MYSQL_FETCH:
        return mysql_fetch_row_start(&call->row, call->res);
    }
    return 0;
}

static int go_on(brn_mysql_call *call, int status)
{
    switch (call->kind) {
    case BRN_MYSQL_CONNECT:
        return mysql_real_connect_cont(&call->connected, call->my, status);
    case BRN_MYSQL_QUERY:
        return mysql_real_query_cont(&call->failed, call->my, status);
    case BRN_MYSQL_NEXT:
        return mysql_next_result_cont(&call->failed, call->my, status);
    case BRN_MYSQL_STORE:
        return mysql_store_result_cont(&call->res, call->my, status);
    case BRN_MYSQL_FETCH:
        return mysql_fetch_row_cont(&call->row, call->res, status);
    }
    return 0;
}

/* Writing to a closed TLS connection raises SIGPIPE, which is the host program's. */
static bool block_pipe(sigset_t *before)
{
    sigset_t pipe;
    sigset_t pending;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)sigpending(&pending);
    return pthread_sigmask(SIG_BLOCK, &pipe, before) == 0 && sigismember(&pending, SIGPIPE) == 0;
}

static void unblock_pipe(const sigset_t *before, bool take)
{
    static const struct timespec now = { 0 };
    sigset_t pipe;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    while (take && sigtimedwait(&pipe, NULL, &now) == SIGPIPE) {
    }
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Taking what the server sends writes only where TLS answers for itself. There is a call for each
 * row, and four of the system's to do with signals would be most of what it costs. */
static bool may_write(const brn_mysql_call *call)
{
    return call->kind == BRN_MYSQL_CONNECT || call->kind == BRN_MYSQL_QUERY ||
           mysql_get_ssl_cipher(call->my) != NULL;
}

int brn_mysql_step(brn_mysql_call *call, int status)
{
    sigset_t before;
    bool guarded = may_write(call);
    bool take = guarded && block_pipe(&before);
    int next = status < 0 ? begin(call) : go_on(call, status);

    if (guarded) {
        unblock_pipe(&before, take);
    }
    return next;
}

int brn_mysql_poll(MYSQL *my, int status, int64_t ms)
{
    struct pollfd wait = { .fd = (int)mysql_get_socket(my) };
    int ready = 0;
    int events = 0;

    wait.events =
        (short)(((status & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) | ((status & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) | ((status & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
    ready = poll(&wait, 1, (int)ms);
    if (ready < 0) {
        return errno == EINTR || errno == EAGAIN ? 0 : MYSQL_WAIT_TIMEOUT;
    }
    if (ready == 0) {
        return 0;
    }
    events |= (wait.revents & POLLIN) != 0 ? MYSQL_WAIT_READ : 0;
    events |= (wait.revents & POLLOUT) != 0 ? MYSQL_WAIT_WRITE : 0;
    events |= (wait.revents & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0;
    /* Whatever is wrong with it, reading and writing tell. */
    return events != 0 ? events : status & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE);
}

/* --- stopping --------------------------------------------------------------------------------- */

/* Until `deadline_ns`; the call is given up then. */
static void finish(brn_mysql_call *call, int status, int64_t deadline_ns)
{
    while (status != 0) {
        int64_t left = (deadline_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS;
        int events = left > 0 ? brn_mysql_poll(call->my, status, left) : MYSQL_WAIT_TIMEOUT;

        status = events != 0 ? brn_mysql_step(call, events) : status;
    }
}

char *brn_mysql_side_ask(MYSQL *side, const char *sql, int64_t ms)
{
    int64_t deadline_ns = brn_clock_mono_ns() + ms * BRN_NS_PER_MS;
    brn_mysql_call query = { .kind = BRN_MYSQL_QUERY, .my = side, .sql = brn_str_from(sql) };
    brn_mysql_call store = { .kind = BRN_MYSQL_STORE, .my = side };
    MYSQL_ROW row = NULL;
    char *text = NULL;

    finish(&query, brn_mysql_step(&query, -1), deadline_ns);
    if (query.failed != 0) {
        return NULL;
    }
    finish(&store, brn_mysql_step(&store, -1), deadline_ns);
    row = store.res != NULL ? mysql_fetch_row(store.res) : NULL;
    if (row != NULL && row[0] != NULL) {
        size_t size = strlen(row[0]) + 1;

        text = malloc(size);
        if (text != NULL) {
            memcpy(text, row[0], size);
        }
    }
    mysql_free_result(store.res);
    return text;
}

/* True when the server could be asked. */
static bool ask_to_stop(brn_mysql *p)
{
    MYSQL *side = NULL;
    char sql[64];
    bool reached = brn_mysql_dial(&side, p, NULL, SIDE_MS, NULL) == BRANT_OK;

    if (reached) {
        (void)snprintf(sql, sizeof(sql), "KILL QUERY %lu", mysql_thread_id(p->my));
        free(brn_mysql_side_ask(side, sql, SIDE_MS));
    }
    brn_mysql_hang_up(side);
    return reached;
}

void brn_mysql_stop(brn_mysql *p)
{
    (void)ask_to_stop(p);
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* Before the server gives up waiting, where it does so soon. */
static int64_t first_look_ms(const brn_mysql *p)
{
    int64_t attempt_ms = p->lock_attempt_ms > 0 ? p->lock_attempt_ms : p->lock_timeout_ms;

    return attempt_ms > 0 && attempt_ms / 2 < FIRST_LOOK_MS ? attempt_ms / 2 : FIRST_LOOK_MS;
}

void brn_mysql_look(brn_mysql *p)
{
    p->idle_looks = 0;
    p->stopping = false;
    p->deadline_ns = 0;
    p->blocked[0] = '\0';
    p->look_ns = brn_clock_mono_ns() + first_look_ms(p) * BRN_NS_PER_MS;
}

void brn_mysql_quiet(brn_mysql *p)
{
    p->deadline_ns = brn_clock_mono_ns() + QUIET_MS * BRN_NS_PER_MS;
    p->look_ns = 0;
}

static void begin_stopping(brn_mysql *p)
{
    bool reached;

    p->stopping = true;
    reached = ask_to_stop(p);
    brn_mysql_quiet(p);
    if (!reached) {
        p->deadline_ns = brn_clock_mono_ns() + UNREACHABLE_MS * BRN_NS_PER_MS;
    }
}

static void wait_for(brn_mysql *p, brn_mysql_call *call)
{
    int status = brn_mysql_step(call, -1);

    while (status != 0) {
        int64_t now = brn_clock_mono_ns();
        int events;

        if (p->deadline_ns != 0 && now >= p->deadline_ns) {
            status = brn_mysql_step(call, MYSQL_WAIT_TIMEOUT);
            continue;
        }
        if (p->deadline_ns == 0 && brn_control_poll(p->conn.control)) {
            begin_stopping(p);
            continue;
        }
        if (p->look_ns != 0 && now >= p->look_ns) {
            p->idle_looks = brn_mysql_look_who_blocks(p) ? 0 : p->idle_looks + 1;
            p->look_ns = brn_clock_mono_ns() + LOOK_AGAIN_MS * BRN_NS_PER_MS;
            if (p->idle_looks >= IDLE_LOOKS) { /* as if the connection was lost */
                p->idle_looks = 0;
                status = brn_mysql_step(call, MYSQL_WAIT_TIMEOUT);
                continue;
            }
        }
        events = brn_mysql_poll(
            p->my, status,
            p->deadline_ns == 0 ? brn_control_left_ms(p->conn.control, SLICE_MS) : SLICE_MS);
        status = events != 0 ? brn_mysql_step(call, events) : status;
    }
}

/* --- answers ---------------------------------------------------------------------------------- */

bool brn_mysql_is_lost_number(unsigned number)
{
    /* 1053 shutdown, 1317 is a statement's end only; 1927 and 3169 a session that was killed; 4031
     * idle for too long. */
    return number == CR_SERVER_GONE_ERROR || number == CR_SERVER_LOST ||
           number == CR_SERVER_LOST_EXTENDED || number == CR_MALFORMED_PACKET ||
           number == CR_COMMANDS_OUT_OF_SYNC || number == CR_ERR_NET_READ ||
           number == CR_ERR_NET_WRITE || number == CR_ERR_NET_UNCOMPRESS || number == 1053 ||
           number == 1927 || number == 3169 || number == 4031;
}

bool brn_mysql_is_lost(const brn_mysql *p)
{
    return p->my == NULL || brn_mysql_is_lost_number(mysql_errno(p->my));
}

bool brn_mysql_send(brn_mysql *p, brn_str packet)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_QUERY, .my = p->my, .sql = packet };

    p->conn.requests++;
    wait_for(p, &call);
    return call.failed == 0;
}

bool brn_mysql_has_more(const brn_mysql *p)
{
    return mysql_more_results(p->my) != 0;
}

bool brn_mysql_next(brn_mysql *p)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_NEXT, .my = p->my };

    wait_for(p, &call);
    return call.failed == 0;
}

MYSQL_RES *brn_mysql_store(brn_mysql *p)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_STORE, .my = p->my };

    wait_for(p, &call);
    return call.res;
}

bool brn_mysql_fetch(MYSQL_ROW *row, brn_mysql *p, MYSQL_RES *res)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_FETCH, .my = p->my, .res = res };

    wait_for(p, &call);
    *row = call.row;
    return call.row != NULL || mysql_errno(p->my) == 0;
}

bool brn_mysql_skip(brn_mysql *p)
{
    MYSQL_RES *res = NULL;
    MYSQL_ROW row = NULL;
    bool fine = true;

    if (mysql_field_count(p->my) == 0) {
        return true;
    }
    res = mysql_use_result(p->my);
    fine = res != NULL;
    do {
        fine = fine && brn_mysql_fetch(&row, p, res);
    } while (fine && row != NULL);
    mysql_free_result(res);
    return fine;
}

void brn_mysql_drain(brn_mysql *p)
{
    bool fine = brn_mysql_skip(p);

    while (fine && brn_mysql_has_more(p)) {
        fine = brn_mysql_next(p) && brn_mysql_skip(p);
    }
}

/* --- a packet of our own ---------------------------------------------------------------------- */

static bool take_answer(
    brn_mysql *p, size_t index, brn_mysql_answer_fn *fn, void *user, bool *enough)
{
    MYSQL_RES *rows = NULL;

    if (fn == NULL || mysql_field_count(p->my) == 0) {
        *enough = fn != NULL && !fn(user, index, NULL);
        return brn_mysql_skip(p);
    }
    rows = brn_mysql_store(p);
    if (rows == NULL) {
        return false;
    }
    *enough = !fn(user, index, rows);
    mysql_free_result(rows);
    return true;
}

static brant_status ask(
    brn_mysql *p, brn_str packet, brn_mysql_answer_fn *fn, void *user, brant_error **err)
{
    bool out_of_memory = false;
    bool fine;

    if (p->my == NULL) {
        return brn_mysql_lost(p, err);
    }
    fine = brn_mysql_send(p, packet);
    for (size_t i = 0; fine; i++) {
        bool enough = false;

        fine = take_answer(p, i, fn, user, &enough);
        out_of_memory = out_of_memory || enough;
        if (!fine || !brn_mysql_has_more(p)) {
            break;
        }
        fine = brn_mysql_next(p);
    }
    if (!fine) {
        return brn_mysql_error(p, (brn_str){ NULL, 0 }, "statement.failed", NULL, err);
    }
    return out_of_memory ? brn_error_oom(err) : BRANT_OK;
}

brant_status brn_mysql_ask(
    brn_mysql *p, brn_str packet, brn_mysql_answer_fn *fn, void *user, brant_error **err)
{
    brant_status st = brn_control_check(p->conn.control, err);

    if (st != BRANT_OK) {
        return st;
    }
    brn_mysql_look(p);
    return ask(p, packet, fn, user, err);
}

brant_status brn_mysql_ask_quietly(
    brn_mysql *p, brn_str packet, brn_mysql_answer_fn *fn, void *user, brant_error **err)
{
    p->stopping = false;
    brn_mysql_quiet(p);
    return ask(p, packet, fn, user, err);
}

typedef struct first_value {
    brn_arena *arena;
    const char *text;
} first_value;

static bool keep_first(void *user, size_t index, MYSQL_RES *rows)
{
    first_value *v = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;

    if (row != NULL && row[0] != NULL) {
        v->text = brn_arena_strdup(v->arena, row[0]);
    }
    return !v->arena->oom;
}

brant_status brn_mysql_value(
    const char **out, brn_arena *arena, brn_mysql *p, const char *sql, brant_error **err)
{
    first_value v = { .arena = arena };
    brant_status st = brn_mysql_ask(p, brn_str_from(sql), keep_first, &v, err);

    if (st == BRANT_OK) {
        *out = v.text;
    }
    return st;
}
