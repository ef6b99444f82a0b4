/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group replication in which each member takes writes. The migration lock is a lease there
 * (lease.c), whose rows the group keeps the same: of two members that have written the same row,
 * the second to commit fails (3101).
 *
 * A statement that changes the schema is not in that order: it runs on its member for as long as it
 * takes, and only then the others hear of it. A run that has taken over from a dead one must not
 * look what took effect while a session of the dead one is still at work elsewhere. The session has
 * GET_LOCK() until all that it was sent is over; the other members are asked for it, each by a
 * connection of its own. What they had committed by then has come here when a transaction with
 * group_replication_consistency = BEFORE begins.
 *
 * A member that is no longer in the group need not be asked: what it does never gets out.
 */
#include "engines/mysql/mysql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define ASK_MS 3000
#define SLICE_MS 50
#define HOST_MAX 256
#define MEMBERS_MAX 16 /* a group has nine at most */

typedef struct member {
    char host[HOST_MAX];
    unsigned port;
} member;

typedef struct members {
    member others[MEMBERS_MAX];
    size_t count;
    bool self;
    bool too_many;
} members;

/* --- who they are ----------------------------------------------------------------------------- */

static bool read_members(void *user, size_t index, MYSQL_RES *rows)
{
    members *m = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        if (row[0] == NULL || row[1] == NULL || row[2] == NULL) {
            continue;
        }
        if (row[2][0] == '1') {
            m->self = true;
        } else if (m->count < MEMBERS_MAX) {
            /* "localhost" would be the socket of one of them. */
            (void)snprintf(
                m->others[m->count].host, HOST_MAX, "%s",
                strcmp(row[0], "localhost") == 0 ? "127.0.0.1" : row[0]);
            m->others[m->count].port = (unsigned)strtoul(row[1], NULL, 10);
            m->count++;
        } else {
            m->too_many = true;
        }
    }
    return true;
}

static brant_status not_known(const brn_mysql *p, const char *why, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUNSUPPORTED, "lock.cluster",
        "each server of the group takes writes (group_replication_single_primary_mode is OFF), and "
        "brant cannot see which there are: %s",
        why);

    brn_error_detail(err, "A run that died may have left a statement at work on any of them.");
    brn_error_hint(
        err, "GRANT SELECT ON performance_schema.replication_group_members TO the user \"%s\".",
        p->target.user);
    return st;
}

/* A member that is not in the group sees itself only, as OFFLINE. */
static brant_status list_members(members *out, brn_mysql *p, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st;

    *out = (members){ 0 };
    st = brn_mysql_ask(
        p,
        BRN_STR(
            "SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_ID = @@GLOBAL.server_uuid"
            " FROM performance_schema.replication_group_members"
            " WHERE MEMBER_ID = @@GLOBAL.server_uuid OR MEMBER_STATE NOT IN ('OFFLINE', 'ERROR')"),
        read_members, out, &failure);
    if (st == BRANT_ESTATEMENT) {
        st = not_known(p, brant_error_message(failure), err);
    } else if (st == BRANT_OK && (!out->self || out->too_many)) {
        st = not_known(p, "performance_schema.replication_group_members does not tell", err);
    } else if (st != BRANT_OK && err != NULL) {
        *err = failure;
        failure = NULL;
    }
    brant_error_free(failure);
    return st;
}

/* --- what they do ----------------------------------------------------------------------------- */

/* Of the session that has GET_LOCK() on another member. */
typedef struct remote {
    int64_t session; /* 0: there is none */
    bool idle;
    char host[HOST_MAX + 16];
} remote;

static void ask_session(remote *out, bool *answered, brn_mysql *p, MYSQL *side)
{
    char sql[BRN_MYSQL_LOCK_NAME + 200];
    char *text;

    (void)snprintf(
        sql, sizeof(sql),
        "SELECT CONCAT(COALESCE(u.id, 0), ' ', COALESCE(s.COMMAND, '')) FROM"
        " (SELECT IS_USED_LOCK('%s') AS id) u LEFT JOIN information_schema.PROCESSLIST s"
        " ON s.ID = u.id",
        brn_mysql_lock_name(p));
    text = brn_mysql_side_ask(side, sql, ASK_MS);
    *answered = text != NULL;
    out->session = text != NULL ? strtoll(text, NULL, 10) : 0;
    out->idle = text != NULL && strstr(text, " Sleep") != NULL;
    free(text);
}

/* The server takes a moment to end it. */
static void end_session(remote *at, bool *answered, brn_mysql *p, MYSQL *side)
{
    int64_t until = brn_clock_mono_ns() + ASK_MS * BRN_NS_PER_MS;
    int64_t session = at->session;
    char sql[64];

    (void)snprintf(sql, sizeof(sql), "KILL CONNECTION %" PRId64, session);
    free(brn_mysql_side_ask(side, sql, ASK_MS));
    ask_session(at, answered, p, side);
    while (*answered && at->session == session && brn_clock_mono_ns() < until) {
        brn_clock_sleep_ms(SLICE_MS);
        ask_session(at, answered, p, side);
    }
}

static brant_status ask_member(
    remote *out, brn_mysql *p, const member *m, brn_mysql_group_wish wish, brant_error **err)
{
    brn_mysql_target target = p->target;
    brn_mysql_goal goal = { .target = &target, .host = out->host };
    MYSQL *side = NULL;
    bool answered = false;
    bool end = wish == BRN_MYSQL_GROUP_END_ALL;
    brant_status st;

    target.host = m->host;
    target.port = m->port;
    target.socket = NULL;
    (void)snprintf(out->host, sizeof(out->host), "%s:%u", m->host, m->port);
    st = brn_mysql_dial_to(&side, p, &goal, ASK_MS, err);
    if (st != BRANT_OK) {
        return st;
    }
    ask_session(out, &answered, p, side);
    end = end || (wish == BRN_MYSQL_GROUP_END_IDLE && out->idle);
    if (out->session != 0 && end) {
        end_session(out, &answered, p, side);
    }
    brn_mysql_hang_up(side);
    return answered
               ? BRANT_OK
               : brn_error(err, BRANT_ECONNECT, "connect.lost", "%s gave no answer", out->host);
}

/* Once for each: the run asks again and again. A session that is idle is about to let go. */
static void warn_once(brn_mysql *p, const remote *at, const brant_error *failure)
{
    if (p->cluster.warned || (failure == NULL && at->idle)) {
        return;
    }
    p->cluster.warned = true;
    if (failure != NULL) {
        brn_emit_warning(
            p->conn.emitter, p->conn.database, "lock.member",
            "cannot ask %s, which belongs to the group, whether the run before is still at work "
            "there: %s",
            at->host, brant_error_message(failure));
    } else {
        brn_emit_warning(
            p->conn.emitter, p->conn.database, "lock.member",
            "what the run before has sent is still at work on %s (session %" PRId64 ")", at->host,
            at->session);
    }
}

brant_status brn_mysql_group_is_quiet(
    bool *quiet, brn_mysql *p, brn_mysql_group_wish wish, brant_error **err)
{
    members m;
    brant_status st = list_members(&m, p, err);
    bool none = true;

    for (size_t i = 0; i < m.count && st == BRANT_OK && none; i++) {
        brant_error *failure = NULL;
        remote at = { 0 };

        st = ask_member(&at, p, &m.others[i], wish, &failure);
        if (st == BRANT_ENOMEM && err != NULL) {
            *err = failure;
            failure = NULL;
        } else if (st != BRANT_ENOMEM && (st != BRANT_OK || at.session != 0)) {
            none = false;
            warn_once(p, &at, failure);
            st = BRANT_OK;
        }
        brant_error_free(failure);
    }
    if (st == BRANT_OK) {
        *quiet = none;
    }
    return st;
}
