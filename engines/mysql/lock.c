/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration lock: GET_LOCK() with no wait, on the session that runs the statements. It is kept
 * over COMMIT, and ends with its session: not before a statement that still runs there is over, so
 * it fences what a dead run has left behind.
 *
 * The server tells which session has it, and not why. That stands in the table brant_lock, which is
 * for people only: a lock without its row is as good.
 *
 * The nodes of a cluster do not know each other's locks. Where more than one of them takes writes,
 * the lock is a lease (lease.c): in Galera, in group replication with several primaries, and
 * wherever the URL says so.
 *
 * A group with one primary fails over to another server, which may take writes before it has
 * applied what it has received: it is told to do that first.
 */
#include "engines/mysql/mysql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/platform.h"

#define SLICE_MS 100
#define NO_LIMIT_SECONDS 31536000 /* the most that the server takes */
#define LOCK_TABLE "brant_lock"
#define WHO_MAX 250
#define BREAK_TRIES 5

/* Of letters that have two cases the plain ones. */
static void to_lower(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
}

const char *brn_mysql_lock_name(brn_mysql *p)
{
    char schema[256];
    char hex[BRN_DIGEST_HEX + 1];
    brn_digest digest;

    if (p->lock_name[0] != '\0') {
        return p->lock_name;
    }
    if (p->lock_id >= 0) {
        (void)snprintf(p->lock_name, sizeof(p->lock_name), "brant:%" PRId64, p->lock_id);
        return p->lock_name;
    }
    /* One name for the whole server, in which case does not count: nor does it in names of
     * databases where lower_case_table_names says so. */
    brn_digest_init(&digest);
    brn_digest_field(&digest, BRN_STR("brant migration lock"));
    (void)snprintf(schema, sizeof(schema), "%s", p->schema);
    to_lower(schema);
    brn_digest_field(&digest, brn_str_from(schema));
    brn_digest_hex(&digest, hex);
    (void)snprintf(p->lock_name, sizeof(p->lock_name), "brant:%.40s", hex);
    return p->lock_name;
}

static void add_lock_table(brn_buf *out, const brn_mysql *p)
{
    brn_mysql_add_name(out, p->schema);
    brn_buf_add_c(out, "." LOCK_TABLE);
}

/* --- settings --------------------------------------------------------------------------------- */

int64_t brn_mysql_attempt_seconds(const brn_mysql *p)
{
    int64_t ms = p->lock_attempt_ms > 0 ? p->lock_attempt_ms : p->lock_timeout_ms;
    int64_t own_ms = p->conn.control->lock_timeout_ms;

    if (own_ms > 0 && (ms <= 0 || own_ms < ms)) {
        ms = own_ms;
    }
    if (ms <= 0 || ms / 1000 >= NO_LIMIT_SECONDS) {
        return NO_LIMIT_SECONDS;
    }
    return (ms + 999) / 1000;
}

void brn_mysql_add_settings(brn_buf *out, const brn_mysql *p)
{
    int64_t seconds = brn_mysql_attempt_seconds(p);

    /* Limits are the client's: the server has none that could end the session, or a statement. And
     * a COMMIT does just that. */
    brn_buf_printf(
        out,
        BRN_MYSQL_PINNED
        "SET SESSION autocommit = 1, completion_type = 0, lock_wait_timeout = %" PRId64
        ", innodb_lock_wait_timeout = %" PRId64 ", wait_timeout = %d, %s;\n",
        seconds, seconds, NO_LIMIT_SECONDS,
        p->maria ? "max_statement_time = 0, idle_transaction_timeout = 0,"
                   " idle_write_transaction_timeout = 0, idle_readonly_transaction_timeout = 0"
                 : "max_execution_time = 0");
    if (!p->maria) {
        brn_buf_add_c(
            out, "/*!80014 SET SESSION group_replication_consistency ="
                 " IF(@@group_replication_consistency = 'EVENTUAL', 'BEFORE_ON_PRIMARY_FAILOVER',"
                 " @@group_replication_consistency) */;\n");
    }
}

/* --- taking ----------------------------------------------------------------------------------- */

static void add_note(brn_buf *out, brn_mysql *p, const char *what)
{
    char user[BRN_PLATFORM_NAME];
    char host[BRN_PLATFORM_NAME];
    char who[2 * BRN_PLATFORM_NAME];

    brn_platform_user(user);
    brn_platform_host(host);
    (void)snprintf(who, sizeof(who), "%s@%s", user, host);
    brn_buf_add_c(out, "REPLACE INTO ");
    add_lock_table(out, p);
    brn_buf_printf(
        out, " (name, session, who, what, since_us) SELECT '%s', CONNECTION_ID(), ",
        brn_mysql_lock_name(p));
    brn_mysql_add_text(out, who, strnlen(who, WHO_MAX));
    brn_buf_add_c(out, ", ");
    brn_mysql_add_text(out, what, strnlen(what, WHO_MAX));
    brn_buf_printf(
        out, ", %" PRId64 " FROM DUAL WHERE IS_USED_LOCK('%s') = CONNECTION_ID();\n",
        brn_clock_wall_us(), brn_mysql_lock_name(p));
}

/* What the answers of a try say. */
typedef struct trial {
    brn_mysql *p;
    bool taken;
    bool answered;
    unsigned long session;
} trial;

static bool is_word(const char *text, const char *word)
{
    return text != NULL && brn_str_ieq(brn_str_from(text), brn_str_from(word));
}

void brn_mysql_add_cluster(brn_buf *out, const brn_mysql *p)
{
    if (!p->cluster.known) {
        brn_buf_add_c(
            out, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on',"
                 " 'group_replication_group_name', 'group_replication_single_primary_mode');\n");
    }
}

void brn_mysql_read_cluster(brn_mysql *p, char **row)
{
    brn_mysql_cluster *c = &p->cluster;
    const char *value = row[1] != NULL ? row[1] : "";

    c->wsrep = c->wsrep || (is_word(row[0], "wsrep_on") && is_word(value, "ON"));
    c->group_name =
        c->group_name || (is_word(row[0], "group_replication_group_name") && value[0] != '\0');
    c->multi_primary =
        c->multi_primary ||
        (is_word(row[0], "group_replication_single_primary_mode") && is_word(value, "OFF"));
}

bool brn_mysql_in_group(const brn_mysql *p)
{
    return p->cluster.group_name && p->cluster.multi_primary;
}

static bool is_clustered(const brn_mysql *p)
{
    return p->cluster.wsrep || brn_mysql_in_group(p);
}

static bool read_trial(void *user, size_t index, MYSQL_RES *rows)
{
    trial *t = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        if (mysql_num_fields(rows) == 3) {
            t->answered = row[0] != NULL;
            t->taken = row[0] != NULL && row[0][0] == '1';
            t->session = row[1] != NULL ? strtoul(row[1], NULL, 10) : 0;
        } else if (mysql_num_fields(rows) == 2) {
            brn_mysql_read_cluster(t->p, row);
        }
    }
    return true;
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

/* The note may fail, of rights or of a table that is not there yet. */
static void make_note(brn_mysql *p, const char *what)
{
    brn_buf sql;

    brn_buf_init(&sql, 0);
    brn_buf_add_c(&sql, "CREATE TABLE IF NOT EXISTS ");
    add_lock_table(&sql, p);
    brn_buf_add_c(
        &sql, " (name varchar(64) NOT NULL PRIMARY KEY, session bigint unsigned NOT NULL,"
              " who varchar(255), what varchar(255), since_us bigint) ENGINE=InnoDB"
              " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n");
    add_note(&sql, p, what);
    if (!sql.failed) {
        (void)brn_mysql_ask_quietly(p, brn_buf_str(&sql), NULL, NULL, NULL);
    }
    brn_buf_release(&sql);
}

static brant_status try_lock(trial *t, brn_mysql *p, const char *what, brant_error **err)
{
    const char *name = brn_mysql_lock_name(p);
    brant_error *failure = NULL;
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    brn_mysql_add_cluster(&sql, p);
    brn_buf_printf(&sql, "SELECT GET_LOCK('%s', 0), CONNECTION_ID(), 0;\n", name);
    brn_mysql_add_settings(&sql, p);
    add_note(&sql, p, what);
    st = sql.failed ? brn_error_oom(err)
                    : brn_mysql_ask(p, brn_buf_str(&sql), read_trial, t, &failure);
    brn_buf_release(&sql);
    if (st == BRANT_ESTATEMENT && t->answered) {
        bool missing = brant_error_native_code(failure) == 1146;

        brant_error_free(failure); /* of the note */
        /* In a cluster it would have to wait while any table is changed, and is for nothing. */
        if (t->taken && missing && !is_clustered(p)) {
            make_note(p, what);
        }
        return BRANT_OK;
    }
    if (failure != NULL && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

static bool read_release(void *user, size_t index, MYSQL_RES *rows)
{
    bool *released = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;

    *released = *released || (row != NULL && row[0] != NULL && row[0][0] == '1');
    return true;
}

/* In one packet, too: the settings go back to what they are on the server. The note is not worth
 * waiting for. */
static bool free_session_lock(brn_mysql *p)
{
    bool released = false;
    brn_buf sql;

    p->settings_sent = false;
    brn_buf_init(&sql, 0);
    brn_buf_printf(
        &sql,
        "SELECT RELEASE_LOCK('%s');\nSET SESSION lock_wait_timeout = 1,"
        " innodb_lock_wait_timeout = 1, wait_timeout = DEFAULT%s",
        brn_mysql_lock_name(p),
        p->maria ? "" : " /*!80014, group_replication_consistency = DEFAULT */");
    if (!p->lease.on) {
        brn_buf_add_c(&sql, ";\nDELETE FROM ");
        add_lock_table(&sql, p);
        brn_buf_printf(
            &sql, " WHERE name = '%s' AND session = %lu", brn_mysql_lock_name(p), p->locked_by);
    }
    brn_buf_add_c(
        &sql, ";\nSET SESSION lock_wait_timeout = DEFAULT, innodb_lock_wait_timeout = DEFAULT");
    if (!sql.failed) {
        (void)brn_mysql_ask_quietly(p, brn_buf_str(&sql), read_release, &released, NULL);
    }
    brn_buf_release(&sql);
    return released;
}

static void keep_lock(brn_mysql *p, const trial *t, const char *what)
{
    p->locked = true;
    p->locked_by = t->session;
    p->settings_sent = true;
    p->attempt_seconds = brn_mysql_attempt_seconds(p);
    (void)snprintf(p->lock_what, sizeof(p->lock_what), "%s", what);
}

brant_status brn_mysql_lock(brn_conn *conn, const char *what, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    trial t = { .p = p };
    brant_status st;

    if (p->locked) {
        return brn_error(
            err, BRANT_EINTERNAL, "lock.twice", "this connection holds the migration lock already");
    }
    if (p->lease.on) {
        return brn_mysql_lease_take(p, what, err);
    }
    st = try_lock(&t, p, what, err);
    if (st != BRANT_OK) {
        return st;
    }
    p->cluster.known = true;
    p->lease.on = is_clustered(p);
    if (t.taken) {
        keep_lock(p, &t, what);
    }
    if (t.taken && p->lease.on) {
        free_session_lock(p);
        p->locked = false;
    }
    if (p->lease.on) {
        return brn_mysql_lease_take(p, what, err);
    }
    return t.taken ? BRANT_OK : is_held(err);
}

void brn_mysql_unlock(brn_conn *conn)
{
    brn_mysql *p = (brn_mysql *)conn;
    bool held = p->locked && p->my != NULL && !brn_mysql_is_lost(p);
    bool released = true;

    /* Without a session there is nobody to free it: a lock ends with its session, and a lease some
     * time later. */
    p->locked = false;
    if (held && p->lease.on) {
        released = brn_mysql_lease_release(p);
    }
    brn_mysql_lease_end(p);
    if (held) {
        released = free_session_lock(p) && released;
    }
    if (!released && !brn_mysql_is_lost(p)) {
        brn_emit_warning(
            conn->emitter, conn->database, "lock.not_held",
            "the migration lock was gone before the run let it go: a statement may have freed it");
    }
}

bool brn_mysql_lock_wait(brn_conn *conn, uint32_t ms)
{
    int64_t slice = brn_control_left_ms(conn->control, ms < SLICE_MS ? ms : SLICE_MS);

    if (slice > 0 && !brn_control_poll(conn->control)) {
        brn_clock_sleep_ms((uint32_t)slice);
    }
    return false;
}

/* --- looking ---------------------------------------------------------------------------------- */

typedef struct asking {
    brn_mysql *p;
    brn_lock_holder holder;
} asking;

static bool read_holder(void *user, size_t index, MYSQL_RES *rows)
{
    asking *a = user;
    brn_lock_holder *holder = &a->holder;
    MYSQL_ROW row = NULL;

    (void)index;
    if (rows != NULL && mysql_num_fields(rows) == 2) {
        while ((row = mysql_fetch_row(rows)) != NULL) {
            brn_mysql_read_cluster(a->p, row);
        }
        return true;
    }
    row = rows != NULL ? mysql_fetch_row(rows) : NULL;
    if (row == NULL || row[0] == NULL) {
        return true;
    }
    holder->held = true;
    holder->pid = strtoll(row[0], NULL, 10);
    if (row[4] != NULL && row[5] != NULL && row[6] != NULL) {
        (void)snprintf(holder->who, sizeof(holder->who), "%s", row[4]);
        (void)snprintf(holder->what, sizeof(holder->what), "%s", row[5]);
        holder->since_us = strtoll(row[6], NULL, 10);
        return true;
    }
    (void)snprintf(
        holder->who, sizeof(holder->who), "%.100s@%.100s", row[1] != NULL ? row[1] : "?",
        row[2] != NULL ? row[2] : "server");
    (void)snprintf(holder->what, sizeof(holder->what), "%.100s", row[3] != NULL ? row[3] : "");
    return true;
}

static void add_holder_query(brn_buf *sql, brn_mysql *p, bool noted)
{
    brn_mysql_add_cluster(sql, p);
    brn_buf_printf(
        sql,
        "SELECT u.id, p.USER, p.HOST, p.INFO, %s FROM (SELECT IS_USED_LOCK('%s') AS id) u"
        " LEFT JOIN information_schema.PROCESSLIST p ON p.ID = u.id",
        noted ? "l.who, l.what, l.since_us" : "NULL, NULL, NULL", brn_mysql_lock_name(p));
    if (noted) {
        brn_buf_add_c(sql, " LEFT JOIN ");
        add_lock_table(sql, p);
        brn_buf_printf(sql, " l ON l.session = u.id AND l.name = '%s'", brn_mysql_lock_name(p));
    }
}

/* The session of this server that has GET_LOCK(). */
static brant_status find_session(brn_lock_holder *out, brn_mysql *p, brant_error **err)
{
    asking a = { .p = p };
    brant_error *failure = NULL;
    brant_status st = BRANT_ESTATEMENT;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    /* Without the notes where there are none. */
    for (int i = 0; i < 2 && st == BRANT_ESTATEMENT; i++) {
        brant_error_free(failure);
        failure = NULL;
        brn_buf_reset(&sql);
        add_holder_query(&sql, p, i == 0 && !p->lease.on);
        st = sql.failed ? brn_error_oom(&failure)
                        : brn_mysql_ask(p, brn_buf_str(&sql), read_holder, &a, &failure);
    }
    brn_buf_release(&sql);
    if (st != BRANT_OK) {
        if (err != NULL) {
            *err = failure;
        } else {
            brant_error_free(failure);
        }
        return st;
    }
    a.holder.mine = p->locked && a.holder.pid == (int64_t)p->locked_by;
    *out = a.holder;
    return BRANT_OK;
}

/* A session without a lease works off what a dead run has sent. */
brant_status brn_mysql_lock_holder(brn_lock_holder *out, brn_conn *conn, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    brn_lock_holder holder = { 0 };
    brn_lock_holder lease = { 0 };
    brant_status st = find_session(&holder, p, err);

    if (st == BRANT_OK && (p->lease.on || is_clustered(p))) {
        st = brn_mysql_lease_holder(&lease, p, err);
    }
    if (st == BRANT_OK) {
        *out = lease.held ? lease : holder;
    }
    return st;
}

/* --- breaking --------------------------------------------------------------------------------- */

static brant_status not_ours(const char *why, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_ELOCKED, "lock.not_ours", "cannot break the migration lock: %s", why);

    brn_error_hint(err, "End the session that holds it; the lock goes away with it.");
    return st;
}

static brant_status end_session(brn_mysql *p, int64_t session, brant_error **err)
{
    brant_error *failure = NULL;
    char sql[64];
    brant_status st;

    (void)snprintf(sql, sizeof(sql), "KILL CONNECTION %" PRId64, session);
    st = brn_mysql_ask(p, brn_str_from(sql), NULL, NULL, &failure);
    if (st == BRANT_ESTATEMENT && brant_error_native_code(failure) == 1095) {
        st = not_ours("no right to end its session", err);
        brn_error_hint(
            err, "Run this as the user of that session, or as one with the right CONNECTION ADMIN "
                 "(MariaDB), CONNECTION_ADMIN (MySQL) or SUPER.");
        brant_error_free(failure);
        return st;
    }
    if (st == BRANT_ESTATEMENT && brant_error_native_code(failure) == 1094) {
        st = BRANT_OK; /* it is gone */
    }
    if (st != BRANT_OK && err != NULL) {
        *err = failure;
    } else {
        brant_error_free(failure);
    }
    return st;
}

static brant_status end_elsewhere(brn_mysql *p, brant_error **err)
{
    bool quiet = false;
    brant_status st = brn_mysql_group_is_quiet(&quiet, p, BRN_MYSQL_GROUP_END_ALL, err);

    return st != BRANT_OK || quiet ? st : not_ours("its session may be on another server", err);
}

/* Its session may be here, and then keeps the row from being written. On other servers it is ended
 * when the lease is gone, so that it does not come back with it. */
static brant_status break_lease(
    bool *broken, brn_mysql *p, const brn_lock_holder *now, brant_error **err)
{
    brn_lock_holder session = { 0 };
    brant_status st = find_session(&session, p, err);

    if (st == BRANT_OK && session.held) {
        st = end_session(p, session.pid, err);
    }
    if (st == BRANT_OK) {
        st = brn_mysql_lease_break(broken, p, now->fence, err);
    }
    return st == BRANT_OK && brn_mysql_in_group(p) ? end_elsewhere(p, err) : st;
}

static bool is_same_run(const brn_lock_holder *a, const brn_lock_holder *b)
{
    return a->pid == b->pid && strcmp(a->who, b->who) == 0;
}

/* A run that was faster has come back with its lease, under another number. */
static brant_status break_leases(brn_mysql *p, brn_lock_holder now, brant_error **err)
{
    brn_lock_holder asked = now;
    bool broken = false;
    brant_status st = BRANT_OK;

    for (int i = 0; i < BREAK_TRIES && st == BRANT_OK && !broken; i++) {
        st = break_lease(&broken, p, &now, err);
        if (st == BRANT_OK && !broken) {
            st = brn_mysql_lock_holder(&now, &p->conn, err);
            broken = !now.held || !is_same_run(&asked, &now);
        }
    }
    return st != BRANT_OK || broken ? st : not_ours("its run takes it again and again", err);
}

brant_status brn_mysql_lock_break(brn_conn *conn, const brn_lock_holder *holder, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    brn_lock_holder now = { 0 };
    brant_status st = brn_mysql_lock_holder(&now, conn, err);

    if (st != BRANT_OK || !now.held) {
        return st;
    }
    if (now.pid != holder->pid || now.fence != holder->fence) {
        return not_ours("its holder is not the one that was asked about", err);
    }
    if (now.mine) {
        return not_ours("this session holds it", err);
    }
    return now.fence == 0 ? end_session(p, now.pid, err) : break_leases(p, now, err);
}
