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

/* Without its schema, as contexts have it; empty: it cannot be read. */
static brn_str table_of(brn_arena *arena, brn_str sql)
{
    brn_script script = { .text = sql, .line = 1, .column = 1 };
    brn_str schema = { 0 };
    brn_str name = { 0 };
    brn_reader rd;

    brn_reader_init(&rd, arena, &brn_dialect_postgres, &script);
    if (brn_reader_take(&rd, "copy")) {
        (void)brn_reader_take(&rd, "binary");
        brn_reader_full_name(&rd, &schema, &name);
    }
    return name;
}

/* Behind "COPY t" where a comma follows; t may have commas itself. */
static const char *behind_table(brn_str sql, const char *context)
{
    const char *at = strstr(context, "COPY ");
    const char *found = NULL;
    brn_arena arena;
    brn_str table;

    if (at == NULL) {
        return NULL;
    }
    brn_arena_init(&arena);
    table = table_of(&arena, sql);
    for (const char *next = at; next != NULL && found == NULL; next = strstr(next, "COPY ")) {
        next += strlen("COPY ");
        if (brn_str_starts(brn_str_from(next), table) && next[table.len] == ',') {
            found = &next[table.len];
        }
    }
    brn_arena_release(&arena);
    return found != NULL ? found : strchr(at, ',');
}

/* "COPY t, line 3, column b: ...", in the server's language. */
uint64_t brn_postgres_copy_line(brn_str sql, const char *context)
{
    const char *at = behind_table(sql, context);
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
    return line;
}

/* The row of the file, in place of the statement that the server means. */
static void place_error(const brn_op *op, const PGresult *result, brant_error **err)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    bool rows = context != NULL && op->stmt != NULL && op->stmt->data.ptr != NULL;
    uint64_t line = rows ? brn_postgres_copy_line(op->sql, context) : 0;

    if (line > 0 && op->stmt->data_line + line - 1 <= UINT32_MAX) {
        brn_error_at(err, NULL, (uint32_t)(op->stmt->data_line + line - 1), 1);
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
