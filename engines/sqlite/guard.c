/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DROP TABLE with foreign keys enforced first deletes all rows of the table, with all that their
 * deletion does to rows that refer to them: ON DELETE CASCADE deletes those, SET NULL and SET
 * DEFAULT change them. SQLite says nothing of it, and the usual table rebuild (copy, drop, rename)
 * loses the children of every row.
 */
#include "engines/sqlite/sqlite.h"

/* One foreign key that points to the table, as a query that counts the rows it would change. */
typedef struct child_key {
    const char *child;
    const char *action;
    int64_t id;
    brn_buf count_sql;
} child_key;

static void add_name(brn_buf *buf, const char *name)
{
    brn_buf_add_char(buf, '"');
    for (const char *p = name; *p != '\0'; p++) {
        brn_buf_add_c(buf, *p == '"' ? "\"" : "");
        brn_buf_add_char(buf, *p);
    }
    brn_buf_add_char(buf, '"');
}

/* Names of temporary tables hide those of main. */
static int find_schema(
    const char **out, brn_sqlite *s, brn_arena *arena, const brn_stmt_class *drop)
{
    sqlite3_stmt *stmt = NULL;
    int rc;

    *out = "main";
    if (drop->schema.len > 0) {
        *out = brn_arena_strndup(arena, drop->schema.ptr, drop->schema.len);
        return SQLITE_OK;
    }
    rc = brn_sqlite_prepare(
        &stmt, s,
        "SELECT 1 FROM temp.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE");
    if (rc != SQLITE_OK) {
        return rc;
    }
    rc = brn_sqlite_bind_str(s, stmt, 1, drop->name);
    if (rc == SQLITE_OK) {
        rc = s->f->step(stmt);
    }
    if (rc == SQLITE_ROW) {
        *out = "temp";
    }
    s->f->finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void begin_key(
    child_key *key,
    brn_sqlite *s,
    brn_arena *arena,
    const char *schema,
    brn_str parent,
    sqlite3_stmt *row)
{
    brn_str parent_name = brn_arena_str(arena, parent);

    key->child = brn_sqlite_column(arena, s, row, 0);
    key->action = brn_sqlite_column(arena, s, row, 3);
    key->id = s->f->column_int64(row, 1);
    brn_buf_reset(&key->count_sql);
    brn_buf_add_c(&key->count_sql, "SELECT count(*) FROM ");
    add_name(&key->count_sql, schema);
    brn_buf_add_char(&key->count_sql, '.');
    add_name(&key->count_sql, key->child != NULL ? key->child : "");
    brn_buf_add_c(&key->count_sql, " WHERE EXISTS (SELECT 1 FROM ");
    add_name(&key->count_sql, schema);
    brn_buf_add_char(&key->count_sql, '.');
    add_name(&key->count_sql, parent_name.ptr != NULL ? parent_name.ptr : "");
    brn_buf_add_char(&key->count_sql, ')');
}

/* Adds what the key would do to `found`; rows whose key has a null refer to nothing. */
static int count_key(int64_t *total, brn_buf *found, brn_sqlite *s, const child_key *key)
{
    int64_t count = 0;
    int rc;

    if (key->child == NULL || key->action == NULL) {
        return SQLITE_OK;
    }
    rc = brn_sqlite_number(s, brn_buf_text(&key->count_sql), &count);
    if (rc == SQLITE_OK && count > 0) {
        *total += count;
        brn_buf_printf(
            found, "%lld %s of \"%s\" (ON DELETE %s). ", (long long)count,
            count == 1 ? "row" : "rows", key->child, key->action);
    }
    return rc;
}

/* Walks the rows of the query below, which come ordered by table and key. */
static int count_all(
    int64_t *total,
    brn_buf *found,
    brn_sqlite *s,
    brn_arena *arena,
    const char *schema,
    const brn_stmt_class *drop,
    sqlite3_stmt *stmt)
{
    child_key key = { .id = -1 };
    int rc = SQLITE_ROW;

    brn_buf_init(&key.count_sql, 0);
    while (rc == SQLITE_ROW) {
        const char *column = NULL;

        rc = s->f->step(stmt);
        if (rc != SQLITE_ROW) {
            break;
        }
        if (s->f->column_int64(stmt, 4) == 0) {
            rc = count_key(total, found, s, &key);
            if (rc != SQLITE_OK) {
                break;
            }
            begin_key(&key, s, arena, schema, drop->name, stmt);
            rc = SQLITE_ROW;
        }
        column = brn_sqlite_column(arena, s, stmt, 2);
        brn_buf_add_c(&key.count_sql, " AND ");
        add_name(&key.count_sql, column != NULL ? column : "");
        brn_buf_add_c(&key.count_sql, " IS NOT NULL");
    }
    if (rc == SQLITE_DONE) {
        rc = count_key(total, found, s, &key);
    }
    if (key.count_sql.failed || arena->oom) {
        rc = SQLITE_NOMEM;
    }
    brn_buf_release(&key.count_sql);
    return rc;
}

static int find_dependents(
    int64_t *total, brn_buf *found, brn_sqlite *s, brn_arena *arena, const brn_stmt_class *drop)
{
    static const char query[] =
        "SELECT t.name, k.id, k.\"from\", k.on_delete, k.seq"
        " FROM pragma_table_list AS t, pragma_foreign_key_list(t.name, t.schema) AS k"
        " WHERE t.schema = ?2 COLLATE NOCASE AND t.type = 'table'"
        " AND k.\"table\" = ?1 COLLATE NOCASE AND t.name <> ?1 COLLATE NOCASE"
        " AND k.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')"
        " ORDER BY t.name, k.id, k.seq";
    sqlite3_stmt *stmt = NULL;
    const char *schema = NULL;
    int rc = find_schema(&schema, s, arena, drop);

    if (rc == SQLITE_OK && schema == NULL) {
        rc = SQLITE_NOMEM;
    }
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_prepare(&stmt, s, query);
    }
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(s, stmt, 1, drop->name);
    }
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(s, stmt, 2, brn_str_from(schema));
    }
    if (rc == SQLITE_OK) {
        rc = count_all(total, found, s, arena, schema, drop, stmt);
    }
    s->f->finalize(stmt);
    return rc;
}

brant_status brn_sqlite_drop_guard(
    brn_sqlite *s, brn_arena *arena, const brn_stmt_class *drop, brant_error **err)
{
    int64_t total = 0;
    brn_buf found;
    brant_status st = BRANT_OK;
    int rc;

    brn_buf_init(&found, 0);
    rc = find_dependents(&total, &found, s, arena, drop);
    if (rc != SQLITE_OK) {
        st = brn_sqlite_error(s, rc, "statement.failed", "could not look for dependent rows", err);
    } else if (total > 0) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "sqlite.drop_would_delete",
            "dropping table \"%.*s\" would delete or change %lld %s of other tables",
            BRN_STR_ARG(drop->name), (long long)total, total == 1 ? "row" : "rows");
        brn_error_detail(
            err,
            "With foreign keys on, DROP TABLE first deletes all rows of the table. That "
            "reaches %s",
            brn_buf_text(&found));
        brn_error_hint(
            err,
            "Write \"-- brant: foreign-keys=off\" at the head of the file for a table rebuild, "
            "or \"-- brant: foreign-keys=on\" if those rows are meant to go.");
    }
    brn_buf_release(&found);
    return st;
}
