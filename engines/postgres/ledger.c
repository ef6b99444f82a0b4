/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the ledger costs one round trip, on a connection that knows nothing yet too: where the
 * table is comes before its rows, in the same message. Nothing of the session is needed for it, so
 * that looks work behind every pooler.
 */
#include "engines/postgres/postgres.h"

#include <string.h>

#include "base/buf.h"
#include "engine/sql_mirror.h"

#define MIGRATIONS "brant_migrations"
#define HISTORY "brant_history"

#define AS_TEXT(time)                                                                              \
    "pg_catalog.to_char(pg_catalog." time "() AT TIME ZONE 'UTC',"                                 \
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

static const brn_sql_stamps stamps = {
    .began = AS_TEXT("transaction_timestamp"),
    .began_time = "(pg_catalog.transaction_timestamp() AT TIME ZONE 'UTC')",
    .ended = AS_TEXT("clock_timestamp"),
    .took_ms = "(EXTRACT(epoch FROM pg_catalog.clock_timestamp() -"
               " pg_catalog.transaction_timestamp()) * 1000)::bigint",
};

const brn_sql_dialect brn_postgres_ledger_dialect = {
    .quote = '"',
    .numbered_params = true,
    .type_text = "text",
    .type_key = "text",
    .type_int = "bigint",
    .type_serial = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    .table_options = "",
    .stamps = &stamps,
};

/* --- schema ----------------------------------------------------------------------------------- */

/*
 * Where the ledger is when nothing says so: in the first schema of the search_path, which may be
 * another one at the next login: a schema was made that is named like the user, or further up. So
 * one that is further down goes first, if it is the user's own, and nobody has chosen that
 * search_path for this connection, as who has a schema for each of his customers does.
 */
#define IS_OWN "pg_catalog.pg_get_userbyid(c.relowner) = current_user"
#define FURTHER_DOWN                                                                               \
    "COALESCE((SELECT o.nspname FROM pg_catalog.pg_class c"                                        \
    " JOIN pg_catalog.pg_namespace o ON o.oid = c.relnamespace"                                    \
    " WHERE c.oid = pg_catalog.to_regclass('" MIGRATIONS "')::oid AND " IS_OWN                     \
    "), pg_catalog.current_schema())"

static brant_status no_schema(const brn_postgres *p, brant_error **err)
{
    brant_status st;

    if (p->schema != NULL) {
        st = brn_error(
            err, BRANT_EUSAGE, "ledger.no_schema",
            "no schema \"%s\" for the ledger in database \"%s\"", p->schema, p->dbname);
        brn_error_hint(
            err, "Create it, or name another with the setting ledger-schema. Without the setting "
                 "it is the first schema of the search_path that exists.");
    } else {
        st = brn_error(
            err, BRANT_EUSAGE, "ledger.no_schema", "no schema for the ledger in database \"%s\"",
            p->dbname);
        brn_error_hint(
            err, "No schema of the search_path exists: create one, or name another with the "
                 "setting ledger-schema.");
    }
    return st;
}

/* The name comes back when the schema exists. */
static brant_status keep_schema(brn_postgres *p, const char *name, brant_error **err)
{
    if (name == NULL) {
        return no_schema(p, err);
    }
    if (p->schema == NULL) {
        p->schema = brn_arena_strdup(&p->arena, name);
    }
    p->schema_known = p->schema != NULL;
    return p->schema_known ? BRANT_OK : brn_error_oom(err);
}

brant_status brn_postgres_ledger_schema(brn_postgres *p, brant_error **err)
{
    static const char here[] = "SELECT n.nspname FROM pg_catalog.pg_namespace n"
                               " WHERE n.nspname = COALESCE($1::name, pg_catalog.current_schema())";
    static const char down[] = "SELECT n.nspname FROM pg_catalog.pg_namespace n"
                               " WHERE n.nspname = COALESCE($1::name, " FURTHER_DOWN ")";
    const char *const values[] = { p->schema };
    PGresult *result = NULL;
    brant_status st;

    if (p->schema_known) {
        return BRANT_OK;
    }
    st = brn_postgres_query(
        &result, p, p->path_given ? here : down, BRN_ARRAY_LEN(values), values, err);
    if (st == BRANT_OK) {
        st = keep_schema(p, PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : NULL, err);
    }
    PQclear(result);
    return st;
}

/* --- results ---------------------------------------------------------------------------------- */

/* What a reading hears, result by result. */
typedef struct reading {
    brn_postgres *p;
    const char *table;
    brn_arena *arena;
    brn_ledger_detail detail;
    brn_ledger_rows *rows; /* one of the two */
    brn_history_rows *history;
    const PGresult *result; /* and the row of it, for column_text() */
    int row;
    bool is_here; /* it is in the schema that it belongs into */
    bool is_down; /* or further down the search_path, where it may belong */
    bool in_rows; /* what follows are rows */
} reading;

static const char *column_text(void *user, int i)
{
    const reading *r = user;

    return PQgetisnull(r->result, r->row, i) != 0 ? NULL : PQgetvalue(r->result, r->row, i);
}

/* What is done would look as if it were pending. */
static brant_status hidden_rows(const reading *r, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_ECONNECT, "connect.no_rights",
        "row-level security may hide rows of table \"%s\" from user \"%s\"", r->table,
        PQuser(r->p->pg));

    brn_error_hint(
        err, "Connect as the owner of the table, or turn it off there: ALTER TABLE ... DISABLE ROW "
             "LEVEL SECURITY.");
    return st;
}

/* What add_place() asks. A search_path of which nothing exists matters only when a ledger has to be
 * made. */
static brant_status take_place(reading *r, brant_error **err)
{
    const char *schema = column_text(r, 0);

    r->is_here = strcmp(PQgetvalue(r->result, r->row, 1), "t") == 0;
    if (strcmp(PQgetvalue(r->result, r->row, 2), "t") == 0) {
        return hidden_rows(r, err);
    }
    r->is_down = strcmp(PQgetvalue(r->result, r->row, 3), "t") == 0 && r->p->schema == NULL &&
                 !r->p->path_given;
    if (r->is_down) {
        return BRANT_OK;
    }
    return schema != NULL || r->p->schema != NULL ? keep_schema(r->p, schema, err) : BRANT_OK;
}

static brant_status take_row(reading *r, brant_error **err)
{
    brn_ledger_row *row = NULL;
    brn_history_row *entry = NULL;

    if (!r->is_here) {
        return BRANT_OK; /* of a table further down the search_path */
    }
    if (r->rows != NULL) {
        row = BRN_VEC_PUSH_MOVING(r->arena, r->rows);
        return row != NULL ? brn_sql_ledger_decode(row, r->arena, r->detail, column_text, r, err)
                           : brn_error_oom(err);
    }
    entry = BRN_VEC_PUSH(r->arena, r->history);
    return entry != NULL ? brn_sql_history_decode(entry, r->arena, column_text, r, err)
                         : brn_error_oom(err);
}

static bool is_one_of(const char *sqlstate, const char *const *list)
{
    for (; sqlstate != NULL && *list != NULL; list++) {
        if (strcmp(sqlstate, *list) == 0) {
            return true;
        }
    }
    return false;
}

static brant_status take_error(reading *r, const PGresult *result, brant_error **err)
{
    /* No such table, or schema; no such column, not a number, not a table. */
    static const char *const missing[] = { "42P01", "3F000", NULL };
    static const char *const unreadable[] = { "42703", "42883", "42804", "42809", NULL };
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    brant_status st;

    if (is_one_of(sqlstate, missing)) {
        r->is_here = false;
        return BRANT_OK;
    }
    st = brn_postgres_error(
        r->p, result, (brn_str){ NULL, 0 }, "ledger.read_failed", "could not read the ledger", err);
    if (is_one_of(sqlstate, unreadable)) {
        st = brn_error(
            err, BRANT_EDRIFT, "ledger.unreadable", "table \"%s\" is not one that brant can read",
            r->table);
        brn_error_hint(
            err,
            "It was made by something else, or changed. Rename it, or restore it from a backup.");
    }
    return st;
}

static brant_status take_result(reading *r, const PGresult *result, brant_error **err)
{
    ExecStatusType status = PQresultStatus(result);
    brant_status st = BRANT_OK;

    if (status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE) {
        return take_error(r, result, err);
    }
    r->result = result;
    for (r->row = 0; st == BRANT_OK && r->row < PQntuples(result); r->row++) {
        st = r->in_rows ? take_row(r, err) : take_place(r, err);
    }
    r->in_rows = r->in_rows || status == PGRES_TUPLES_OK;
    return st;
}

/* All results are taken, also behind an error: the connection goes on. */
static brant_status take_all(reading *r, brant_error **err)
{
    brant_status st = BRANT_OK;

    for (;;) {
        PGresult *result = NULL;
        brant_status got = brn_postgres_result(&result, r->p, st == BRANT_OK ? err : NULL);

        if (got != BRANT_OK || result == NULL) {
            return st == BRANT_OK ? got : st;
        }
        if (st == BRANT_OK) {
            st = take_result(r, result, err);
        }
        PQclear(result);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The schema, if it exists; whether the table is in it; whether policies keep rows of it from us;
 * whether there is only one further down. */
static void add_place(brn_buf *sql, const reading *r)
{
    const char *schema = r->p->schema;
    char *literal = schema != NULL ? PQescapeLiteral(r->p->pg, schema, strlen(schema)) : NULL;

    brn_buf_printf(
        sql,
        "SELECT n.nspname, t.it IS NOT NULL, pg_catalog.row_security_active(t.it),"
        " t.it IS NULL AND pg_catalog.to_regclass('%s') IS NOT NULL"
        " FROM (SELECT s.name,"
        " pg_catalog.to_regclass(pg_catalog.quote_ident(s.name) || '.%s')::oid AS it"
        " FROM (SELECT %s::text AS name) s) t"
        " LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = t.name; ",
        r->table, r->table, literal != NULL ? literal : "pg_catalog.current_schema()");
    sql->failed = sql->failed || (schema != NULL && literal == NULL);
    PQfreemem(literal);
}

/* What was done last there. Who may not read it does without. */
static void read_moved(brn_ledger_state *out, const reading *r, const char *schema)
{
    PGresult *result = NULL;
    brn_buf sql;

    brn_buf_init(&sql, 0);
    brn_buf_add_c(&sql, "SELECT m.id, m.checksum FROM ");
    brn_sql_ledger_table(&sql, &brn_postgres_ledger_dialect, schema);
    brn_buf_add_c(&sql, " m WHERE m.status = 'completed' ORDER BY m.seq DESC LIMIT 1");
    if (!sql.failed &&
        brn_postgres_query_quietly(&result, r->p, brn_buf_text(&sql), 0, NULL, NULL) == BRANT_OK &&
        PQntuples(result) == 1) {
        out->moved.schema = brn_arena_strdup(r->arena, schema);
        out->moved.id = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 0));
        out->moved.checksum = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    brn_buf_release(&sql);
}

#define LEDGERS                                                                                    \
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace o ON o.oid = c.relnamespace"         \
    " WHERE c.relname = $1::name AND c.relkind IN ('r', 'p') AND o.nspname !~ '^pg_temp'"          \
    " AND o.nspname IS DISTINCT FROM COALESCE($2::name, pg_catalog.current_schema())"

/* Where there is no ledger: in which other schemas there is one, what another tool has left, and
 * which of those others may be the one that this connection had. */
static void add_others(brn_buf *sql, bool path_given)
{
    brn_buf_add_c(
        sql, "SELECT (SELECT pg_catalog.string_agg(o.nspname, ', ' ORDER BY o.nspname)" LEDGERS "),"
             " (SELECT pg_catalog.min(c.relname::text) FROM pg_catalog.pg_class c"
             " JOIN pg_catalog.pg_namespace o ON o.oid = c.relnamespace"
             " WHERE o.nspname = ANY (pg_catalog.current_schemas(false))"
             " AND c.relkind IN ('r', 'p') AND c.relname IN (");
    brn_sql_foreign_list(sql);
    brn_buf_add_c(
        sql, ")), (SELECT pg_catalog.min(o.nspname::text)" LEDGERS
             " AND (o.nspname = ANY (pg_catalog.current_schemas(false))");
    brn_buf_add_c(sql, path_given ? "))" : " OR " IS_OWN "))");
}

static brant_status find_others(brn_ledger_state *out, const reading *r, brant_error **err)
{
    const char *const values[] = { r->table, r->p->schema };
    PGresult *result = NULL;
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    add_others(&sql, r->p->path_given);
    st = sql.failed ? brn_error_oom(err)
                    : brn_postgres_query(
                          &result, r->p, brn_buf_text(&sql), BRN_ARRAY_LEN(values), values, err);
    brn_buf_release(&sql);
    if (st == BRANT_OK && PQgetisnull(result, 0, 0) == 0) {
        out->elsewhere = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 0));
    }
    if (st == BRANT_OK && PQgetisnull(result, 0, 1) == 0) {
        out->foreign = brn_arena_strdup(r->arena, PQgetvalue(result, 0, 1));
    }
    if (st == BRANT_OK && PQgetisnull(result, 0, 2) == 0 && !r->p->schema_given) {
        read_moved(out, r, PQgetvalue(result, 0, 2));
    }
    PQclear(result);
    return st == BRANT_OK && r->arena->oom ? brn_error_oom(err) : st;
}

static void add_select(brn_buf *sql, const reading *r, size_t limit)
{
    if (!r->in_rows) {
        add_place(sql, r);
    }
    if (r->rows != NULL) {
        brn_sql_ledger_select(sql, &brn_postgres_ledger_dialect, r->p->schema, r->detail);
    } else {
        brn_sql_history_select(sql, &brn_postgres_ledger_dialect, r->p->schema, limit);
    }
}

static brant_status read_once(reading *r, size_t limit, brant_error **err)
{
    brn_buf sql;
    brant_status st = brn_control_check(r->p->conn.control, err);

    if (st != BRANT_OK) {
        return st;
    }
    r->in_rows = r->p->ledger_known;
    r->is_here = r->in_rows;
    brn_buf_init(&sql, 0);
    add_select(&sql, r, limit);
    if (sql.failed) {
        st = brn_error_oom(err);
    } else if (PQsendQuery(r->p->pg, brn_buf_text(&sql)) == 0) {
        st = brn_postgres_lost(r->p, err);
    } else {
        r->p->conn.requests++;
        if (r->rows == NULL || r->detail == BRN_LEDGER_FULL) {
            /* Memory stays flat: no result holds all rows beside our own copies. Brief ones are
             * small, and a result for each would cost more than all the rest of reading them. */
            (void)PQsetSingleRowMode(r->p->pg);
        }
        st = take_all(r, err);
    }
    brn_buf_release(&sql);
    r->p->ledger_known = st == BRANT_OK && r->is_here;
    return st == BRANT_OK && r->arena->oom ? brn_error_oom(err) : st;
}

static brant_status read_table(reading *r, size_t limit, brant_error **err)
{
    brant_status st = read_once(r, limit, err);

    if (st == BRANT_OK && r->is_down) {
        r->is_down = false;
        st = brn_postgres_ledger_schema(r->p, err);
        st = st == BRANT_OK ? read_once(r, limit, err) : st;
    }
    return st;
}

brant_status brn_postgres_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_ledger_state state = { 0 };
    reading r = {
        .p = p, .table = MIGRATIONS, .arena = arena, .detail = detail, .rows = &state.rows
    };
    brant_status st = read_table(&r, 0, err);

    if (st == BRANT_OK && !r.is_here && !p->locked) {
        st = find_others(&state, &r, err); /* under the lock it is too late to say so */
    }
    if (st != BRANT_OK) {
        return st;
    }
    state.exists = r.is_here;
    if (detail == BRN_LEDGER_FULL) {
        brn_ledger_rows_sort(&state.rows);
    }
    *out = state;
    return BRANT_OK;
}

static void turn_round(brn_history_rows *rows)
{
    for (size_t i = 0; i < rows->count / 2; i++) {
        brn_history_row row = rows->items[i];

        rows->items[i] = rows->items[rows->count - 1 - i];
        rows->items[rows->count - 1 - i] = row;
    }
}

brant_status brn_postgres_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_history_rows rows = { 0 };
    reading r = { .p = p, .table = HISTORY, .arena = arena, .history = &rows };
    brant_status st = read_table(&r, limit, err);

    if (st == BRANT_OK) {
        turn_round(&rows);
        *out = rows;
    }
    return st;
}

/* Asked apart: a failed SELECT would spoil a transaction that is open. */
static brant_status find_mirror(bool *exists, brn_postgres *p, brn_mirror mirror, brant_error **err)
{
    static const char sql[] = "SELECT 1 FROM pg_catalog.pg_class c"
                              " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE c.relname = $1 AND n.nspname = $2::name";
    const char *const values[] = { brn_sql_mirror_table(mirror), p->schema };
    PGresult *result = NULL;
    brant_status st = brn_postgres_query(&result, p, sql, BRN_ARRAY_LEN(values), values, err);

    *exists = st == BRANT_OK && PQntuples(result) > 0;
    PQclear(result);
    return st;
}

static brant_status read_mirror_rows(
    brn_mirror_rows *out, brn_arena *arena, brn_postgres *p, brn_mirror mirror, brant_error **err)
{
    reading r = { .p = p };
    PGresult *result = NULL;
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    brn_sql_mirror_select(&sql, &brn_postgres_ledger_dialect, p->schema, mirror);
    st = sql.failed ? brn_error_oom(err)
                    : brn_postgres_query(&result, p, brn_buf_text(&sql), 0, NULL, err);
    brn_buf_release(&sql);
    r.result = result;
    for (; st == BRANT_OK && r.row < PQntuples(result); r.row++) {
        brn_mirror_row *row = BRN_VEC_PUSH(arena, out);

        st = row != NULL ? brn_sql_mirror_decode(row, mirror, column_text, &r, err)
                         : brn_error_oom(err);
    }
    PQclear(result);
    return st;
}

brant_status brn_postgres_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_mirror_state state = { 0 };
    brant_status st = brn_postgres_ledger_schema(p, err);

    if (st == BRANT_OK) {
        st = find_mirror(&state.exists, p, mirror, err);
    }
    if (st == BRANT_OK && state.exists) {
        st = read_mirror_rows(&state.rows, arena, p, mirror, err);
    }
    if (st == BRANT_OK) {
        *out = state;
    }
    return st;
}
