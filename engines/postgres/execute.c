/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement with values, for functions of the host program.
 *
 * Values go as texts whose type the server infers from where they stand, so that an integer fits a
 * smallint, a numeric and a text column. Only a blob says that it is one, and goes as bytes.
 *
 * Rows go out one by one, and memory does not grow with the result. A row function may come back
 * here with another statement, though one connection can do only one thing at a time:
 *
 *   in a transaction   a query is the server's cursor, of which we have some rows at a time;
 * between two fetches the connection is free everything else    rows are taken from the connection
 * as they come (RETURNING has no cursor, and outside of a transaction one would hold the whole
 * result on the server's disk). Should the row function come back, those that are still on their
 * way are read ahead and kept, up to a limit that is an error
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engines/postgres/postgres.h"
#include "text/reader.h"

#define TYPE_BOOL 16
#define TYPE_BYTEA 17
#define TYPE_INT8 20
#define TYPE_INT2 21
#define TYPE_INT4 23
#define TYPE_FLOAT4 700
#define TYPE_FLOAT8 701

#define FETCH_FIRST 64
#define FETCH_MOST 10000
#define FETCH_BYTES ((size_t)1 << 20)
#define AHEAD_MAX ((size_t)64 << 20)
#define CANCEL_AFTER_ROWS 1000

/* One value of a row as the server sent it; ptr NULL: null. */
typedef struct cell {
    const char *ptr;
    size_t len;
} cell;

struct brn_postgres_rows {
    brn_postgres *p;
    const brn_query *query;
    brn_str sql;        /* of the query, without what stands around the statement */
    brn_arena arena;    /* of the statement */
    brn_arena of_row;   /* of the row at hand */
    const char **names; /* of columns; NULL before the first row */
    Oid *types;
    cell *cells;
    size_t count;
    size_t params; /* values that the statement wants */
    const char *sent;
    size_t before; /* bytes of it before the statement */
    bool in_txn;
    bool plain_query; /* reads only, and a cursor can be made of it */
    bool ended;       /* the row function wants no more */
    int64_t changed;
    /* Rows from the connection. */
    bool open;     /* results are on their way */
    PGresult *row; /* the one at hand */
    brn_buf ahead; /* rows that were read before they were wanted */
    size_t ahead_at;
    brant_status st; /* how the results ended then */
    brant_error *error;
};

typedef struct brn_postgres_rows rows;

/* --- what may run ----------------------------------------------------------------------------- */

static brant_status refuse(const char *id, const char *why, const char *hint, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_ESTATEMENT, id, "%s", why);

    brn_error_hint(err, "%s", hint);
    return st;
}

static bool is_control(const brn_stmt_class *what)
{
    return what->verb == BRN_VERB_BEGIN || what->verb == BRN_VERB_COMMIT ||
           what->verb == BRN_VERB_PREPARE_TRANSACTION ||
           (what->verb == BRN_VERB_ROLLBACK && !what->to_savepoint);
}

static brant_status check_role(
    const brn_postgres *p, const brn_stmt_class *what, const brn_stmt_info *info, brant_error **err)
{
    bool open = PQtransactionStatus(p->pg) != PQTRANS_IDLE;

    if (p->in_program && is_control(what)) {
        return refuse(
            "statement.transaction_control",
            "the statement would end the transaction of the migration",
            "Leave BEGIN, COMMIT and ROLLBACK out, or write \"-- brant: transaction=off\".", err);
    }
    if (info->role == BRN_ROLE_REFUSED) {
        return refuse("transaction.refused", info->why, info->hint, err);
    }
    if (open && info->role == BRN_ROLE_ALONE) {
        return refuse(
            "transaction.alone", info->why, "Give the migration the property transaction=off.",
            err);
    }
    /* Nobody would end it: the functions that are called belong to another database. */
    if (!open && p->call == NULL && is_control(what)) {
        return refuse(
            "statement.transaction_control",
            "the statement would open a transaction that no migration of this database ends",
            "Each statement for another database takes effect by itself: leave it out.", err);
    }
    return BRANT_OK;
}

/* The client's part of a COPY: there is nothing to read, and nowhere to write. */
static bool is_client_copy(brn_arena *arena, brn_str sql)
{
    brn_script script = { .text = sql, .line = 1, .column = 1 };
    brn_reader rd;

    brn_reader_init(&rd, arena, &brn_dialect_postgres, &script);
    if (!brn_reader_is(&rd, "copy")) {
        return false;
    }
    for (; !brn_reader_at_end(&rd); brn_reader_next(&rd)) {
        if (brn_reader_is(&rd, "stdin") || brn_reader_is(&rd, "stdout")) {
            return true;
        }
    }
    return false;
}

/* In a transaction that is gone, statements would take effect one by one. */
static brant_status check_connection(brn_postgres *p, brant_error **err)
{
    if (p->pg == NULL || PQstatus(p->pg) != CONNECTION_OK) {
        return brn_postgres_lost(p, err);
    }
    if (p->read_only) {
        return brn_error(
            err, BRANT_EUSAGE, "connect.read_only", "the connection was opened for reading only");
    }
    if (p->in_program && PQtransactionStatus(p->pg) != PQTRANS_INTRANS &&
        PQtransactionStatus(p->pg) != PQTRANS_ACTIVE) {
        return brn_postgres_transaction_lost(err);
    }
    return BRANT_OK;
}

/* DECLARE takes no EXPLAIN, SHOW or FETCH. */
static bool is_plain_query(brn_arena *arena, const brn_stmt *stmt, const brn_stmt_class *what)
{
    static const char *const words[] = { "select", "with", "values", "table" };
    brn_script script = { .text = stmt->text, .line = 1, .column = 1 };
    brn_reader rd;

    if (what->verb != BRN_VERB_SELECT || (what->flags & BRN_STMT_QUERY) == 0) {
        return false;
    }
    brn_reader_init(&rd, arena, &brn_dialect_postgres, &script);
    while (brn_reader_take_char(&rd, '(')) {
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_reader_is(&rd, words[i])) {
            return true;
        }
    }
    return false;
}

/* $1, $2 ...: the server wants as many values as the highest says. */
static size_t count_params(const brn_stmt *stmt)
{
    brn_script script = { .text = stmt->text, .line = 1, .column = 1 };
    brn_token token;
    size_t most = 0;
    brn_lexer lx;

    brn_lexer_init(&lx, &brn_dialect_postgres, &script);
    do {
        uint64_t number = 0;
        if (brn_lexer_next(&lx, &token, NULL) != BRANT_OK) {
            break;
        }
        if (token.kind == BRN_TOKEN_VARIABLE &&
            brn_str_to_u64(brn_str_slice(token.text, 1, token.text.len), &number) &&
            number > most && number <= UINT16_MAX) {
            most = (size_t)number;
        }
    } while (token.kind != BRN_TOKEN_END);
    return most;
}

/* The one statement of the text. */
static brant_status read_statement(brn_stmt *out, rows *x, brant_error **err)
{
    brn_script script = { .text = x->query->sql, .line = 1, .column = 1 };
    brn_stmt_list list = { 0 };
    brant_status st = brn_split(&list, &x->arena, &brn_dialect_postgres, &script, err);

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
    *out = list.items[0];
    x->sql = out->text;
    return BRANT_OK;
}

static brant_status check(rows *x, brant_error **err)
{
    brn_stmt stmt = { 0 };
    brn_stmt_class what = { 0 };
    brn_stmt_info info;
    brant_status st = check_connection(x->p, err);

    /* First, since its rows would be missing to make a statement of it. */
    if (st == BRANT_OK && is_client_copy(&x->arena, x->query->sql)) {
        st = refuse(
            "code.copy", "a function has no rows for COPY, and takes none",
            "Run INSERT with values, or write the migration as a file.", err);
    }
    if (st == BRANT_OK) {
        st = read_statement(&stmt, x, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    brn_classify(&what, &x->arena, &brn_dialect_postgres, &stmt);
    brn_postgres_inspect_class(&info, &x->p->conn, &what, &stmt);
    if (x->arena.oom) {
        return brn_error_oom(err);
    }
    x->params = count_params(&stmt);
    x->plain_query = is_plain_query(&x->arena, &stmt, &what);
    return check_role(x->p, &what, &info, err);
}

/* --- values ----------------------------------------------------------------------------------- */

typedef struct parameters {
    Oid *types;
    const char **texts;
    int *lengths;
    int *formats;
} parameters;

/* With a point, whatever the host program's locale has for it. */
static char *write_real(brn_arena *arena, double real)
{
    char *text = brn_arena_printf(arena, "%.17g", real);
    size_t len = 0;

    if (isnan(real)) {
        return brn_arena_strdup(arena, "NaN");
    }
    if (isinf(real)) {
        return brn_arena_strdup(arena, real < 0 ? "-Infinity" : "Infinity");
    }
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        bool known = strchr("0123456789+-e", *c) != NULL;
        if (known || len == 0 || text[len - 1] != '.') {
            text[len++] = known ? *c : '.';
        }
    }
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

static brant_status bad_value(size_t i, const char *what, brant_error **err)
{
    return brn_error(err, BRANT_EUSAGE, "code.values", "value %zu %s", i + 1, what);
}

static brant_status write_value(
    parameters *out, brn_arena *arena, size_t i, const brant_value *value, brant_error **err)
{
    const char *data = value->data != NULL ? value->data : "";

    if (value->type > BRANT_VALUE_BLOB) {
        return bad_value(i, "has a type that is not known", err);
    }
    if (value->type >= BRANT_VALUE_TEXT && value->data == NULL && value->length > 0) {
        return bad_value(i, "has a length and no data", err);
    }
    if (value->type >= BRANT_VALUE_TEXT && value->length > INT_MAX) {
        return bad_value(i, "is too long", err);
    }
    switch ((brant_value_type)value->type) {
    case BRANT_VALUE_NULL:
        return BRANT_OK;
    case BRANT_VALUE_INTEGER:
        out->texts[i] = brn_arena_printf(arena, "%lld", (long long)value->integer);
        break;
    case BRANT_VALUE_REAL:
        out->texts[i] = write_real(arena, value->real);
        break;
    case BRANT_VALUE_TEXT:
        if (memchr(data, '\0', value->length) != NULL) {
            return bad_value(i, "has a NUL in it, which a text of PostgreSQL cannot have", err);
        }
        out->texts[i] = brn_arena_strndup(arena, data, value->length);
        break;
    case BRANT_VALUE_BLOB:
        out->types[i] = TYPE_BYTEA;
        out->formats[i] = 1;
        out->lengths[i] = (int)value->length;
        out->texts[i] = data;
        break;
    }
    return out->texts[i] != NULL ? BRANT_OK : brn_error_oom(err);
}

static brant_status write_values(parameters *out, rows *x, brant_error **err)
{
    size_t count = x->query->count;
    brant_status st = BRANT_OK;

    if (count != x->params) {
        return brn_error(
            err, BRANT_EUSAGE, "code.values", "the statement has %zu %s, and %zu %s given",
            x->params, x->params == 1 ? "parameter" : "parameters", count,
            count == 1 ? "value is" : "values are");
    }
    out->types = brn_arena_array(&x->arena, count, sizeof(*out->types));
    out->texts = brn_arena_array(&x->arena, count, sizeof(*out->texts));
    out->lengths = brn_arena_array(&x->arena, count, sizeof(*out->lengths));
    out->formats = brn_arena_array(&x->arena, count, sizeof(*out->formats));
    if (x->arena.oom) {
        return brn_error_oom(err);
    }
    for (size_t i = 0; i < count && st == BRANT_OK; i++) {
        st = write_value(out, &x->arena, i, &x->query->values[i], err);
    }
    return st;
}

/* `head` stands before the statement. */
static brant_status send(rows *x, const char *head, brant_error **err)
{
    brn_postgres *p = x->p;
    parameters with = { 0 };
    brant_status st = brn_control_check(p->conn.control, err);

    x->sent = brn_arena_printf(&x->arena, "%s%.*s", head, BRN_STR_ARG(x->sql));
    x->before = strlen(head);
    if (st == BRANT_OK) {
        st = x->sent != NULL ? write_values(&with, x, err) : brn_error_oom(err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    p->conn.requests++;
    if (PQsendQueryParams(
            p->pg, x->sent, (int)x->query->count, with.types, with.texts, with.lengths,
            with.formats, 0) == 0) {
        return brn_postgres_lost(p, err);
    }
    x->open = true;
    return BRANT_OK;
}

/* --- errors ----------------------------------------------------------------------------------- */

/* The place is one in what was sent: it becomes one in what was given. */
static brant_status fail(const rows *x, const PGresult *result, brant_error **err)
{
    const char *advice = brn_postgres_advice(PQresultErrorField(result, PG_DIAG_SQLSTATE), x->sql);
    brant_error *error = NULL;
    brant_status st =
        brn_postgres_error(x->p, result, brn_str_from(x->sent), "statement.failed", NULL, &error);
    size_t offset = brn_error_get_offset(error);

    if (offset != SIZE_MAX) {
        size_t skipped = (size_t)(x->sql.ptr - x->query->sql.ptr);

        brn_error_offset(&error, offset >= x->before ? offset - x->before + skipped : SIZE_MAX);
    }
    if (advice != NULL) {
        brn_error_hint(&error, "%s", advice);
    }
    if (err != NULL) {
        *err = error;
    } else {
        brant_error_free(error);
    }
    return st;
}

/* --- rows from the connection ------------------------------------------------------------------
 */

/* All that is left, which nobody wants. What only reads, and by itself, is cancelled when it is
 * much; anything else would be undone by that. */
static void drain(rows *x)
{
    size_t count = 0;

    while (x->open) {
        PGresult *result = NULL;
        brant_status st = brn_postgres_result(&result, x->p, NULL);

        x->open = st == BRANT_OK && result != NULL;
        PQclear(result);
        count++;
        if (count == CANCEL_AFTER_ROWS && x->plain_query && !x->in_txn) {
            brn_postgres_cancel(x->p);
        }
    }
}

/* *out: the next row, NULL behind the last. */
static brant_status take(PGresult **out, rows *x, brant_error **err)
{
    *out = NULL;
    while (x->open) {
        PGresult *result = NULL;
        brant_status st = brn_postgres_result(&result, x->p, err);

        if (st != BRANT_OK || result == NULL) {
            x->open = false;
            return st;
        }
        switch (PQresultStatus(result)) {
        case PGRES_SINGLE_TUPLE:
            *out = result;
            return BRANT_OK;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
        case PGRES_EMPTY_QUERY:
            x->changed = brn_postgres_changed(result);
            PQclear(result);
            break;
        default:
            st = fail(x, result, err);
            PQclear(result);
            drain(x);
            return st;
        }
    }
    return BRANT_OK;
}

static void keep(rows *x, const PGresult *row)
{
    for (size_t i = 0; i < x->count; i++) {
        cell c = { NULL, 0 };

        if (PQgetisnull(row, 0, (int)i) == 0) {
            c = (cell){ PQgetvalue(row, 0, (int)i), (size_t)PQgetlength(row, 0, (int)i) };
        }
        brn_buf_add(&x->ahead, (const char *)&c, sizeof(c));
        brn_buf_add(&x->ahead, c.ptr != NULL ? c.ptr : "", c.len);
        brn_buf_add_char(&x->ahead, '\0');
    }
}

/* Frees the connection for another statement, while the row function of this one runs. */
static brant_status read_ahead(rows *x, brant_error **err)
{
    PGresult *row = NULL;
    brant_status st;

    x->st = take(&row, x, &x->error);
    while (x->st == BRANT_OK && row != NULL && !x->ahead.failed) {
        keep(x, row);
        PQclear(row);
        x->st = take(&row, x, &x->error);
    }
    PQclear(row);
    x->p->rows = NULL;
    if (!x->ahead.failed) {
        return BRANT_OK;
    }
    drain(x);
    brant_error_free(x->error);
    x->error = NULL;
    x->st = brn_error(
        &x->error, BRANT_ESTATEMENT, "code.rows",
        "more rows are on their way than can be kept while another statement runs");
    st = brn_error(
        err, BRANT_ESTATEMENT, "code.rows",
        "another statement has more rows on their way than can be kept");
    for (int i = 0; i < 2; i++) {
        brn_error_hint(
            i == 0 ? err : &x->error,
            "Run the query in a transaction, or ask for its rows in portions.");
    }
    return st;
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

static bool read_columns(rows *x, const PGresult *result)
{
    if (x->names != NULL) {
        return true;
    }
    x->count = (size_t)PQnfields(result);
    x->names = brn_arena_array(&x->arena, x->count, sizeof(*x->names));
    x->types = brn_arena_array(&x->arena, x->count, sizeof(*x->types));
    x->cells = brn_arena_array(&x->arena, x->count, sizeof(*x->cells));
    for (size_t i = 0; i < x->count && !x->arena.oom; i++) {
        x->names[i] = brn_arena_strdup(&x->arena, PQfname(result, (int)i));
        x->types[i] = PQftype(result, (int)i);
    }
    return !x->arena.oom;
}

static void read_cells(rows *x, const PGresult *result, int row)
{
    for (size_t i = 0; i < x->count; i++) {
        bool null = PQgetisnull(result, row, (int)i) != 0;

        x->cells[i] = null ? (cell){ NULL, 0 }
                           : (cell){ PQgetvalue(result, row, (int)i),
                                     (size_t)PQgetlength(result, row, (int)i) };
    }
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

static void read_blob(brant_value *out, brn_arena *arena, const char *text)
{
    size_t len = 0;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &len);

    *out = (brant_value){ .type = BRANT_VALUE_BLOB, .length = len };
    if (bytes != NULL) {
        out->data = brn_arena_strndup(arena, (const char *)bytes, len);
    } else {
        arena->oom = true;
    }
    PQfreemem(bytes);
}

static void read_value(brant_value *out, rows *x, size_t i)
{
    const char *text = x->cells[i].ptr;

    *out = (brant_value){ .type = BRANT_VALUE_NULL };
    if (text == NULL) {
        return;
    }
    switch (x->types[i]) {
    case TYPE_BOOL:
        *out = (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = text[0] == 't' };
        break;
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        *out = (brant_value){ .type = BRANT_VALUE_INTEGER, .integer = strtoll(text, NULL, 10) };
        break;
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
        *out = (brant_value){ .type = BRANT_VALUE_REAL, .real = read_real(&x->of_row, text) };
        break;
    case TYPE_BYTEA:
        read_blob(out, &x->of_row, text);
        break;
    default:
        *out = (brant_value){ .type = BRANT_VALUE_TEXT, .data = text, .length = x->cells[i].len };
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

/* --- by a cursor ------------------------------------------------------------------------------ */

static brant_status command(brn_postgres *p, const char *sql, brant_error **err)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_query(&result, p, sql, 0, NULL, err);

    PQclear(result);
    return st;
}

/* So many that they are about FETCH_BYTES. */
static int next_portion(const PGresult *result)
{
    size_t rows_bytes = PQresultMemorySize(result);
    size_t count = (size_t)PQntuples(result);
    size_t wanted = count > 0 ? FETCH_BYTES / (rows_bytes / count + 1) : FETCH_FIRST;

    return wanted < 1 ? 1 : wanted > FETCH_MOST ? FETCH_MOST : (int)wanted;
}

static brant_status fetch_all(rows *x, const char *name, brant_error **err)
{
    brant_status st = BRANT_OK;
    int wanted = FETCH_FIRST;
    bool more = true;

    while (more && st == BRANT_OK && !x->ended) {
        const char *sql = brn_arena_printf(&x->of_row, "FETCH FORWARD %d FROM %s", wanted, name);
        PGresult *result = NULL;

        st =
            sql != NULL ? brn_postgres_query(&result, x->p, sql, 0, NULL, err) : brn_error_oom(err);
        if (st == BRANT_OK && !read_columns(x, result)) {
            st = brn_error_oom(err);
        }
        for (int i = 0; st == BRANT_OK && !x->ended && i < PQntuples(result); i++) {
            read_cells(x, result, i);
            st = give_row(x, err);
        }
        more = st == BRANT_OK && PQntuples(result) == wanted;
        wanted = st == BRANT_OK ? next_portion(result) : wanted;
        PQclear(result);
    }
    return st;
}

/* One that comes while this one is open has a place of its own in memory, and so another name. */
static brant_status run_cursor(rows *x, brant_error **err)
{
    const char *name = brn_arena_printf(&x->arena, "brant_rows_%jx", (uintmax_t)(uintptr_t)x);
    const char *head =
        brn_arena_printf(&x->arena, "DECLARE %s NO SCROLL CURSOR FOR ", name != NULL ? name : "");
    PGresult *none = NULL;
    brant_status st = x->arena.oom ? brn_error_oom(err) : send(x, head, err);

    if (st == BRANT_OK) {
        st = take(&none, x, err);
    }
    if (st == BRANT_OK) {
        st = fetch_all(x, name, err);
    }
    /* An open cursor keeps its tables from being altered. In a transaction that has failed it is
     * gone. */
    if (name != NULL && PQtransactionStatus(x->p->pg) == PQTRANS_INTRANS) {
        const char *sql = brn_arena_printf(&x->arena, "CLOSE %s", name);
        brant_status closed = sql != NULL ? command(x->p, sql, st == BRANT_OK ? err : NULL)
                                          : brn_error_oom(st == BRANT_OK ? err : NULL);
        st = st == BRANT_OK ? closed : st;
    }
    x->changed = 0;
    return st;
}

/* --- as they come ----------------------------------------------------------------------------- */

static brant_status next_row(bool *have, rows *x, brant_error **err)
{
    brant_status st = BRANT_OK;

    PQclear(x->row);
    x->row = NULL;
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
    st = take(&x->row, x, err);
    *have = x->row != NULL;
    if (*have && x->query->on_row != NULL) {
        if (!read_columns(x, x->row)) {
            return brn_error_oom(err);
        }
        read_cells(x, x->row, 0);
    }
    return st;
}

static brant_status run_stream(rows *x, brant_error **err)
{
    brant_status st = send(x, "", err);
    bool have = true;

    if (st != BRANT_OK) {
        return st;
    }
    (void)PQsetSingleRowMode(x->p->pg);
    x->p->rows = x;
    while (st == BRANT_OK && have && !x->ended) {
        st = next_row(&have, x, err);
        if (st == BRANT_OK && have && x->query->on_row != NULL) {
            st = give_row(x, err);
        }
    }
    drain(x);
    x->p->rows = NULL;
    return st;
}

/* --- all of it -------------------------------------------------------------------------------- */

static brant_status run(rows *x, brant_error **err)
{
    brn_control *control = x->p->conn.control;
    brant_status st;

    x->in_txn = PQtransactionStatus(x->p->pg) != PQTRANS_IDLE;
    brn_control_arm(control, BRN_LIMIT_STATEMENT);
    st = x->in_txn && x->plain_query && x->query->on_row != NULL ? run_cursor(x, err)
                                                                 : run_stream(x, err);
    brn_control_rest(control, BRN_LIMIT_STATEMENT);
    return st;
}

brant_status brn_postgres_execute(
    int64_t *changed, brn_conn *conn, const brn_query *query, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    rows x = { .p = p, .query = query, .st = BRANT_OK };
    brant_status st = BRANT_OK;

    brn_arena_init(&x.arena);
    brn_arena_init(&x.of_row);
    brn_buf_init(&x.ahead, AHEAD_MAX);
    if (p->rows != NULL) {
        st = read_ahead(p->rows, err);
    }
    if (st == BRANT_OK) {
        st = check(&x, err);
    }
    if (st == BRANT_OK) {
        st = run(&x, err);
    }
    if (st != BRANT_OK) {
        brn_error_statement(err, query->sql);
    } else {
        *changed = x.changed;
    }
    PQclear(x.row);
    brant_error_free(x.error);
    brn_buf_release(&x.ahead);
    brn_arena_release(&x.of_row);
    brn_arena_release(&x.arena);
    return st;
}
