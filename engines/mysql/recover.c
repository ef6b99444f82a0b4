/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a failure: the session is made as it was when the lock was taken.
 *
 * After a lost connection there is more to do than to connect again. The old session may still live
 * on the server: it works off what it has received, and notices only then that nobody listens.
 * Before anything is read or written it has to be over. The migration lock is what tells: it ends
 * with the session that has it.
 */
#include "engines/mysql/mysql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define CONNECT_TRIES 4
#define FIRST_PAUSE_MS 250
#define LOOK_MS 100
/* A session that does nothing any more is ended; one that works is waited for. */
#define LONGEST_WAIT_MS 300000

/* --- rolling back ----------------------------------------------------------------------------- */

#define NOT_ROLLED_BACK 1196 /* a warning: some tables are not transactional */

static bool read_warnings(void *user, size_t index, MYSQL_RES *rows)
{
    bool *keeps = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        *keeps = *keeps || (mysql_num_fields(rows) == 3 && row[1] != NULL &&
                            strtol(row[1], NULL, 10) == NOT_ROLLED_BACK);
    }
    return true;
}

/* The server rolls back by itself after a deadlock: then its warning is there already. */
bool brn_mysql_rollback_keeps(brn_mysql *p)
{
    bool keeps = false;

    (void)brn_mysql_ask_quietly(
        p, BRN_STR("SHOW WARNINGS;\nROLLBACK;\nSHOW WARNINGS"), read_warnings, &keeps, NULL);
    return keeps;
}

void brn_mysql_tell_kept(brant_error **err, const char *migration)
{
    brn_error_detail(
        err, "What the transaction has done to tables without transactions (MyISAM, Aria, MEMORY) "
             "stays; the rest was rolled back.");
    brn_error_hint(
        err,
        "Take back by hand what stays, say \"brant repair %s --not-done\", and run again. Convert such "
        "tables to InnoDB, or write \"-- brant: transaction=off\" into files that change their rows.",
        migration != NULL ? migration : "");
}

static brant_status reset_session(brn_mysql *p, brant_error **err)
{
    brant_status st = BRANT_OK;

    if ((p->my->server_status & SERVER_STATUS_IN_TRANS) != 0 || p->in_program || p->in_own) {
        st = brn_mysql_ask_quietly(p, BRN_STR("ROLLBACK"), NULL, NULL, err);
    }
    p->in_program = false;
    p->in_own = false;
    return st == BRANT_OK ? brn_mysql_restore(p, err) : st;
}

/* --- a lost connection ------------------------------------------------------------------------ */

static brant_status connect_again(brn_mysql *p, brant_error **err)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    brant_status st = BRANT_ECONNECT;

    for (int i = 1; st != BRANT_OK && i <= CONNECT_TRIES; i++) {
        brant_error *failure = NULL;

        st = brn_mysql_reconnect(p, &failure);
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

typedef struct old_session {
    bool lives;
    bool idle;
} old_session;

static bool read_old(void *user, size_t index, MYSQL_RES *rows)
{
    old_session *old = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;

    old->lives = old->lives || row != NULL;
    old->idle = old->idle || (row != NULL && row[0] != NULL && strcmp(row[0], "Sleep") == 0);
    return true;
}

/* Connecting again may have led to another member of a group. */
static bool lives_elsewhere(brn_mysql *p)
{
    bool quiet = true;

    return brn_mysql_in_group(p) &&
           brn_mysql_group_is_quiet(&quiet, p, BRN_MYSQL_GROUP_END_IDLE, NULL) == BRANT_OK &&
           !quiet;
}

static bool old_session_lives(brn_mysql *p, unsigned long session)
{
    old_session old = { 0 };
    char sql[160];

    (void)snprintf(
        sql, sizeof(sql),
        "SELECT COMMAND FROM information_schema.PROCESSLIST WHERE ID = %lu"
        " AND ID = IS_USED_LOCK('%s')",
        session, brn_mysql_lock_name(p));
    if (brn_mysql_ask_quietly(p, brn_str_from(sql), read_old, &old, NULL) != BRANT_OK) {
        return false;
    }
    if (old.idle) {
        (void)snprintf(sql, sizeof(sql), "KILL CONNECTION %lu", session);
        (void)brn_mysql_ask_quietly(p, brn_str_from(sql), NULL, NULL, NULL);
    }
    return old.lives || lives_elsewhere(p);
}

static void wait_for_old_session(brn_mysql *p, unsigned long session)
{
    int64_t until = brn_clock_mono_ns() + LONGEST_WAIT_MS * BRN_NS_PER_MS;
    bool told = false;

    while (session != 0 && old_session_lives(p, session) && brn_clock_mono_ns() < until) {
        if (!told) {
            brn_emit_notice(
                p->conn.emitter, p->conn.database, "connect.old_session",
                "waiting until what was sent on the lost connection is over (session %lu)",
                session);
        }
        told = true;
        brn_clock_sleep_ms(LOOK_MS);
    }
}

static brant_status recover(brn_mysql *p, brant_error **err)
{
    bool had_lock = p->locked;
    unsigned long session = had_lock ? p->locked_by : 0;
    char what[BRN_ARRAY_LEN(p->lock_what)];
    brant_status st;

    memcpy(what, p->lock_what, sizeof(what));
    st = connect_again(p, err);
    if (st != BRANT_OK || !had_lock) {
        return st;
    }
    wait_for_old_session(p, session);
    return brn_mysql_lock(&p->conn, what, err);
}

brant_status brn_mysql_reset(brn_conn *conn, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    brant_status st = BRANT_OK;

    if (!brn_mysql_is_lost(p)) {
        st = reset_session(p, err);
    }
    if (brn_mysql_is_lost(p)) {
        if (st != BRANT_OK && err != NULL) {
            brant_error_free(*err);
            *err = NULL;
        }
        st = recover(p, err);
    }
    return st;
}
