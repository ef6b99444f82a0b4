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
 *
 * The columns of the ledger's tables are compared with ours once, and then rows are written without
 * naming columns. Only a statement that has a table's name in it can change that table, and only
 * one like ROLLBACK TO can bring a table back that it does not name.
 *
 * A trigger of the user on the ledger's own tables may make something else of a row while it is
 * written. That is not looked for: the guard is there to notice other runs.
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

void brn_sqlite_known_reset(brn_sqlite *s)
{
    if (!s->known.kept) {
        brn_sqlite_known_forget(s);
    }
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

/* Has the text a word in it that one of the ledger's tables, or of SQLite's own, begins with? */
static bool names_a_table(brn_str sql)
{
    static const char *const words[] = { "brant_", "sqlite_" };
    size_t step;

    /* It may be megabytes of values: from one underscore to the next. */
    for (size_t end = 0;
         (step = brn_str_find_char(brn_str_slice(sql, end, sql.len), '_')) != SIZE_MAX;) {
        end += step + 1;
        for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
            brn_str word = brn_str_from(words[i]);

            if (end >= word.len && brn_str_ieq(brn_str_slice(sql, end - word.len, end), word)) {
                return true;
            }
        }
    }
    return false;
}

/* Others reach further: ROLLBACK TO takes back what another statement did, and a PRAGMA may have
 * the schema read again. */
static bool does_what_it_says(const brn_stmt_class *what)
{
    switch (what->verb) {
    case BRN_VERB_CREATE:
    case BRN_VERB_DROP:
    case BRN_VERB_ALTER:
    case BRN_VERB_INSERT:
    case BRN_VERB_UPDATE:
    case BRN_VERB_DELETE:
    case BRN_VERB_SELECT:
        return true;
    default:
        return false;
    }
}

void brn_sqlite_known_statement(brn_sqlite *s, const brn_stmt_class *what, brn_str sql)
{
    forget_row(s); /* also a trigger may have changed it */
    if (!s->in_program) {
        brn_sqlite_known_forget(s);
    } else if (s->known.looked) {
        s->known.looked = does_what_it_says(what) && !names_a_table(sql);
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

    k->looked = k->looked && op->type != BRN_LEDGER_ENSURE;
    forget_row(s);
    /* A trigger may have kept the row away. */
    if (k->open && op->type == BRN_LEDGER_PUT && op->row->status == BRN_ROW_RUNNING &&
        op->row->run_id != NULL && s->f->changes64(s->db) == 1 &&
        copy_text(k->row_run, sizeof(k->row_run), op->row->run_id) &&
        !copy_text(k->row_id, sizeof(k->row_id), op->row->id)) {
        forget_row(s);
    }
}

/* Of table `t`; SQLITE_OK when it could be told. */
static int compare_columns(bool *same, brn_sqlite *s, size_t t)
{
    sqlite3_stmt *stmt = NULL;
    brn_buf sql;
    size_t count = 0;
    int rc;

    brn_buf_init(&sql, 0);
    brn_buf_printf(
        &sql, "PRAGMA \"%s\".table_info(\"%s\")", s->schema, brn_sql_ledger_table_name(t));
    s->conn.requests++;
    rc = sql.failed ? SQLITE_NOMEM : brn_sqlite_prepare(&stmt, s, brn_buf_text(&sql));
    brn_buf_release(&sql);
    *same = true;
    while (rc == SQLITE_OK && (rc = s->f->step(stmt)) == SQLITE_ROW) {
        const char *name = (const char *)s->f->column_text(stmt, 1);
        const char *want = *same ? brn_sql_ledger_column(t, count) : NULL;

        *same = name != NULL && want != NULL && strcmp(name, want) == 0;
        count++;
        rc = SQLITE_OK;
    }
    s->f->finalize(stmt);
    *same = *same && brn_sql_ledger_column(t, count) == NULL;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int brn_sqlite_known_columns(bool *ours, brn_sqlite *s)
{
    int rc = SQLITE_OK;

    /* Between our calls a host may do anything with a connection that it lends, also inside of our
     * transaction. */
    *ours = s->known.open && !s->lent;
    if (*ours && !s->known.looked) {
        for (size_t t = 0; *ours && rc == SQLITE_OK && brn_sql_ledger_table_name(t) != NULL; t++) {
            rc = compare_columns(ours, s, t);
        }
        s->known.ours = *ours;
        s->known.looked = rc == SQLITE_OK;
    }
    *ours = *ours && s->known.ours;
    return rc;
}

bool brn_sqlite_known_row(const brn_sqlite *s, const char *id, const char *run_id)
{
    const brn_sqlite_known *k = &s->known;

    return k->open && k->row_id[0] != '\0' && strcmp(k->row_id, id) == 0 && run_id != NULL &&
           strcmp(k->row_run, run_id) == 0;
}
