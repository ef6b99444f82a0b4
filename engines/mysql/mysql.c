/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/mysql/mysql.h"

#include <errmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* The first with more than one named lock at a time, and generated columns. */
#define OLDEST_MARIA 100200
#define OLDEST_MYSQL 50700
#define DEFAULT_LEASE_MS 30000

/* --- a session that is open ------------------------------------------------------------------- */

static void use_session(brn_mysql *p, MYSQL *my)
{
    p->my = my;
    p->settings_sent = false;
    p->locked = false;
    p->locked_by = 0;
    p->in_program = false;
    p->in_own = false;
    p->dirty = false;
    p->stopping = false;
    p->blocked[0] = '\0';
    brn_buf_reset(&p->undo);
    brn_buf_reset(&p->home);
    if (my != NULL) {
        p->conn.server_version = (uint32_t)mysql_get_server_version(my);
        p->maria = mariadb_connection(my) != 0;
        p->conn.lex_mode = brn_mysql_lex_mode(p);
    }
}

static void warn_of_plain_text(const brn_mysql *p)
{
    const brn_mysql_target *t = &p->target;
    bool near = t->socket != NULL || t->host == NULL || strcmp(t->host, "localhost") == 0 ||
                strncmp(t->host, "127.", 4) == 0 || strcmp(t->host, "::1") == 0;

    if (near || mysql_get_ssl_cipher(p->my) != NULL) {
        return;
    }
    brn_emit_warning(
        p->conn.emitter, p->conn.database, "connect.no_tls",
        "the connection to %s is not encrypted: write ssl-mode=VERIFY_IDENTITY and ssl-ca in the "
        "URL, or ssl-mode=REQUIRED where the server has no certificate that can be checked",
        p->host);
}

static brant_status check_version(const brn_mysql *p, brant_error **err)
{
    brant_status st;

    if (p->conn.server_version >= (p->maria ? OLDEST_MARIA : OLDEST_MYSQL)) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUNSUPPORTED, "connect.too_old",
        "the server has version %s, and brant needs MariaDB 10.2 or MySQL 5.7 at least",
        mysql_get_server_info(p->my));
    brn_error_hint(err, "Upgrade the server.");
    return st;
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

/* --- CREATE DATABASE -------------------------------------------------------------------------- */

static brant_status create_from_here(brn_mysql *p, brant_error **err)
{
    brant_error *failure = NULL;
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    brn_buf_add_c(&sql, "CREATE DATABASE IF NOT EXISTS ");
    brn_mysql_add_name(&sql, p->dbname);
    brn_buf_add_c(&sql, " CHARACTER SET utf8mb4");
    st = sql.failed ? brn_error_oom(&failure)
                    : brn_mysql_ask(p, brn_buf_str(&sql), NULL, NULL, &failure);
    brn_buf_release(&sql);
    if (st != BRANT_OK && strcmp(brant_error_id(failure), "statement.no_rights") == 0) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_rights",
            "database \"%s\" does not exist on %s, and user \"%s\" has no right to create it",
            p->dbname, p->host, p->target.user);
        brn_error_hint(
            err, "Create it as another user, or let an administrator run GRANT CREATE ON *.*.");
        brn_error_native(err, brant_error_native_code(failure), brant_error_sqlstate(failure));
        brant_error_free(failure);
        return st;
    }
    return pass_on(st, failure, err);
}

static brant_status create_database(brn_mysql *p, brant_error **err)
{
    MYSQL *my = NULL;
    brant_status st = brn_mysql_dial(&my, p, NULL, 0, err);

    if (st != BRANT_OK) {
        return st;
    }
    use_session(p, my);
    st = create_from_here(p, err);
    use_session(p, NULL);
    brn_mysql_hang_up(my);
    return st;
}

/* --- connect and disconnect ------------------------------------------------------------------- */

static void mysql_engine_disconnect(brn_conn *conn)
{
    brn_mysql *p = (brn_mysql *)conn;

    if (p == NULL) {
        return;
    }
    /* The server sees a closed socket some time later, and the lock should be free now. */
    if (p->my != NULL && (p->lease.on || (p->my->server_status & SERVER_STATUS_IN_TRANS) == 0)) {
        brn_mysql_unlock(conn);
    }
    brn_mysql_lease_end(p);
    brn_mysql_hang_up(p->my);
    if (p->target.password != NULL) {
        explicit_bzero(p->target.password, strlen(p->target.password));
    }
    if (p->target.key_password != NULL) {
        explicit_bzero(p->target.key_password, strlen(p->target.key_password));
    }
    brn_buf_release(&p->undo);
    brn_buf_release(&p->home);
    brn_buf_release(&p->lease.beat);
    brn_arena_release(&p->arena);
    free(p);
}

static brant_status open_first(brn_mysql *p, uint32_t flags, brant_error **err)
{
    bool creates = (flags & BRN_CONNECT_CREATE) != 0 && (flags & BRN_CONNECT_READ_ONLY) == 0;
    brant_error *failure = NULL;
    MYSQL *my = NULL;
    brant_status st = brn_mysql_dial(&my, p, p->dbname, 0, &failure);

    if (creates && st == BRANT_ECONNECT &&
        strcmp(brant_error_id(failure), "connect.no_database") == 0) {
        brant_error_free(failure);
        failure = NULL;
        st = create_database(p, &failure);
        if (st == BRANT_OK) {
            st = brn_mysql_dial(&my, p, p->dbname, 0, &failure);
        }
    }
    if (st != BRANT_OK) {
        return pass_on(st, failure, err);
    }
    use_session(p, my);
    return check_version(p, err);
}

static void read_options(brn_mysql *p, const brn_connect_options *opts)
{
    p->conn = (brn_conn){
        .engine = &brn_engine_mysql,
        .caps = brn_engine_mysql.caps,
        .control = opts->control,
        .emitter = opts->emitter,
        .database = opts->database,
    };
    p->connect_timeout_ms = opts->connect_timeout_ms;
    p->lock_timeout_ms = opts->lock_timeout_ms;
    p->lock_attempt_ms = opts->lock_attempt_ms;
    p->lock_id = opts->lock_id;
    p->lease.ms = opts->lease_ms > 0 ? opts->lease_ms : DEFAULT_LEASE_MS;
    p->read_only = (opts->flags & BRN_CONNECT_READ_ONLY) != 0;
}

static brant_status mysql_engine_connect(
    brn_conn **out, const brn_connect_options *opts, brant_error **err)
{
    const char *schema = opts->ledger_schema;
    brn_mysql *p = calloc(1, sizeof(*p));
    brant_status st;

    if (p == NULL) {
        return brn_error_oom(err);
    }
    brn_arena_init(&p->arena);
    brn_buf_init(&p->undo, 0);
    brn_buf_init(&p->home, 0);
    brn_buf_init(&p->lease.beat, 0);
    read_options(p, opts);
    st = brn_mysql_conninfo(p, opts, err);
    p->schema = schema != NULL && schema[0] != '\0' ? schema : p->dbname;
    if (st == BRANT_OK) {
        st = open_first(p, opts->flags, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, opts->database, NULL);
        mysql_engine_disconnect(&p->conn);
        return st;
    }
    warn_of_plain_text(p);
    p->conn.requests = 0;
    *out = &p->conn;
    return BRANT_OK;
}

brant_status brn_mysql_reconnect(brn_mysql *p, brant_error **err)
{
    MYSQL *my = p->my;
    brant_status st;

    use_session(p, NULL);
    brn_mysql_hang_up(my);
    my = NULL;
    st = brn_mysql_dial(&my, p, p->dbname, 0, err);
    if (st == BRANT_OK) {
        use_session(p, my);
    }
    return st;
}

/* --- info ------------------------------------------------------------------------------------- */

static bool read_info(void *user, size_t index, MYSQL_RES *rows)
{
    brn_server_info *info = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;
    uint64_t size = 0;

    if (row == NULL) {
        return true;
    }
    if (row[0] != NULL && brn_str_to_u64(brn_str_from(row[0]), &size) && size <= INT64_MAX) {
        info->size_bytes = (int64_t)size;
    }
    info->writable = row[1] == NULL || row[1][0] != '1';
    return true;
}

static brant_status mysql_engine_server_info(
    brn_server_info *out, brn_conn *conn, brant_error **err)
{
    static const char sql[] = "SELECT (SELECT CAST(SUM(DATA_LENGTH + INDEX_LENGTH) AS UNSIGNED)"
                              " FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()),"
                              " @@GLOBAL.read_only";
    brn_mysql *p = (brn_mysql *)conn;
    brn_server_info info = { .size_bytes = -1 };
    brant_status st = brn_mysql_ask(p, brn_str_from(sql), read_info, &info, err);

    if (st != BRANT_OK) {
        return st;
    }
    (void)snprintf(info.version, sizeof(info.version), "%.63s", mysql_get_server_info(p->my));
    (void)snprintf(info.target, sizeof(info.target), "%.300s/%.200s", p->host, p->dbname);
    (void)snprintf(info.user, sizeof(info.user), "%.127s", p->target.user);
    info.writable = info.writable && !p->read_only;
    *out = info;
    return BRANT_OK;
}

static const char *const schemes[] = { "mysql", "mariadb", NULL };

const brn_engine brn_engine_mysql = {
    .abi = BRN_ENGINE_ABI,
    .name = "mysql",
    .schemes = schemes,
    .default_port = 3306,
    .dialect = &brn_dialect_mysql,
    .caps = BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE | BRN_CAP_CREATE | BRN_CAP_OBJECTS |
            BRN_CAP_CANCEL | BRN_CAP_EXECUTE | BRN_CAP_MIRROR,
    .connect = mysql_engine_connect,
    .disconnect = mysql_engine_disconnect,
    .server_info = mysql_engine_server_info,
    .run = brn_mysql_run,
    .reset = brn_mysql_reset,
    .ledger_read = brn_mysql_ledger_read,
    .history_read = brn_mysql_history_read,
    .mirror_read = brn_mysql_mirror_read,
    .inspect = brn_mysql_inspect,
    .lock = brn_mysql_lock,
    .unlock = brn_mysql_unlock,
    .lock_holder = brn_mysql_lock_holder,
    .lock_wait = brn_mysql_lock_wait,
    .lock_break = brn_mysql_lock_break,
    .probe = brn_mysql_probe,
    .objects = brn_mysql_objects,
    .execute = brn_mysql_execute,
};
