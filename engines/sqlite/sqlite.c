/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/sqlite/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/platform.h"

#define LOCK_SUFFIX "-brant-lock"

/* --- looking at the path ---------------------------------------------------------------------- */

static brant_status no_database(
    const char *path, const brn_connect_options *opts, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ECONNECT, "connect.no_database", "database file \"%s\" does not exist", path);

    if ((opts->flags & BRN_CONNECT_CREATE) != 0) {
        brn_error_hint(err, "Leave mode=ro or mode=rw out of the URL to have it created.");
    } else {
        brn_error_hint(err, "\"brant up\" or \"brant setup\" creates it. Or is the path wrong?");
    }
    return st;
}

static brant_status no_directory(const char *path, brn_arena *arena, brant_error **err)
{
    const char *dir = brn_path_dir(arena, path);
    brant_status st;

    if (dir == NULL) {
        return brn_error_oom(err);
    }
    st = brn_error(
        err, BRANT_ECONNECT, "connect.no_directory",
        "directory \"%s\" of the database file does not exist", dir);
    brn_error_hint(err, "Create the directory, or correct the path \"%s\".", path);
    return st;
}

static brant_status cannot_look(const char *path, int errnum, brant_error **err)
{
    brant_status st;

    if (errnum == EACCES || errnum == EPERM) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_rights", "no right to reach database file \"%s\"",
            path);
        brn_error_hint(err, "Give this user the right to search all directories on the way to it.");
        brn_error_native(err, errnum, NULL);
        return st;
    }
    if (errnum == ENOTDIR) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_directory",
            "a part of the path of database file \"%s\" is not a directory", path);
        brn_error_hint(err, "Correct the path.");
        return st;
    }
    return brn_error_errno(err, "connect.unreachable", errnum, "look at database file", path);
}

static brant_status check_existing(const char *path, const struct stat *info, brant_error **err)
{
    brant_status st;

    if (S_ISDIR(info->st_mode)) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.not_a_file", "database path \"%s\" is a directory", path);
        brn_error_hint(err, "Name a file in it, as in sqlite:%s/app.db.", path);
        return st;
    }
    if (!S_ISREG(info->st_mode)) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.not_a_file", "database path \"%s\" is not a regular file",
            path);
        brn_error_hint(err, "Name a regular file.");
        return st;
    }
    /* access() and not open(): closing a descriptor of the file would drop SQLite's locks on it
     * that other connections of this process hold. */
    if (access(path, R_OK) != 0) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.no_rights", "no right to read database file \"%s\"",
            path);
        brn_error_hint(err, "Give this user the right to read and write the file.");
        brn_error_native(err, errno, NULL);
        return st;
    }
    return BRANT_OK;
}

brant_status brn_sqlite_use_file(brn_sqlite *s, const char *real, brant_error **err)
{
    s->path = real;
    s->lock_path = brn_arena_printf(&s->arena, "%s%s", real, LOCK_SUFFIX);
    return s->lock_path != NULL ? BRANT_OK : brn_error_oom(err);
}

/* Sets s->path and s->lock_path; fails where opening could only say "unable to open". */
static brant_status check_path(
    brn_sqlite *s, const brn_sqlite_target *t, const brn_connect_options *opts, brant_error **err)
{
    bool create = (opts->flags & BRN_CONNECT_CREATE) != 0 &&
                  (opts->flags & BRN_CONNECT_READ_ONLY) == 0 && !t->no_create;
    struct stat info;
    char *real = NULL;
    brant_status st;
    int rc;

    if (t->in_memory) {
        s->path = t->path;
        return BRANT_OK;
    }
    rc = brn_path_real(&real, &s->arena, t->path);
    if (rc == ENOMEM) {
        return brn_error_oom(err);
    }
    if (rc == ENOENT) {
        return no_directory(t->path, &s->arena, err);
    }
    if (rc != 0) {
        return cannot_look(t->path, rc, err);
    }
    st = brn_sqlite_use_file(s, real, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (stat(real, &info) == 0) {
        return check_existing(real, &info, err);
    }
    if (errno == ENOENT) {
        return create ? BRANT_OK : no_database(t->path, opts, err);
    }
    return cannot_look(t->path, errno, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

brant_status brn_sqlite_open_failed(brn_sqlite *s, int rc, brant_error **err)
{
    brant_status st;

    if ((rc & 0xff) == SQLITE_NOTADB) {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.not_a_database", "file \"%s\" is not a SQLite database",
            s->path);
        brn_error_hint(
            err, "Check the path. An encrypted database looks like this as well, and brant cannot "
                 "open one.");
        brn_error_native(err, rc, NULL);
        return st;
    }
    return brn_sqlite_error(s, rc, "connect.unreachable", "could not open the database", err);
}

/*
 * A reader opens for writing where it may: a database whose last writer was killed must be rolled
 * back before it can be read. query_only then keeps us from writing anything ourselves.
 */
static brant_status open_file(
    brn_sqlite *s, const brn_sqlite_target *t, const brn_connect_options *opts, brant_error **err)
{
    bool reader = (opts->flags & BRN_CONNECT_READ_ONLY) != 0;
    bool create = (opts->flags & BRN_CONNECT_CREATE) != 0 && !reader && !t->no_create;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int64_t version = 0;
    int rc;

    flags |= t->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= create || t->in_memory ? SQLITE_OPEN_CREATE : 0;
    rc = s->f->open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK) {
        return brn_sqlite_open_failed(s, rc, err);
    }
    s->foreign_keys = t->foreign_keys;
    brn_sqlite_handlers_install(s);
    (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, t->foreign_keys ? 1 : 0, NULL);
    if (reader) {
        (void)s->f->db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        rc = brn_sqlite_exec(s, "PRAGMA query_only = on");
    }
    if (rc == SQLITE_OK) {
        /* Opening is lazy: this reads the header. */
        rc = brn_sqlite_number(s, "PRAGMA schema_version", &version);
    }
    return rc == SQLITE_OK ? BRANT_OK : brn_sqlite_open_failed(s, rc, err);
}

static brant_status open_own(
    brn_sqlite *s, const brn_sqlite_target *t, const brn_connect_options *opts, brant_error **err)
{
    brant_status st = check_path(s, t, opts, err);

    return st == BRANT_OK ? open_file(s, t, opts, err) : st;
}

/* The ledger cannot be in a database that is gone with the connection. */
static brant_status check_schema(brn_sqlite *s, const char *schema, brant_error **err)
{
    brant_status st;

    s->schema = schema != NULL && schema[0] != '\0' ? schema : "main";
    if (s->f->stricmp(s->schema, "temp") != 0 && s->f->db_filename(s->db, s->schema) != NULL) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUSAGE, "ledger.no_schema", "no schema \"%s\" for the ledger in this database",
        s->schema);
    brn_error_hint(err, "Leave the setting ledger-schema out: SQLite has only \"main\".");
    return st;
}

static void sqlite_disconnect(brn_conn *conn)
{
    brn_sqlite *s = (brn_sqlite *)conn;

    if (s == NULL) {
        return;
    }
    brn_sqlite_lock_release(conn);
    brn_sqlite_watch_release(s);
    brn_sqlite_cache_release(s);
    if (s->lent) {
        brn_sqlite_detach(s);
    } else {
        /* An open transaction is rolled back by closing. */
        (void)s->f->close_v2(s->db);
    }
    brn_arena_release(&s->arena);
    brn_arena_release(&s->scratch);
    free(s);
}

static brant_status sqlite_connect(
    brn_conn **out, const brn_connect_options *opts, brant_error **err)
{
    brn_sqlite *s = calloc(1, sizeof(*s));
    brn_sqlite_target target = { 0 };
    brant_status st;

    if (s == NULL) {
        return brn_error_oom(err);
    }
    s->conn = (brn_conn){
        .engine = &brn_engine_sqlite,
        .caps = brn_engine_sqlite.caps,
        .control = opts->control,
        .emitter = opts->emitter,
        .database = opts->database,
    };
    s->f = &brn_sqlite_linked;
    brn_arena_init(&s->arena);
    brn_arena_init(&s->scratch);
    s->lock.fd = -1;
    s->lock.mark_fd = -1;
    s->jitter = (uint64_t)brn_clock_mono_ns() ^ (uint64_t)brn_platform_pid() << 32;
    s->jitter |= 1; /* never zero */
    st = brn_sqlite_target_read(&target, &s->arena, opts, err);
    if (st == BRANT_OK) {
        s->lock_timeout_ms = target.busy_ms;
        if (target.busy_ms < 0 && opts->lock_timeout_ms > 0) {
            s->lock_timeout_ms = opts->lock_timeout_ms;
        }
        st = opts->lent != NULL ? brn_sqlite_attach(s, &target, opts, err)
                                : open_own(s, &target, opts, err);
    }
    if (st == BRANT_OK) {
        st = check_schema(s, opts->ledger_schema, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, opts->database, NULL);
        sqlite_disconnect(&s->conn);
        return st;
    }
    *out = &s->conn;
    return BRANT_OK;
}

/* The end of a run: what it did to the settings of the host's connection ends with it. */
static void sqlite_unlock(brn_conn *conn)
{
    brn_sqlite *s = (brn_sqlite *)conn;

    brn_sqlite_lock_release(conn);
    brn_sqlite_give_back(s);
    s->lone_puts = 0;
}

static brant_status sqlite_server_info(brn_server_info *out, brn_conn *conn, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_server_info info = { .size_bytes = -1 };
    char user[BRN_PLATFORM_NAME];
    struct stat file;

    (void)err;
    brn_platform_user(user);
    (void)snprintf(info.version, sizeof(info.version), "%s", s->f->libversion());
    (void)snprintf(info.target, sizeof(info.target), "%s", s->path);
    (void)snprintf(info.user, sizeof(info.user), "%.127s", user);
    info.writable = s->f->db_readonly(s->db, "main") == 0;
    if (s->lock_path != NULL && stat(s->path, &file) == 0) {
        info.size_bytes = (int64_t)file.st_size;
    }
    *out = info;
    return BRANT_OK;
}

static const char *const schemes[] = { "sqlite", "sqlite3", NULL };

const brn_engine brn_engine_sqlite = {
    .abi = BRN_ENGINE_ABI,
    .name = "sqlite",
    .schemes = schemes,
    .dialect = &brn_dialect_sqlite,
    .caps = BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML | BRN_CAP_LOCK | BRN_CAP_PROBE |
            BRN_CAP_FOREIGN_KEYS | BRN_CAP_CREATE | BRN_CAP_CREATE_UNASKED | BRN_CAP_OBJECTS |
            BRN_CAP_CANCEL | BRN_CAP_EXECUTE | BRN_CAP_ATTACH | BRN_CAP_MIRROR,
    .scratch_url = "sqlite::memory:",
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .server_info = sqlite_server_info,
    .run = brn_sqlite_run,
    .reset = brn_sqlite_reset,
    .ledger_read = brn_sqlite_ledger_read,
    .history_read = brn_sqlite_history_read,
    .mirror_read = brn_sqlite_mirror_read,
    .inspect = brn_sqlite_inspect,
    .lock = brn_sqlite_lock_take,
    .unlock = sqlite_unlock,
    .lock_holder = brn_sqlite_lock_holder,
    .lock_wait = brn_sqlite_lock_wait,
    .lock_break = brn_sqlite_lock_break,
    .probe = brn_sqlite_probe,
    .objects = brn_sqlite_objects,
    .execute = brn_sqlite_execute,
};
