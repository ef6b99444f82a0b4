/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a statement took effect, as far as the schema tells. That an object of the name exists
 * proves nothing: its definition is compared, and a difference is a question for a person.
 */
#include "engines/sqlite/sqlite.h"

#include <string.h>

typedef struct probe {
    brn_sqlite *s;
    brn_arena *arena;
    const brn_stmt *stmt;
    brn_stmt_class what;
    const char *schema;
    const char *kind; /* "table" */
    brn_evidence *out;
} probe;

/* What the schema has under a name. */
typedef struct found {
    bool exists;
    const char *type;
    const char *name; /* as it was written when created */
    const char *sql;
} found;

/* Takes text from the arena; when that is out of memory the caller sees its latch. */
static int tell(probe *p, brn_verdict verdict, const char *text)
{
    p->out->verdict = verdict;
    p->out->text = text;
    return SQLITE_OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

static int finish(const probe *p, sqlite3_stmt *stmt, int rc)
{
    p->s->f->finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int find_object(found *out, const probe *p, brn_str name)
{
    sqlite3_stmt *stmt = NULL;
    const char *sql = brn_arena_printf(
        p->arena,
        "SELECT type, name, coalesce(sql, '') FROM \"%s\".sqlite_schema"
        " WHERE name = ?1 COLLATE NOCASE",
        p->schema);
    int rc;

    *out = (found){ 0 };
    if (sql == NULL) {
        return SQLITE_NOMEM;
    }
    rc = brn_sqlite_prepare(&stmt, p->s, sql);
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(p->s, stmt, 1, name);
    }
    if (rc == SQLITE_OK) {
        rc = p->s->f->step(stmt);
    }
    if (rc == SQLITE_ROW) {
        out->exists = true;
        out->type = brn_sqlite_column(p->arena, p->s, stmt, 0);
        out->name = brn_sqlite_column(p->arena, p->s, stmt, 1);
        out->sql = brn_sqlite_column(p->arena, p->s, stmt, 2);
    }
    return p->arena->oom ? finish(p, stmt, SQLITE_NOMEM) : finish(p, stmt, rc);
}

/* *out is the column's name as the table has it, NULL when it has none of that name. */
static int find_column(const char **out, const probe *p, brn_str column)
{
    sqlite3_stmt *stmt = NULL;
    int rc = brn_sqlite_prepare(
        &stmt, p->s, "SELECT name FROM pragma_table_xinfo(?1, ?2) WHERE name = ?3 COLLATE NOCASE");

    *out = NULL;
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(p->s, stmt, 1, p->what.name);
    }
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(p->s, stmt, 2, brn_str_from(p->schema));
    }
    if (rc == SQLITE_OK) {
        rc = brn_sqlite_bind_str(p->s, stmt, 3, column);
    }
    if (rc == SQLITE_OK) {
        rc = p->s->f->step(stmt);
    }
    if (rc == SQLITE_ROW) {
        *out = brn_sqlite_column(p->arena, p->s, stmt, 0);
    }
    return p->arena->oom ? finish(p, stmt, SQLITE_NOMEM) : finish(p, stmt, rc);
}

/* --- CREATE and DROP -------------------------------------------------------------------------- */

static int other_type(probe *p, const found *object)
{
    return tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena, "\"%.*s\" exists, but it is a %s and not a %s", BRN_STR_ARG(p->what.name),
            object->type, p->kind));
}

/* CREATE TABLE ... AS SELECT: the stored definition is made from the result's columns. */
static bool is_create_as(const probe *p, const char *folded)
{
    const char *space = NULL;

    if (p->what.object != BRN_OBJECT_TABLE) {
        return false;
    }
    /* "create table NAME as ..." where a name may hold spaces: look behind its length. */
    space = folded + strlen("create table ") + p->what.name.len;
    return strlen(folded) > (size_t)(space - folded) && strncmp(space, " as ", 4) == 0;
}

static int compare_definitions(probe *p, const found *object)
{
    brn_buf wanted;
    brn_buf present;
    bool failed;
    int rc = SQLITE_OK;

    brn_buf_init(&wanted, 0);
    brn_buf_init(&present, 0);
    brn_sqlite_fold_create(&wanted, p->stmt->text);
    brn_sqlite_fold_create(&present, brn_str_from(object->sql));
    failed = wanted.failed || present.failed;
    if (failed) {
        rc = SQLITE_NOMEM;
    } else if (is_create_as(p, brn_buf_text(&wanted))) {
        rc = tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena,
                "table \"%s\" exists, but whether it came from this SELECT cannot be told",
                object->name));
    } else if (brn_str_eq(brn_buf_str(&wanted), brn_buf_str(&present))) {
        rc = tell(
            p, BRN_VERDICT_DONE,
            brn_arena_printf(
                p->arena, "%s \"%s\" exists and has the same definition", p->kind, object->name));
    } else {
        rc = tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "%s \"%s\" exists with another definition; wanted: %s; present: %s",
                p->kind, object->name, brn_buf_text(&wanted), brn_buf_text(&present)));
    }
    brn_buf_release(&wanted);
    brn_buf_release(&present);
    return rc;
}

static int probe_create(probe *p)
{
    found object;
    int rc = find_object(&object, p, p->what.name);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (!object.exists) {
        return tell(
            p, BRN_VERDICT_NOT_DONE,
            brn_arena_printf(
                p->arena, "%s \"%.*s\" does not exist", p->kind, BRN_STR_ARG(p->what.name)));
    }
    if (strcmp(object.type, p->kind) != 0) {
        return other_type(p, &object);
    }
    return compare_definitions(p, &object);
}

static int probe_drop(probe *p)
{
    found object;
    int rc = find_object(&object, p, p->what.name);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (object.exists && strcmp(object.type, p->kind) != 0) {
        return other_type(p, &object);
    }
    return tell(
        p, object.exists ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
        brn_arena_printf(
            p->arena, "%s \"%.*s\" %s", p->kind, BRN_STR_ARG(p->what.name),
            object.exists ? "still exists" : "does not exist any more"));
}

/* --- ALTER TABLE ------------------------------------------------------------------------------ */

/* SQLite appends ", DEFINITION" to the table's text, so it stands there as it was written. */
static int compare_column(probe *p, const found *table, const char *column)
{
    brn_buf wanted;
    brn_buf present;
    const char *inner = NULL;
    const char *last = NULL;
    brn_verdict verdict = BRN_VERDICT_UNKNOWN;
    const char *text = NULL;

    brn_buf_init(&wanted, 0);
    brn_buf_init(&present, 0);
    brn_sqlite_fold_column(&wanted, p->stmt->text);
    brn_sqlite_fold_create(&present, brn_str_from(table->sql));
    inner = brn_arena_printf(p->arena, ", %s ,", brn_buf_text(&wanted));
    last = brn_arena_printf(p->arena, ", %s )", brn_buf_text(&wanted));
    if (inner != NULL && last != NULL &&
        (strstr(brn_buf_text(&present), inner) != NULL ||
         strstr(brn_buf_text(&present), last) != NULL)) {
        verdict = BRN_VERDICT_DONE;
        text = brn_arena_printf(
            p->arena, "column \"%s\" of table \"%s\" exists and has the same definition", column,
            table->name);
    } else {
        text = brn_arena_printf(
            p->arena,
            "column \"%s\" of table \"%s\" exists with another definition; wanted: %s; present: %s",
            column, table->name, brn_buf_text(&wanted), brn_buf_text(&present));
    }
    if (wanted.failed || present.failed) {
        text = NULL;
    }
    brn_buf_release(&wanted);
    brn_buf_release(&present);
    return text != NULL ? tell(p, verdict, text) : SQLITE_NOMEM;
}

static int probe_column(probe *p, const found *table)
{
    bool adds = p->what.alter == BRN_ALTER_ADD_COLUMN;
    const char *column = NULL;
    int rc = find_column(&column, p, p->what.member);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (adds && column != NULL) {
        return compare_column(p, table, column);
    }
    return tell(
        p, adds || column != NULL ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
        brn_arena_printf(
            p->arena, "column \"%.*s\" of table \"%s\" %s", BRN_STR_ARG(p->what.member),
            table->name, column != NULL ? "still exists" : "does not exist"));
}

/* Whether something went by `old` to `now`; either may be NULL. A change of case finds both. */
static int tell_rename(probe *p, const char *what, brn_str from, const char *old, const char *now)
{
    brn_str to = p->what.new_name;
    brn_verdict verdict = BRN_VERDICT_UNKNOWN;

    if (brn_str_ieq(from, to)) {
        old = old != NULL && brn_str_eq_c(from, old) ? old : NULL;
        now = now != NULL && brn_str_eq_c(to, now) ? now : NULL;
    }
    if (old == NULL && now != NULL) {
        verdict = BRN_VERDICT_DONE;
    } else if (old != NULL && now == NULL) {
        verdict = BRN_VERDICT_NOT_DONE;
    }
    return tell(
        p, verdict,
        brn_arena_printf(
            p->arena, "%s \"%.*s\" %s and \"%.*s\" %s", what, BRN_STR_ARG(from),
            old != NULL ? "exists" : "does not exist", BRN_STR_ARG(to),
            now != NULL ? "exists" : "does not"));
}

static int probe_rename_column(probe *p)
{
    const char *old = NULL;
    const char *now = NULL;
    int rc = find_column(&old, p, p->what.member);

    if (rc == SQLITE_OK) {
        rc = find_column(&now, p, p->what.new_name);
    }
    return rc == SQLITE_OK ? tell_rename(p, "column", p->what.member, old, now) : rc;
}

static int probe_rename_table(probe *p, const found *table)
{
    found now;
    int rc = find_object(&now, p, p->what.new_name);

    if (rc != SQLITE_OK) {
        return rc;
    }
    return tell_rename(
        p, "table", p->what.name, table->exists ? table->name : NULL, now.exists ? now.name : NULL);
}

static int probe_alter(probe *p)
{
    found table;
    int rc = find_object(&table, p, p->what.name);

    if (rc != SQLITE_OK) {
        return rc;
    }
    if (p->what.alter == BRN_ALTER_RENAME_TABLE) {
        return probe_rename_table(p, &table);
    }
    if (!table.exists) {
        return tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(p->arena, "table \"%.*s\" does not exist", BRN_STR_ARG(p->what.name)));
    }
    if (p->what.alter == BRN_ALTER_RENAME_COLUMN) {
        return probe_rename_column(p);
    }
    return probe_column(p, &table);
}

/* --- the rest --------------------------------------------------------------------------------- */

static int probe_by_kind(probe *p)
{
    brn_stmt_info info;

    brn_sqlite_inspect(&info, NULL, p->stmt);
    if (info.repeatable) {
        return tell(
            p, BRN_VERDICT_REPEATABLE,
            brn_arena_printf(
                p->arena, "running a %s statement twice is the same as once", info.kind));
    }
    return tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena, "whether a %s statement took effect cannot be told from the schema",
            info.kind));
}

static const char *kind_of(brn_object object)
{
    switch (object) {
    case BRN_OBJECT_TABLE:
        return "table";
    case BRN_OBJECT_INDEX:
        return "index";
    case BRN_OBJECT_VIEW:
        return "view";
    case BRN_OBJECT_TRIGGER:
        return "trigger";
    default:
        return NULL;
    }
}

static int dispatch(probe *p)
{
    if (p->kind != NULL && p->what.name.len > 0) {
        if (p->what.verb == BRN_VERB_CREATE) {
            return probe_create(p);
        }
        if (p->what.verb == BRN_VERB_DROP) {
            return probe_drop(p);
        }
        if (p->what.verb == BRN_VERB_ALTER && p->what.alter != BRN_ALTER_NONE) {
            return probe_alter(p);
        }
    }
    return probe_by_kind(p);
}

/* False when no such schema is attached here, as after ATTACH on a connection that is gone. */
static bool find_schema(probe *p)
{
    p->schema = "main";
    if (p->what.temporary) {
        p->schema = "temp";
    } else if (p->what.schema.len > 0) {
        p->schema = brn_arena_strndup(p->arena, p->what.schema.ptr, p->what.schema.len);
    }
    return p->schema != NULL && strchr(p->schema, '"') == NULL &&
           p->s->f->db_filename(p->s->db, p->schema) != NULL;
}

brant_status brn_sqlite_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_evidence evidence = { 0 };
    probe p = { .s = (brn_sqlite *)conn, .arena = arena, .stmt = stmt, .out = &evidence };
    int rc;

    conn->requests++;
    brn_classify(&p.what, arena, &brn_dialect_sqlite, stmt);
    p.kind = kind_of(p.what.object);
    if (find_schema(&p)) {
        p.s->working++;
        rc = dispatch(&p);
        p.s->working--;
    } else {
        rc = tell(
            &p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                arena, "no database \"%.*s\" is attached", BRN_STR_ARG(p.what.schema)));
    }
    if (arena->oom) {
        return brn_error_oom(err);
    }
    if (rc != SQLITE_OK) {
        return brn_sqlite_error(p.s, rc, "probe.failed", "could not look at the schema", err);
    }
    *out = evidence;
    return BRANT_OK;
}
