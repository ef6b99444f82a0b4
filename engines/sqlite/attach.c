/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that the host program lends.
 *
 * It may belong to another copy of SQLite, so the host brings that copy's functions. What brant
 * changes in it is put back: the busy timeout, foreign-key enforcement, query_only. It is never
 * closed, and a transaction that the host has open is never touched: a program that would join one
 * is refused, and reset() rolls back only what began in a program of ours.
 *
 * Between calls of the session the host works with the connection while brant's handlers are in it.
 * Then (s->working is 0) they stop nothing, since a cancellation that came late is not about the
 * host, and wait as long as the host's busy timeout says.
 */
#include "engines/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* First SQLite with everything that the table has (error_offset). */
#define OLDEST_MINOR 38

/* --- functions -------------------------------------------------------------------------------- */

static brant_status bad_functions(brant_error **err, const char *what)
{
    brant_status st =
        brn_error(err, BRANT_EUSAGE, "attach.functions", "the table of SQLite functions %s", what);

    brn_error_hint(
        err, "Fill it with BRANT_SQLITE_FUNCTIONS_LINKED where the program's sqlite3.h is "
             "included, or leave it NULL to use the functions of libbrant.");
    return st;
}

/* Up to here every table goes; the rest is optional. */
#define NEEDED_BYTES offsetof(brant_sqlite_functions, file_control)

/* Behind its size the table has nothing but pointers to functions. */
static bool has_null(const brant_sqlite_functions *table)
{
    const char *bytes = (const char *)table;

    for (size_t at = offsetof(brant_sqlite_functions, open_v2); at < NEEDED_BYTES;
         at += sizeof(void (*)(void))) {
        void (*one)(void);

        memcpy(&one, bytes + at, sizeof(one));
        if (one == NULL) {
            return true;
        }
    }
    return false;
}

static brant_status take_functions(brn_sqlite *s, const void *functions, brant_error **err)
{
    size_t size;

    if (functions == NULL) {
        return BRANT_OK;
    }
    memcpy(&size, functions, sizeof(size));
    if (size < NEEDED_BYTES) {
        return bad_functions(err, "is shorter than it should be");
    }
    /* Shorter than ours: of an earlier version of brant; longer: of a later one. */
    size -= size % sizeof(void (*)(void));
    s->copied = (brant_sqlite_functions){ 0 };
    memcpy(&s->copied, functions, size < sizeof(s->copied) ? size : sizeof(s->copied));
    if (has_null(&s->copied)) {
        return bad_functions(err, "has a NULL in it");
    }
    s->f = &s->copied;
    return BRANT_OK;
}

static brant_status check_version(const brn_sqlite *s, brant_error **err)
{
    const char *version = s->f->libversion();
    char *end = NULL;
    long major = strtol(version, &end, 10);
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    brant_status st;

    if (major > 3 || (major == 3 && minor >= OLDEST_MINOR)) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EUNSUPPORTED, "attach.version",
        "the program's SQLite %.40s is too old to be lent to brant", version);
    brn_error_hint(err, "Build the program with SQLite 3.%d or newer.", OLDEST_MINOR);
    return st;
}

/* --- the file --------------------------------------------------------------------------------- */

static brant_status other_file(const char *wanted, const char *open, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "attach.other_file",
        "the program's connection does not have \"%s\" open", wanted);

    if (open != NULL && open[0] != '\0') {
        brn_error_detail(err, "Its database is \"%s\".", open);
    } else {
        brn_error_detail(err, "Its database is in memory, or temporary.");
    }
    brn_error_hint(
        err, "Name its file in the URL, or write sqlite::memory:, which fits every connection.");
    return st;
}

/*
 * A name alone proves nothing: a VFS of the host may give any meaning to it. So a file that is not
 * there, or not a regular one, has no lock; nobody outside of this process can be at work on it.
 */
static brant_status take_file(brn_sqlite *s, const brn_sqlite_target *target, brant_error **err)
{
    const char *name = s->f->db_filename(s->db, "main");
    struct stat open;
    struct stat wanted;
    bool is_file =
        name != NULL && name[0] != '\0' && stat(name, &open) == 0 && S_ISREG(open.st_mode);
    char *real = NULL;
    int rc;

    if (!target->in_memory && (!is_file || stat(target->path, &wanted) != 0 ||
                               open.st_dev != wanted.st_dev || open.st_ino != wanted.st_ino)) {
        return other_file(target->path, name, err);
    }
    if (!is_file) {
        s->path = name != NULL && name[0] != '\0' ? brn_arena_strdup(&s->arena, name) : ":memory:";
        return s->path != NULL ? BRANT_OK : brn_error_oom(err);
    }
    rc = brn_path_real(&real, &s->arena, name);
    if (rc != 0) {
        return brn_error_errno(err, "connect.unreachable", rc, "look at database file", name);
    }
    return brn_sqlite_use_file(s, real, err);
}

/* --- settings of the host --------------------------------------------------------------------- */

static brant_status in_transaction(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "attach.in_transaction",
        "the program's connection has a transaction open");

    brn_error_hint(err, "Commit it or roll it back before you let brant work.");
    return st;
}

brant_status brn_sqlite_check_host(const brn_sqlite *s, brant_error **err)
{
    if (!s->lent || s->open_is_ours || s->call != NULL || s->in_program ||
        s->f->get_autocommit(s->db) != 0) {
        return BRANT_OK;
    }
    return in_transaction(err);
}

void brn_sqlite_work_begins(brn_sqlite *s)
{
    if (s->lent && !s->touched) {
        s->foreign_keys = brn_sqlite_foreign_keys(s);
        s->touched = true;
    }
    s->working++;
}

void brn_sqlite_work_ends(brn_sqlite *s)
{
    s->working--;
    if (s->working == 0) {
        s->open_is_ours = s->f->get_autocommit(s->db) == 0;
    }
}

void brn_sqlite_give_back(brn_sqlite *s)
{
    if (s->lent && s->touched) {
        (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, s->foreign_keys ? 1 : 0, NULL);
        s->restore_foreign_keys = false;
        s->touched = false;
    }
}

int brn_sqlite_ready_rollback(brn_sqlite *s)
{
    if (!s->lent) {
        return SQLITE_OK;
    }
    /* Always a new one: a change of settings expires it, and it would be prepared again. */
    (void)s->f->finalize(s->rollback);
    s->rollback = NULL;
    return s->f->prepare_v3(s->db, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &s->rollback, NULL);
}

int brn_sqlite_rollback(brn_sqlite *s)
{
    if (s->rollback != NULL) {
        (void)s->f->step(s->rollback);
        (void)s->f->reset(s->rollback);
        if (s->f->get_autocommit(s->db) != 0) {
            return SQLITE_OK;
        }
    }
    return brn_sqlite_exec(s, "ROLLBACK");
}

static int install(brn_sqlite *s, uint32_t flags)
{
    int64_t version = 0;
    int rc = brn_sqlite_number(s, "PRAGMA busy_timeout", &s->host_busy_ms);

    if (rc != SQLITE_OK) {
        return rc;
    }
    s->foreign_keys = brn_sqlite_foreign_keys(s);
    brn_sqlite_handlers_install(s);
    s->installed = true;
    s->working++; /* for the handlers: reading may wait */
    if ((flags & BRN_CONNECT_READ_ONLY) != 0) {
        rc = brn_sqlite_number(s, "PRAGMA query_only", &s->host_query_only);
        if (rc == SQLITE_OK && s->host_query_only == 0) {
            s->restore_query_only = true;
            rc = brn_sqlite_exec(s, "PRAGMA query_only = on");
        }
    }
    if (rc == SQLITE_OK) {
        /* Opening is lazy: this reads the header. */
        rc = brn_sqlite_number(s, "PRAGMA schema_version", &version);
    }
    s->working--;
    return rc == SQLITE_OK ? brn_sqlite_ready_rollback(s) : rc;
}

brant_status brn_sqlite_attach(
    brn_sqlite *s,
    const brn_sqlite_target *target,
    const brn_connect_options *opts,
    brant_error **err)
{
    brant_status st = take_functions(s, opts->lent->functions, err);
    int rc;

    if (st == BRANT_OK) {
        st = check_version(s, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    if (opts->lent->handle == NULL) {
        return brn_error(err, BRANT_EUSAGE, "attach.no_handle", "no connection to attach to");
    }
    s->lent = true;
    s->db = opts->lent->handle;
    st = brn_sqlite_check_host(s, err);
    if (st == BRANT_OK) {
        st = take_file(s, target, err);
    }
    if (st == BRANT_OK) {
        rc = install(s, opts->flags);
        st = rc == SQLITE_OK ? BRANT_OK : brn_sqlite_open_failed(s, rc, err);
    }
    return st;
}

void brn_sqlite_detach(brn_sqlite *s)
{
    if (!s->installed) {
        return;
    }
    s->finishing = true;
    if (s->open_is_ours && s->f->get_autocommit(s->db) == 0) {
        (void)brn_sqlite_rollback(s);
    }
    (void)s->f->finalize(s->rollback);
    brn_sqlite_give_back(s);
    if (s->restore_query_only) {
        (void)brn_sqlite_exec(s, "PRAGMA query_only = off");
    }
    s->f->progress_handler(s->db, 0, NULL, NULL);
    (void)s->f->busy_timeout(s->db, (int)s->host_busy_ms); /* in place of our handler */
}
