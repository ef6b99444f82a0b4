/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/sqlite/sqlite.h"

#include <limits.h>

#include "text/script.h"

#define VIOLATIONS_SHOWN 5

/* --- begin and commit ------------------------------------------------------------------------- */

/* The switch has no effect inside a transaction, and says nothing then: so it is read back. */
static brant_status switch_foreign_keys_off(brn_sqlite *s, brant_error **err)
{
    int rc;

    if (!brn_sqlite_foreign_keys(s)) {
        return BRANT_OK;
    }
    rc = brn_sqlite_exec(s, "PRAGMA foreign_keys = off");
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(
            s, rc, "statement.failed", "could not switch foreign keys off", err);
    }
    if (brn_sqlite_foreign_keys(s)) {
        return brn_error(
            err, BRANT_EINTERNAL, "sqlite.foreign_keys_on",
            "foreign keys stayed on: a transaction is open");
    }
    s->restore_foreign_keys = true;
    return BRANT_OK;
}

static void restore_foreign_keys(brn_sqlite *s)
{
    if (s->restore_foreign_keys) {
        (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        s->restore_foreign_keys = false;
    }
}

/* IMMEDIATE: a read that later wants to write can fail with a lock that no waiting resolves. */
static brant_status step_begin(brn_conn *conn, uint32_t flags, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brant_status st = BRANT_OK;
    int rc;

    if ((flags & BRN_OP_FOREIGN_KEYS_OFF) != 0) {
        st = switch_foreign_keys_off(s, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    conn->requests++;
    rc = brn_sqlite_exec(s, "BEGIN IMMEDIATE");
    if (rc != SQLITE_OK) {
        st = brn_sqlite_error(s, rc, "statement.failed", "could not begin a transaction", err);
        restore_foreign_keys(s);
        return st;
    }
    s->in_program = true;
    return BRANT_OK;
}

static void add_violation(brn_buf *text, const brn_sqlite *s, sqlite3_stmt *stmt)
{
    const char *child = (const char *)s->f->column_text(stmt, 0);
    const char *parent = (const char *)s->f->column_text(stmt, 2);

    brn_buf_printf(text, "Table \"%s\"", child != NULL ? child : "?");
    if (s->f->column_type(stmt, 1) != SQLITE_NULL) {
        brn_buf_printf(text, ", rowid %lld", (long long)s->f->column_int64(stmt, 1));
    }
    brn_buf_printf(text, ": no such row in \"%s\". ", parent != NULL ? parent : "?");
}

/* What switched-off enforcement let through must not be committed. */
static brant_status check_foreign_keys(brn_sqlite *s, brant_error **err)
{
    sqlite3_stmt *stmt = NULL;
    brn_buf text;
    size_t count = 0;
    brant_status st = BRANT_OK;
    int rc = brn_sqlite_prepare(&stmt, s, "PRAGMA foreign_key_check");

    brn_buf_init(&text, 0);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = s->f->step(stmt);
        if (rc == SQLITE_ROW && ++count <= VIOLATIONS_SHOWN) {
            add_violation(&text, s, stmt);
        }
    }
    if (rc != SQLITE_DONE) {
        st = brn_sqlite_error(s, rc, "statement.failed", "could not check foreign keys", err);
    } else if (count > 0) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "sqlite.foreign_key_check",
            "%zu %s a foreign key after the migration", count,
            count == 1 ? "row violates" : "rows violate");
        brn_error_detail(
            err, "%s%s", brn_buf_text(&text), count > VIOLATIONS_SHOWN ? "And more." : "");
        brn_error_hint(
            err, "Keep the rows that others refer to, or change those others as well. Rows may "
                 "have been wrong before: PRAGMA foreign_key_check lists them.");
    }
    s->f->finalize(stmt);
    brn_buf_release(&text);
    return st;
}

static brant_status step_commit(brn_conn *conn, bool *in_doubt, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brant_status st;
    int rc;

    if (s->restore_foreign_keys) {
        st = check_foreign_keys(s, err);
        if (st != BRANT_OK) {
            return st;
        }
    }
    conn->requests++;
    rc = brn_sqlite_exec(s, "COMMIT");
    if (rc != SQLITE_OK) {
        /* While the transaction is open nothing has happened. */
        *in_doubt = s->f->get_autocommit(s->db) != 0;
        return brn_sqlite_error(s, rc, "statement.failed", "could not commit", err);
    }
    s->in_program = false;
    restore_foreign_keys(s);
    return BRANT_OK;
}

brant_status brn_sqlite_reset(brn_conn *conn, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    int rc = SQLITE_OK;

    s->finishing = true; /* a cancelled run is rolled back all the same */
    if (s->f->get_autocommit(s->db) == 0) {
        rc = brn_sqlite_exec(s, "ROLLBACK");
    }
    s->in_program = false;
    s->restore_foreign_keys = false;
    /* As the URL has it, whatever a PRAGMA in a file made of it. */
    (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, s->foreign_keys ? 1 : 0, NULL);
    s->finishing = false;
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(s, rc, "statement.failed", "could not roll back", err);
    }
    return BRANT_OK;
}

/* --- statements ------------------------------------------------------------------------------- */

static bool is_blank(brn_str text)
{
    brn_script script = { .text = text, .line = 1, .column = 1 };
    brn_lexer lx;
    brn_token token;

    brn_lexer_init(&lx, &brn_dialect_sqlite, &script);
    do {
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK) {
            return false;
        }
        if (token.kind != BRN_TOKEN_SPACE && token.kind != BRN_TOKEN_LINE_COMMENT &&
            token.kind != BRN_TOKEN_BLOCK_COMMENT && token.kind != BRN_TOKEN_TERMINATOR &&
            token.kind != BRN_TOKEN_END) {
            return false;
        }
    } while (token.kind != BRN_TOKEN_END);
    return true;
}

static brant_status prepare_one(sqlite3_stmt **out, brn_sqlite *s, brn_str sql, brant_error **err)
{
    const char *tail = NULL;
    brant_status st;
    size_t used;
    int rc;

    if (sql.len > INT_MAX) {
        return brn_error(err, BRANT_ESTATEMENT, "statement.too_long", "the statement is too long");
    }
    rc = s->f->prepare_v3(s->db, sql.ptr, (int)sql.len, 0, out, &tail);
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(s, rc, "statement.failed", NULL, err);
    }
    used = tail != NULL ? (size_t)(tail - sql.ptr) : sql.len;
    if (is_blank(brn_str_slice(sql, used, sql.len))) {
        return BRANT_OK;
    }
    s->f->finalize(*out);
    *out = NULL;
    st = brn_error(
        err, BRANT_EINTERNAL, "statement.more_than_one",
        "more than one statement where one was expected");
    brn_error_offset(err, used);
    brn_error_hint(err, "brant cut the file in a wrong place: please report it with the file.");
    return st;
}

static bool ends_transaction(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_BEGIN || what->verb == BRN_VERB_COMMIT ||
           (what->verb == BRN_VERB_ROLLBACK && !what->to_savepoint);
}

static bool changes_rows(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_INSERT || what->verb == BRN_VERB_UPDATE ||
           what->verb == BRN_VERB_DELETE;
}

/* What SQLite would do without a word although it cannot be meant. */
static brant_status check_statement(
    brn_sqlite *s, const brn_op *op, const brn_stmt_class *what, brant_error **err)
{
    brant_status st;

    if (s->in_program && ends_transaction(what)) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "statement.transaction_control",
            "the statement would end the transaction of the migration");
        brn_error_hint(
            err, "Leave BEGIN, COMMIT and ROLLBACK out, or write \"-- brant: transaction=off\".");
        return st;
    }
    if (what->verb == BRN_VERB_DROP && what->object == BRN_OBJECT_TABLE &&
        (op->flags & BRN_OP_FOREIGN_KEYS_ON) == 0 && brn_sqlite_foreign_keys(s)) {
        return brn_sqlite_drop_guard(s, &s->scratch, what, err);
    }
    return BRANT_OK;
}

static brant_status execute(
    brn_sqlite *s, brn_str sql, const brn_stmt_class *what, int64_t *rows, brant_error **err)
{
    sqlite3_stmt *stmt = NULL;
    brant_status st = prepare_one(&stmt, s, sql, err);
    int rc = SQLITE_DONE;

    if (st != BRANT_OK) {
        return st;
    }
    if (stmt != NULL) {
        do {
            rc = s->f->step(stmt);
        } while (rc == SQLITE_ROW);
    }
    if (rc != SQLITE_DONE) {
        st = brn_sqlite_error(s, rc, "statement.failed", NULL, err);
    } else {
        *rows = stmt != NULL && changes_rows(what) ? s->f->changes64(s->db) : 0;
    }
    s->f->finalize(stmt);
    return st;
}

static brant_status step_statement(
    brn_conn *conn, const brn_op *op, int64_t *rows, bool *in_doubt, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_stmt stmt = { .text = op->sql, .line = 1, .column = 1 };
    brn_stmt_class what = { 0 };
    bool alone = s->f->get_autocommit(s->db) != 0;
    brant_status st;

    brn_arena_reset(&s->scratch);
    brn_classify(&what, &s->scratch, &brn_dialect_sqlite, &stmt);
    st = s->scratch.oom ? brn_error_oom(err) : check_statement(s, op, &what, err);
    if (st == BRANT_OK) {
        conn->requests++;
        st = execute(s, op->sql, &what, rows, err);
        /* It commits by itself: an error of the disk may have come before or after that. */
        *in_doubt =
            st != BRANT_OK && alone && (s->f->extended_errcode(s->db) & 0xff) == SQLITE_IOERR;
    }
    if (st != BRANT_OK) {
        brn_error_statement(err, op->sql);
    }
    return st;
}

static const brn_steps steps = {
    .begin = step_begin,
    .commit = step_commit,
    .statement = step_statement,
    .ledger = brn_sqlite_ledger_step,
    .guard = brn_sqlite_guard_step,
};

brant_status brn_sqlite_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    return brn_interpret(conn, &steps, program, on_result, user, state, err);
}
