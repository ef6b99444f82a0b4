/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/postgres/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SIDE_LIMIT_MS 1000
/* The first with identity columns and pg_xact_status(). */
#define OLDEST_VERSION 100000
#define WINDOW_MIGRATIONS 64
#define WINDOW_BYTES ((size_t)1 << 20)

/* --- a session that is open ------------------------------------------------------------------- */

/* Never to stderr, which is the host program's. */
static void on_notice(void *user, const PGresult *result)
{
    brn_postgres *p = user;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    brn_buf text;

    brn_buf_init(&text, 0);
    brn_buf_add_c(&text, message != NULL ? message : PQresultErrorMessage(result));
    if (text.ptr != NULL) {
        brn_postgres_mask(p, text.ptr);
    }
    if (p->quiet) {
        /* nothing */
    } else if (severity != NULL && strcmp(severity, "WARNING") == 0) {
        brn_emit_warning(
            p->conn.emitter, p->conn.database, "server.notice", "%s", brn_buf_text(&text));
    } else {
        brn_emit_notice(
            p->conn.emitter, p->conn.database, "server.notice", "%s", brn_buf_text(&text));
    }
    /* A crash and an immediate shutdown are told with a mere warning. */
    if (sqlstate != NULL && strncmp(sqlstate, "57P0", 4) == 0) {
        (void)snprintf(p->fatal, sizeof(p->fatal), "%s", brn_buf_text(&text));
        brn_postgres_note_end(p, result);
    }
    brn_buf_release(&text);
}

static void use_session(brn_postgres *p, PGconn *pg)
{
    p->pg = pg;
    p->prepared = 0;
    p->settings_sent = false;
    p->locked = false;
    p->lock_pid = 0;
    p->in_program = false;
    p->in_own = false;
    p->home.known = false;
    p->blocked[0] = '\0';
    p->fatal[0] = '\0';
    p->told_to_end = false;
    p->role_set = false;
    if (pg != NULL) {
        (void)PQsetNoticeReceiver(pg, on_notice, p);
        p->conn.server_version = (uint32_t)PQserverVersion(pg);
    }
}

static bool is_near(PGconn *pg)
{
    const char *host = PQhost(pg);
    const char *address = PQhostaddr(pg);

    /* A socket has a path, or a name in Linux's abstract space. */
    return host == NULL || host[0] == '/' || host[0] == '@' || address == NULL ||
           strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "::ffff:127.", 11) == 0;
}

static void warn_of_plain_text(const brn_postgres *p)
{
    if (is_near(p->pg) || PQsslInUse(p->pg) != 0 || PQgssEncInUse(p->pg) != 0) {
        return;
    }
    brn_emit_warning(
        p->conn.emitter, p->conn.database, "connect.no_tls",
        "the connection to %s is not encrypted: write sslmode=verify-full in the URL, or "
        "sslmode=require where the server has no certificate that can be checked",
        p->host);
}

static brant_status check_version(const brn_postgres *p, brant_error **err)
{
    brant_status st;

    if (p->conn.server_version >= OLDEST_VERSION) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUNSUPPORTED, "connect.too_old",
        "the server has PostgreSQL %s, and brant needs 10 or later",
        PQparameterStatus(p->pg, "server_version"));
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

/* Somebody else made it meanwhile, before our look or during our statement. */
static bool is_there_already(const char *sqlstate)
{
    return sqlstate != NULL && (strcmp(sqlstate, "42P04") == 0 || strcmp(sqlstate, "23505") == 0);
}

static brant_status create_from_here(brn_postgres *p, brant_error **err)
{
    char *name = PQescapeIdentifier(p->pg, p->dbname, strlen(p->dbname));
    brant_error *failure = NULL;
    PGresult *result = NULL;
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    brn_buf_printf(&sql, "CREATE DATABASE %s", name != NULL ? name : "");
    PQfreemem(name);
    if (name == NULL || sql.failed) {
        brn_buf_release(&sql);
        return brn_error_oom(err);
    }
    st = brn_postgres_query(&result, p, brn_buf_text(&sql), 0, NULL, &failure);
    PQclear(result);
    brn_buf_release(&sql);
    if (st == BRANT_OK || is_there_already(brant_error_sqlstate(failure))) {
        brant_error_free(failure);
        return BRANT_OK;
    }
    if (strcmp(brant_error_id(failure), "statement.no_rights") == 0) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_rights",
            "database \"%s\" does not exist on %s, and user \"%s\" has no right to create it",
            p->dbname, p->host, PQuser(p->pg));
        brn_error_hint(
            err, "Create it as another user, or let an administrator run ALTER ROLE ... CREATEDB.");
        brn_error_native(err, 0, brant_error_sqlstate(failure));
        brant_error_free(failure);
        return st;
    }
    return pass_on(st, failure, err);
}

/* From a database that every server has; a pooler may hide either. */
static brant_status create_database(brn_postgres *p, brant_error **err)
{
    static const char *const places[] = { "postgres", "template1" };
    brant_error *failure = NULL;
    PGconn *pg = NULL;
    brant_status st = BRANT_ECONNECT;

    for (size_t i = 0; i < BRN_ARRAY_LEN(places) && st == BRANT_ECONNECT; i++) {
        brant_error_free(failure);
        failure = NULL;
        st = brn_postgres_dial(&pg, p, places[i], 0, &failure);
    }
    if (st != BRANT_OK) {
        return pass_on(st, failure, err);
    }
    brant_error_free(failure);
    use_session(p, pg);
    st = create_from_here(p, err);
    use_session(p, NULL);
    PQfinish(pg);
    return st;
}

/* --- connect and disconnect ------------------------------------------------------------------- */

static void postgres_disconnect(brn_conn *conn)
{
    brn_postgres *p = (brn_postgres *)conn;

    if (p == NULL) {
        return;
    }
    /* The server sees a closed socket some time later, and the lock should be free now. */
    brn_postgres_unlock(conn);
    PQfinish(p->pg);
    if (p->password != NULL) {
        explicit_bzero(p->password, strlen(p->password));
    }
    if (p->key_password != NULL) {
        explicit_bzero(p->key_password, strlen(p->key_password));
    }
    brn_arena_release(&p->arena);
    free(p);
}

static brant_status open_first(brn_postgres *p, uint32_t flags, brant_error **err)
{
    bool creates = (flags & BRN_CONNECT_CREATE) != 0 && (flags & BRN_CONNECT_READ_ONLY) == 0;
    brant_error *failure = NULL;
    PGconn *pg = NULL;
    brant_status st = brn_postgres_dial(&pg, p, NULL, 0, &failure);

    if (creates && st == BRANT_ECONNECT && p->dbname != NULL &&
        strcmp(brant_error_id(failure), "connect.no_database") == 0) {
        brant_error_free(failure);
        failure = NULL;
        st = create_database(p, &failure);
        if (st == BRANT_OK) {
            st = brn_postgres_dial(&pg, p, NULL, 0, &failure);
        }
    }
    if (st != BRANT_OK) {
        return pass_on(st, failure, err);
    }
    use_session(p, pg);
    p->dbname = p->dbname != NULL ? p->dbname : brn_arena_strdup(&p->arena, PQdb(pg));
    return p->dbname != NULL ? check_version(p, err) : brn_error_oom(err);
}

static void read_options(brn_postgres *p, const brn_connect_options *opts)
{
    const char *schema = opts->ledger_schema;

    p->conn = (brn_conn){
        .engine = &brn_engine_postgres,
        .caps = brn_engine_postgres.caps,
        .control = opts->control,
        .emitter = opts->emitter,
        .database = opts->database,
        .window = WINDOW_MIGRATIONS,
        .window_bytes = WINDOW_BYTES,
    };
    p->schema = schema != NULL && schema[0] != '\0' ? schema : NULL;
    p->schema_given = p->schema != NULL;
    p->connect_timeout_ms = opts->connect_timeout_ms;
    p->lock_timeout_ms = opts->lock_timeout_ms;
    p->lock_attempt_ms = opts->lock_attempt_ms;
    p->lock_id = opts->lock_id;
    p->lock_known = opts->lock_id >= 0;
    p->read_only = (opts->flags & BRN_CONNECT_READ_ONLY) != 0;
}

static brant_status postgres_connect(
    brn_conn **out, const brn_connect_options *opts, brant_error **err)
{
    brn_postgres *p = calloc(1, sizeof(*p));
    brant_status st;

    if (p == NULL) {
        return brn_error_oom(err);
    }
    brn_arena_init(&p->arena);
    read_options(p, opts);
    st = brn_postgres_conninfo(p, opts, err);
    if (st == BRANT_OK) {
        st = open_first(p, opts->flags, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, opts->database, NULL);
        postgres_disconnect(&p->conn);
        return st;
    }
    warn_of_plain_text(p);
    p->conn.requests = 0;
    *out = &p->conn;
    return BRANT_OK;
}

brant_status brn_postgres_reconnect(brn_postgres *p, brant_error **err)
{
    PGconn *pg = NULL;
    brant_status st;

    PQfinish(p->pg);
    use_session(p, NULL);
    st = brn_postgres_dial(&pg, p, NULL, 0, err);
    if (st == BRANT_OK) {
        use_session(p, pg);
    }
    return st;
}

/* --- a second session ------------------------------------------------------------------------- */

PGconn *brn_postgres_side(brn_postgres *p)
{
    PGconn *pg = NULL;

    return brn_postgres_dial(&pg, p, NULL, SIDE_LIMIT_MS, NULL) == BRANT_OK ? pg : NULL;
}

/* False when the time is up, or the connection is lost. */
static bool wait_for_side(PGconn *side, int64_t deadline_ns)
{
    while (PQisBusy(side) != 0) {
        int64_t left = (deadline_ns - brn_clock_mono_ns()) / BRN_NS_PER_MS;
        int unsent = PQflush(side);
        struct pollfd wait = {
            .fd = PQsocket(side),
            .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
        };

        if (unsent < 0 || left <= 0 || (poll(&wait, 1, (int)left) < 0 && errno != EINTR) ||
            PQconsumeInput(side) == 0) {
            return false;
        }
    }
    return true;
}

char *brn_postgres_side_ask(PGconn *side, const char *sql, int64_t ms)
{
    int64_t deadline_ns = brn_clock_mono_ns() + ms * BRN_NS_PER_MS;
    PGresult *result = NULL;
    char *text = NULL;

    if (PQsendQuery(side, sql) == 0) {
        return NULL;
    }
    while (wait_for_side(side, deadline_ns) && (result = PQgetResult(side)) != NULL) {
        if (text == NULL && PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0 &&
            PQgetisnull(result, 0, 0) == 0) {
            size_t size = (size_t)PQgetlength(result, 0, 0) + 1;

            text = malloc(size);
            if (text != NULL) {
                memcpy(text, PQgetvalue(result, 0, 0), size);
            }
        }
        PQclear(result);
    }
    return text;
}

/* --- info ------------------------------------------------------------------------------------- */

static brant_status postgres_server_info(brn_server_info *out, brn_conn *conn, brant_error **err)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_database_size(pg_catalog.current_database()),"
        " NOT pg_catalog.pg_is_in_recovery()"
        " AND pg_catalog.current_setting('default_transaction_read_only') = 'off'"
        " AND EXISTS (SELECT FROM pg_catalog.pg_namespace n"
        " WHERE n.nspname = COALESCE($1::name, pg_catalog.current_schema())"
        " AND pg_catalog.has_schema_privilege(n.oid, 'CREATE'))";
    brn_postgres *p = (brn_postgres *)conn;
    const char *const values[] = { p->schema };
    brn_server_info info = { .size_bytes = -1 };
    PGresult *result = NULL;
    uint64_t size = 0;
    brant_status st = brn_postgres_query(&result, p, sql, 1, values, err);

    if (st != BRANT_OK) {
        return st;
    }
    (void)snprintf(
        info.version, sizeof(info.version), "%.63s", PQparameterStatus(p->pg, "server_version"));
    (void)snprintf(info.target, sizeof(info.target), "%.300s/%.200s", p->host, p->dbname);
    (void)snprintf(info.user, sizeof(info.user), "%.127s", PQuser(p->pg));
    info.writable = PQgetvalue(result, 0, 1)[0] == 't' && !p->read_only;
    if (brn_str_to_u64(brn_str_from(PQgetvalue(result, 0, 0)), &size) && size <= INT64_MAX) {
        info.size_bytes = (int64_t)size;
    }
    PQclear(result);
    *out = info;
    return BRANT_OK;
}

static const char *const schemes[] = { "postgres", "postgresql", NULL };

const brn_engine brn_engine_postgres = {
    .abi = BRN_ENGINE_ABI,
    .name = "postgres",
    .schemes = schemes,
    .default_port = 5432,
    .dialect = &brn_dialect_postgres,
    .caps = BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE | BRN_CAP_CREATE |
            BRN_CAP_OBJECTS | BRN_CAP_CANCEL | BRN_CAP_EXECUTE | BRN_CAP_SESSIONS | BRN_CAP_MIRROR,
    .connect = postgres_connect,
    .disconnect = postgres_disconnect,
    .server_info = postgres_server_info,
    .run = brn_postgres_run,
    .reset = brn_postgres_reset,
    .ledger_read = brn_postgres_ledger_read,
    .history_read = brn_postgres_history_read,
    .mirror_read = brn_postgres_mirror_read,
    .inspect = brn_postgres_inspect,
    .lock = brn_postgres_lock,
    .unlock = brn_postgres_unlock,
    .lock_holder = brn_postgres_lock_holder,
    .lock_wait = brn_postgres_lock_wait,
    .lock_break = brn_postgres_lock_break,
    .probe = brn_postgres_probe,
    .objects = brn_postgres_objects,
    .execute = brn_postgres_execute,
    .sessions = brn_postgres_sessions,
};
