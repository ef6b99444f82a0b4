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
    rc = brn_sqlite_ready_rollback(s);
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_exec(s, "BEGIN IMMEDIATE");
    }
    if (rc != SQLITE_OK) {
        st = brn_sqlite_error(s, rc, "statement.failed", "could not begin a transaction", err);
        restore_foreign_keys(s);
        return st;
    }
    s->in_program = true;
    brn_sqlite_known_begin(s);
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
    rc = brn_sqlite_known_commit(s);
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

    brn_sqlite_known_reset(s);
    s->finishing = true; /* a cancelled run is rolled back all the same */
    /* A transaction that the host began in the meantime is the host's. */
    if (s->f->get_autocommit(s->db) == 0 && (!s->lent || s->open_is_ours)) {
        rc = brn_sqlite_rollback(s);
    }
    s->in_program = false;
    s->open_is_ours = s->open_is_ours && rc != SQLITE_OK; /* detaching tries again */
    s->restore_foreign_keys = false;
    /* As it was, whatever a PRAGMA in a file made of it. */
    if (s->lent) {
        brn_sqlite_give_back(s);
    } else {
        (void)s->f->db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, s->foreign_keys ? 1 : 0, NULL);
    }
    s->finishing = false;
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(s, rc, "statement.failed", "could not roll back", err);
    }
    return BRANT_OK;
}

/* --- statements ------------------------------------------------------------------------------- */

size_t brn_sqlite_blank(brn_str text)
{
    brn_script script = { .text = text, .line = 1, .column = 1 };
    brn_lexer lx;
    brn_token token;

    brn_lexer_init(&lx, &brn_dialect_sqlite, &script);
    for (size_t len = 0;; len += token.text.len) {
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK) {
            return len;
        }
        if (token.kind == BRN_TOKEN_END ||
            (!brn_token_is_filler(token.kind) && !brn_token_is_terminator(token.kind))) {
            return token.kind == BRN_TOKEN_END ? text.len : len;
        }
    }
}

brant_status brn_sqlite_prepare_first(
    sqlite3_stmt **out, size_t *second, brn_sqlite *s, brn_str sql, brant_error **err)
{
    const char *tail = NULL;
    size_t used;
    size_t blank;
    int rc;

    if (sql.len > INT_MAX) {
        return brn_error(err, BRANT_ESTATEMENT, "statement.too_long", "the statement is too long");
    }
    rc = s->f->prepare_v3(s->db, sql.ptr, (int)sql.len, 0, out, &tail);
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(s, rc, "statement.failed", NULL, err);
    }
    used = tail != NULL ? (size_t)(tail - sql.ptr) : sql.len;
    blank = brn_sqlite_blank(brn_str_slice(sql, used, sql.len));
    *second = used + blank < sql.len ? used + blank : SIZE_MAX;
    return BRANT_OK;
}

static brant_status prepare_one(sqlite3_stmt **out, brn_sqlite *s, brn_str sql, brant_error **err)
{
    size_t second = SIZE_MAX;
    brant_status st = brn_sqlite_prepare_first(out, &second, s, sql, err);

    if (st != BRANT_OK || second == SIZE_MAX) {
        return st;
    }
    s->f->finalize(*out);
    *out = NULL;
    st = brn_error(
        err, BRANT_EINTERNAL, "statement.more_than_one",
        "more than one statement where one was expected");
    brn_error_offset(err, second);
    brn_error_hint(err, "brant cut the file in a wrong place: please report it with the file.");
    return st;
}

static bool ends_transaction(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_BEGIN || what->verb == BRN_VERB_COMMIT ||
           (what->verb == BRN_VERB_ROLLBACK && !what->to_savepoint);
}

bool brn_sqlite_changes_rows(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_INSERT || what->verb == BRN_VERB_UPDATE ||
           what->verb == BRN_VERB_DELETE;
}

brant_status brn_sqlite_check_statement(
    brn_sqlite *s, brn_arena *arena, const brn_stmt_class *what, uint32_t flags, brant_error **err)
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
        (flags & BRN_OP_FOREIGN_KEYS_ON) == 0 && brn_sqlite_foreign_keys(s)) {
        return brn_sqlite_drop_guard(s, arena, what, err);
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
        *rows = stmt != NULL && brn_sqlite_changes_rows(what) ? s->f->changes64(s->db) : 0;
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
    st = s->scratch.oom ? brn_error_oom(err)
                        : brn_sqlite_check_statement(s, &s->scratch, &what, op->flags, err);
    if (st == BRANT_OK) {
        conn->requests++;
        brn_sqlite_known_statement(s, &what, op->sql);
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

/* --- functions of the host -------------------------------------------------------------------- */

brant_status brn_sqlite_transaction_lost(brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_lost",
        "the transaction of the migration is gone: it was rolled back");

    brn_error_hint(
        err, "A conflict with OR ROLLBACK, a full disk or a time limit ends it. A function that "
             "gets an error must return it.");
    return st;
}

/* What comes next in the program is true only while the transaction is as it was. */
static brant_status check_after_call(const brn_sqlite *s, brant_error **err)
{
    bool open = s->f->get_autocommit(s->db) == 0;
    brant_status st;

    if (open == s->in_program) {
        return BRANT_OK;
    }
    if (s->in_program) {
        return brn_sqlite_transaction_lost(err);
    }
    st = brn_error(
        err, BRANT_ESTATEMENT, "statement.transaction_open",
        "the function has left a transaction open");
    brn_error_detail(err, "It is rolled back.");
    brn_error_hint(err, "Commit what the function begins.");
    return st;
}

static brant_status step_call(brn_conn *conn, const brn_op *op, int64_t *rows, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brant_status st;

    brn_sqlite_known_forget(s);
    s->call = op;
    st = op->call(op->call_user, rows, err);
    s->call = NULL;
    return st == BRANT_OK ? check_after_call(s, err) : st;
}

static const brn_steps steps = {
    .begin = step_begin,
    .commit = step_commit,
    .statement = step_statement,
    .ledger = brn_sqlite_ledger_step,
    .guard = brn_sqlite_guard_step,
    .call = step_call,
};

brant_status brn_sqlite_run(
    brn_conn *conn,
    const brn_program *program,
    brn_on_result *on_result,
    void *user,
    brn_run_state *state,
    brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brant_status st = brn_sqlite_check_host(s, err);

    if (st != BRANT_OK) {
        *state = (brn_run_state){ 0 };
        brn_error_subject(err, conn->database, program->migration);
        return st;
    }
    brn_sqlite_work_begins(s);
    st = brn_interpret(conn, &steps, program, on_result, user, state, err);
    brn_sqlite_work_ends(s);
    return st;
}
