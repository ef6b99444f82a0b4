/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failure: the session is made as it was when the lock was taken.
 *
 * After a lost connection there is more to do than to connect again. The old session may still live
 * on the server: it works off what it has received, COMMIT included, and notices only then that
 * nobody listens. Before anything is read or written it has to be over. The migration lock is what
 * tells: it ends with the session that has it. Taking it again is what p->lost_pid asks for, until
 * it has been done or somebody else has the lock: then what this run knows is not true any more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engines/postgres/postgres.h"

#define CONNECT_TRIES 4
#define FIRST_PAUSE_MS 250
#define LOOK_MS 100
/* How often a script may have taken a lock. */
#define LOCK_DEPTH 1000
/* A session that does nothing any more is ended; one that works is waited for. */
#define LONGEST_WAIT_MS 300000

/* --- the session's settings ------------------------------------------------------------------- */

static brant_status ask(brn_postgres *p, const char *sql, brant_error **err)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_query_quietly(&result, p, sql, 0, NULL, err);

    PQclear(result);
    return st;
}

/*
 * Each goes as often as it was taken, which nothing tells. Not by pg_advisory_unlock_all(): the
 * migration lock must not be free in between. Those of a transaction that is open look like the
 * others, and do not go: the server warns of each.
 */
#define ONE_KEY "(l.classid::bigint << 32) | l.objid::bigint"
#define TWO_KEYS "((l.classid::bigint << 32) >> 32)::int, ((l.objid::bigint << 32) >> 32)::int"

static const char unlock_sql[] =
    "SELECT pg_catalog.count(*) FROM (SELECT CASE"
    " WHEN l.mode = 'ShareLock' AND l.objsubid = 1"
    " THEN pg_catalog.pg_advisory_unlock_shared(" ONE_KEY ")"
    " WHEN l.mode = 'ShareLock' THEN pg_catalog.pg_advisory_unlock_shared(" TWO_KEYS ")"
    " WHEN l.objsubid = 1 THEN pg_catalog.pg_advisory_unlock(" ONE_KEY ")"
    " ELSE pg_catalog.pg_advisory_unlock(" TWO_KEYS ") END AS gone"
    " FROM pg_catalog.pg_locks l"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.pid = pg_catalog.pg_backend_pid()"
    " AND NOT (l.objsubid = 1 AND l.classid = (($1::bigint >> 32) & 4294967295)::oid"
    " AND l.objid = ($1::bigint & 4294967295)::oid) OFFSET 0) u WHERE u.gone";

static brant_status release_locks(brn_postgres *p, brant_error **err)
{
    char number[24];
    const char *const values[] = { number };
    brant_status st = BRANT_OK;
    bool more = true;

    (void)snprintf(number, sizeof(number), "%" PRId64, brn_postgres_lock_number(p));
    p->quiet = true;
    for (int i = 0; st == BRANT_OK && more && i < LOCK_DEPTH; i++) {
        PGresult *result = NULL;

        st = brn_postgres_query_quietly(&result, p, unlock_sql, 1, values, err);
        more = st == BRANT_OK && strcmp(PQgetvalue(result, 0, 0), "0") != 0;
        PQclear(result);
    }
    p->quiet = false;
    return st;
}

/* What a migration has set, prepared or made for the session only is gone with it. Statements in
 * this order: a role may have no right to reset. */
brant_status brn_postgres_restore(brn_postgres *p, brant_error **err)
{
    static const char *const statements[] = {
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        "RESET ALL",
        "DEALLOCATE ALL",
        "CLOSE ALL",
        "UNLISTEN *",
        "DISCARD TEMP",
    };
    brant_status st = BRANT_OK;

    for (size_t i = 0; i < BRN_ARRAY_LEN(statements) && st == BRANT_OK; i++) {
        st = ask(p, statements[i], err);
    }
    if (st == BRANT_OK) {
        st = release_locks(p, err);
    }
    p->prepared = 0;
    p->role_set = false;
    return st == BRANT_OK ? brn_postgres_settings(p, true, err) : st;
}

static brant_status roll_back(brn_postgres *p, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (PQtransactionStatus(p->pg) != PQTRANS_IDLE) {
        st = ask(p, "ROLLBACK", err);
    }
    p->in_program = false;
    p->in_own = false;
    return st;
}

/* As the session was when the lock was taken, whatever a migration has set. */
static brant_status write_ahead(brn_postgres *p, const char *what, brant_error **err)
{
    const char *const values[] = { p->home.wait };
    PGresult *result = NULL;
    brant_status st;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    brn_buf_printf(&sql, "SELECT pg_catalog.set_config('synchronous_commit', $1, true), %s", what);
    st = sql.failed ? brn_error_oom(err)
                    : brn_postgres_query_quietly(&result, p, brn_buf_text(&sql), 1, values, err);
    PQclear(result);
    brn_buf_release(&sql);
    return st;
}

/* Where the function is not for everybody. Whatever was committed has an entry there. */
static brant_status lock_a_row(brn_postgres *p, brant_error **err)
{
    char *schema =
        p->schema != NULL ? PQescapeIdentifier(p->pg, p->schema, strlen(p->schema)) : NULL;
    brant_status st;
    brn_buf what;

    brn_buf_init(&what, 0);
    brn_buf_printf(
        &what, "(SELECT h.seq FROM %s.brant_history h LIMIT 1 FOR UPDATE)",
        schema != NULL ? schema : "public");
    PQfreemem(schema);
    st = what.failed ? brn_error_oom(err) : write_ahead(p, brn_buf_text(&what), err);
    brn_buf_release(&what);
    return st;
}

brant_status brn_postgres_make_durable(brn_postgres *p, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st = roll_back(p, err);

    if (st != BRANT_OK) {
        return st;
    }
    st = write_ahead(p, BRN_POSTGRES_WRITE_AHEAD, &failure);
    if (st != BRANT_OK && strcmp(brant_error_id(failure), "statement.no_rights") == 0) {
        brant_error_free(failure);
        failure = NULL;
        st = lock_a_row(p, &failure);
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    p->unwritten = p->unwritten && st != BRANT_OK;
    return st;
}

static brant_status reset_session(brn_postgres *p, brant_error **err)
{
    brant_status st = p->unwritten ? brn_postgres_make_durable(p, err) : roll_back(p, err);

    if (p->lost_pid == 0) {
        p->xid[0] = '\0';
    }
    return st == BRANT_OK && p->settings_sent ? brn_postgres_restore(p, err) : st;
}

/* --- a lost connection ------------------------------------------------------------------------ */

static brant_status connect_again(brn_postgres *p, brant_error **err)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    int tries = p->gone ? 1 : CONNECT_TRIES;
    brant_status st = BRANT_ECONNECT;

    for (int i = 1; st != BRANT_OK && i <= tries; i++) {
        brant_error *failure = NULL;

        st = brn_postgres_reconnect(p, &failure);
        if (st != BRANT_OK && i < tries) {
            brn_clock_sleep_ms((uint32_t)pause_ms);
            pause_ms *= 2;
        } else if (st != BRANT_OK && err != NULL) {
            *err = failure;
            failure = NULL;
        }
        brant_error_free(failure);
    }
    p->gone = st != BRANT_OK;
    return st;
}

/*
 * Whether the session of that process still has the lock; ends it when it only waits for us. In a
 * pipeline that is "active" and reading: what it waits for was lost on the way. With the lock,
 * since the number of a process comes back.
 */
static bool old_session_lives(brn_postgres *p)
{
    char pid[24];
    char number[24];
    const char *const values[] = { pid, number };
    PGresult *result = NULL;
    bool lives = false;

    (void)snprintf(pid, sizeof(pid), "%d", p->lost_pid);
    (void)snprintf(number, sizeof(number), "%" PRId64, brn_postgres_lock_number(p));
    if (brn_postgres_query_quietly(
            &result, p,
            "SELECT CASE WHEN a.state <> 'active' OR a.wait_event IN ('ClientRead', 'ClientWrite')"
            " THEN pg_catalog.pg_terminate_backend(l.pid) END FROM pg_catalog.pg_locks l"
            " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
            " AND a.usename = session_user WHERE l.pid = $1::int AND l.locktype = 'advisory'"
            " AND l.granted AND l.objsubid = 1"
            " AND l.classid = (($2::bigint >> 32) & 4294967295)::oid"
            " AND l.objid = ($2::bigint & 4294967295)::oid AND l.pid <> pg_catalog.pg_backend_pid()",
            2, values, NULL) == BRANT_OK) {
        lives = PQntuples(result) > 0;
    }
    PQclear(result);
    return lives;
}

/* Until it is over, the connection is lost again, or the control says stop. */
static void wait_for_old_session(brn_postgres *p)
{
    int64_t until = brn_clock_mono_ns() + LONGEST_WAIT_MS * BRN_NS_PER_MS;
    bool told = false;

    while (old_session_lives(p) && brn_clock_mono_ns() < until &&
           !brn_control_poll(p->conn.control)) {
        if (!told) {
            brn_emit_notice(
                p->conn.emitter, p->conn.database, "connect.old_session",
                "waiting until what was sent on the lost connection is over (process %d)",
                p->lost_pid);
        }
        told = true;
        brn_clock_sleep_ms(LOOK_MS);
    }
}

/* The server remembers what became of a transaction; the ledger is the other witness, and the one
 * that decides. A server that has crashed may have given its number to another one. */
static void tell_fate(brn_postgres *p)
{
    const char *values[] = { p->xid };
    PGresult *result = NULL;

    if (p->xid[0] != '\0' && !brn_postgres_has_restarted(p) &&
        brn_postgres_query_quietly(
            &result, p, "SELECT pg_catalog.txid_status($1::bigint)", 1, values, NULL) == BRANT_OK &&
        PQntuples(result) == 1 && PQgetisnull(result, 0, 0) == 0) {
        brn_emit_notice(
            p->conn.emitter, p->conn.database, "connect.fate",
            "the connection was lost during COMMIT; the server says of that transaction: %s",
            PQgetvalue(result, 0, 0));
    }
    PQclear(result);
}

/* The lock, once the old session is over. */
static brant_status take_lock_again(brn_postgres *p, brant_error **err)
{
    char what[BRN_ARRAY_LEN(p->lock_what)];
    brant_status st = brn_postgres_ledger_schema(p, err);

    if (st != BRANT_OK) {
        return st;
    }
    memcpy(what, p->lock_what, sizeof(what));
    wait_for_old_session(p);
    tell_fate(p);
    st = brn_postgres_lock(&p->conn, what, err);
    if (st == BRANT_OK || st == BRANT_ELOCKED) {
        p->lost_pid = 0;
        p->xid[0] = '\0';
    }
    return st;
}

static brant_status recover(brn_postgres *p, brant_error **err)
{
    bool told_to_end = p->told_to_end;
    brant_status st;

    if (p->locked) {
        p->lost_pid = p->lock_pid;
    }
    st = connect_again(p, err);
    if (st == BRANT_OK && (p->lost_pid != 0 || p->started[0] != '\0')) {
        p->conn.ended = told_to_end && !brn_postgres_has_restarted(p);
    }
    if (st == BRANT_OK && p->lost_pid != 0) {
        st = take_lock_again(p, err);
    }
    /* What the old session has committed is asked for next, and believed. */
    return st == BRANT_OK && p->unwritten ? brn_postgres_make_durable(p, err) : st;
}

brant_status brn_postgres_reset(brn_conn *conn, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brant_status st = BRANT_OK;

    conn->ended = false;
    if (p->pg != NULL && PQstatus(p->pg) == CONNECTION_OK) {
        st = reset_session(p, err);
        if (st == BRANT_OK && p->lost_pid != 0) {
            st = take_lock_again(p, err);
        }
    }
    if (p->pg == NULL || PQstatus(p->pg) != CONNECTION_OK) {
        if (st != BRANT_OK && err != NULL) {
            brant_error_free(*err);
            *err = NULL;
        }
        st = recover(p, err);
    }
    return st;
}
