/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both tables are described once, as columns bound to struct fields; every statement and both
 * decoders (sql_ledger_decode.c) walk those descriptions.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "engine/sql_ledger_int.h"
#include "engine/sql_mirror.h"

#define MIGRATIONS "brant_migrations"
#define HISTORY "brant_history"

#define ROW(field) offsetof(brn_ledger_row, field)
#define HIST(field) offsetof(brn_history_row, field)

/* Where the format of a row stands: it says whether the rest can be understood. */
enum {
    MIGRATION_FORMAT = 3,
    HISTORY_FORMAT = 13
};

/* What BRN_LEDGER_BRIEF reads comes first: SQLite looks for a column from the beginning of a row.
 */
static const brn_sql_field migration_columns[] = {
    { "id", BRN_COLUMN_KEY, ROW(id) },
    { "status", BRN_COLUMN_STATUS, ROW(status) },
    { "checksum", BRN_COLUMN_TEXT, ROW(checksum) },
    [MIGRATION_FORMAT] = { "format", BRN_COLUMN_INT, ROW(format) },
    { "version", BRN_COLUMN_TEXT, ROW(version) },
    { "seq", BRN_COLUMN_INT, ROW(seq) },
    { "direction", BRN_COLUMN_DIRECTION, ROW(direction) },
    { "kind", BRN_COLUMN_TEXT, ROW(kind) },
    { "required", BRN_COLUMN_BOOL, ROW(required) },
    { "phase", BRN_COLUMN_TEXT, ROW(phase) },
    { "down_checksum", BRN_COLUMN_TEXT, ROW(down_checksum) },
    { "requires", BRN_COLUMN_TEXT, ROW(requires) },
    { "min_read_version", BRN_COLUMN_TEXT, ROW(min_read_version) },
    { "statements_total", BRN_COLUMN_INT, ROW(stmts_total) },
    { "statements_done", BRN_COLUMN_INT, ROW(stmts_done) },
    { "intent", BRN_COLUMN_INT, ROW(intent) },
    { "intent_digest", BRN_COLUMN_TEXT, ROW(intent_digest) },
    { "done_digest", BRN_COLUMN_TEXT, ROW(done_digest) },
    { "started_at", BRN_COLUMN_BEGAN, ROW(started_us) },
    { "finished_at", BRN_COLUMN_ENDED, ROW(finished_us) },
    { "duration_ms", BRN_COLUMN_DURATION, ROW(duration_ms) },
    { "who", BRN_COLUMN_TEXT, ROW(who) },
    { "tool", BRN_COLUMN_TEXT, ROW(tool) },
    { "run_id", BRN_COLUMN_TEXT, ROW(run_id) },
    { "error", BRN_COLUMN_TEXT, ROW(error) },
};

static const brn_sql_field history_columns[] = {
    { "seq", BRN_COLUMN_SERIAL, HIST(seq) },
    { "run_id", BRN_COLUMN_TEXT, HIST(run_id) },
    { "action", BRN_COLUMN_NAME, HIST(action) },
    { "migration", BRN_COLUMN_TEXT, HIST(migration) },
    { "outcome", BRN_COLUMN_TEXT, HIST(outcome) },
    { "checksum", BRN_COLUMN_TEXT, HIST(checksum) },
    { "detail", BRN_COLUMN_TEXT, HIST(detail) },
    { "who", BRN_COLUMN_TEXT, HIST(who) },
    { "tool", BRN_COLUMN_TEXT, HIST(tool) },
    { "at", BRN_COLUMN_TIME, HIST(at_us) },
    { "duration_ms", BRN_COLUMN_DURATION, HIST(duration_ms) },
    { "prev", BRN_COLUMN_TEXT, HIST(prev) },
    { "hash", BRN_COLUMN_TEXT, HIST(hash) },
    [HISTORY_FORMAT] = { "format", BRN_COLUMN_INT, HIST(format) },
};

_Static_assert(BRN_ARRAY_LEN(migration_columns) <= BRN_SQL_PARAMS, "a row fits into a statement");

const brn_sql_table brn_sql_migrations = {
    MIGRATIONS,
    migration_columns,
    BRN_ARRAY_LEN(migration_columns),
    MIGRATION_FORMAT,
};
const brn_sql_table brn_sql_brief = {
    MIGRATIONS,
    migration_columns,
    MIGRATION_FORMAT,
    MIGRATION_FORMAT,
};
const brn_sql_table brn_sql_history = {
    HISTORY,
    history_columns,
    BRN_ARRAY_LEN(history_columns),
    HISTORY_FORMAT,
};

/* As they are made: where each is there at once, whoever finds the last one finds all. */
static const brn_sql_table *const tables[] = { &brn_sql_history, &brn_sql_migrations };

/* What the rendering functions share. */
typedef struct render {
    brn_sql_stmt *out;
    brn_buf *buf;
    const brn_sql_dialect *dialect;
    const char *schema;
    size_t times;   /* used of out->times */
    size_t before;  /* parameters of statements before this one in the same text */
    bool by_server; /* stamps are expressions of the dialect */
} render;

/* --- text ------------------------------------------------------------------------------------- */

static void add_name(brn_buf *buf, const brn_sql_dialect *dialect, const char *name)
{
    brn_buf_add_char(buf, dialect->quote);
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == dialect->quote) {
            brn_buf_add_char(buf, *p);
        }
        brn_buf_add_char(buf, *p);
    }
    brn_buf_add_char(buf, dialect->quote);
}

void brn_sql_table_name(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, const char *name)
{
    if (schema != NULL) {
        add_name(out, dialect, schema);
        brn_buf_add_char(out, '.');
    }
    add_name(out, dialect, name);
}

static const char *type_of(const brn_sql_dialect *dialect, brn_column_kind kind)
{
    switch (kind) {
    case BRN_COLUMN_KEY:
        return dialect->type_key;
    case BRN_COLUMN_INT:
    case BRN_COLUMN_DURATION:
    case BRN_COLUMN_BOOL:
        return dialect->type_int;
    case BRN_COLUMN_SERIAL:
        return dialect->type_serial;
    default:
        return dialect->type_text;
    }
}

const char *brn_sql_constraint(brn_column_kind kind)
{
    switch (kind) {
    case BRN_COLUMN_KEY:
        /* SQLite lets a text key be null unless told not to. */
        return " NOT NULL PRIMARY KEY";
    case BRN_COLUMN_NAME:
    case BRN_COLUMN_INT:
    case BRN_COLUMN_BOOL:
    case BRN_COLUMN_STATUS:
    case BRN_COLUMN_DIRECTION:
        return " NOT NULL";
    default:
        return "";
    }
}

static void render_create(const render *r, const brn_sql_table *t)
{
    brn_buf_add_c(r->buf, "CREATE TABLE IF NOT EXISTS ");
    brn_sql_table_name(r->buf, r->dialect, r->schema, t->name);
    brn_buf_add_c(r->buf, " (");
    for (size_t i = 0; i < t->count; i++) {
        const brn_sql_field *c = &t->columns[i];

        brn_buf_add_c(r->buf, i > 0 ? ", " : "");
        add_name(r->buf, r->dialect, c->name);
        brn_buf_add_char(r->buf, ' ');
        brn_buf_add_c(r->buf, type_of(r->dialect, c->kind));
        brn_buf_add_c(r->buf, brn_sql_constraint(c->kind));
    }
    brn_buf_add_char(r->buf, ')');
    if (r->dialect->table_options != NULL) {
        brn_buf_add_c(r->buf, r->dialect->table_options);
    }
    if (r->dialect->key_options != NULL && t->columns[0].kind == BRN_COLUMN_KEY) {
        brn_buf_add_c(r->buf, r->dialect->key_options);
    }
}

/* --- statements with parameters: only these when there is no buffer --------------------------- */

static void sql(const render *r, const char *text)
{
    if (r->buf != NULL) {
        brn_buf_add_c(r->buf, text);
    }
}

static void sql_name(const render *r, const char *name)
{
    if (r->buf != NULL) {
        add_name(r->buf, r->dialect, name);
    }
}

static void sql_table(const render *r, const char *name)
{
    if (r->buf != NULL) {
        brn_sql_table_name(r->buf, r->dialect, r->schema, name);
    }
}

static brn_sql_param *add_param(render *r)
{
    brn_sql_param *param = &r->out->params[r->out->count++];

    *param = (brn_sql_param){ 0 };
    if (r->buf != NULL && r->dialect->numbered_params) {
        brn_buf_printf(r->buf, "$%zu", r->before + r->out->count);
    } else {
        sql(r, "?");
    }
    return param;
}

static void add_text(render *r, const char *text)
{
    brn_sql_param *param = add_param(r);

    param->is_null = text == NULL || text[0] == '\0';
    param->text = param->is_null ? NULL : text;
}

static void add_int(render *r, int64_t number)
{
    add_param(r)->number = number;
}

static void add_duration(render *r, int64_t ms)
{
    brn_sql_param *param = add_param(r);

    param->is_null = ms < 0;
    param->number = ms;
}

static void add_time(render *r, int64_t us)
{
    char *text = r->out->times[r->times];

    if (us == 0) {
        add_text(r, NULL);
        return;
    }
    r->times++;
    brn_clock_rfc3339(text, us);
    add_text(r, text);
}

/* Fields are read by their real type, at an offset of the table above. */
static int64_t int_at(const void *row, size_t offset)
{
    int64_t value;

    memcpy(&value, (const char *)row + offset, sizeof(value));
    return value;
}

static const char *text_at(const void *row, size_t offset)
{
    const char *value;

    memcpy(&value, (const char *)row + offset, sizeof(value));
    return value;
}

/* What a stamp covers, as the server's expression; NULL for what it does not. */
static const char *stamp_of(const render *r, brn_column_kind kind)
{
    const brn_sql_stamps *stamps = r->dialect->stamps;

    if (!r->by_server) {
        return NULL;
    }
    switch (kind) {
    case BRN_COLUMN_BEGAN:
        return stamps->began;
    case BRN_COLUMN_ENDED:
        return stamps->ended;
    case BRN_COLUMN_DURATION:
        return stamps->took_ms;
    default:
        return NULL;
    }
}

static void add_field(render *r, const brn_sql_field *c, const void *row)
{
    const brn_ledger_row *migration = row;
    const char *stamp = stamp_of(r, c->kind);

    if (stamp != NULL) {
        sql(r, stamp);
        return;
    }

    switch (c->kind) {
    case BRN_COLUMN_INT:
    case BRN_COLUMN_SERIAL:
        add_int(r, int_at(row, c->offset));
        break;
    case BRN_COLUMN_DURATION:
        add_duration(r, int_at(row, c->offset));
        break;
    case BRN_COLUMN_TIME:
    case BRN_COLUMN_BEGAN:
    case BRN_COLUMN_ENDED:
        add_time(r, int_at(row, c->offset));
        break;
    case BRN_COLUMN_BOOL:
        add_int(r, migration->required ? 1 : 0);
        break;
    case BRN_COLUMN_STATUS:
        add_text(r, brn_row_status_name(migration->status));
        break;
    case BRN_COLUMN_DIRECTION:
        add_text(r, brn_direction_name(migration->direction));
        break;
    case BRN_COLUMN_TEXT:
    case BRN_COLUMN_KEY:
    case BRN_COLUMN_NAME:
        add_text(r, text_at(row, c->offset));
        break;
    }
}

/* --- statements ------------------------------------------------------------------------------- */

/* Column list without what the database gives, or none, and the values of `row`. */
static void render_insert(render *r, const char *verb, const brn_sql_table *t, const void *row)
{
    size_t first = t->columns[0].kind == BRN_COLUMN_SERIAL ? 1 : 0;

    sql(r, verb);
    sql(r, " ");
    sql_table(r, t->name);
    for (size_t i = first; i < t->count && !r->dialect->positional; i++) {
        sql(r, i > first ? ", " : " (");
        sql_name(r, t->columns[i].name);
    }
    sql(r, r->dialect->positional ? " VALUES (" : ") VALUES (");
    sql(r, r->dialect->positional && first > 0 ? "NULL, " : "");
    for (size_t i = first; i < t->count; i++) {
        sql(r, i > first ? ", " : "");
        add_field(r, &t->columns[i], row);
    }
    sql(r, ")");
}

static void render_put(render *r, const brn_ledger_row *row)
{
    const char *upsert = r->dialect->upsert;

    render_insert(r, upsert != NULL ? upsert : "INSERT INTO", &brn_sql_migrations, row);
    if (upsert != NULL) {
        return;
    }
    sql(r, " ON CONFLICT (");
    sql_name(r, "id");
    sql(r, ") DO UPDATE SET ");
    for (size_t i = 1; i < brn_sql_migrations.count; i++) {
        const char *name = migration_columns[i].name;

        sql(r, i > 1 ? ", " : "");
        sql_name(r, name);
        sql(r, " = EXCLUDED.");
        sql_name(r, name);
    }
}

/* " NAME = " behind SET or a comma; the caller adds the value. */
static void set(render *r, const char *name)
{
    sql(r, r->out->count == 0 ? " SET " : ", ");
    sql_name(r, name);
    sql(r, " = ");
}

static void where_id(render *r, const char *id)
{
    sql(r, " WHERE ");
    sql_name(r, "id");
    sql(r, " = ");
    add_text(r, id);
}

static void render_intent(render *r, const brn_ledger_row *row)
{
    set(r, "intent");
    add_int(r, row->intent);
    set(r, "intent_digest");
    add_text(r, row->intent_digest);
    set(r, "statements_done");
    add_int(r, row->stmts_done);
}

static void render_outcome(render *r, const brn_ledger_row *row)
{
    set(r, "statements_done");
    add_int(r, row->stmts_done);
    set(r, "done_digest");
    add_text(r, row->done_digest);
    set(r, "intent");
    add_int(r, 0);
    set(r, "intent_digest");
    add_text(r, NULL);
}

static void render_fail(render *r, const brn_ledger_row *row, int64_t now_us)
{
    set(r, "status");
    add_text(r, brn_row_status_name(BRN_ROW_FAILED));
    set(r, "error");
    add_text(r, row->error);
    set(r, "intent");
    add_int(r, row->intent);
    set(r, "finished_at");
    add_time(r, now_us);
}

static void render_update(render *r, const brn_ledger_op *op, int64_t now_us)
{
    sql(r, "UPDATE ");
    sql_table(r, MIGRATIONS);
    if (op->type == BRN_LEDGER_INTENT) {
        render_intent(r, op->row);
    } else if (op->type == BRN_LEDGER_OUTCOME) {
        render_outcome(r, op->row);
    } else {
        render_fail(r, op->row, now_us);
    }
    where_id(r, op->row->id);
}

/* The clock may have been set back meanwhile. */
static int64_t since_ms(int64_t began_us, int64_t now_us)
{
    return now_us > began_us ? (now_us - began_us) / 1000 : 0;
}

static void render_one(render *r, const brn_ledger_op *op, int64_t now_us, int64_t began_us)
{
    brn_ledger_row row;
    brn_history_row entry;

    r->by_server = op->stamp && now_us == BRN_SQL_BY_SERVER;
    switch (op->type) {
    case BRN_LEDGER_ENSURE:
    case BRN_LEDGER_MIRROR_PUT:
    case BRN_LEDGER_MIRROR_REMOVE:
        break;
    case BRN_LEDGER_PUT:
        row = *op->row;
        if (op->stamp) {
            row.finished_us = now_us;
            row.duration_ms = since_ms(began_us, now_us);
        }
        render_put(r, &row);
        break;
    case BRN_LEDGER_INTENT:
    case BRN_LEDGER_OUTCOME:
    case BRN_LEDGER_FAIL:
        render_update(r, op, now_us);
        break;
    case BRN_LEDGER_REMOVE:
        sql(r, "DELETE FROM ");
        sql_table(r, MIGRATIONS);
        where_id(r, op->row->id);
        break;
    case BRN_LEDGER_HISTORY:
        entry = *op->history;
        if (op->stamp) {
            entry.duration_ms = since_ms(began_us, now_us);
        }
        render_insert(r, "INSERT INTO", &brn_sql_history, &entry);
        break;
    }
}

bool brn_sql_ledger_render(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *op,
    size_t i,
    int64_t now_us,
    int64_t began_us)
{
    render r = { .out = out, .buf = buf, .dialect = dialect, .schema = schema };

    out->sql = NULL;
    out->count = 0;
    if (buf != NULL) {
        brn_buf_reset(buf);
    }
    if (op->type == BRN_LEDGER_ENSURE) {
        if (i >= BRN_ARRAY_LEN(tables) + (op->mirror != BRN_MIRROR_NONE ? 1 : 0)) {
            return false;
        }
        if (i < BRN_ARRAY_LEN(tables)) {
            render_create(&r, tables[i]);
        } else {
            brn_sql_mirror_create(buf, dialect, schema, op->mirror);
        }
    } else if (i > 0) {
        return false;
    } else if (op->type == BRN_LEDGER_MIRROR_PUT || op->type == BRN_LEDGER_MIRROR_REMOVE) {
        brn_sql_mirror_render(out, buf, dialect, schema, op, now_us, began_us);
    } else {
        render_one(&r, op, now_us, began_us);
    }
    out->sql = buf != NULL ? brn_buf_text(buf) : NULL;
    return true;
}

void brn_sql_ledger_render_with(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *const *ops,
    size_t count,
    int64_t now_us,
    int64_t began_us)
{
    size_t before = 0;

    if (buf != NULL) {
        brn_buf_reset(buf);
    }
    for (size_t i = 0; i < count; i++) {
        render r = { .out = &out[i], .buf = buf, .dialect = dialect, .schema = schema };
        bool last = i + 1 == count;

        assert(ops[i]->type != BRN_LEDGER_ENSURE);
        r.before = before;
        out[i].count = 0;
        if (buf != NULL && !last) {
            brn_buf_printf(buf, "%sop_%zu AS (", i == 0 ? "WITH " : ", ", i + 1);
        }
        render_one(&r, ops[i], now_us, began_us);
        sql(&r, last ? "" : i + 2 < count ? ")" : ") ");
        before += out[i].count;
        out[i].sql = buf != NULL ? brn_buf_text(buf) : NULL;
    }
}

/*
 * Columns are qualified: SQLite takes a lone quoted name that no table has for a string, so a
 * missing column would go unnoticed.
 */
static void add_column(brn_buf *out, const brn_sql_dialect *dialect, const char *name)
{
    brn_buf_add_c(out, "m.");
    add_name(out, dialect, name);
}

static void select_columns(brn_buf *out, const brn_sql_dialect *dialect, const brn_sql_table *t)
{
    brn_buf_add_c(out, "SELECT ");
    for (size_t i = 0; i < t->count; i++) {
        brn_buf_add_c(out, i > 0 ? ", " : "");
        add_column(out, dialect, t->columns[i].name);
    }
}

static void from_table(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, const brn_sql_table *t)
{
    brn_buf_add_c(out, " FROM ");
    brn_sql_table_name(out, dialect, schema, t->name);
    brn_buf_add_c(out, " m");
}

static void select_newer(brn_buf *out, const brn_sql_dialect *dialect)
{
    brn_buf_add_c(out, ", CASE WHEN ");
    add_column(out, dialect, "format");
    brn_buf_printf(out, " > %d THEN COALESCE(", BRN_LEDGER_FORMAT);
    add_column(out, dialect, "tool");
    brn_buf_add_c(out, ", '') END");
}

void brn_sql_ledger_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_ledger_detail detail)
{
    if (detail == BRN_LEDGER_FULL) {
        select_columns(out, dialect, &brn_sql_migrations);
    } else {
        select_columns(out, dialect, &brn_sql_brief);
        select_newer(out, dialect);
    }
    from_table(out, dialect, schema, &brn_sql_migrations);
}

void brn_sql_history_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, size_t limit)
{
    select_columns(out, dialect, &brn_sql_history);
    from_table(out, dialect, schema, &brn_sql_history);
    brn_buf_add_c(out, " ORDER BY ");
    add_column(out, dialect, "seq");
    brn_buf_add_c(out, " DESC");
    if (limit > 0) {
        brn_buf_printf(out, " LIMIT %zu", limit);
    }
}

static const struct foreign_table {
    const char *name;
    const char *tool;
} foreign_tables[] = {
    { "schema_migrations", "golang-migrate or dbmate" },
    { "goose_db_version", "goose" },
    { "gorp_migrations", "sql-migrate" },
    { "flyway_schema_history", "Flyway" },
    { "__diesel_schema_migrations", "diesel" },
    { "_prisma_migrations", "prisma" },
    { "_sqlx_migrations", "sqlx" },
    { "__drizzle_migrations", "drizzle" },
    { "atlas_schema_revisions", "atlas" },
};

const char *brn_sql_foreign_tool(const char *table)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(foreign_tables); i++) {
        if (strcmp(foreign_tables[i].name, table) == 0) {
            return foreign_tables[i].tool;
        }
    }
    return "another tool";
}

void brn_sql_foreign_list(brn_buf *out)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(foreign_tables); i++) {
        brn_buf_printf(out, "%s'%s'", i > 0 ? ", " : "", foreign_tables[i].name);
    }
}

const char *brn_sql_ledger_table_name(size_t t)
{
    return t < BRN_ARRAY_LEN(tables) ? tables[t]->name : NULL;
}

const char *brn_sql_ledger_column(size_t t, size_t i)
{
    return i < tables[t]->count ? tables[t]->columns[i].name : NULL;
}

void brn_sql_ledger_table(brn_buf *out, const brn_sql_dialect *dialect, const char *schema)
{
    brn_sql_table_name(out, dialect, schema, MIGRATIONS);
}

void brn_sql_guard_select(brn_buf *out, const brn_sql_dialect *dialect, const char *schema)
{
    brn_buf_add_c(out, "SELECT ");
    add_column(out, dialect, "status");
    brn_buf_add_c(out, ", ");
    add_column(out, dialect, "run_id");
    from_table(out, dialect, schema, &brn_sql_migrations);
    brn_buf_add_c(out, " WHERE ");
    add_column(out, dialect, "id");
    brn_buf_add_c(out, dialect->numbered_params ? " = $1" : " = ?");
}
