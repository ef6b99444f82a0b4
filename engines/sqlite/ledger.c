/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/sqlite/sqlite.h"

#include <string.h>

#include "base/clock.h"
#include "engine/sql_mirror.h"

/*
 * Each page that a transaction touches is written four times. So the key of the ledger is the table
 * and not a second tree beside it, and no AUTOINCREMENT, which keeps its counter in another table:
 * rows of the history are never deleted, so the highest number there is does as well.
 */
/* clang-format off */
#define DIALECT \
    .quote = '"', \
    .type_text = "TEXT", \
    .type_key = "TEXT", \
    .type_int = "INTEGER", \
    .type_serial = "INTEGER PRIMARY KEY", \
    .table_options = "", \
    .key_options = " WITHOUT ROWID", \
    .upsert = "INSERT OR REPLACE INTO"
/* clang-format on */

static const brn_sql_dialect dialect = { DIALECT };

/* Looking up 25 names of columns is most of what preparing an INSERT takes. */
static const brn_sql_dialect positional = { DIALECT, .positional = true };

/* Slot of the guard's statement; those of operations are their types. */
#define GUARD_SLOT 0

void brn_sqlite_cache_release(brn_sqlite *s)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(s->cache); i++) {
        s->f->finalize(s->cache[i]);
        s->cache[i] = NULL;
    }
}

/* The text of a slot never changes: it is needed once. SQLite prepares it anew by itself after each
 * change of the schema. */
static int cached(sqlite3_stmt **out, brn_sqlite *s, size_t slot, const char *sql)
{
    int rc = SQLITE_OK;

    if (s->cache[slot] == NULL) {
        rc = s->f->prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->cache[slot], NULL);
    }
    *out = s->cache[slot];
    return rc;
}

/* A parameter that could not be bound would be written as null. */
static int bind_all(const brn_sqlite *s, sqlite3_stmt *stmt, const brn_sql_stmt *sql)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < sql->count && rc == SQLITE_OK; i++) {
        const brn_sql_param *param = &sql->params[i];
        int at = (int)i + 1;

        if (param->is_null) {
            rc = s->f->bind_null(stmt, at);
        } else if (param->text != NULL) {
            rc = brn_sqlite_bind_str(s, stmt, at, brn_str_from(param->text));
        } else {
            rc = s->f->bind_int64(stmt, at, param->number);
        }
    }
    return rc;
}

static brant_status read_failed(brn_sqlite *s, int rc, brant_error **err)
{
    return brn_sqlite_error(s, rc, "ledger.read_failed", "could not read the ledger", err);
}

static brant_status write_failed(brn_sqlite *s, int rc, brant_error **err)
{
    return brn_sqlite_error(s, rc, "ledger.write_failed", "could not write the ledger", err);
}

/* A row that is gone cannot say later what was done: better to stop now. */
static bool must_hit_a_row(const brn_ledger_op *op)
{
    return op->type == BRN_LEDGER_INTENT || op->type == BRN_LEDGER_OUTCOME ||
           op->type == BRN_LEDGER_FAIL;
}

static brant_status write_one(
    brn_sqlite *s, const brn_ledger_op *op, const brn_sql_stmt *sql, brant_error **err)
{
    sqlite3_stmt *stmt = NULL;
    brant_status st = BRANT_OK;
    int rc = cached(&stmt, s, (size_t)op->type, sql->sql);

    if (rc != SQLITE_OK) {
        return write_failed(s, rc, err);
    }
    rc = bind_all(s, stmt, sql);
    if (rc == SQLITE_OK) {
        rc = s->f->step(stmt);
    }
    if (rc != SQLITE_DONE) {
        st = write_failed(s, rc, err);
    } else if (must_hit_a_row(op) && s->f->changes64(s->db) == 0) {
        st = brn_error(
            err, BRANT_EDRIFT, "ledger.row_missing", "the ledger row of \"%s\" is gone",
            op->row->id);
        brn_error_hint(err, "Somebody deleted it while brant was running. Run \"brant status\".");
    }
    (void)s->f->reset(stmt);
    (void)s->f->clear_bindings(stmt);
    return st;
}

static brant_status ensure(brn_sqlite *s, const brn_ledger_op *op, brn_buf *buf, brant_error **err)
{
    bool alone = s->f->get_autocommit(s->db) != 0;
    brn_sql_stmt sql;
    brant_status st;
    int rc = alone ? brn_sqlite_ready_rollback(s) : SQLITE_OK;

    if (alone && rc == SQLITE_OK) {
        rc = brn_sqlite_exec(s, "BEGIN IMMEDIATE");
    }
    for (size_t i = 0; rc == SQLITE_OK; i++) {
        if (!brn_sql_ledger_render(&sql, buf, &dialect, s->schema, op, i, 0, 0)) {
            break;
        }
        rc = buf->failed ? SQLITE_NOMEM : brn_sqlite_exec(s, sql.sql);
    }
    if (alone && rc == SQLITE_OK) {
        rc = brn_sqlite_exec(s, "COMMIT");
    }
    if (rc == SQLITE_OK) {
        return BRANT_OK;
    }
    st = write_failed(s, rc, err);
    if (alone && s->f->get_autocommit(s->db) == 0) {
        (void)brn_sqlite_rollback(s);
    }
    return st;
}

/*
 * Which INSERT the cache has to have for this operation. A run announces its first migration
 * outside of a transaction; one that goes on like that would prepare both forms for each of them.
 */
static brant_status choose_form(brn_sqlite *s, const brn_ledger_op *op, brant_error **err)
{
    static const brn_ledger_op_type inserts[] = { BRN_LEDGER_PUT, BRN_LEDGER_HISTORY };
    bool ours = false;
    int rc;

    if (op->type != BRN_LEDGER_PUT && op->type != BRN_LEDGER_HISTORY) {
        return BRANT_OK;
    }
    if (op->type == BRN_LEDGER_PUT && s->f->get_autocommit(s->db) != 0) {
        s->lone_puts++;
    }
    rc = s->lone_puts < 2 ? brn_sqlite_known_columns(&ours, s) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        return read_failed(s, rc, err);
    }
    if (ours != s->positional) {
        for (size_t i = 0; i < BRN_ARRAY_LEN(inserts); i++) {
            s->f->finalize(s->cache[inserts[i]]);
            s->cache[inserts[i]] = NULL;
        }
        s->positional = ours;
    }
    return BRANT_OK;
}

brant_status brn_sqlite_ledger_step(
    brn_conn *conn, const brn_ledger_op *op, int64_t began_us, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_sql_stmt sql;
    brn_buf buf;
    brant_status st = choose_form(s, op, err);
    bool prepared = s->cache[op->type] != NULL;

    if (st != BRANT_OK) {
        return st;
    }
    brn_buf_init(&buf, 0);
    /* Outside of a transaction this is the record of what was just done: it must be made. */
    conn->requests++;
    s->finishing = s->f->get_autocommit(s->db) != 0 && op->type != BRN_LEDGER_INTENT &&
                   op->type != BRN_LEDGER_ENSURE;
    if (op->type == BRN_LEDGER_ENSURE) {
        st = ensure(s, op, &buf, err);
    } else if (brn_sql_ledger_render(
                   &sql, prepared ? NULL : &buf, s->positional ? &positional : &dialect, s->schema,
                   op, 0, brn_clock_wall_us(), began_us)) {
        st = buf.failed ? brn_error_oom(err) : write_one(s, op, &sql, err);
    }
    if (st == BRANT_OK) {
        brn_sqlite_known_ledger(s, op);
    }
    s->finishing = false;
    brn_buf_release(&buf);
    return st;
}

/* --- guard ------------------------------------------------------------------------------------ */

static brant_status lock_lost(const char *what, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_ELOCKED, "lock.lost", "%s", what);

    brn_error_hint(
        err, "Another run may have taken over. Run \"brant status\", and then again what you ran.");
    return st;
}

static bool column_is(const brn_sqlite *s, sqlite3_stmt *stmt, int i, const char *text)
{
    const char *value = (const char *)s->f->column_text(stmt, i);

    return value != NULL && text != NULL && strcmp(value, text) == 0;
}

static brant_status guard_row(brn_sqlite *s, const char *id, const char *run_id, brant_error **err)
{
    sqlite3_stmt *stmt = NULL;
    brn_buf sql;
    brant_status st = BRANT_OK;
    int rc;

    brn_buf_init(&sql, 0);
    if (s->cache[GUARD_SLOT] == NULL) {
        brn_sql_guard_select(&sql, &dialect, s->schema);
    }
    rc = sql.failed ? SQLITE_NOMEM : cached(&stmt, s, GUARD_SLOT, brn_buf_text(&sql));
    brn_buf_release(&sql);
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(s, stmt, 1, brn_str_from(id));
    }
    if (rc == SQLITE_OK) {
        rc = s->f->step(stmt);
    }
    if (rc == SQLITE_DONE) {
        st = lock_lost("the ledger row of the migration is gone", err);
    } else if (rc != SQLITE_ROW) {
        st = brn_sqlite_error(s, rc, "ledger.read_failed", "could not read the ledger", err);
    } else if (
        !column_is(s, stmt, 0, brn_row_status_name(BRN_ROW_RUNNING)) ||
        !column_is(s, stmt, 1, run_id)) {
        st = lock_lost("the ledger row of the migration was written by another run", err);
    }
    if (stmt != NULL) {
        (void)s->f->reset(stmt);
        (void)s->f->clear_bindings(stmt);
    }
    return st;
}

brant_status brn_sqlite_guard_step(
    brn_conn *conn, const char *id, const char *run_id, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;

    if (!brn_sqlite_lock_is_ours(s)) {
        return lock_lost("the migration lock is not held any more", err);
    }
    if (id == NULL || brn_sqlite_known_row(s, id, run_id)) {
        return BRANT_OK;
    }
    conn->requests++;
    return guard_row(s, id, run_id, err);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Null, or no memory to convert a value: only `oom` tells the two apart. */
typedef struct reading {
    const brn_sqlite *s;
    sqlite3_stmt *stmt;
    bool oom;
} reading;

static const char *column_text(void *result, int i)
{
    reading *r = result;
    const brant_sqlite_functions *f = r->s->f;
    const char *text = (const char *)f->column_text(r->stmt, i);

    /* The type is undefined once a conversion was tried; a failed one leaves this code
     * (https://www.sqlite.org/c3ref/column_blob.html). */
    r->oom = r->oom || (text == NULL && (f->extended_errcode(r->s->db) & 0xff) == SQLITE_NOMEM);
    return text;
}

/* SQLITE_ROW: the table is there; SQLITE_DONE: it is not; anything else: nobody knows. */
static int look_for_table(brn_sqlite *s, const char *table)
{
    sqlite3_stmt *stmt = NULL;
    brn_buf sql;
    int rc;

    brn_buf_init(&sql, 0);
    brn_buf_printf(
        &sql, "SELECT 1 FROM \"%s\".sqlite_schema WHERE name = ?1 COLLATE NOCASE", s->schema);
    rc = sql.failed ? SQLITE_NOMEM : brn_sqlite_prepare(&stmt, s, brn_buf_text(&sql));
    brn_buf_release(&sql);
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(s, stmt, 1, brn_str_from(table));
    }
    if (rc == SQLITE_OK) {
        rc = s->f->step(stmt);
    }
    s->f->finalize(stmt);
    return rc;
}

/*
 * Prepares a SELECT on a table of ours. After a failure: is the table missing, or is it there and
 * not ours? Looking only then keeps the normal path at one query. A table that is there is tried
 * once more: SQLite calls a table missing as well when the disk failed while it read the schema.
 */
static brant_status prepare_select(
    sqlite3_stmt **out,
    bool *missing,
    brn_sqlite *s,
    const brn_buf *sql,
    const char *table,
    brant_error **err)
{
    int rc = sql->failed ? SQLITE_NOMEM : brn_sqlite_prepare(out, s, brn_buf_text(sql));
    int found;
    brant_status st;

    if (rc == SQLITE_OK) {
        return BRANT_OK;
    }
    if ((rc & 0xff) != SQLITE_ERROR) {
        return read_failed(s, rc, err);
    }
    found = look_for_table(s, table);
    if (found == SQLITE_DONE) {
        *missing = true;
        return BRANT_OK;
    }
    if (found != SQLITE_ROW) {
        return read_failed(s, found, err);
    }
    rc = brn_sqlite_prepare(out, s, brn_buf_text(sql));
    if (rc == SQLITE_OK) {
        return BRANT_OK;
    }
    st = read_failed(s, rc, err);
    if ((rc & 0xff) != SQLITE_ERROR) {
        return st;
    }
    st = brn_error(
        err, BRANT_EDRIFT, "ledger.unreadable", "table \"%s\" is not one that brant can read",
        table);
    brn_error_hint(
        err, "It was made by something else, or changed. Rename it, or restore it from a backup.");
    return st;
}

/* Of a database without a ledger. */
static brant_status find_foreign(
    const char **out, brn_sqlite *s, brn_arena *arena, brant_error **err)
{
    sqlite3_stmt *stmt = NULL;
    brant_status st = BRANT_OK;
    brn_buf sql;
    int rc;

    brn_buf_init(&sql, 0);
    brn_buf_add_c(&sql, "SELECT min(name) FROM sqlite_master WHERE type = 'table' AND name IN (");
    brn_sql_foreign_list(&sql);
    brn_buf_add_c(&sql, ")");
    if (sql.failed) {
        st = brn_error_oom(err);
        goto out;
    }
    rc = brn_sqlite_prepare(&stmt, s, brn_buf_text(&sql));
    rc = rc == SQLITE_OK ? s->f->step(stmt) : rc;
    if (rc == SQLITE_ROW) {
        reading r = { s, stmt, false };
        const char *name = column_text(&r, 0);
        *out = name != NULL ? brn_arena_strdup(arena, name) : NULL;
    } else if (rc != SQLITE_DONE) {
        st = read_failed(s, rc, err);
    }
out:
    s->f->finalize(stmt);
    brn_buf_release(&sql);
    return st;
}

brant_status brn_sqlite_ledger_read(
    brn_ledger_state *out,
    brn_arena *arena,
    brn_conn *conn,
    brn_ledger_detail detail,
    brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_ledger_state state = { .exists = true };
    sqlite3_stmt *stmt = NULL;
    bool missing = false;
    brn_buf sql;
    brant_status st;
    int rc = SQLITE_DONE;

    conn->requests++;
    brn_buf_init(&sql, 0);
    brn_sql_ledger_select(&sql, &dialect, s->schema, detail);
    s->working++;
    st = prepare_select(&stmt, &missing, s, &sql, "brant_migrations", err);
    if (st != BRANT_OK || missing) {
        state.exists = !missing;
        st = st == BRANT_OK ? find_foreign(&state.foreign, s, arena, err) : st;
        goto out;
    }
    while (st == BRANT_OK && (rc = s->f->step(stmt)) == SQLITE_ROW) {
        brn_ledger_row *row = BRN_VEC_PUSH_MOVING(arena, &state.rows);
        reading r = { s, stmt, row == NULL };

        st = row != NULL ? brn_sql_ledger_decode(row, arena, detail, column_text, &r, err)
                         : BRANT_OK;
        st = r.oom ? brn_error_oom(err) : st;
    }
    if (st == BRANT_OK && rc != SQLITE_DONE) {
        st = brn_sqlite_error(s, rc, "ledger.read_failed", "could not read the ledger", err);
    }
    if (st == BRANT_OK && detail == BRN_LEDGER_FULL) {
        brn_ledger_rows_sort(&state.rows);
    }

out:
    s->f->finalize(stmt);
    s->working--;
    brn_buf_release(&sql);
    if (st == BRANT_OK) {
        *out = state;
    }
    return st;
}

static void turn_round(brn_history_rows *rows)
{
    for (size_t i = 0; rows->items != NULL && i < rows->count / 2; i++) {
        brn_history_row row = rows->items[i];

        rows->items[i] = rows->items[rows->count - 1 - i];
        rows->items[rows->count - 1 - i] = row;
    }
}

brant_status brn_sqlite_history_read(
    brn_history_rows *out, brn_arena *arena, brn_conn *conn, size_t limit, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_history_rows rows = { 0 };
    sqlite3_stmt *stmt = NULL;
    bool missing = false;
    brn_buf sql;
    brant_status st;
    int rc = SQLITE_DONE;

    conn->requests++;
    brn_buf_init(&sql, 0);
    brn_sql_history_select(&sql, &dialect, s->schema, limit);
    s->working++;
    st = prepare_select(&stmt, &missing, s, &sql, "brant_history", err);
    if (st != BRANT_OK || missing) {
        goto out;
    }
    while (st == BRANT_OK && (rc = s->f->step(stmt)) == SQLITE_ROW) {
        brn_history_row *row = BRN_VEC_PUSH(arena, &rows);
        reading r = { s, stmt, row == NULL };

        st = row != NULL ? brn_sql_history_decode(row, arena, column_text, &r, err) : BRANT_OK;
        st = r.oom ? brn_error_oom(err) : st;
    }
    if (st == BRANT_OK && rc != SQLITE_DONE) {
        st = brn_sqlite_error(s, rc, "ledger.read_failed", "could not read the history", err);
    }
    turn_round(&rows);

out:
    s->f->finalize(stmt);
    s->working--;
    brn_buf_release(&sql);
    if (st == BRANT_OK) {
        *out = rows;
    }
    return st;
}

brant_status brn_sqlite_mirror_read(
    brn_mirror_state *out, brn_arena *arena, brn_conn *conn, brn_mirror mirror, brant_error **err)
{
    brn_sqlite *s = (brn_sqlite *)conn;
    brn_mirror_state state = { 0 };
    sqlite3_stmt *stmt = NULL;
    bool missing = false;
    brn_buf sql;
    brant_status st;
    int rc = SQLITE_DONE;

    conn->requests++;
    brn_buf_init(&sql, 0);
    brn_sql_mirror_select(&sql, &dialect, s->schema, mirror);
    s->working++;
    st = prepare_select(&stmt, &missing, s, &sql, brn_sql_mirror_table(mirror), err);
    state.exists = !missing;
    while (st == BRANT_OK && !missing && (rc = s->f->step(stmt)) == SQLITE_ROW) {
        brn_mirror_row *row = BRN_VEC_PUSH(arena, &state.rows);
        reading r = { s, stmt, row == NULL };

        st = row != NULL ? brn_sql_mirror_decode(row, mirror, column_text, &r, err) : BRANT_OK;
        st = r.oom ? brn_error_oom(err) : st;
    }
    if (st == BRANT_OK && rc != SQLITE_DONE) {
        st = read_failed(s, rc, err);
    }
    s->f->finalize(stmt);
    s->working--;
    brn_buf_release(&sql);
    if (st == BRANT_OK) {
        *out = state;
    }
    return st;
}
