/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COPY, which libpq does not do in a pipeline: rows that stand in the file go to the server, rows
 * that the server sends are thrown away.
 */
#include <limits.h>
#include <string.h>

#include "engines/postgres/pipeline.h"
#include "engines/postgres/postgres_int.h"
#include "text/reader.h"
#include "text/script.h"

#define CHUNK_BYTES 65536

bool brn_postgres_is_copy(const brn_op *op)
{
    bool data = op->stmt != NULL && op->stmt->data.ptr != NULL;

    return op->call == NULL && (data || brn_str_ieq(brn_str_slice(op->sql, 0, 4), BRN_STR("copy")));
}

/* --- where it failed -------------------------------------------------------------------------- */

typedef struct copy_words {
    brn_str table; /* without its schema, as contexts have it; empty: it cannot be read */
    BRN_VEC(brn_str) columns; /* those that are listed */
    bool plain;               /* rows are lines, columns end with a tab */
} copy_words;

/* Behind STDIN: does nothing there change how columns are told apart? */
static bool leaves_tabs(brn_reader *rd)
{
    static const char *const words[] = { "format", "csv", "binary", "delimiter", "delimiters" };
    bool plain = true;

    for (; !brn_reader_at_end(rd) && plain; brn_reader_next(rd)) {
        for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
            plain = plain && !brn_reader_is(rd, words[i]);
        }
    }
    return plain;
}

/* COPY [BINARY] table [(column, ...)] FROM STDIN ... */
static copy_words read_words(brn_arena *arena, brn_str sql)
{
    brn_script script = { .text = sql, .line = 1, .column = 1 };
    copy_words words = { 0 };
    brn_str schema = { 0 };
    brn_reader rd;

    brn_reader_init(&rd, arena, &brn_dialect_postgres, &script);
    if (!brn_reader_take(&rd, "copy")) {
        return words;
    }
    words.plain = !brn_reader_take(&rd, "binary");
    brn_reader_full_name(&rd, &schema, &words.table);
    if (brn_reader_take_char(&rd, '(')) {
        do {
            brn_str *slot = BRN_VEC_PUSH(arena, &words.columns);
            if (slot != NULL) {
                *slot = brn_reader_name(&rd);
            }
        } while (brn_reader_take_char(&rd, ','));
        words.plain = brn_reader_take_char(&rd, ')') && words.plain;
    }
    words.plain = words.plain && brn_reader_take_two(&rd, "from", "stdin") && leaves_tabs(&rd);
    return words;
}

/* Behind "COPY t" where a comma follows; t may have commas itself. */
static const char *behind_table(brn_str table, const char *context)
{
    const char *at = strstr(context, "COPY ");
    const char *found = NULL;

    for (const char *next = at; next != NULL && found == NULL; next = strstr(next, "COPY ")) {
        next += strlen("COPY ");
        if (brn_str_starts(brn_str_from(next), table) && next[table.len] == ',') {
            found = &next[table.len];
        }
    }
    return found != NULL || at == NULL ? found : strchr(at, ',');
}

/* "COPY t, line 3, column b: ...", in the server's language: 0 when there is no number. *rest is
 * what follows it. */
static uint64_t take_line(const copy_words *words, const char *context, const char **rest)
{
    const char *at = behind_table(words->table, context);
    uint64_t line = 0;

    if (at == NULL) {
        return 0;
    }
    while (*at != '\0' && *at != '\n' && (*at < '0' || *at > '9')) {
        at++;
    }
    while (*at >= '0' && *at <= '9' && line < UINT32_MAX) {
        line = line * 10 + (uint64_t)(*at++ - '0');
    }
    *rest = at;
    return line;
}

/* Where the context has the name, between a space and a colon, or SIZE_MAX. The value, which may
 * look like one, stands behind it. */
static size_t find_name(brn_str context, brn_str name)
{
    for (size_t at = 1; name.len > 0 && at + name.len < context.len; at++) {
        brn_str behind = brn_str_slice(context, at + name.len, context.len);
        if (context.ptr[at - 1] == ' ' &&
            brn_str_starts(brn_str_slice(context, at, context.len), name) &&
            (brn_str_starts(behind, BRN_STR(":")) || brn_str_starts(behind, BRN_STR(" :")))) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* Index of the listed column that the context names; SIZE_MAX: none, or nothing is listed. */
static size_t named_column(const copy_words *words, brn_str context)
{
    size_t found = SIZE_MAX;
    size_t first = SIZE_MAX;

    for (size_t i = 0; i < words->columns.count; i++) {
        size_t at = find_name(context, words->columns.items[i]);
        if (at < first) {
            first = at;
            found = i;
        }
    }
    return found;
}

/* Row number `line` (from 1), without its line break; empty at the end. */
static brn_str row_at(brn_str data, uint64_t line)
{
    size_t from = 0;
    size_t end;

    for (uint64_t at = 1; from < data.len; at++) {
        end = from;
        while (end < data.len && data.ptr[end] != '\n' && data.ptr[end] != '\r') {
            end++;
        }
        if (at == line) {
            return brn_str_slice(data, from, end);
        }
        from = end + 1;
        from += from < data.len && data.ptr[end] == '\r' && data.ptr[from] == '\n';
    }
    return brn_str_slice(data, data.len, data.len);
}

/* Offset of column `index` (from 0) in its row; 0 when the row has no such column. */
static size_t offset_of(brn_str row, size_t index)
{
    size_t at = 0;

    for (; at < row.len && index > 0; at++) {
        if (row.ptr[at] == '\\') {
            at++; /* what follows is part of the value */
        } else if (row.ptr[at] == '\t') {
            index--;
        }
    }
    return index == 0 ? at : 0;
}

/* Without the character at each end, which is a quote in any language. */
static brn_str without_quotes(brn_str s)
{
    size_t from = 1;
    size_t to = s.len > 0 ? s.len - 1 : 0;

    while (from < s.len && ((unsigned char)s.ptr[from] & 0xc0) == 0x80) {
        from++;
    }
    while (to > from && ((unsigned char)s.ptr[to] & 0xc0) == 0x80) {
        to--;
    }
    return brn_str_slice(s, from, to);
}

/*
 * Index of the one column that has the value which the context shows; SIZE_MAX: there are several,
 * or none. Values with escapes are shown without them, long ones are cut: those are not found.
 */
static size_t shown_column(brn_str row, brn_str context)
{
    size_t colon = brn_str_find(context, BRN_STR(": "));
    size_t found = SIZE_MAX;
    brn_str value;
    brn_str field;

    if (colon == SIZE_MAX || brn_str_find_char(row, '\\') != SIZE_MAX) {
        return SIZE_MAX;
    }
    value = without_quotes(brn_str_slice(context, colon + 2, context.len));
    for (size_t i = 0; brn_str_split(&row, '\t', &field); i++) {
        if (brn_str_eq(field, value)) {
            if (found != SIZE_MAX) {
                return SIZE_MAX;
            }
            found = i;
        }
    }
    return found;
}

uint64_t brn_postgres_copy_place(uint32_t *column, brn_str sql, brn_str data, const char *context)
{
    const char *rest = "";
    brn_arena arena;
    copy_words words;
    uint64_t line;

    brn_arena_init(&arena);
    words = read_words(&arena, sql);
    line = take_line(&words, context, &rest);
    *column = 1;
    if (line > 0 && words.plain && !arena.oom) {
        size_t end = brn_str_find_char(brn_str_from(rest), '\n');
        brn_str shown = brn_str_slice(brn_str_from(rest), 0, end);
        brn_str row = row_at(data, line);
        size_t index =
            words.columns.count > 0 ? named_column(&words, shown) : shown_column(row, shown);
        uint32_t ignored = 1;
        brn_position_advance(
            row, 0, index != SIZE_MAX ? offset_of(row, index) : 0, &ignored, column);
    }
    brn_arena_release(&arena);
    return line;
}

/* The row of the file, in place of the statement that the server means. */
static void place_error(const brn_op *op, const PGresult *result, brant_error **err)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    bool rows = context != NULL && op->stmt != NULL && op->stmt->data.ptr != NULL;
    uint32_t column = 1;
    uint64_t line = rows ? brn_postgres_copy_place(&column, op->sql, op->stmt->data, context) : 0;

    if (line > 0 && op->stmt->data_line + line - 1 <= UINT32_MAX) {
        brn_error_at(err, NULL, (uint32_t)(op->stmt->data_line + line - 1), column);
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Nothing is left to be sent: libpq's memory is bounded by one chunk. */
static brant_status flush(brn_postgres *p, brant_error **err)
{
    brant_status st = brn_control_check(p->conn.control, err);

    while (st == BRANT_OK && PQflush(p->pg) > 0) {
        st = brn_postgres_wait_some(p, err);
        if (st == BRANT_OK) {
            st = brn_control_check(p->conn.control, err);
        }
    }
    return st;
}

static brant_status send_rows(brn_postgres *p, brn_str rows, brant_error **err)
{
    brant_status st = BRANT_OK;

    for (size_t at = 0; at < rows.len && st == BRANT_OK; at += CHUNK_BYTES) {
        brn_str chunk = brn_str_slice(rows, at, at + CHUNK_BYTES);

        if (PQputCopyData(p->pg, chunk.ptr, (int)chunk.len) != 1) {
            return brn_postgres_lost(p, err);
        }
        st = flush(p, err);
    }
    if (PQputCopyEnd(p->pg, st == BRANT_OK ? NULL : "stopped") != 1 && st == BRANT_OK) {
        st = brn_postgres_lost(p, err);
    }
    return st;
}

static brant_status drop_rows(brn_postgres *p, brant_error **err)
{
    char *row = NULL;
    int got = 0;

    do {
        brant_status st = brn_control_check(p->conn.control, err);

        if (st == BRANT_OK && got == 0) {
            st = brn_postgres_wait_some(p, err);
        }
        if (st != BRANT_OK) {
            return st;
        }
        got = PQgetCopyData(p->pg, &row, 1);
        if (got > 0) {
            PQfreemem(row);
        }
    } while (got >= 0);
    return got == -1 ? BRANT_OK : brn_postgres_lost(p, err);
}

static brant_status take_result(
    brn_postgres *p, const brn_op *op, const PGresult *result, int64_t *rows, brant_error **err)
{
    brn_str none = { 0 };
    brant_status st = BRANT_OK;

    switch (PQresultStatus(result)) {
    case PGRES_COPY_IN:
        return send_rows(
            p, op->stmt != NULL && op->stmt->data.ptr != NULL ? op->stmt->data : none, err);
    case PGRES_COPY_OUT:
        return drop_rows(p, err);
    case PGRES_FATAL_ERROR:
        st = brn_postgres_error(p, result, op->sql, "statement.failed", NULL, err);
        brn_error_statement(err, op->sql);
        place_error(op, result, err);
        return st;
    default:
        *rows = brn_postgres_changed(result);
        return BRANT_OK;
    }
}

brant_status brn_postgres_copy(brn_postgres *p, const brn_op *op, int64_t *rows, brant_error **err)
{
    brn_buf sql;
    PGresult *result = NULL;
    brant_status st = BRANT_OK;

    brn_buf_init(&sql, 0);
    brn_buf_add_str(&sql, op->sql);
    if (sql.failed) {
        st = brn_error_oom(err);
    } else if (PQsendQueryParams(p->pg, brn_buf_text(&sql), 0, NULL, NULL, NULL, NULL, 0) == 0) {
        st = brn_postgres_lost(p, err);
    }
    brn_buf_release(&sql);
    if (st != BRANT_OK) {
        return st;
    }
    p->conn.requests += 2; /* the statement, and the rows */
    for (;;) {
        brant_error **first = st == BRANT_OK ? err : NULL;
        brant_status got = brn_postgres_result(&result, p, first);

        if (got != BRANT_OK || result == NULL) {
            return st == BRANT_OK ? got : st;
        }
        got = take_result(p, op, result, rows, first);
        st = st == BRANT_OK ? got : st;
        PQclear(result);
    }
}
