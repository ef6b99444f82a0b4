/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement with values, for functions of the host program.
 *
 * Values are written into the statement (literal.c) where it has a '?' outside of strings and
 * comments, so that it takes one round trip on both servers, and every kind of statement has them.
 *
 * Rows go out one by one, and memory does not grow with the result. A row function may come back
 * here with another statement, though one connection can do only one thing at a time: rows that are
 * still on their way are then read ahead and kept, up to a limit that is an error.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/mysql/mysql.h"

#define AHEAD_MAX ((size_t)64 << 20)
#define STOP_AFTER_ROWS 1000
#define BINARY 63 /* number of its character set */

/* One value of a row as the server sent it; ptr NULL: null. */
typedef struct cell {
    const char *ptr;
    size_t len;
} cell;

struct brn_mysql_rows {
    brn_mysql *p;
    const brn_query *query;
    brn_stmt stmt;
    brn_arena arena;  /* of the statement */
    brn_arena of_row; /* of the row at hand */
    brn_buf sent;
    const char **names; /* of columns; NULL before the first row */
    enum enum_field_types *types;
    bool *binary;
    cell *cells;
    size_t count;
    bool reads_only;
    bool leased; /* two statements about the lease come first */
    bool ended;  /* the row function wants no more */
    int64_t changed;
    /* Rows from the connection. */
    bool open; /* answers are on their way */
    MYSQL_RES *res;
    brn_buf ahead; /* rows that were read before they were wanted */
    size_t ahead_at;
    brant_status st; /* how the answers ended then */
    brant_error *error;
};

typedef struct brn_mysql_rows rows;

/* --- what may run ----------------------------------------------------------------------------- */

static brant_status refuse(const char *id, const char *why, const char *hint, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_ESTATEMENT, id, "%s", why);

    brn_error_hint(err, "%s", hint);
    return st;
}

/* END is none here; who writes it means COMMIT. */
static bool is_control(const brn_stmt_class *what, brn_str sql)
{
    return brn_str_ieq(sql, BRN_STR("end")) || what->verb == BRN_VERB_BEGIN ||
           what->verb == BRN_VERB_COMMIT ||
           (what->verb == BRN_VERB_ROLLBACK && !what->to_savepoint);
}

static bool in_transaction(const brn_mysql *p)
{
    return (p->my->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

static brant_status check_role(
    const brn_mysql *p,
    const brn_stmt *stmt,
    const brn_stmt_class *what,
    const brn_stmt_info *info,
    brant_error **err)
{
    bool control = is_control(what, stmt->text);

    if (p->in_program && control) {
        return refuse(
            "statement.transaction_control",
            "the statement would end the transaction of the migration",
            "Leave BEGIN, COMMIT and ROLLBACK out, or write \"-- brant: transaction=off\".", err);
    }
    if (info->role == BRN_ROLE_REFUSED) {
        return refuse("transaction.refused", info->why, info->hint, err);
    }
    if (p->in_program && info->role == BRN_ROLE_ALONE) {
        return refuse(
            "transaction.alone", info->why, "Give the migration the property transaction=off.",
            err);
    }
    /* Nobody would end it: the functions that are called belong to another database. */
    if (p->call == NULL && control) {
        return refuse(
            "statement.transaction_control",
            "the statement would open a transaction that no migration of this database ends",
            "Each statement for another database takes effect by itself: leave it out.", err);
    }
    return BRANT_OK;
}

/* In a transaction that is gone, statements would take effect one by one. */
static brant_status check_connection(brn_mysql *p, brant_error **err)
{
    if (brn_mysql_is_lost(p)) {
        return brn_mysql_lost(p, err);
    }
    if (p->read_only) {
        return brn_error(
            err, BRANT_EUSAGE, "connect.read_only", "the connection was opened for reading only");
    }
    return p->in_program && !in_transaction(p) ? brn_mysql_transaction_lost(err) : BRANT_OK;
}

/* The one statement of the text. */
static brant_status read_statement(rows *x, brant_error **err)
{
    brn_script script = {
        .text = x->query->sql, .line = 1, .column = 1, .mode = brn_mysql_lex_mode(x->p)
    };
    brn_stmt_list list = { 0 };
    brant_status st = brn_split(&list, &x->arena, &brn_dialect_mysql, &script, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (list.count == 0) {
        return brn_error(err, BRANT_EUSAGE, "code.values", "there is no statement");
    }
    if (list.count > 1) {
        st = brn_error(
            err, BRANT_EUSAGE, "code.more_than_one",
            "more than one statement where one was expected");
        brn_error_offset(err, (size_t)list.items[1].offset);
        brn_error_hint(err, "Run them one by one.");
        return st;
    }
    x->stmt = list.items[0];
    return BRANT_OK;
}

static brant_status check(rows *x, brant_error **err)
{
    brn_stmt_class what = { 0 };
    brn_stmt_info info;
    brant_status st = check_connection(x->p, err);

    if (st == BRANT_OK) {
        st = read_statement(x, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    brn_classify(&what, &x->arena, &brn_dialect_mysql, &x->stmt);
    brn_mysql_inspect_class(&info, &x->p->conn, &what, &x->stmt);
    if (x->arena.oom) {
        return brn_error_oom(err);
    }
    x->reads_only = what.verb == BRN_VERB_SELECT && (what.flags & BRN_STMT_QUERY) != 0;
    st = check_role(x->p, &x->stmt, &what, &info, err);
    return st == BRANT_OK ? brn_mysql_note_session(x->p, &what, x->stmt.text, err) : st;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool is_param(const brn_token *token)
{
    return (token->kind == BRN_TOKEN_OTHER || token->kind == BRN_TOKEN_VARIABLE) &&
           brn_str_eq_c(token->text, "?");
}

/* Calls for each parameter, or only counts. */
static size_t walk_params(rows *x, bool write, brant_status *st, brant_error **err)
{
    brn_script script = { .text = x->stmt.text, .line = 1, .column = 1, .mode = x->stmt.mode };
    size_t done = 0;
    size_t count = 0;
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, &brn_dialect_mysql, &script);
    while (*st == BRANT_OK && brn_lexer_next(&lx, &token, NULL) == BRANT_OK &&
           token.kind != BRN_TOKEN_END) {
        if (!is_param(&token)) {
            continue;
        }
        if (write) {
            brn_buf_add_str(&x->sent, brn_str_slice(x->stmt.text, done, (size_t)token.offset));
            *st = brn_mysql_add_value(&x->sent, x->p, count, &x->query->values[count], err);
            done = (size_t)token.offset + token.text.len;
        }
        count++;
    }
    if (write) {
        brn_buf_add_str(&x->sent, brn_str_slice(x->stmt.text, done, x->stmt.text.len));
    }
    return count;
}

/* With a lease, what is not in a transaction that has looked whether it is ours does so itself. */
static void add_lease_check(rows *x)
{
    const brn_mysql *p = x->p;

    x->leased = p->lease.on && p->locked && !p->in_program;
    if (x->leased) {
        brn_mysql_lease_add_renewal(&x->sent, x->p, in_transaction(p));
        brn_buf_add_c(&x->sent, ";\n" BRN_MYSQL_LEASE_CHECK ";\n");
    }
}

static brant_status write_statement(rows *x, brant_error **err)
{
    brant_status st = BRANT_OK;
    size_t wanted = walk_params(x, false, &st, err);
    size_t count = x->query->count;

    if (count != wanted) {
        return brn_error(
            err, BRANT_EUSAGE, "code.values", "the statement has %zu %s, and %zu %s given", wanted,
            wanted == 1 ? "parameter" : "parameters", count,
            count == 1 ? "value is" : "values are");
    }
    add_lease_check(x);
    (void)walk_params(x, true, &st, err);
    return st == BRANT_OK && x->sent.failed ? brn_error_oom(err) : st;
}

/* --- errors ----------------------------------------------------------------------------------- */

static brant_status fail(rows *x, brant_error **err)
{
    brant_error *error = NULL;
    brant_status st = brn_mysql_error(x->p, x->stmt.text, "statement.failed", NULL, &error);
    size_t offset = brn_error_get_offset(error);

    if (offset != SIZE_MAX) {
        brn_error_offset(&error, offset + (size_t)(x->stmt.text.ptr - x->query->sql.ptr));
    }
    if (err != NULL) {
        *err = error;
    } else {
        brant_error_free(error);
    }
    return st;
}

/* --- rows from the connection ----------------------------------------------------------------- */

static void close_result(rows *x)
{
    mysql_free_result(x->res);
    x->res = NULL;
}

/* The answer at hand: with rows, or what it changed. */
static brant_status open_answer(rows *x, brant_error **err)
{
    if (mysql_field_count(x->p->my) == 0) {
        my_ulonglong changed = mysql_affected_rows(x->p->my);

        x->changed = changed != (my_ulonglong)-1 ? (int64_t)changed : 0;
        return BRANT_OK;
    }
    x->changed = 0;
    x->res = mysql_use_result(x->p->my);
    return x->res != NULL ? BRANT_OK : fail(x, err);
}

/* *row: the next one of any answer, NULL behind the last. */
static brant_status take(MYSQL_ROW *row, rows *x, brant_error **err)
{
    brant_status st = BRANT_OK;

    *row = NULL;
    while (x->open && st == BRANT_OK) {
        if (x->res != NULL) {
            if (!brn_mysql_fetch(row, x->p, x->res)) {
                st = fail(x, err);
                break;
            }
            if (*row != NULL) {
                return BRANT_OK;
            }
            close_result(x);
        }
        if (!brn_mysql_has_more(x->p)) {
            x->open = false;
        } else {
            st = brn_mysql_next(x->p) ? open_answer(x, err) : fail(x, err);
        }
    }
    if (st != BRANT_OK) {
        close_result(x);
        x->open = false;
    }
    return st;
}

/* All that is left, which nobody wants. What only reads is stopped when it is much. */
static void drain(rows *x)
{
    MYSQL_ROW row = NULL;
    size_t count = 0;

    do {
        if (take(&row, x, NULL) != BRANT_OK) {
            break;
        }
        count++;
        if (count == STOP_AFTER_ROWS && x->reads_only) {
            brn_mysql_stop(x->p);
        }
    } while (row != NULL);
    close_result(x);
    x->open = false;
}

static void keep(rows *x, MYSQL_ROW row, const unsigned long *lengths)
{
    for (size_t i = 0; i < x->count; i++) {
        cell c = { row[i], row[i] != NULL ? lengths[i] : 0 };

        brn_buf_add(&x->ahead, (const char *)&c, sizeof(c));
        brn_buf_add(&x->ahead, c.ptr != NULL ? c.ptr : "", c.len);
        brn_buf_add_char(&x->ahead, '\0');
    }
}

static void too_many(brant_error **err, const char *message)
{
    (void)brn_error(err, BRANT_ESTATEMENT, "code.rows", "%s", message);
    brn_error_hint(err, "Ask for the rows in portions.");
}

/* Frees the connection for another statement, while the row function of this one runs. */
static brant_status read_ahead(rows *x, brant_error **err)
{
    MYSQL_ROW row = NULL;

    x->st = take(&row, x, &x->error);
    while (x->st == BRANT_OK && row != NULL && !x->ahead.failed) {
        keep(x, row, mysql_fetch_lengths(x->res));
        x->st = take(&row, x, &x->error);
    }
    x->p->rows = NULL;
    if (!x->ahead.failed) {
        return BRANT_OK;
    }
    drain(x);
    brant_error_free(x->error);
    x->error = NULL;
    x->st = BRANT_ESTATEMENT;
    too_many(&x->error, "more rows are on their way than can be kept while another statement runs");
    too_many(err, "another statement has more rows on their way than can be kept");
    return BRANT_ESTATEMENT;
}

/* The next of those that were read ahead. */
static void recall(rows *x)
{
    for (size_t i = 0; i < x->count; i++) {
        memcpy(&x->cells[i], x->ahead.ptr + x->ahead_at, sizeof(cell));
        x->ahead_at += sizeof(cell);
        if (x->cells[i].ptr != NULL) {
            x->cells[i].ptr = x->ahead.ptr + x->ahead_at;
        }
        x->ahead_at += x->cells[i].len + 1;
    }
}

/* --- giving rows ------------------------------------------------------------------------------ */

static bool read_columns(rows *x)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(x->res);

    if (x->names != NULL && x->count == mysql_num_fields(x->res)) {
        return true; /* of several answers only the first one's names are looked at */
    }
    x->count = mysql_num_fields(x->res);
    x->names = brn_arena_array(&x->arena, x->count, sizeof(*x->names));
    x->types = brn_arena_array(&x->arena, x->count, sizeof(*x->types));
    x->binary = brn_arena_array(&x->arena, x->count, sizeof(*x->binary));
    x->cells = brn_arena_array(&x->arena, x->count, sizeof(*x->cells));
    for (size_t i = 0; i < x->count && !x->arena.oom; i++) {
        x->names[i] = brn_arena_strdup(&x->arena, fields[i].name);
        x->types[i] = fields[i].type;
        x->binary[i] = fields[i].charsetnr == BINARY;
    }
    return !x->arena.oom;
}

/* The host program's locale may want a comma. */
static double read_real(brn_arena *arena, const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    char *copy = *end == '.' ? brn_arena_strdup(arena, text) : NULL;

    if (copy != NULL) {
        copy[end - text] = ',';
        value = strtod(copy, NULL);
    }
    return value;
}

/* What is greater than 64 bits with a sign hold is text, with all its digits. */
static void read_digits(brant_value *out, const char *digits)
{
    errno = 0;
    *out = (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = strtoll(digits, NULL, 10) };
    if (errno == ERANGE) {
        *out = (brant_value){ .type = BRANT_VALUE_TEXT, .data = digits, .length = strlen(digits) };
    }
}

static void read_bits(brant_value *out, brn_arena *arena, const cell *c)
{
    const char *digits = NULL;
    uint64_t bits = 0;

    for (size_t i = 0; i < c->len && i < sizeof(bits); i++) {
        bits = bits << 8 | (unsigned char)c->ptr[i];
    }
    digits = brn_arena_printf(arena, "%" PRIu64, bits);
    if (digits != NULL) {
        read_digits(out, digits);
    }
}

static void read_value(brant_value *out, rows *x, size_t i)
{
    const cell *c = &x->cells[i];

    *out = (brant_value){ .type = BRANT_VALUE_NULL };
    if (c->ptr == NULL) {
        return;
    }
    switch (x->types[i]) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR:
        read_digits(out, c->ptr);
        break;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
        *out = (brant_value){ .type = BRANT_VALUE_REAL, .real = read_real(&x->of_row, c->ptr) };
        break;
    case MYSQL_TYPE_BIT:
        read_bits(out, &x->of_row, c);
        break;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_GEOMETRY:
        *out = (brant_value){ .type = x->binary[i] ? BRANT_VALUE_BLOB : BRANT_VALUE_TEXT,
                              .data = c->ptr,
                              .length = c->len };
        break;
    default:
        *out = (brant_value){ .type = BRANT_VALUE_TEXT, .data = c->ptr, .length = c->len };
        break;
    }
}

/* The statement's clock rests: what the row function does is not the statement's time. */
static bool call_row(rows *x, const brant_row *row)
{
    int64_t *deadline_ns = &x->p->conn.control->deadline_ns[BRN_LIMIT_STATEMENT];
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

/* What is in the cells. */
static brant_status give_row(rows *x, brant_error **err)
{
    brant_value *values;
    brant_row row;

    brn_arena_reset(&x->of_row);
    values = brn_arena_array(&x->of_row, x->count, sizeof(*values));
    for (size_t i = 0; i < x->count && values != NULL; i++) {
        read_value(&values[i], x, i);
    }
    if (x->of_row.oom) {
        return brn_error_oom(err);
    }
    row = (brant_row){ .count = x->count, .names = x->names, .values = values };
    x->ended = call_row(x, &row);
    return x->ended ? BRANT_OK : brn_control_check(x->p->conn.control, err);
}

static brant_status next_row(bool *have, rows *x, brant_error **err)
{
    MYSQL_ROW row = NULL;
    const unsigned long *lengths = NULL;
    brant_status st = BRANT_OK;

    *have = x->ahead_at < x->ahead.len;
    if (*have) {
        recall(x);
        return BRANT_OK;
    }
    if (x->st != BRANT_OK && err != NULL) {
        *err = x->error;
        x->error = NULL;
    }
    if (x->st != BRANT_OK) {
        return x->st;
    }
    st = take(&row, x, err);
    *have = row != NULL;
    if (*have && x->query->on_row != NULL) {
        if (!read_columns(x)) {
            return brn_error_oom(err);
        }
        lengths = mysql_fetch_lengths(x->res);
        for (size_t i = 0; i < x->count; i++) {
            x->cells[i] = (cell){ row[i], row[i] != NULL ? lengths[i] : 0 };
        }
    }
    return st;
}

static bool send_it(rows *x, brant_status *st, brant_error **err)
{
    brn_mysql *p = x->p;
    bool fine = brn_mysql_send(p, brn_buf_str(&x->sent));
    bool ours = !x->leased;

    if (x->leased && fine) {
        fine = brn_mysql_next(p) && brn_mysql_skip(p);
        ours = fine || mysql_errno(p->my) != BRN_MYSQL_NOT_OURS;
        fine = fine && brn_mysql_next(p);
    }
    if (!fine) {
        *st = ours ? fail(x, err) : brn_mysql_lock_lost(err);
    }
    return fine;
}

static brant_status run(rows *x, brant_error **err)
{
    brant_status st = brn_control_check(x->p->conn.control, err);
    bool have = true;

    if (st == BRANT_OK) {
        st = write_statement(x, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    brn_mysql_look(x->p);
    if (!send_it(x, &st, err)) {
        return st;
    }
    x->open = true;
    st = open_answer(x, err);
    x->p->rows = x;
    while (st == BRANT_OK && have && !x->ended) {
        st = next_row(&have, x, err);
        if (st == BRANT_OK && have && x->query->on_row != NULL) {
            st = give_row(x, err);
        }
    }
    /* SLEEP() of MySQL has a result also when it is stopped. */
    if (st == BRANT_OK && x->p->stopping && x->reads_only) {
        st = brn_control_check(x->p->conn.control, err);
    }
    drain(x);
    if (x->p->rows == x) {
        x->p->rows = NULL;
    }
    return st;
}

/* --- all of it -------------------------------------------------------------------------------- */

brant_status brn_mysql_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    rows x = { .p = p, .query = query, .st = BRANT_OK };
    brant_status st = BRANT_OK;

    brn_arena_init(&x.arena);
    brn_arena_init(&x.of_row);
    brn_buf_init(&x.ahead, AHEAD_MAX);
    brn_buf_init(&x.sent, 0);
    if (p->rows != NULL) {
        st = read_ahead(p->rows, err);
    }
    if (st == BRANT_OK) {
        st = check(&x, err);
    }
    if (st == BRANT_OK) {
        brn_control_arm(conn->control, BRN_LIMIT_STATEMENT);
        st = run(&x, err);
        brn_control_rest(conn->control, BRN_LIMIT_STATEMENT);
    }
    if (st != BRANT_OK) {
        brn_error_statement(err, query->sql);
    } else {
        *changed = x.changed;
    }
    brant_error_free(x.error);
    brn_buf_release(&x.sent);
    brn_buf_release(&x.ahead);
    brn_arena_release(&x.of_row);
    brn_arena_release(&x.arena);
    return st;
}
