/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration lock as a lease, where sessions of one server do not know those of another: rows of
 * the table brant_lease, which a cluster keeps the same on all nodes. engine/heartbeat.h has the
 * idea. What is different in group replication is in group.c.
 *
 * Galera settles who was first when a transaction commits, by the keys of the rows it has written:
 * what was only read, or locked, does not count. So whoever needs the lease writes to it, and there
 * are two rows, so that a beat is in nobody's way:
 *
 *   lock   who has it, and the number. Guards write it, and taking over. A transaction that began
 *          with a guard fails at its COMMIT when another has taken over on another node.
 *   beat   until when. The heartbeat writes it, and guards outside of a transaction: for what
 *          follows in the same packet the lease is then as good as new.
 *
 * A statement that changes the schema is run by all nodes in its place in the order of everything
 * that commits. Until it is done nothing commits, no beat and no taking over, and a beat that was
 * sent meanwhile is before whatever comes later. Who has taken the lease has therefore, on its own
 * node, all that the one before wrote: its COMMIT came behind. No read needs wsrep_sync_wait but
 * the one that looks for beats before it takes over.
 *
 * GET_LOCK() is taken as well. It says nothing to other nodes, but a session that works off what a
 * dead run has sent keeps the next one of the same node waiting.
 */
#include "engines/mysql/mysql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/platform.h"

#define LEASE_TABLE "brant_lease"
#define DIAL_MS 3000
#define SLICE_MS 50
#define WHO_MAX 250
#define LOOK_COLUMNS 9

/* The row of the server, as it is now. */
typedef struct lease_row {
    bool here;
    bool held;
    bool over; /* by the server's clock */
    int64_t fence;
    int64_t beats;
    int64_t length_ms; /* as its owner has it */
    brn_lock_holder holder;
} lease_row;

static void add_table(brn_buf *out, const brn_mysql *p)
{
    brn_mysql_add_name(out, p->schema);
    brn_buf_add_c(out, "." LEASE_TABLE);
}

static void add_expiry(brn_buf *out, const brn_mysql *p)
{
    brn_buf_printf(out, "UTC_TIMESTAMP(6) + INTERVAL %" PRId64 " MICROSECOND", p->lease.ms * 1000);
}

static brant_status pass_on(brant_status st, brant_error *failure, brant_error **err)
{
    if (err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

/* --- looking ---------------------------------------------------------------------------------- */

static int64_t number(const char *text)
{
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static void read_row(lease_row *row, MYSQL_ROW from)
{
    brn_lock_holder *h = &row->holder;

    row->here = true;
    row->fence = number(from[0]);
    row->beats = number(from[1]);
    row->held = from[2] != NULL;
    row->over = number(from[7]) != 0;
    row->length_ms = number(from[8]);
    if (!row->held) {
        return;
    }
    h->held = true;
    h->fence = row->fence;
    h->pid = number(from[3]);
    h->since_us = number(from[5]);
    h->expires_us = number(from[6]);
    (void)snprintf(h->who, sizeof(h->who), "%s", from[2]);
    (void)snprintf(h->what, sizeof(h->what), "%s", from[4] != NULL ? from[4] : "");
}

typedef struct looking {
    brn_mysql *p;
    lease_row row;
} looking;

static bool read_look(void *user, size_t index, MYSQL_RES *rows)
{
    looking *l = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        if (mysql_num_fields(rows) == LOOK_COLUMNS) {
            read_row(&l->row, row);
        } else {
            brn_mysql_read_cluster(l->p, row);
        }
    }
    return true;
}

/* What is read until it is false again has all that other nodes have committed before. */
static void add_causal(brn_buf *sql, const brn_mysql *p, bool causal)
{
    if (p->cluster.wsrep) {
        brn_buf_printf(sql, "SET SESSION wsrep_sync_wait = %s", causal ? "1" : "DEFAULT");
    } else if (brn_mysql_in_group(p)) {
        brn_buf_printf(
            sql, "SET SESSION group_replication_consistency = %s", causal ? "'BEFORE'" : "DEFAULT");
    } else {
        brn_buf_add_c(sql, "DO 0");
    }
}

static void add_look(brn_buf *sql, brn_mysql *p, bool causal)
{
    brn_mysql_add_cluster(sql, p);
    if (causal) {
        add_causal(sql, p, true);
        brn_buf_add_c(sql, ";\n");
    }
    brn_buf_add_c(
        sql, "SELECT l.fence, b.beats, l.owner, l.pid, l.what,"
             " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', l.since),"
             " TIMESTAMPDIFF(MICROSECOND, '1970-01-01', b.expires),"
             " b.expires <= UTC_TIMESTAMP(6), l.length_ms FROM ");
    add_table(sql, p);
    brn_buf_add_c(sql, " l JOIN ");
    add_table(sql, p);
    brn_buf_printf(
        sql, " b ON b.name = l.name AND b.part = 'beat' WHERE l.name = '%s' AND l.part = 'lock'",
        brn_mysql_lock_name(p));
    if (causal) {
        brn_buf_add_c(sql, ";\n");
        add_causal(sql, p, false);
    }
}

/* After a look that failed: the statement behind it, which ends this, was not run. */
static void end_causal(brn_mysql *p)
{
    brn_buf sql;

    brn_buf_init(&sql, 0);
    add_causal(&sql, p, false);
    if (!sql.failed) {
        (void)brn_mysql_ask_quietly(p, brn_buf_str(&sql), NULL, NULL, NULL);
    }
    brn_buf_release(&sql);
}

/* No table is no row. */
static brant_status look(lease_row *out, brn_mysql *p, bool causal, brant_error **err)
{
    looking l = { .p = p };
    brant_error *failure = NULL;
    brant_status st;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    add_look(&sql, p, causal);
    st = sql.failed ? brn_error_oom(&failure)
                    : brn_mysql_ask(p, brn_buf_str(&sql), read_look, &l, &failure);
    brn_buf_release(&sql);
    if (st == BRANT_ESTATEMENT && causal) {
        end_causal(p);
    }
    if (st == BRANT_ESTATEMENT && brant_error_native_code(failure) == 1146) {
        brant_error_free(failure);
        failure = NULL;
        st = BRANT_OK;
    }
    if (st == BRANT_OK) {
        p->cluster.known = true;
        *out = l.row;
    }
    return pass_on(st, failure, err);
}

static brant_status create_row(brn_mysql *p, brant_error **err)
{
    const char *name = brn_mysql_lock_name(p);
    brant_status st;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    brn_buf_add_c(&sql, "CREATE TABLE IF NOT EXISTS ");
    add_table(&sql, p);
    brn_buf_add_c(
        &sql,
        " (name varchar(64) NOT NULL, part varchar(8) NOT NULL, fence bigint NOT NULL,"
        " beats bigint NOT NULL, owner varchar(255), pid bigint, what varchar(255),"
        " since datetime(6), length_ms bigint, expires datetime(6), PRIMARY KEY (name, part)) ENGINE=InnoDB"
        " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\nINSERT IGNORE INTO ");
    add_table(&sql, p);
    brn_buf_printf(
        &sql, " (name, part, fence, beats) VALUES ('%s', 'beat', 1, 0), ('%s', 'lock', 1, 0)", name,
        name);
    st = sql.failed ? brn_error_oom(err) : brn_mysql_ask(p, brn_buf_str(&sql), NULL, NULL, err);
    brn_buf_release(&sql);
    return st;
}

/* --- the heartbeat ---------------------------------------------------------------------------- */

/* Not with the owner's session, which may be busy for hours. False: not sent, or no answer. */
static bool send_beat(const brn_heartbeat *heartbeat, brn_mysql_lease *lease)
{
    brn_mysql_call call = { .kind = BRN_MYSQL_QUERY,
                            .my = lease->side,
                            .sql = brn_buf_str(&lease->beat) };
    int status = brn_mysql_step(&call, -1);

    while (status != 0) {
        int events = brn_heartbeat_stops(heartbeat) ? MYSQL_WAIT_TIMEOUT
                                                    : brn_mysql_poll(lease->side, status, SLICE_MS);
        status = events != 0 ? brn_mysql_step(&call, events) : status;
    }
    return call.failed == 0;
}

static brn_beat beat(const brn_heartbeat *heartbeat, void *user)
{
    brn_mysql *p = user;
    brn_mysql_lease *lease = &p->lease;
    bool fresh = lease->side == NULL;

    if (fresh && brn_mysql_dial(&lease->side, p, NULL, DIAL_MS, NULL) != BRANT_OK) {
        return BRN_BEAT_MISSED;
    }
    if (fresh) {
        free(brn_mysql_side_ask(lease->side, "SET SESSION autocommit = 1", DIAL_MS));
    }
    if (send_beat(heartbeat, lease)) {
        return mysql_affected_rows(lease->side) > 0 ? BRN_BEAT_DONE : BRN_BEAT_LOST;
    }
    /* Whatever it is: with a new connection, which may lead to another node. */
    brn_mysql_hang_up(lease->side);
    lease->side = NULL;
    return BRN_BEAT_MISSED;
}

static void end_heartbeat(brn_mysql *p)
{
    brn_heartbeat_stop(p->lease.heartbeat);
    p->lease.heartbeat = NULL;
    brn_mysql_hang_up(p->lease.side);
    p->lease.side = NULL;
}

static brant_status begin_heartbeat(brn_mysql *p, brant_error **err)
{
    brn_buf *sql = &p->lease.beat;

    end_heartbeat(p);
    brn_buf_reset(sql);
    brn_buf_add_c(sql, "UPDATE ");
    add_table(sql, p);
    brn_buf_add_c(sql, " SET beats = beats + 1, expires = ");
    add_expiry(sql, p);
    brn_buf_printf(
        sql, " WHERE name = '%s' AND part = 'beat' AND fence = %" PRId64, brn_mysql_lock_name(p),
        p->lease.fence);
    return sql->failed ? brn_error_oom(err)
                       : brn_heartbeat_start(
                             &p->lease.heartbeat, brn_lease_period_ms(p->lease.ms), beat, p, err);
}

/* --- taking ----------------------------------------------------------------------------------- */

static brant_status is_held(brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_ELOCKED, "lock.held", "the migration lock is held by another run");

    brn_error_hint(
        err, "Wait until it is done; \"brant lock\" shows who holds it. When that run has died the "
             "lock is free once its lease is over.");
    return st;
}

/* Two were there at once, or the server is busy: as if it was held. */
static brant_status or_is_held(brant_status st, brant_error *failure, brant_error **err)
{
    int64_t number = failure != NULL ? brant_error_native_code(failure) : 0;

    if (st == BRANT_ESTATEMENT && brn_mysql_is_passing((unsigned)number)) {
        brant_error_free(failure);
        return is_held(err);
    }
    return pass_on(st, failure, err);
}

static bool seems_dead(const lease_row *row, brn_lease_watch *watch)
{
    return brn_lease_watch_see(
               watch, row->fence, row->beats, brn_clock_mono_ns(), row->length_ms) &&
           row->over;
}

static bool is_mine(const lease_row *row, const brn_mysql *p)
{
    return row->held &&
           row->fence == p->lease.fence; /* the session was lost, and the lease was not */
}

static bool is_anothers(const lease_row *row, brn_mysql *p)
{
    return row->held && !is_mine(row, p) && !seems_dead(row, &p->lease.watch);
}

/* All that was ordered until now has to be here; while a table is changed that takes long. */
static brant_status look_for_beats(lease_row *row, brn_mysql *p, brant_error **err)
{
    brant_status st;

    brn_lease_watch_ask(&p->lease.watch, brn_clock_mono_ns());
    st = look(row, p, true, err);
    if (st == BRANT_OK) {
        brn_lease_watch_answer(&p->lease.watch, brn_clock_mono_ns(), row->length_ms);
    }
    return st;
}

/* BRANT_OK when its owner is dead, or it is ours or nobody's, and what was sent with it is over. */
static brant_status is_abandoned(lease_row *row, brn_mysql *p, brant_error **err)
{
    brant_error *failure = NULL;
    bool quiet = true;
    brant_status st = BRANT_OK;

    if (is_anothers(row, p)) {
        return is_held(err);
    }
    if (brn_mysql_in_group(p)) {
        st = brn_mysql_group_is_quiet(
            &quiet, p, row->held ? BRN_MYSQL_GROUP_END_IDLE : BRN_MYSQL_GROUP_LOOK, &failure);
    }
    if (st == BRANT_OK && quiet) {
        st = look_for_beats(row, p, &failure);
    }
    if (st != BRANT_OK) {
        return or_is_held(st, failure, err);
    }
    return !quiet || is_anothers(row, p) ? is_held(err) : BRANT_OK;
}

static void add_owner(brn_buf *sql, int64_t length_ms, const char *what)
{
    char user[BRN_PLATFORM_NAME];
    char host[BRN_PLATFORM_NAME];
    char who[2 * BRN_PLATFORM_NAME];

    brn_platform_user(user);
    brn_platform_host(host);
    (void)snprintf(who, sizeof(who), "%s@%s", user, host);
    brn_buf_add_c(sql, ", l.owner = ");
    brn_mysql_add_text(sql, who, strnlen(who, WHO_MAX));
    brn_buf_printf(
        sql, ", l.pid = %" PRId64 ", l.length_ms = %" PRId64 ", l.what = ", brn_platform_pid(),
        length_ms);
    brn_mysql_add_text(sql, what, strnlen(what, WHO_MAX));
}

static void add_claim(brn_buf *sql, brn_mysql *p, const lease_row *row, bool mine, const char *what)
{
    const char *name = brn_mysql_lock_name(p);

    brn_buf_printf(sql, "SELECT GET_LOCK('%s', 0), CONNECTION_ID();\nUPDATE ", name);
    add_table(sql, p);
    brn_buf_add_c(sql, " l JOIN ");
    add_table(sql, p);
    brn_buf_printf(
        sql,
        " b ON b.name = l.name SET l.fence = l.fence + 1, b.fence = b.fence + 1,"
        " l.beats = l.beats + 1, b.beats = b.beats + 1, l.since = UTC_TIMESTAMP(6), b.expires = ");
    add_expiry(sql, p);
    add_owner(sql, p->lease.ms, what);
    brn_buf_printf(
        sql,
        " WHERE l.name = '%s' AND l.part = 'lock' AND b.part = 'beat' AND l.fence = %" PRId64
        " AND b.fence = l.fence AND IS_USED_LOCK('%s') <=> CONNECTION_ID()",
        name, row->fence, name);
    if (!mine) {
        brn_buf_printf(sql, " AND b.beats = %" PRId64, row->beats);
    }
    brn_buf_add_c(sql, ";\nSELECT ROW_COUNT();\n");
    brn_mysql_add_settings(sql, p);
}

typedef struct claim {
    bool session_lock;
    bool taken;
    unsigned long session;
} claim;

static bool read_claim(void *user, size_t index, MYSQL_RES *rows)
{
    claim *c = user;
    MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

    (void)index;
    if (row != NULL && mysql_num_fields(rows) == 2) {
        c->session_lock = number(row[0]) == 1;
        c->session = row[1] != NULL ? strtoul(row[1], NULL, 10) : 0;
    } else if (row != NULL) {
        c->taken = number(row[0]) > 0;
    }
    return true;
}

static void free_session_lock(brn_mysql *p)
{
    char sql[BRN_MYSQL_LOCK_NAME + 40];

    (void)snprintf(sql, sizeof(sql), "DO RELEASE_LOCK('%s')", brn_mysql_lock_name(p));
    (void)brn_mysql_ask_quietly(p, brn_str_from(sql), NULL, NULL, NULL);
}

static brant_status claim_it(
    claim *c, brn_mysql *p, const lease_row *row, bool mine, const char *what, brant_error **err)
{
    brant_error *failure = NULL;
    brant_status st;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    add_claim(&sql, p, row, mine, what);
    st = sql.failed ? brn_error_oom(&failure)
                    : brn_mysql_ask(p, brn_buf_str(&sql), read_claim, c, &failure);
    brn_buf_release(&sql);
    if (st == BRANT_OK && c->taken) {
        return BRANT_OK;
    }
    if (c->session_lock && !brn_mysql_is_lost(p)) {
        free_session_lock(p);
    }
    return st == BRANT_OK ? is_held(err) : or_is_held(st, failure, err);
}

static brant_status begin_lease(
    brn_mysql *p, const lease_row *row, const claim *c, const char *what, brant_error **err)
{
    brant_status st;

    p->locked = true;
    p->locked_by = c->session;
    p->settings_sent = true;
    p->attempt_seconds = brn_mysql_attempt_seconds(p);
    (void)snprintf(p->lock_what, sizeof(p->lock_what), "%s", what);
    p->lease.fence = row->fence + 1;
    p->lease.watch = (brn_lease_watch){ 0 };
    st = begin_heartbeat(p, err);
    if (st != BRANT_OK) {
        brn_mysql_unlock(&p->conn);
    }
    return st;
}

brant_status brn_mysql_lease_take(brn_mysql *p, const char *what, brant_error **err)
{
    lease_row row = { 0 };
    claim c = { 0 };
    brant_error *failure = NULL;
    brant_status st = look(&row, p, false, &failure);

    if (st == BRANT_OK && !row.here) {
        st = create_row(p, &failure);
        st = st == BRANT_OK ? look(&row, p, false, &failure) : st;
    }
    if (st != BRANT_OK) {
        return or_is_held(st, failure, err);
    }
    if (p->lease.fence != 0 && !is_mine(&row, p)) {
        return brn_mysql_lock_lost(err); /* while there was no session */
    }
    if (row.held || brn_mysql_in_group(p)) {
        st = is_abandoned(&row, p, err);
    }
    if (st == BRANT_OK) {
        st = claim_it(&c, p, &row, is_mine(&row, p), what, err);
    }
    return st == BRANT_OK ? begin_lease(p, &row, &c, what, err) : st;
}

/* --- while it is held ------------------------------------------------------------------------- */

void brn_mysql_lease_add_renewal(brn_buf *out, brn_mysql *p, bool in_txn)
{
    brn_buf_add_c(out, "UPDATE ");
    add_table(out, p);
    brn_buf_add_c(out, " SET beats = beats + 1");
    if (!in_txn) {
        brn_buf_add_c(out, ", expires = ");
        add_expiry(out, p);
    }
    brn_buf_printf(
        out, " WHERE name = '%s' AND fence = %" PRId64 "%s", brn_mysql_lock_name(p), p->lease.fence,
        in_txn ? " AND part = 'lock'" : "");
}

/* --- giving it back --------------------------------------------------------------------------- */

/* The number grows here, too: what is left of this run must not pass for the owner. */
static void add_release(brn_buf *out, brn_mysql *p, int64_t fence)
{
    brn_buf_add_c(out, "UPDATE ");
    add_table(out, p);
    brn_buf_printf(
        out,
        " SET fence = fence + 1, beats = beats + 1, owner = NULL, expires = NULL"
        " WHERE name = '%s' AND fence = %" PRId64,
        brn_mysql_lock_name(p), fence);
}

static bool read_count(void *user, size_t index, MYSQL_RES *rows)
{
    bool *some = user;
    MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

    (void)index;
    *some = *some || (row != NULL && number(row[0]) > 0);
    return true;
}

bool brn_mysql_lease_release(brn_mysql *p)
{
    bool released = false;
    brn_buf sql;

    end_heartbeat(p); /* it would write the same row */
    brn_buf_init(&sql, 0);
    if ((p->my->server_status & SERVER_STATUS_IN_TRANS) != 0) {
        brn_buf_add_c(&sql, "ROLLBACK;\n");
    }
    add_release(&sql, p, p->lease.fence);
    brn_buf_add_c(&sql, ";\nSELECT ROW_COUNT()");
    if (!sql.failed) {
        (void)brn_mysql_ask_quietly(p, brn_buf_str(&sql), read_count, &released, NULL);
    }
    brn_buf_release(&sql);
    return released;
}

void brn_mysql_lease_end(brn_mysql *p)
{
    end_heartbeat(p);
    p->lease.fence = 0;
}

/* --- for people ------------------------------------------------------------------------------- */

/* A lease that is over is nobody's, but while a table is changed beats have to wait: only when that
 * is done it is known whether one was sent. In a group a session may still be at work. */
static brant_status look_again(lease_row *row, brn_mysql *p, brant_error **err)
{
    brant_error *failure = NULL;
    bool quiet = true;
    brant_status st = look(row, p, true, &failure);

    if (st == BRANT_ESTATEMENT &&
        brn_mysql_is_passing((unsigned)brant_error_native_code(failure))) {
        brant_error_free(failure);
        return BRANT_OK; /* it is still not done */
    }
    if (st == BRANT_OK && row->over && brn_mysql_in_group(p)) {
        st = brn_mysql_group_is_quiet(&quiet, p, BRN_MYSQL_GROUP_LOOK, &failure);
    }
    if (st == BRANT_OK && row->over && quiet) {
        row->holder = (brn_lock_holder){ 0 };
    }
    return pass_on(st, failure, err);
}

brant_status brn_mysql_lease_holder(brn_lock_holder *out, brn_mysql *p, brant_error **err)
{
    lease_row row = { 0 };
    brant_status st = look(&row, p, false, err);
    bool waits = p->lease.watch.since_ns != 0; /* for this holder, dead or not */

    if (st == BRANT_OK && row.held && row.over && !waits) {
        st = look_again(&row, p, err);
    }
    if (st == BRANT_OK) {
        *out = row.holder;
        out->mine = p->locked && row.fence == p->lease.fence;
    }
    return st;
}

brant_status brn_mysql_lease_break(bool *broken, brn_mysql *p, int64_t fence, brant_error **err)
{
    bool some = false;
    brant_status st;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    add_release(&sql, p, fence);
    brn_buf_add_c(&sql, ";\nSELECT ROW_COUNT()");
    st = sql.failed ? brn_error_oom(err)
                    : brn_mysql_ask(p, brn_buf_str(&sql), read_count, &some, err);
    brn_buf_release(&sql);
    if (st == BRANT_OK) {
        *broken = some;
    }
    return st;
}
