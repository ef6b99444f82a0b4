/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failure: the session is made as it was when the lock was taken.
 *
 * After a lost connection there is more to do than to connect again. The old session may still live
 * on the server: it works off what it has received, COMMIT included, and notices only then that
 * nobody listens. Before anything is read or written it has to be over. The migration lock is what
 * tells: it ends with the session that has it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engines/postgres/postgres.h"

#define CONNECT_TRIES 4
#define FIRST_PAUSE_MS 250
#define LOOK_MS 100
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
    p->prepared = 0;
    return st == BRANT_OK ? brn_postgres_settings(p, err) : st;
}

static brant_status reset_session(brn_postgres *p, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (PQtransactionStatus(p->pg) != PQTRANS_IDLE) {
        st = ask(p, "ROLLBACK", err);
    }
    p->in_program = false;
    p->in_own = false;
    p->xid[0] = '\0';
    return st == BRANT_OK && p->settings_sent ? brn_postgres_restore(p, err) : st;
}

/* --- a lost connection ------------------------------------------------------------------------ */

static brant_status connect_again(brn_postgres *p, brant_error **err)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    brant_status st = BRANT_ECONNECT;

    for (int i = 1; st != BRANT_OK && i <= CONNECT_TRIES; i++) {
        brant_error *failure = NULL;

        st = brn_postgres_reconnect(p, &failure);
        if (st != BRANT_OK && i < CONNECT_TRIES) {
            brn_clock_sleep_ms((uint32_t)pause_ms);
            pause_ms *= 2;
        } else if (st != BRANT_OK && err != NULL) {
            *err = failure;
            failure = NULL;
        }
        brant_error_free(failure);
    }
    return st;
}

/* Whether the session of that process is still there; ends it when it is only waiting for us. */
static bool old_session_lives(brn_postgres *p, int pid)
{
    char text[16];
    const char *values[] = { text };
    PGresult *result = NULL;
    bool lives = false;

    (void)snprintf(text, sizeof(text), "%d", pid);
    if (brn_postgres_query_quietly(
            &result, p,
            "SELECT CASE WHEN a.state <> 'active' THEN pg_catalog.pg_terminate_backend(a.pid) END"
            " FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1::int"
            " AND a.usename = session_user AND a.pid <> pg_catalog.pg_backend_pid()",
            1, values, NULL) == BRANT_OK) {
        lives = PQntuples(result) > 0;
    }
    PQclear(result);
    return lives;
}

static void wait_for_old_session(brn_postgres *p, int pid)
{
    int64_t until = brn_clock_mono_ns() + LONGEST_WAIT_MS * BRN_NS_PER_MS;
    bool told = false;

    while (pid != 0 && old_session_lives(p, pid) && brn_clock_mono_ns() < until) {
        if (!told) {
            brn_emit_notice(
                p->conn.emitter, p->conn.database, "connect.old_session",
                "waiting until what was sent on the lost connection is over (process %d)", pid);
        }
        told = true;
        brn_clock_sleep_ms(LOOK_MS);
    }
}

/* The server remembers what became of a transaction; the ledger is the other witness. */
static void tell_fate(brn_postgres *p, const char *xid)
{
    const char *values[] = { xid };
    PGresult *result = NULL;

    if (xid[0] != '\0' &&
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

static brant_status recover(brn_postgres *p, brant_error **err)
{
    bool had_lock = p->locked;
    bool told_to_end = p->told_to_end;
    int old_pid = had_lock ? p->lock_pid : 0;
    char what[BRN_ARRAY_LEN(p->lock_what)];
    char xid[BRN_ARRAY_LEN(p->xid)];
    brant_status st;

    memcpy(what, p->lock_what, sizeof(what));
    memcpy(xid, p->xid, sizeof(xid));
    st = connect_again(p, err);
    p->xid[0] = '\0';
    if (st != BRANT_OK || !had_lock) {
        return st;
    }
    p->conn.ended = told_to_end && !brn_postgres_has_restarted(p);
    wait_for_old_session(p, old_pid);
    tell_fate(p, xid);
    return brn_postgres_lock(&p->conn, what, err);
}

brant_status brn_postgres_reset(brn_conn *conn, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brant_status st = BRANT_OK;

    conn->ended = false;
    if (p->pg != NULL && PQstatus(p->pg) == CONNECTION_OK) {
        st = reset_session(p, err);
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
