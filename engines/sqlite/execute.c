/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement with values, for functions of the host program.
 *
 * A row function may come back here with another statement, so all that a call needs is its own:
 * nothing of it is in the connection's scratch arena. Rows go out one by one and are forgotten.
 *
 * SQLite stores a REAL that is not a number as null.
 */
#include "base/clock.h"
#include "engines/sqlite/sqlite.h"

typedef struct execution {
    brn_sqlite *s;
    const brn_query *query;
    sqlite3_stmt *stmt;
    brn_arena arena;    /* of the statement */
    brn_arena of_row;   /* of the row at hand */
    const char **names; /* of columns; NULL before the first row */
    size_t count;
    bool ended; /* the row function wants no more */
} execution;

/* --- what may run ----------------------------------------------------------------------------- */

static brant_status refuse(const char *id, const char *why, const char *hint, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_ESTATEMENT, id, "%s", why);

    if (hint != NULL) {
        brn_error_hint(err, "%s", hint);
    }
    return st;
}

/* Not refused for files, where such a switch is hoisted out of the transaction. */
static bool has_no_effect(const brn_stmt_info *info)
{
    return info->role == BRN_ROLE_FOREIGN_KEYS_OFF || info->role == BRN_ROLE_FOREIGN_KEYS_ON;
}

static brant_status check_role(
    const brn_sqlite *s, const brn_stmt_class *what, const brn_stmt_info *info, brant_error **err)
{
    bool open = s->f->get_autocommit(s->db) == 0;

    if (info->role == BRN_ROLE_REFUSED) {
        return refuse("transaction.refused", info->why, info->hint, err);
    }
    if (open && info->role == BRN_ROLE_ALONE) {
        return refuse(
            "transaction.alone", info->why, "Give the migration the property transaction=off.",
            err);
    }
    if (open && has_no_effect(info)) {
        return refuse(
            "transaction.alone", "PRAGMA foreign_keys has no effect inside a transaction",
            "Give the migration the property foreign-keys=off, or transaction=off.", err);
    }
    /* Nobody would end it: the functions that are called belong to another database. */
    if (!open && s->call == NULL &&
        (info->role == BRN_ROLE_BEGIN || what->verb == BRN_VERB_SAVEPOINT)) {
        return refuse(
            "statement.transaction_control",
            "the statement would open a transaction that no migration of this database ends",
            "Each statement for another database takes effect by itself: leave it out.", err);
    }
    return BRANT_OK;
}

/* In a transaction that is gone, statements would take effect one by one. */
static brant_status check_transaction(brn_sqlite *s, brant_error **err)
{
    brant_status st = brn_sqlite_check_host(s, err);

    if (st == BRANT_OK && s->in_program && s->f->get_autocommit(s->db) != 0) {
        st = brn_sqlite_transaction_lost(err);
    }
    return st;
}

static brant_status check(execution *x, brn_stmt_class *what, brant_error **err)
{
    brn_str sql = x->query->sql;
    brn_stmt stmt = { .line = 1, .column = 1 };
    brn_stmt_info info = { 0 };
    brant_status st = check_transaction(x->s, err);

    if (st != BRANT_OK) {
        return st;
    }
    stmt.text = brn_str_slice(sql, brn_sqlite_blank(sql), sql.len);
    brn_classify(what, &x->arena, &brn_dialect_sqlite, &stmt);
    if (x->arena.oom) {
        return brn_error_oom(err);
    }
    brn_sqlite_inspect_class(&info, what, &stmt);
    st = check_role(x->s, what, &info, err);
    if (st == BRANT_OK) {
        uint32_t flags = x->s->call != NULL ? x->s->call->flags : 0;

        st = brn_sqlite_check_statement(x->s, &x->arena, what, flags, err);
    }
    return st;
}

/* --- values ----------------------------------------------------------------------------------- */

static brant_status bad_value(size_t i, const char *what, brant_error **err)
{
    return brn_error(err, BRANT_EUSAGE, "code.values", "value %zu %s", i + 1, what);
}

/* They outlive the statement, so SQLite need not copy them. */
static int bind_value(const execution *x, int at, const brant_value *value)
{
    const brant_sqlite_functions *f = x->s->f;
    const void *data = value->data != NULL ? value->data : ""; /* NULL would become null */

    switch ((brant_value_type)value->type) {
    case BRANT_VALUE_NULL:
        return f->bind_null(x->stmt, at);
    case BRANT_VALUE_INTEGER:
        return f->bind_int64(x->stmt, at, value->integer);
    case BRANT_VALUE_REAL:
        return f->bind_double(x->stmt, at, value->real);
    case BRANT_VALUE_TEXT:
        return f->bind_text64(x->stmt, at, data, value->length, SQLITE_STATIC, SQLITE_UTF8);
    case BRANT_VALUE_BLOB:
        return f->bind_blob64(x->stmt, at, data, value->length, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static brant_status bind_all(execution *x, brant_error **err)
{
    int wanted = x->s->f->bind_parameter_count(x->stmt);
    size_t count = x->query->count;

    if (count != (size_t)wanted) {
        return brn_error(
            err, BRANT_EUSAGE, "code.values", "the statement has %d %s, and %zu %s given", wanted,
            wanted == 1 ? "parameter" : "parameters", count,
            count == 1 ? "value is" : "values are");
    }
    for (size_t i = 0; i < count; i++) {
        const brant_value *value = &x->query->values[i];
        int rc;

        if (value->type > BRANT_VALUE_BLOB) {
            return bad_value(i, "has a type that is not known", err);
        }
        if (value->type >= BRANT_VALUE_TEXT && value->data == NULL && value->length > 0) {
            return bad_value(i, "has a length and no data", err);
        }
        rc = bind_value(x, (int)i + 1, value);
        if (rc != SQLITE_OK) {
            return brn_sqlite_error(x->s, rc, "statement.failed", "could not bind a value", err);
        }
    }
    return BRANT_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Only now: the first step may have prepared the statement again, with other columns. */
static bool read_names(execution *x)
{
    const brant_sqlite_functions *f = x->s->f;

    x->count = (size_t)f->column_count(x->stmt);
    x->names = brn_arena_array(&x->arena, x->count, sizeof(*x->names));
    for (size_t i = 0; i < x->count && x->names != NULL; i++) {
        x->names[i] = f->column_name(x->stmt, (int)i);
        if (x->names[i] == NULL) {
            return false;
        }
    }
    return x->names != NULL;
}

/* False when out of memory. */
static bool read_value(brant_value *out, execution *x, int i)
{
    const brant_sqlite_functions *f = x->s->f;

    switch (f->column_type(x->stmt, i)) {
    case SQLITE_INTEGER:
        *out = (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = f->column_int64(x->stmt, i) };
        return true;
    case SQLITE_FLOAT:
        *out = (brant_value){ .type = BRANT_VALUE_REAL, .real = f->column_double(x->stmt, i) };
        return true;
    case SQLITE_TEXT:
        *out = (brant_value){ .type = BRANT_VALUE_TEXT, .data = f->column_text(x->stmt, i) };
        break;
    case SQLITE_BLOB:
        *out = (brant_value){ .type = BRANT_VALUE_BLOB, .data = f->column_blob(x->stmt, i) };
        break;
    default:
        *out = (brant_value){ .type = BRANT_VALUE_NULL };
        return true;
    }
    out->length = (size_t)f->column_bytes(x->stmt, i);
    if (out->type == BRANT_VALUE_BLOB && (out->data != NULL || out->length == 0)) {
        /* A copy, since SQLite puts no NUL behind a blob, and has no pointer for an empty one. */
        out->data = brn_arena_strndup(&x->of_row, out->data != NULL ? out->data : "", out->length);
    }
    return out->data != NULL;
}

/* The statement's clock rests: what the row function does is not the statement's time. */
static bool call_row(execution *x, const brant_row *row)
{
    int64_t *deadline_ns = &x->s->conn.control->deadline_ns[BRN_LIMIT_STATEMENT];
    int64_t deadline = *deadline_ns;
    int64_t began = brn_clock_mono_ns();
    int ended;

    *deadline_ns = 0;
    ended = x->query->on_row(row, x->query->user);
    if (deadline != 0) {
        int64_t taken = brn_clock_mono_ns() - began;

        *deadline_ns = taken < INT64_MAX - deadline ? deadline + taken : INT64_MAX;
    }
    return ended != 0;
}

static brant_status give_row(execution *x, brant_error **err)
{
    brant_row row = { 0 };
    brant_value *values = NULL;
    bool fine = x->names != NULL || read_names(x);

    brn_arena_reset(&x->of_row);
    values = fine ? brn_arena_array(&x->of_row, x->count, sizeof(*values)) : NULL;
    fine = values != NULL;
    for (size_t i = 0; fine && i < x->count; i++) {
        fine = read_value(&values[i], x, (int)i);
    }
    if (!fine) {
        return brn_error_oom(err);
    }
    row = (brant_row){ .count = x->count, .names = x->names, .values = values };
    x->ended = call_row(x, &row);
    return x->ended ? BRANT_OK : brn_control_check(x->s->conn.control, err);
}

/* --- running ---------------------------------------------------------------------------------- */

static brant_status prepare(execution *x, brant_error **err)
{
    brn_str sql = x->query->sql;
    size_t second = SIZE_MAX;
    brant_status st = brn_sqlite_prepare_first(&x->stmt, &second, x->s, sql, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (x->stmt == NULL) {
        return brn_error(err, BRANT_EUSAGE, "code.values", "there is no statement");
    }
    if (second != SIZE_MAX) {
        st = brn_error(
            err, BRANT_EUSAGE, "code.more_than_one",
            "more than one statement where one was expected");
        brn_error_offset(err, second);
        brn_error_hint(err, "Run them one by one.");
        return st;
    }
    return bind_all(x, err);
}

static brant_status step_all(execution *x, brant_error **err)
{
    brant_status st = BRANT_OK;
    int rc = SQLITE_ROW;

    while (rc == SQLITE_ROW && st == BRANT_OK && !x->ended) {
        rc = x->s->f->step(x->stmt);
        if (rc == SQLITE_ROW && x->query->on_row != NULL) {
            st = give_row(x, err);
        }
    }
    if (st == BRANT_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) {
        st = brn_sqlite_error(x->s, rc, "statement.failed", NULL, err);
    }
    return st;
}

static brant_status run(int64_t *changed, execution *x, bool dml, brant_error **err)
{
    brant_status st = prepare(x, err);
    int rc;

    if (st == BRANT_OK) {
        st = step_all(x, err);
    }
    /* One that ended early commits here, when it stands alone. */
    rc = x->s->f->finalize(x->stmt);
    if (st == BRANT_OK && rc != SQLITE_OK) {
        st = brn_sqlite_error(x->s, rc, "statement.failed", NULL, err);
    }
    if (st == BRANT_OK) {
        *changed = dml ? x->s->f->changes64(x->s->db) : 0;
    }
    return st;
}

brant_status brn_sqlite_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_control *control = conn->control;
    execution x = { .s = s, .query = query };
    brn_stmt_class what = { 0 };
    brant_status st;

    brn_arena_init(&x.arena);
    brn_arena_init(&x.of_row);
    st = check(&x, &what, err);
    if (st == BRANT_OK) {
        conn->requests++;
        brn_sqlite_known_forget(s);
        brn_sqlite_work_begins(s);
        brn_control_start(control, BRN_LIMIT_STATEMENT, control->limit_ms[BRN_LIMIT_STATEMENT]);
        st = run(changed, &x, brn_sqlite_changes_rows(&what), err);
        control->deadline_ns[BRN_LIMIT_STATEMENT] = 0;
        brn_sqlite_work_ends(s);
    }
    if (st != BRANT_OK) {
        brn_error_statement(err, query->sql);
    }
    brn_arena_release(&x.of_row);
    brn_arena_release(&x.arena);
    return st;
}
