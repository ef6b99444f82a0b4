/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is in the database that the connection is in, without brant's own tables. Indexes come
 * by themselves, and not in the definition of their table, but for those of its keys.
 */
#include "engines/mysql/mysql.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define OURS(column)                                                                               \
    " AND " column " NOT IN ('brant_migrations', 'brant_history', 'brant_lock', 'brant_lease')"

/* Type, name, table of an index or trigger; sorted by the server in bytes. */
static const char list_sql[] =
    "SELECT type, name, parent FROM ("
    "SELECT CASE TABLE_TYPE WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table'"
    " END AS type, TABLE_NAME AS name, NULL AS parent FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE()" OURS("TABLE_NAME") /**/
    " UNION ALL SELECT DISTINCT 'index', INDEX_NAME, TABLE_NAME FROM information_schema.STATISTICS"
    " WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME <> 'PRIMARY'" OURS("TABLE_NAME") /**/
    " AND NON_UNIQUE = 1"
    " UNION ALL SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = DATABASE()"
    " UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, NULL FROM information_schema.ROUTINES"
    " WHERE ROUTINE_SCHEMA = DATABASE()"
    " UNION ALL SELECT 'event', EVENT_NAME, NULL FROM information_schema.EVENTS"
    " WHERE EVENT_SCHEMA = DATABASE()) o ORDER BY CAST(type AS BINARY), CAST(name AS BINARY),"
    " CAST(parent AS BINARY)";

typedef struct listing {
    brn_arena *arena;
    brn_object_list list;
    BRN_VEC(const char *) tables; /* of indexes and triggers, in step with the list; NULL */
} listing;

static bool keep_names(void *user, size_t index, MYSQL_RES *rows)
{
    listing *l = user;
    MYSQL_ROW row = NULL;

    (void)index;
    while (rows != NULL && (row = mysql_fetch_row(rows)) != NULL) {
        brn_object_info *object = BRN_VEC_PUSH(l->arena, &l->list);
        const char **table = BRN_VEC_PUSH(l->arena, &l->tables);

        if (object == NULL || table == NULL) {
            return false;
        }
        object->type = brn_arena_strdup(l->arena, row[0]);
        object->name = brn_arena_strdup(l->arena, row[1]);
        object->definition = "";
        *table = brn_arena_strdup(l->arena, row[2]);
    }
    return !l->arena->oom;
}

/* --- definitions ------------------------------------------------------------------------------ */

/* "  KEY `i` (`a`)," is an index by itself; so are its kin. */
static bool is_index_line(brn_str line)
{
    static const char *const words[] = { "KEY `", "FULLTEXT KEY `", "SPATIAL KEY `" };
    brn_str text = brn_str_trim(line);

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (brn_str_starts(text, brn_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static brn_str without_comma(brn_str line)
{
    return brn_str_ends(line, BRN_STR(",")) ? brn_str_slice(line, 0, line.len - 1) : line;
}

/* MySQL says of a column that it has the collation of its table: " COLLATE x". */
static const char *redundant_of(brn_arena *arena, const char *text)
{
    const char *at = strstr(text, "\n) ");
    brn_str words;
    size_t space;

    at = at != NULL ? strstr(at, " COLLATE=") : NULL;
    if (at == NULL) {
        return NULL;
    }
    words = brn_str_from(at + strlen(" COLLATE="));
    space = brn_str_find_char(words, ' ');
    words = brn_str_slice(words, 0, space != SIZE_MAX ? space : words.len);
    return brn_arena_printf(arena, " COLLATE %.*s", BRN_STR_ARG(words));
}

static void add_part(brn_buf *out, brn_str part, const char *redundant)
{
    size_t at = redundant != NULL ? brn_str_find(part, brn_str_from(redundant)) : SIZE_MAX;

    if (at == SIZE_MAX) {
        brn_buf_add_str(out, part);
        return;
    }
    brn_buf_add_str(out, brn_str_slice(part, 0, at));
    brn_buf_add_str(out, brn_str_slice(part, at + strlen(redundant), part.len));
}

/* SHOW CREATE TABLE in one line, without indexes, and without where AUTO_INCREMENT stands. */
static const char *table_text(brn_arena *arena, const char *text)
{
    brn_str rest = brn_str_from(text);
    const char *redundant = redundant_of(arena, text);
    const char *made = NULL;
    brn_buf out;
    brn_str line;
    bool first = true;

    brn_buf_init(&out, 0);
    while (brn_str_split(&rest, '\n', &line)) {
        bool part = brn_str_starts(line, BRN_STR("  "));
        size_t counter = part ? SIZE_MAX : brn_str_find(line, BRN_STR(" AUTO_INCREMENT="));

        if (part && is_index_line(line)) {
            continue;
        }
        if (part) {
            brn_buf_add_c(&out, first ? "" : ", ");
            add_part(&out, without_comma(brn_str_trim(line)), redundant);
            first = false;
            continue;
        }
        brn_buf_add_str(&out, brn_str_slice(line, 0, counter != SIZE_MAX ? counter : line.len));
        if (counter != SIZE_MAX) {
            brn_str tail = brn_str_slice(line, counter + 1, line.len);
            size_t space = brn_str_find_char(tail, ' ');

            brn_buf_add_str(
                &out, brn_str_slice(tail, space != SIZE_MAX ? space : tail.len, tail.len));
        }
    }
    made = out.failed ? NULL : brn_arena_strdup(arena, brn_buf_text(&out));
    arena->oom = arena->oom || made == NULL;
    brn_buf_release(&out);
    return made;
}

/* The line of an index in the definition of its table. */
static const char *index_text(
    brn_arena *arena, const char *table, const char *name, const char *text)
{
    const char *head = brn_arena_printf(arena, "KEY `%s` ", name);
    const char *at = head != NULL ? strstr(text, head) : NULL;
    brn_str line;
    size_t end;

    if (at == NULL) {
        return "";
    }
    line = brn_str_from(at + strlen(head));
    end = brn_str_find_char(line, '\n');
    line = without_comma(brn_str_slice(line, 0, end != SIZE_MAX ? end : line.len));
    return brn_arena_printf(
        arena, "CREATE INDEX `%s` ON `%s` %.*s", name, table, BRN_STR_ARG(line));
}

typedef struct shown {
    brn_arena *arena;
    const char *text;
} shown;

/* SHOW CREATE has the text in the second column, or the third (of routines, triggers, events: the
 * fourth for the latter). */
static bool keep_shown(void *user, size_t index, MYSQL_RES *rows)
{
    shown *s = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;

    for (unsigned i = 1; row != NULL && i < mysql_num_fields(rows) && s->text == NULL; i++) {
        if (row[i] != NULL && strncmp(row[i], "CREATE", 6) == 0) {
            s->text = brn_arena_strdup(s->arena, row[i]);
        }
    }
    return !s->arena->oom;
}

static brant_status show(
    const char **out,
    brn_arena *arena,
    brn_mysql *p,
    const char *type,
    const char *name,
    brant_error **err)
{
    shown s = { .arena = arena };
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
    brn_buf_printf(&sql, "SHOW CREATE %s ", type);
    brn_mysql_add_name(&sql, name);
    st = sql.failed ? brn_error_oom(err) : brn_mysql_ask(p, brn_buf_str(&sql), keep_shown, &s, err);
    brn_buf_release(&sql);
    *out = s.text != NULL ? s.text : "";
    return st;
}

static brant_status define(listing *l, size_t i, brn_mysql *p, brant_error **err)
{
    brn_object_info *object = &l->list.items[i];
    const char *text = "";
    brant_status st = BRANT_OK;

    if (strcmp(object->type, "index") == 0) {
        st = show(&text, l->arena, p, "TABLE", l->tables.items[i], err);
        object->definition = index_text(l->arena, l->tables.items[i], object->name, text);
        return st;
    }
    st = show(&text, l->arena, p, object->type, object->name, err);
    object->definition = strcmp(object->type, "table") == 0 ? table_text(l->arena, text) : text;
    return st;
}

brant_status brn_mysql_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    listing l = { .arena = arena };
    brant_status st = brn_mysql_ask(p, brn_str_from(list_sql), keep_names, &l, err);

    for (size_t i = 0; st == BRANT_OK && i < l.list.count; i++) {
        st = define(&l, i, p, err);
    }
    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        *out = l.list;
    }
    return st;
}
