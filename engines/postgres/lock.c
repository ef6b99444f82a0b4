/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration lock: a session advisory lock, taken by trying, on the session that runs the
 * statements. A session that blocks in pg_advisory_lock() has a snapshot, for which the holder's
 * CREATE INDEX CONCURRENTLY would wait, and so both for ever.
 *
 * A pooler that gives a session another server process for each transaction would take the lock on
 * one and run statements on others. It is found out before anything is taken: libpq's number of the
 * process, which comes with the login, is the pooler's invention, and the server has another.
 * Whether such a pooler shares processes is then tried with a second session.
 */
#include "engines/postgres/postgres_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/platform.h"

#define NUMBER_TEXT 32
/* A server cuts longer names. */
#define APPLICATION_MAX 63
#define SLICE_MS 100
#define SIDE_MS 1000
#define ROUNDS 4
#define EVIDENCE 200

/* --- number and name -------------------------------------------------------------------------- */

int64_t brn_postgres_lock_number(brn_postgres *p)
{
    char hex[BRN_DIGEST_HEX + 1];
    brn_digest digest;

    if (p->lock_known) {
        return p->lock_id;
    }
    /* Not the database: the server keeps them apart, and a pooler may have other names for them. */
    brn_digest_init(&digest);
    brn_digest_field(&digest, BRN_STR("brant migration lock"));
    brn_digest_field(&digest, brn_str_from(p->schema));
    brn_digest_hex(&digest, hex);
    hex[16] = '\0';
    p->lock_id = (int64_t)(strtoull(hex, NULL, 16) & INT64_MAX);
    p->lock_known = true;
    return p->lock_id;
}

/*
 * "up, brant 0.1.0; ann@host; 2026-02-26T15:30:00Z": what pg_stat_activity shows of the holder. The
 * ends of `what` and of the user are given up for the length.
 */
void brn_postgres_application(char out[APPLICATION_MAX + 1], const char *what)
{
    char user[BRN_PLATFORM_NAME];
    char host[BRN_PLATFORM_NAME];
    char since[BRN_CLOCK_TEXT];
    int used;

    brn_platform_user(user);
    brn_platform_host(host);
    brn_clock_rfc3339(since, brn_clock_wall_us());
    /* Without the milliseconds: ".123Z". */
    (void)snprintf(since + strlen(since) - 5, 2, "Z");
    used = snprintf(out, APPLICATION_MAX + 1, "%.20s; %.20s@%s", what, user, host);
    if (used > APPLICATION_MAX - (int)strlen(since) - 2) {
        used = APPLICATION_MAX - (int)strlen(since) - 2;
    }
    (void)snprintf(out + used, APPLICATION_MAX + 1 - (size_t)used, "; %s", since);
}

/* The name taken apart; false when it is not one of ours. */
bool brn_postgres_application_read(brn_lock_holder *out, const char *name)
{
    brn_str all = brn_str_from(name);
    size_t first = brn_str_find(all, BRN_STR("; "));
    brn_str rest;
    size_t second;
    char since[BRN_CLOCK_TEXT];

    if (first == SIZE_MAX) {
        return false;
    }
    rest = brn_str_slice(all, first + 2, all.len);
    second = brn_str_find(rest, BRN_STR("; "));
    if (second == SIZE_MAX || rest.len - second - 2 != strlen("2026-02-26T15:30:00Z")) {
        return false;
    }
    (void)snprintf(since, sizeof(since), "%.19s.000Z", rest.ptr + second + 2);
    if (!brn_clock_parse_rfc3339(brn_str_from(since), &out->since_us)) {
        return false;
    }
    (void)snprintf(out->what, sizeof(out->what), "%.*s", (int)first, all.ptr);
    (void)snprintf(out->who, sizeof(out->who), "%.*s", (int)second, rest.ptr);
    return true;
}

/* --- poolers ---------------------------------------------------------------------------------- */

/* The process that serves our session now; 0 with the error set. */
static brant_status ask_pid(int *out, brn_postgres *p, brant_error **err)
{
    PGresult *result = NULL;
    brant_status st =
        brn_postgres_query(&result, p, "SELECT pg_catalog.pg_backend_pid()", 0, NULL, err);

    if (st == BRANT_OK) {
        *out = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    }
    PQclear(result);
    return st;
}

/* Fills `evidence` when our session went elsewhere. */
static brant_status check_stays(
    char evidence[EVIDENCE], brn_postgres *p, int pid, brant_error **err)
{
    int now = 0;
    brant_status st = ask_pid(&now, p, err);

    if (st == BRANT_OK && now != pid) {
        (void)snprintf(
            evidence, EVIDENCE,
            "This session was served by server process %d, and a moment later by %d.", pid, now);
    }
    return st;
}

/*
 * One round: the second session opens a transaction, and keeps its process for as long. In between
 * and behind it, ours must still be at its own. Fills `evidence` of what speaks against it; *alone:
 * nothing can, for the second one waits for a process while ours has its own.
 */
static brant_status try_round(
    char evidence[EVIDENCE], bool *alone, brn_postgres *p, PGconn *side, int pid, brant_error **err)
{
    char *text = brn_postgres_side_ask(side, "BEGIN; SELECT pg_catalog.pg_backend_pid()", SIDE_MS);
    bool waits = PQtransactionStatus(side) == PQTRANS_ACTIVE;
    brant_status st = BRANT_OK;

    if (text != NULL && strtol(text, NULL, 10) == pid) {
        (void)snprintf(
            evidence, EVIDENCE, "Server process %d served two sessions at the same time.", pid);
    } else if (text == NULL && !waits) {
        (void)snprintf(
            evidence, EVIDENCE,
            "A second session through it could not begin a "
            "transaction.");
    } else {
        st = check_stays(evidence, p, pid, err);
    }
    free(text);
    *alone = st == BRANT_OK && evidence[0] == '\0' && waits;
    if (st == BRANT_OK && evidence[0] == '\0' && !waits) {
        free(brn_postgres_side_ask(side, "COMMIT", SIDE_MS));
        /* Twice: of two processes in turn the first could be ours again and again. */
        st = check_stays(evidence, p, pid, err);
        if (st == BRANT_OK && evidence[0] == '\0') {
            st = check_stays(evidence, p, pid, err);
        }
    }
    return st;
}

static brant_status refuse_pooler(const char *evidence, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUNSUPPORTED, "lock.pooler",
        "the connection goes through a pooler that shares server processes between sessions");

    brn_error_detail(err, "%s", evidence);
    brn_error_hint(
        err, "For migrations, connect to the server itself, or through a pooler whose mode is "
             "\"session\" (pool_mode=session in PgBouncer).");
    return st;
}

/* BRANT_OK: a session behind the pooler keeps its process. Nothing was locked or set so far. */
static brant_status check_pooler(brn_postgres *p, int pid, brant_error **err)
{
    PGconn *side = brn_postgres_side(p);
    char evidence[EVIDENCE] = "";
    bool alone = false;
    brant_status st = BRANT_OK;

    if (side == NULL) {
        (void)snprintf(
            evidence, sizeof(evidence),
            "There is a pooler, and it cannot be found out "
            "how it works: no second session was to be had.");
    }
    for (int i = 0; i < ROUNDS && st == BRANT_OK && evidence[0] == '\0' && !alone; i++) {
        st = try_round(evidence, &alone, p, side, pid, err);
    }
    PQfinish(side);
    return st == BRANT_OK && evidence[0] != '\0' ? refuse_pooler(evidence, err) : st;
}

/* --- taking ----------------------------------------------------------------------------------- */

/*
 * In one statement: tries, if this is the process that we expect, and then sets what a run needs.
 * The lock is taken twice: what the guard of prepared.c lets go of and takes again is then never
 * free. Limits are the client's, so the server has none that could end the session between
 * statements. Two of them are not known everywhere.
 */
#define SET_ALL                                                                                    \
    " (SELECT pg_catalog.count(pg_catalog.set_config(s.name, CASE s.name"                          \
    " WHEN 'application_name' THEN $1::text WHEN 'lock_timeout' THEN $2::text"                     \
    " WHEN 'standard_conforming_strings' THEN 'on' ELSE '0' END, false))"                          \
    " FROM pg_catalog.unnest($3::text[]) s(name))"

#define HOME                                                                                       \
    "pg_catalog.current_setting('search_path'), current_user,"                                     \
    " " BRN_POSTGRES_OTHERS ", pg_catalog.current_setting('synchronous_commit')"

#define STARTED "EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time())::text"

static const char try_sql[] =
    "SELECT b.pid, l.taken, " HOME ", " STARTED ", CASE WHEN l.taken THEN" SET_ALL " END"
    " FROM (SELECT pg_catalog.pg_backend_pid() AS pid) b, LATERAL (SELECT CASE WHEN b.pid = $4::int"
    " THEN pg_catalog.pg_try_advisory_lock($5::bigint)"
    " AND pg_catalog.pg_try_advisory_lock($5::bigint) END AS taken OFFSET 0) l";

#define RUN_SETTINGS                                                                               \
    "application_name,lock_timeout,standard_conforming_strings,statement_timeout,"                 \
    "idle_in_transaction_session_timeout"
#define RUN_SETTINGS_14 RUN_SETTINGS ",idle_session_timeout"
#define RUN_SETTINGS_17 RUN_SETTINGS_14 ",transaction_timeout"

static const char *run_settings(const brn_postgres *p)
{
    if (p->conn.server_version >= 170000) {
        return "{" RUN_SETTINGS_17 "}";
    }
    return p->conn.server_version >= 140000 ? "{" RUN_SETTINGS_14 "}" : "{" RUN_SETTINGS "}";
}

static void lock_attempt(char out[NUMBER_TEXT], const brn_postgres *p)
{
    int64_t ms = p->lock_attempt_ms > 0 ? p->lock_attempt_ms : p->lock_timeout_ms;

    (void)snprintf(out, NUMBER_TEXT, "%" PRId64, ms < INT32_MAX ? ms : (int64_t)INT32_MAX);
}

/* From the columns of HOME, which begin at `column`. */
static brant_status keep_home(
    brn_postgres *p, const PGresult *result, int column, brant_error **err)
{
    brn_postgres_home *home = &p->home;

    home->search_path = brn_arena_strdup(&p->arena, PQgetvalue(result, 0, column));
    home->user = brn_arena_strdup(&p->arena, PQgetvalue(result, 0, column + 1));
    home->others = brn_arena_strdup(&p->arena, PQgetvalue(result, 0, column + 2));
    home->wait = brn_arena_strdup(&p->arena, PQgetvalue(result, 0, column + 3));
    home->known = home->search_path != NULL && home->user != NULL && home->others != NULL &&
                  home->wait != NULL;
    return home->known ? BRANT_OK : brn_error_oom(err);
}

/* A trigger at the login may have set what a reset does not bring back, and a configuration that
 * the server has read anew may have brought something else. */
#define SET_AGAIN                                                                                  \
    " (SELECT pg_catalog.count(pg_catalog.set_config(h.name, h.value, false))"                     \
    " FROM ROWS FROM (pg_catalog.unnest($4::text[]),"                                              \
    " pg_catalog.unnest(pg_catalog.array_prepend($5::text, $6::text[]))) h(name, value)"           \
    " WHERE pg_catalog.current_setting(h.name) <> h.value)"

brant_status brn_postgres_settings(brn_postgres *p, bool is_reset, brant_error **err)
{
    static const char names[] = "{search_path," BRN_POSTGRES_OTHER_NAMES "}";
    char attempt[NUMBER_TEXT];
    bool again = is_reset && p->home.known;
    const char *const values[] = {
        p->application,
        attempt,
        run_settings(p),
        names,
        again ? p->home.search_path : NULL,
        again ? p->home.others : NULL,
    };
    PGresult *result = NULL;
    brant_status st;

    lock_attempt(attempt, p);
    st = brn_postgres_query_quietly(
        &result, p, "SELECT" SET_ALL "," SET_AGAIN, BRN_ARRAY_LEN(values), values, err);
    PQclear(result);
    return st;
}

brant_status brn_postgres_home_read(brn_postgres *p, brant_error **err)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_query(&result, p, "SELECT " HOME, 0, NULL, err);

    if (st == BRANT_OK) {
        st = keep_home(p, result, 0, err);
    }
    PQclear(result);
    return st;
}

bool brn_postgres_has_restarted(brn_postgres *p)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_query_quietly(&result, p, "SELECT " STARTED, 0, NULL, NULL);
    bool same = st == BRANT_OK && strcmp(PQgetvalue(result, 0, 0), p->started) == 0;

    PQclear(result);
    return !same;
}

/* *pid: the process that answered. It is tried by `expected` only. */
static brant_status try_once(
    int *pid, bool *taken, brn_postgres *p, int expected, const char *what, brant_error **err)
{
    char expected_text[NUMBER_TEXT];
    char number[NUMBER_TEXT];
    char attempt[NUMBER_TEXT];
    const char *const values[] = { p->application, attempt, run_settings(p), expected_text,
                                   number };
    PGresult *result = NULL;
    brant_status st;

    brn_postgres_application(p->application, what);
    lock_attempt(attempt, p);
    (void)snprintf(expected_text, sizeof(expected_text), "%d", expected);
    (void)snprintf(number, sizeof(number), "%" PRId64, brn_postgres_lock_number(p));
    st = brn_postgres_query(&result, p, try_sql, BRN_ARRAY_LEN(values), values, err);
    if (st == BRANT_OK) {
        *pid = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
        *taken = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
        (void)snprintf(p->started, sizeof(p->started), "%s", PQgetvalue(result, 0, 6));
    }
    if (st == BRANT_OK && !p->home.known) {
        st = keep_home(p, result, 2, err);
    }
    PQclear(result);
    return st;
}

static brant_status is_held(brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_ELOCKED, "lock.held", "the migration lock is held by another session");

    brn_error_hint(
        err, "Wait until it is done; \"brant lock\" shows who holds it. The lock goes away with "
             "the session that holds it.");
    return st;
}

static brant_status try_here(brn_postgres *p, const char *what, brant_error **err)
{
    int expected = p->lock_pid != 0 ? p->lock_pid : PQbackendPID(p->pg);
    int pid = 0;
    bool taken = false;
    brant_status st = try_once(&pid, &taken, p, expected, what, err);

    if (st == BRANT_OK && pid != expected) {
        st = check_pooler(p, pid, err);
        expected = pid;
        if (st == BRANT_OK) {
            st = try_once(&pid, &taken, p, expected, what, err);
        }
        if (st == BRANT_OK && pid != expected) {
            st = refuse_pooler("This session went from one server process to another.", err);
        }
    }
    if (st != BRANT_OK) {
        return st;
    }
    p->lock_pid = pid;
    return taken ? BRANT_OK : is_held(err);
}

static brant_status take(brn_postgres *p, const char *what, brant_error **err)
{
    brant_status st = brn_postgres_ledger_schema(p, err);

    return st == BRANT_OK ? try_here(p, what, err) : st;
}

/* Nothing is lost with a session that only waits, when the server was started anew meanwhile. One
 * that had the lock has to learn first what became of its work. */
static brant_status take_anew(brn_postgres *p, const char *what, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st = take(p, what, &failure);

    if (st == BRANT_ECONNECT && p->lost_pid == 0 &&
        brn_postgres_reset(&p->conn, NULL) == BRANT_OK && !p->conn.ended) {
        brant_error_free(failure);
        return take(p, what, err);
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

brant_status brn_postgres_lock(brn_conn *conn, const char *what, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brant_status st;

    if (p->locked) {
        return brn_error(
            err, BRANT_EINTERNAL, "lock.twice", "this connection holds the migration lock already");
    }
    st = take_anew(p, what, err);
    if (st == BRANT_OK) {
        p->locked = true;
        p->settings_sent = true;
        (void)snprintf(p->lock_what, sizeof(p->lock_what), "%s", what);
    }
    return st;
}

/* In one statement, too: the settings go back to what they were at the login. */
void brn_postgres_unlock(brn_conn *conn)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_advisory_unlock($1::bigint)"
        " AND pg_catalog.pg_advisory_unlock($1::bigint), (SELECT pg_catalog.count("
        "pg_catalog.set_config(s.name, s.reset_val, false)) FROM pg_catalog.pg_settings s"
        " WHERE s.name = ANY ($2::text[]))";
    brn_postgres *p = (brn_postgres *)conn;
    char number[NUMBER_TEXT];
    const char *const values[] = { number, run_settings(p) };
    PGresult *result = NULL;

    p->lost_pid = 0;
    if (!p->locked) {
        return;
    }
    p->locked = false;
    p->settings_sent = false;
    (void)snprintf(number, sizeof(number), "%" PRId64, brn_postgres_lock_number(p));
    if (PQtransactionStatus(p->pg) != PQTRANS_IDLE) {
        return; /* the lock ends with the connection, which nobody can use */
    }
    if (brn_postgres_query_quietly(&result, p, sql, BRN_ARRAY_LEN(values), values, NULL) ==
            BRANT_OK &&
        strcmp(PQgetvalue(result, 0, 0), "t") != 0) {
        brn_emit_warning(
            conn->emitter, conn->database, "lock.not_held",
            "the migration lock was gone before the run let it go: a statement may have freed it");
    }
    PQclear(result);
}

bool brn_postgres_lock_wait(brn_conn *conn, uint32_t ms)
{
    int64_t slice = brn_control_left_ms(conn->control, ms < SLICE_MS ? ms : SLICE_MS);

    if (slice > 0 && !brn_control_poll(conn->control)) {
        brn_clock_sleep_ms((uint32_t)slice);
    }
    return false;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* How pg_locks shows a number of 64 bits: $1 and $2 are its halves. */
#define HELD_LOCK                                                                                  \
    " pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"        \
    " AND l.classid = $1::oid AND l.objid = $2::oid AND l.database ="                              \
    " (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

static void split_number(char high[NUMBER_TEXT], char low[NUMBER_TEXT], int64_t number)
{
    (void)snprintf(high, NUMBER_TEXT, "%" PRIu32, (uint32_t)((uint64_t)number >> 32));
    (void)snprintf(low, NUMBER_TEXT, "%" PRIu32, (uint32_t)number);
}

/* What the server knows of a session that is not one of ours, or whose name says less. */
static void read_activity(brn_lock_holder *out, const PGresult *result)
{
    const char *user = PQgetvalue(result, 0, 1);
    const char *from = PQgetvalue(result, 0, 2);

    (void)snprintf(
        out->who, sizeof(out->who), "%.100s@%.100s", user[0] != '\0' ? user : "?",
        from[0] != '\0' ? from : "server");
    (void)snprintf(out->what, sizeof(out->what), "%.100s", PQgetvalue(result, 0, 3));
    out->since_us = strtoll(PQgetvalue(result, 0, 4), NULL, 10);
}

brant_status brn_postgres_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    static const char sql[] =
        "SELECT l.pid, a.usename, COALESCE(a.client_hostname, pg_catalog.host(a.client_addr),"
        " CASE WHEN a.state IS NULL THEN '?' END),"
        " a.application_name,"
        " (EXTRACT(epoch FROM a.backend_start) * 1000000)::bigint"
        " FROM (SELECT l.pid FROM" HELD_LOCK " LIMIT 1) l"
        " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid";
    brn_postgres *p = (brn_postgres *)conn;
    brn_lock_holder holder = { 0 };
    char high[NUMBER_TEXT];
    char low[NUMBER_TEXT];
    const char *const values[] = { high, low };
    PGresult *result = NULL;
    brant_status st = brn_postgres_ledger_schema(p, err);

    if (st != BRANT_OK) {
        return st;
    }
    split_number(high, low, brn_postgres_lock_number(p));
    st = brn_postgres_query(&result, p, sql, BRN_ARRAY_LEN(values), values, err);
    if (st != BRANT_OK) {
        return st;
    }
    (void)snprintf(holder.id, sizeof(holder.id), "%" PRId64, brn_postgres_lock_number(p));
    if (PQntuples(result) > 0) {
        holder.held = true;
        holder.pid = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        holder.mine = p->locked && holder.pid == p->lock_pid;
        if (!brn_postgres_application_read(&holder, PQgetvalue(result, 0, 3))) {
            read_activity(&holder, result);
        }
    }
    PQclear(result);
    *out = holder;
    return BRANT_OK;
}

/* --- breaking --------------------------------------------------------------------------------- */

static brant_status not_ours(const char *why, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_ELOCKED, "lock.not_ours", "cannot break the migration lock: %s", why);

    brn_error_hint(err, "End the session that holds it; the lock goes away with it.");
    return st;
}

static brant_status end_session(brn_postgres *p, const brn_lock_holder *holder, brant_error **err)
{
    /* Only if it still has the lock: numbers of processes come back. */
    static const char sql[] =
        "SELECT pg_catalog.pg_terminate_backend(l.pid) FROM" HELD_LOCK " AND l.pid = $3::int";
    char high[NUMBER_TEXT];
    char low[NUMBER_TEXT];
    char pid[NUMBER_TEXT];
    const char *const values[] = { high, low, pid };
    brant_error *failure = NULL;
    PGresult *result = NULL;
    const char *sqlstate = NULL;
    brant_status st;

    split_number(high, low, brn_postgres_lock_number(p));
    (void)snprintf(pid, sizeof(pid), "%" PRId64, holder->pid);
    st = brn_postgres_query(&result, p, sql, BRN_ARRAY_LEN(values), values, &failure);
    PQclear(result);
    sqlstate = brant_error_sqlstate(failure);
    if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0) {
        brant_error_free(failure);
        st = not_ours("no right to end its session", err);
        brn_error_hint(
            err,
            "Run this as the user of that session, or let an administrator run GRANT "
            "pg_signal_backend TO \"%s\"; a superuser's session is ended by superusers only.",
            PQuser(p->pg));
        return st;
    }
    if (err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

brant_status brn_postgres_lock_break(
    brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_lock_holder now = { 0 };
    brant_status st = brn_postgres_lock_holder(&now, conn, err);

    if (st != BRANT_OK || !now.held) {
        return st;
    }
    if (now.pid != holder->pid) {
        return not_ours("its holder is not the one that was asked about", err);
    }
    if (now.mine) {
        return not_ours("this session holds it", err);
    }
    return end_session(p, holder, err);
}
