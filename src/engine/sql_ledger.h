/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of SQL engines: one place that knows the tables and columns, and a dialect record for
 * what differs. Values are always bound, names always quoted here.
 */
#ifndef BRN_ENGINE_SQL_LEDGER_H
#define BRN_ENGINE_SQL_LEDGER_H

#include "base/buf.h"
#include "core/error.h"
#include "engine/ledger_ops.h"

/* Expressions for operations with `stamp` that are sent long before they run: when the transaction
 * began and what time it is, as texts in RFC 3339, and the milliseconds in between. */
typedef struct brn_sql_stamps {
    const char *began;
    const char *began_time; /* the same as a timestamp without a zone, in UTC */
    const char *ended;
    const char *took_ms;
} brn_sql_stamps;

typedef struct brn_sql_dialect {
    char quote;                /* of names; doubled inside */
    bool numbered_params;      /* $1 instead of ? */
    const char *type_text;     /* "TEXT" */
    const char *type_key;      /* text that can be a primary key: "TEXT", "VARCHAR(255)" */
    const char *type_int;      /* 64 bit */
    const char *type_serial;   /* "INTEGER PRIMARY KEY" */
    const char *table_options; /* behind the closing parenthesis: "" */
    const char *key_options;   /* and of a table with a key of text: "WITHOUT ROWID"; NULL: none */
    const char *upsert;        /* "INSERT OR REPLACE INTO", "REPLACE INTO"; NULL: ON CONFLICT */
    const brn_sql_stamps *stamps; /* NULL: none */
    /* INSERT without names of columns, for tables that are known to have those of
     * brn_sql_ledger_column(), in that order and no others. A serial is given as null. */
    bool positional;
} brn_sql_dialect;

typedef struct brn_sql_param {
    const char *text; /* NULL: number, or null when is_null */
    int64_t number;
    bool is_null;
} brn_sql_param;

#define BRN_SQL_PARAMS 32

#define BRN_SQL_BY_SERVER INT64_MIN

/* One rendered statement. sql is valid until the next rendering into the same buffer. */
typedef struct brn_sql_stmt {
    const char *sql;
    brn_sql_param params[BRN_SQL_PARAMS];
    size_t count;
    char times[2][32]; /* storage for rendered times that params point to */
} brn_sql_stmt;

/*
 * Renders statement `i` of an operation (ENSURE has several, the others one). False when there is
 * no such statement. `schema` may be NULL. now_us and began_us serve operations with `stamp`;
 * with BRN_SQL_BY_SERVER for now_us the server takes the times itself. But for that the text is the
 * same for all operations of a type: without `buf` (not for ENSURE) only parameters are filled in,
 * for a statement that is prepared already.
 */
bool brn_sql_ledger_render(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *op,
    size_t i,
    int64_t now_us,
    int64_t began_us);

/*
 * Several operations, none of them an ENSURE, in one statement of a dialect that writes in WITH:
 * "WITH op_1 AS (...), op_2 AS (...) ...". The last one is the statement proper, to which a
 * RETURNING may be added. They must be of different rows: none sees what the others did. out[i] has
 * the parameters of ops[i], which go on where those of ops[i - 1] ended; the text is in `buf`, and
 * the same for all operations of these types and stamps. Otherwise as above.
 */
void brn_sql_ledger_render_with(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *const *ops,
    size_t count,
    int64_t now_us,
    int64_t began_us);

/* SELECT of all rows, for brn_ledger_rows_sort(): a database may sort less well, and SQLite puts
 * many rows into a file to do it. And of the newest `limit` history rows, newest first. */
void brn_sql_ledger_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_ledger_detail detail);
void brn_sql_history_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, size_t limit);
/* Tables from 0, and the columns that ENSURE makes in them; NULL: there is none of that number. */
const char *brn_sql_ledger_table_name(size_t t);
const char *brn_sql_ledger_column(size_t t, size_t i);
/* Tables in which other tools record what they have applied, as SQL for IN: 'a', 'b'. */
void brn_sql_foreign_list(brn_buf *out);
/* Whose such a table is. */
const char *brn_sql_foreign_tool(const char *table);
/* Name of a table, quoted and qualified; and that of the table of migrations. */
void brn_sql_table_name(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, const char *name);
void brn_sql_ledger_table(brn_buf *out, const brn_sql_dialect *dialect, const char *schema);
/* SELECT of status and run_id of one row: one parameter, the id. */
void brn_sql_guard_select(brn_buf *out, const brn_sql_dialect *dialect, const char *schema);

/* Decodes a result row of those SELECTs: text of column i, NULL for null; copied to the arena. */
typedef const char *brn_sql_column_fn(void *result, int i);
brant_status brn_sql_ledger_decode(
    brn_ledger_row *out,
    brn_arena *arena,
    brn_ledger_detail detail, /* as in the SELECT */
    brn_sql_column_fn *column,
    void *result,
    brant_error **err);
brant_status brn_sql_history_decode(
    brn_history_row *out,
    brn_arena *arena,
    brn_sql_column_fn *column,
    void *result,
    brant_error **err);

#endif
