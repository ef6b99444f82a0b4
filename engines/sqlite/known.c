/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the transaction before left, and nobody has changed since.
 *
 * A change of the schema makes SQLite prepare every statement anew: with small migrations that is
 * most of what a ledger costs. So what we wrote ourselves is not read back while the database is
 * the one that we left.
 *
 * Whether it is, SQLITE_FCNTL_DATA_VERSION says: a number that changes with every commit to the
 * database, of this connection or of any other. It is that of the page cache, so changes of others
 * count from when a transaction of ours has locked the database and compared what it has with the
 * file: behind BEGIN IMMEDIATE, and then nobody can write until our COMMIT. A SELECT would be
 * answered from the same cache on the same grounds, so it would not know better.
 *
 * Our own COMMIT changes the number too, and the one to remember is that of the moment when it took
 * effect. Connections that share a cache have the number in common, so one of them may have counted
 * on before we look. Hence a step of exactly one is ours alone; at anything else all is forgotten.
 */
#include "engines/sqlite/sqlite.h"

#include <string.h>

static bool read_version(unsigned *out, const brn_sqlite *s)
{
    return s->f->file_control != NULL &&
           s->f->file_control(s->db, s->schema, SQLITE_FCNTL_DATA_VERSION, out) == SQLITE_OK;
}

void brn_sqlite_known_forget(brn_sqlite *s)
{
    s->known = (brn_sqlite_known){ 0 };
}

static void forget_row(brn_sqlite *s)
{
    s->known.row_id[0] = '\0';
}

void brn_sqlite_known_begin(brn_sqlite *s)
{
    unsigned now = 0;
    bool readable = read_version(&now, s);

    if (!readable || !s->known.kept || now != s->known.version) {
        brn_sqlite_known_forget(s);
    }
    s->known.open = readable;
    s->known.kept = false;
}

int brn_sqlite_known_commit(brn_sqlite *s)
{
    unsigned before = 0;
    unsigned after = 0;
    bool readable = s->known.open && read_version(&before, s);
    int rc = brn_sqlite_exec(s, "COMMIT");

    if (rc != SQLITE_OK || !readable || !read_version(&after, s) || after - before != 1) {
        brn_sqlite_known_forget(s);
        return rc;
    }
    s->known.open = false;
    s->known.kept = true;
    s->known.version = after;
    return rc;
}

void brn_sqlite_known_statement(brn_sqlite *s)
{
    forget_row(s); /* also a trigger may have changed it */
    if (!s->in_program) {
        brn_sqlite_known_forget(s);
    }
}

static bool copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size) {
        return false;
    }
    memcpy(out, text, len + 1);
    return true;
}

void brn_sqlite_known_ledger(brn_sqlite *s, const brn_ledger_op *op)
{
    brn_sqlite_known *k = &s->known;

    if (op->type == BRN_LEDGER_HISTORY) {
        return;
    }
    forget_row(s);
    /* A trigger may have kept the row away. */
    if (k->open && op->type == BRN_LEDGER_PUT && op->row->status == BRN_ROW_RUNNING &&
        op->row->run_id != NULL && s->f->changes64(s->db) == 1 &&
        copy_text(k->row_run, sizeof(k->row_run), op->row->run_id) &&
        !copy_text(k->row_id, sizeof(k->row_id), op->row->id)) {
        forget_row(s);
    }
}

bool brn_sqlite_known_row(const brn_sqlite *s, const char *id, const char *run_id)
{
    const brn_sqlite_known *k = &s->known;

    return k->open && k->row_id[0] != '\0' && strcmp(k->row_id, id) == 0 && run_id != NULL &&
           strcmp(k->row_run, run_id) == 0;
}
