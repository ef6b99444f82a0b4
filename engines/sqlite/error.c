/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/sqlite/sqlite.h"

#include <string.h>

/* Result codes that mean something by themselves, whatever was being done. */
static const struct known_code {
    int primary;
    brant_status status;
    const char *id;
    const char *what;
    const char *hint;
} known_codes[] = {
    { SQLITE_BUSY, BRANT_ELOCKED, "statement.busy", "the database is locked",
      "Another connection holds the write lock of this file, or reads it for long. Let it finish, "
      "or wait longer: lock-timeout, or busy_timeout in the URL." },
    { SQLITE_LOCKED, BRANT_ELOCKED, "statement.busy", "a table is locked",
      "Another connection of this process holds a lock on the table. Let it finish, or wait "
      "longer: lock-timeout, or busy_timeout in the URL." },
    { SQLITE_FULL, BRANT_EIO, "database.full", "no space left for the database",
      "Free space on the disk that holds the file (and its directory for temporary files), or raise "
      "PRAGMA max_page_count, then run again." },
    { SQLITE_IOERR, BRANT_EIO, "database.io", "could not read or write the database file",
      "Look at the disk and at the system's log, then run again." },
    { SQLITE_READONLY, BRANT_ECONNECT, "connect.no_rights", "the database cannot be written",
      "Give this user the right to write the file and its directory, or leave out mode=ro." },
    { SQLITE_CANTOPEN, BRANT_ECONNECT, "connect.no_rights", "could not open a file of the database",
      "SQLite needs the right to write the directory of the file as well: its journal stands "
      "there." },
    { SQLITE_PERM, BRANT_ECONNECT, "connect.no_rights", "access to the database is denied",
      "Give this user the right to read and write the file and its directory." },
    { SQLITE_AUTH, BRANT_ECONNECT, "connect.no_rights", "access to the database is denied",
      "Give this user the right to read and write the file and its directory." },
    { SQLITE_CORRUPT, BRANT_EIO, "database.corrupt", "the database file is damaged",
      "Stop writing to it, run PRAGMA integrity_check, and restore a backup." },
    { SQLITE_NOTADB, BRANT_EIO, "database.corrupt", "the file is not a SQLite database",
      "Check the path; an encrypted file looks like this as well." },
};

/* With a message of its own it is about another file: that of an ATTACH, for one. */
static bool is_about_another_file(const brn_sqlite *s, int rc)
{
    int primary = rc & 0xff;

    return (primary == SQLITE_CANTOPEN || primary == SQLITE_NOTADB) && s->db != NULL &&
           strcmp(s->f->errmsg(s->db), s->f->errstr(primary)) != 0;
}

static const struct known_code *find_code(int rc)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(known_codes); i++) {
        if (known_codes[i].primary == (rc & 0xff)) {
            return &known_codes[i];
        }
    }
    return NULL;
}

/* Who stopped it knows why; a stop that nobody asked for is a mistake of ours. */
static brant_status interrupted(const brn_sqlite *s, int rc, brant_error **err)
{
    brant_status st = brn_control_check(s->conn.control, err);

    if (st == BRANT_OK) {
        st = brn_error(
            err, BRANT_EINTERNAL, "statement.interrupted", "the statement was interrupted");
        brn_error_native(err, rc, NULL);
    }
    return st;
}

static brant_status plain(
    brn_sqlite *s, int rc, const char *id, const char *what, brant_error **err)
{
    const char *message = s->db != NULL ? s->f->errmsg(s->db) : s->f->errstr(rc);
    int offset = s->db != NULL ? s->f->error_offset(s->db) : -1;
    brant_status st;

    if (what != NULL) {
        st = brn_error(err, BRANT_ESTATEMENT, id, "%s: %s", what, message);
    } else {
        st = brn_error(err, BRANT_ESTATEMENT, id, "%s", message);
    }
    brn_error_native(err, rc, NULL);
    if (offset >= 0) {
        brn_error_offset(err, (size_t)offset);
    }
    return st;
}

brant_status brn_sqlite_error(
    brn_sqlite *s, int rc, const char *id, const char *what, brant_error **err)
{
    const struct known_code *known = find_code(rc);
    int primary = rc & 0xff;
    brant_status st;

    if (primary == SQLITE_NOMEM) {
        return brn_error_oom(err);
    }
    if (primary == SQLITE_INTERRUPT) {
        return interrupted(s, rc, err);
    }
    if (primary == SQLITE_BUSY && !s->finishing && brn_control_poll(s->conn.control)) {
        return brn_control_check(s->conn.control, err);
    }
    if (known == NULL || is_about_another_file(s, rc)) {
        return plain(s, rc, id, what, err);
    }
    if (s->path != NULL) {
        st = brn_error(err, known->status, known->id, "%s: \"%s\"", known->what, s->path);
    } else {
        st = brn_error(err, known->status, known->id, "%s", known->what);
    }
    brn_error_detail(
        err, "SQLite says: %s (code %d).", s->db != NULL ? s->f->errmsg(s->db) : s->f->errstr(rc),
        rc);
    brn_error_hint(err, "%s", known->hint);
    brn_error_native(err, rc, NULL);
    return st;
}
