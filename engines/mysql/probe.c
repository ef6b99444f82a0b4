/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a statement took effect, as the database tells. One ALTER, CREATE or DROP of one object
 * happens as a whole or not at all, so one part that is missing tells of all. "Exists already" is
 * no proof: what there is is compared with what the statement makes.
 */
#include "engines/mysql/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "text/reader.h"

/* --- helpers ---------------------------------------------------------------------------------- */

void brn_mysql_tell(brn_mysql_probing *x, brn_verdict verdict, const char *format, ...)
{
    brn_buf text;
    va_list args;

    brn_buf_init(&text, 0);
    va_start(args, format);
    brn_buf_vprintf(&text, format, args);
    va_end(args);
    x->out->verdict = verdict;
    x->out->text = brn_arena_strdup(x->arena, brn_buf_text(&text));
    x->arena->oom = x->arena->oom || text.failed;
    brn_buf_release(&text);
}

brant_status brn_mysql_probe_ask(
    const char **out, brn_mysql_probing *x, brant_error **err, const char *format, ...)
{
    brant_status st;
    brn_buf sql;
    va_list args;

    *out = NULL;
    brn_buf_init(&sql, 0);
    va_start(args, format);
    brn_buf_vprintf(&sql, format, args);
    va_end(args);
    st = sql.failed || x->arena->oom
             ? brn_error_oom(err)
             : brn_mysql_value(out, x->arena, x->p, brn_buf_text(&sql), err);
    brn_buf_release(&sql);
    return st;
}

const char *brn_mysql_quoted(brn_mysql_probing *x, const char *text)
{
    const char *made = NULL;
    brn_buf buf;

    brn_buf_init(&buf, 0);
    brn_mysql_add_text(&buf, text, strlen(text));
    made = brn_arena_strdup(x->arena, brn_buf_text(&buf));
    x->arena->oom = x->arena->oom || buf.failed;
    brn_buf_release(&buf);
    return made != NULL ? made : "''";
}

const char *brn_mysql_named(brn_mysql_probing *x, const char *name)
{
    const char *made = NULL;
    brn_buf buf;

    brn_buf_init(&buf, 0);
    brn_mysql_add_name(&buf, name);
    made = brn_arena_strdup(x->arena, brn_buf_text(&buf));
    x->arena->oom = x->arena->oom || buf.failed;
    brn_buf_release(&buf);
    return made != NULL ? made : "``";
}

const char *brn_mysql_copy(brn_mysql_probing *x, brn_str text)
{
    const char *made = brn_arena_strndup(x->arena, text.ptr, text.len);

    return made != NULL ? made : "";
}

static void not_told(brn_mysql_probing *x)
{
    brn_mysql_tell(x, BRN_VERDICT_UNKNOWN, "it cannot be told from the database");
}

/* A user or a role, say. */
static void not_told_of(brn_mysql_probing *x)
{
    if (x->what->if_exists) {
        brn_mysql_tell(
            x, BRN_VERDICT_REPEATABLE, "it does nothing where it has been done: IF [NOT] EXISTS");
    } else {
        not_told(x);
    }
}

void brn_mysql_tell_compared(
    brn_mysql_probing *x, const brn_mysql_rehearsal *r, const char *thing, brn_verdict unlike)
{
    if (r->result == BRN_MYSQL_SAME) {
        brn_mysql_tell(x, BRN_VERDICT_DONE, "%s exists and has the same definition", thing);
    } else if (r->result == BRN_MYSQL_OTHER && unlike == BRN_VERDICT_NOT_DONE) {
        brn_mysql_tell(
            x, unlike, "%s is not yet so; wanted: %.400s; present: %.400s", thing, r->wanted,
            r->present);
    } else if (r->result == BRN_MYSQL_OTHER) {
        brn_mysql_tell(
            x, unlike, "%s exists and has another definition; wanted: %.400s; present: %.400s",
            thing, r->wanted, r->present);
    } else {
        brn_mysql_tell(
            x, BRN_VERDICT_UNKNOWN,
            "%s exists; whether it is as the statement makes it cannot be "
            "told%s%.300s",
            thing, r->failure != NULL ? ": " : "", r->failure != NULL ? r->failure : "");
    }
}

/* --- what exists ------------------------------------------------------------------------------ */

static const struct place {
    brn_object object;
    const char *word;
    const char *query; /* of something that is not null when it exists: schema and name */
} places[] = {
    { BRN_OBJECT_TABLE, "table",
      "SELECT LOWER(TABLE_TYPE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
      " AND TABLE_NAME = %s" },
    { BRN_OBJECT_VIEW, "view",
      "SELECT LOWER(TABLE_TYPE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
      " AND TABLE_NAME = %s" },
    { BRN_OBJECT_SEQUENCE, "sequence",
      "SELECT LOWER(TABLE_TYPE) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
      " AND TABLE_NAME = %s" },
    { BRN_OBJECT_TRIGGER, "trigger",
      "SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s"
      " AND TRIGGER_NAME = %s" },
    { BRN_OBJECT_PROCEDURE, "procedure",
      "SELECT COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES"
      " WHERE ROUTINE_SCHEMA = %s AND ROUTINE_NAME = %s AND ROUTINE_TYPE = 'PROCEDURE'" },
    { BRN_OBJECT_FUNCTION, "function",
      "SELECT COALESCE(ROUTINE_DEFINITION, '') FROM information_schema.ROUTINES"
      " WHERE ROUTINE_SCHEMA = %s AND ROUTINE_NAME = %s AND ROUTINE_TYPE = 'FUNCTION'" },
    { BRN_OBJECT_EVENT, "event",
      "SELECT EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s"
      " AND EVENT_NAME = %s" },
    { BRN_OBJECT_DATABASE, "database",
      "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE %s IS NOT NULL"
      " AND SCHEMA_NAME = %s" },
};

static const struct place *find_place(brn_object object)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(places); i++) {
        if (places[i].object == object) {
            return &places[i];
        }
    }
    return NULL;
}

/* *text: its type, or its body; NULL when it does not exist. */
static brant_status find(
    const char **text,
    brn_mysql_probing *x,
    const struct place *place,
    const char *schema,
    const char *name,
    brant_error **err)
{
    brn_buf sql;
    brant_status st;

    brn_buf_init(&sql, 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    brn_buf_printf(&sql, place->query, brn_mysql_quoted(x, schema), brn_mysql_quoted(x, name));
#pragma GCC diagnostic pop
    st = brn_mysql_probe_ask(text, x, err, "%s", brn_buf_text(&sql));
    brn_buf_release(&sql);
    return st;
}

brant_status brn_mysql_index_exists(
    bool *out, brn_mysql_probing *x, const char *table, const char *index, brant_error **err)
{
    const char *text = NULL;
    brant_status st = brn_mysql_probe_ask(
        &text, x, err,
        "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s"
        " AND TABLE_NAME = %s AND INDEX_NAME = %s LIMIT 1",
        brn_mysql_quoted(x, x->schema), brn_mysql_quoted(x, table), brn_mysql_quoted(x, index));

    *out = text != NULL;
    return st;
}

/* --- CREATE ----------------------------------------------------------------------------------- */

static bool mentions(brn_mysql_probing *x, const char *keyword)
{
    brn_script script = { .text = x->stmt->text, .line = 1, .column = 1, .mode = x->stmt->mode };
    brn_reader rd;

    brn_reader_init(&rd, x->arena, &brn_dialect_mysql, &script);
    return brn_reader_seek(&rd, keyword);
}

/* Routines, triggers and events end with their body, as it is written. */
static void compare_body(brn_mysql_probing *x, const char *word, const char *body)
{
    brn_str text = brn_str_trim(x->stmt->text);
    brn_str wanted = brn_str_trim(brn_str_from(body));

    /* MySQL may have stored what separated it from the next statement. */
    if (brn_str_ends(wanted, BRN_STR(";")) && !brn_str_ends(text, BRN_STR(";"))) {
        wanted = brn_str_trim(brn_str_slice(wanted, 0, wanted.len - 1));
    }
    if (wanted.len > 0 && brn_str_ends(text, wanted)) {
        brn_mysql_tell(
            x, BRN_VERDICT_DONE, "%s \"%s\" exists and has the same definition (body)", word,
            x->name);
    } else {
        brn_mysql_tell(
            x, BRN_VERDICT_UNKNOWN, "%s \"%s\" exists and has another definition", word, x->name);
    }
}

static const char *thing(brn_mysql_probing *x, const char *word, const char *name)
{
    const char *text = brn_arena_printf(x->arena, "%s \"%s\"", word, name);

    return text != NULL ? text : "";
}

static brant_status compare_whole(brn_mysql_probing *x, const char *word, brant_error **err)
{
    brn_mysql_rehearsal r;
    brant_status st = brn_mysql_rehearse(&r, x, x->name, NULL, err);

    if (st == BRANT_OK) {
        brn_mysql_tell_compared(x, &r, thing(x, word, x->name), BRN_VERDICT_UNKNOWN);
    }
    return st;
}

static brant_status probe_create_index(brn_mysql_probing *x, brant_error **err)
{
    const char *table = brn_mysql_copy(x, x->what->on);
    brn_mysql_texts undo = { 0 };
    const char **first = NULL;
    brn_mysql_rehearsal r;
    bool exists = false;
    brant_status st = brn_mysql_index_exists(&exists, x, table, x->name, err);

    if (st == BRANT_OK && !exists) {
        brn_mysql_tell(x, BRN_VERDICT_NOT_DONE, "index \"%s\" does not exist", x->name);
    }
    if (st != BRANT_OK || !exists) {
        return st;
    }
    first = BRN_VEC_PUSH(x->arena, &undo);
    if (first == NULL) {
        return brn_error_oom(err);
    }
    *first = brn_arena_printf(x->arena, "DROP INDEX %s", brn_mysql_named(x, x->name));
    st = brn_mysql_rehearse(&r, x, table, &undo, err);
    if (st == BRANT_OK) {
        brn_mysql_tell_compared(x, &r, thing(x, "index", x->name), BRN_VERDICT_UNKNOWN);
    }
    return st;
}

static bool is_type(const char *type, const struct place *place)
{
    return strstr(type, place->word) != NULL ||
           (place->object == BRN_OBJECT_TABLE && strstr(type, "system versioned") != NULL);
}

static brant_status probe_create(brn_mysql_probing *x, brant_error **err)
{
    const struct place *place = find_place(x->what->object);
    const char *found = NULL;
    brant_status st;

    if (x->what->object == BRN_OBJECT_INDEX) {
        return probe_create_index(x, err);
    }
    if (place == NULL || x->name[0] == '\0') {
        not_told_of(x);
        return BRANT_OK;
    }
    if (x->what->temporary) {
        brn_mysql_tell(x, BRN_VERDICT_NOT_DONE, "it is temporary, and gone with its session");
        return BRANT_OK;
    }
    st = find(&found, x, place, x->schema, x->name, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (found == NULL) {
        brn_mysql_tell(x, BRN_VERDICT_NOT_DONE, "%s \"%s\" does not exist", place->word, x->name);
    } else if (place->object == BRN_OBJECT_TABLE || place->object == BRN_OBJECT_VIEW) {
        if (!is_type(found, place)) {
            brn_mysql_tell(x, BRN_VERDICT_UNKNOWN, "\"%s\" is a %s", x->name, found);
        } else if (place->object == BRN_OBJECT_TABLE && mentions(x, "select")) {
            not_told(x);
        } else {
            return compare_whole(x, place->word, err);
        }
    } else if (place->object == BRN_OBJECT_SEQUENCE || place->object == BRN_OBJECT_DATABASE) {
        not_told(x);
    } else {
        compare_body(x, place->word, found);
    }
    return BRANT_OK;
}

/* --- DROP, RENAME, TRUNCATE ------------------------------------------------------------------- */

static brant_status probe_drop(brn_mysql_probing *x, brant_error **err)
{
    const struct place *place = find_place(x->what->object);
    const char *word = place != NULL ? place->word : "index";
    const char *found = NULL;
    bool exists = false;
    brant_status st;

    if (x->what->object == BRN_OBJECT_INDEX) {
        st = brn_mysql_index_exists(&exists, x, brn_mysql_copy(x, x->what->on), x->name, err);
    } else if (place == NULL || x->name[0] == '\0') {
        not_told_of(x);
        return BRANT_OK;
    } else {
        st = find(&found, x, place, x->schema, x->name, err);
        exists = found != NULL;
    }
    if (st != BRANT_OK) {
        return st;
    }
    if ((x->what->flags & BRN_STMT_SEVERAL) != 0) {
        brn_mysql_tell(
            x, x->what->if_exists ? BRN_VERDICT_REPEATABLE : BRN_VERDICT_UNKNOWN,
            x->what->if_exists ? "it drops what is there"
                               : "it drops more than one, and how far it came cannot be told");
    } else if (exists) {
        brn_mysql_tell(x, BRN_VERDICT_NOT_DONE, "%s \"%s\" exists", word, x->name);
    } else {
        brn_mysql_tell(x, BRN_VERDICT_DONE, "%s \"%s\" does not exist any more", word, x->name);
    }
    return BRANT_OK;
}

static brant_status probe_rename(brn_mysql_probing *x, brant_error **err)
{
    const char *schema =
        x->what->new_schema.len > 0 ? brn_mysql_copy(x, x->what->new_schema) : x->schema;
    const char *name = brn_mysql_copy(x, x->what->new_name);
    const struct place *place = find_place(BRN_OBJECT_TABLE);
    const char *before = NULL;
    const char *after = NULL;
    brant_status st;

    if (x->what->object != BRN_OBJECT_TABLE || (x->what->flags & BRN_STMT_SEVERAL) != 0) {
        not_told(x);
        return BRANT_OK;
    }
    st = find(&before, x, place, x->schema, x->name, err);
    st = st == BRANT_OK ? find(&after, x, place, schema, name, err) : st;
    if (st != BRANT_OK) {
        return st;
    }
    if (before != NULL && after == NULL) {
        brn_mysql_tell(x, BRN_VERDICT_NOT_DONE, "table \"%s\" exists", x->name);
    } else if (before == NULL && after != NULL) {
        brn_mysql_tell(x, BRN_VERDICT_DONE, "table \"%s\" exists", name);
    } else {
        brn_mysql_tell(
            x, BRN_VERDICT_UNKNOWN, "tables \"%s\" and \"%s\" %s", x->name, name,
            before != NULL ? "both exist" : "are both missing");
    }
    return BRANT_OK;
}

static brant_status probe_truncate(brn_mysql_probing *x, brant_error **err)
{
    const char *found = NULL;
    brant_status st = brn_mysql_probe_ask(
        &found, x, err, "SELECT 1 FROM %s.%s LIMIT 1", brn_mysql_named(x, x->schema),
        brn_mysql_named(x, x->name));

    if (st == BRANT_OK && found == NULL) {
        brn_mysql_tell(x, BRN_VERDICT_DONE, "table \"%s\" is empty", x->name);
    } else if (st == BRANT_OK) {
        not_told(x);
    }
    return st;
}

/* --- all of it -------------------------------------------------------------------------------- */

static brant_status probe_kind(brn_mysql_probing *x, brant_error **err)
{
    switch (x->what->verb) {
    case BRN_VERB_CREATE:
        return probe_create(x, err);
    case BRN_VERB_DROP:
        return probe_drop(x, err);
    case BRN_VERB_RENAME:
        return probe_rename(x, err);
    case BRN_VERB_TRUNCATE:
        return probe_truncate(x, err);
    case BRN_VERB_ALTER:
        if (x->what->object == BRN_OBJECT_TABLE) {
            return x->what->alter == BRN_ALTER_RENAME_TABLE ? probe_rename(x, err)
                                                            : brn_mysql_probe_alter(x, err);
        }
        break;
    default:
        break;
    }
    not_told(x);
    return BRANT_OK;
}

/* Its own, or the database at hand, which USE in the file may have changed. */
static brant_status find_schema(brn_mysql_probing *x, brant_error **err)
{
    const char *now = NULL;
    brant_status st = BRANT_OK;

    if (x->what->schema.len > 0) {
        x->schema = brn_mysql_copy(x, x->what->schema);
        return BRANT_OK;
    }
    if (x->p->dirty) {
        st = brn_mysql_probe_ask(&now, x, err, "SELECT DATABASE()");
    }
    x->schema = now != NULL ? now : x->p->dbname;
    return st;
}

brant_status brn_mysql_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_mysql *p = (brn_mysql *)conn;
    brn_stmt_class what = { 0 };
    brn_stmt_info info;
    brn_evidence found = { BRN_VERDICT_UNKNOWN, "" };
    brn_mysql_probing x = { .p = p, .arena = arena, .stmt = stmt, .what = &what, .out = &found };
    brant_status st = BRANT_OK;

    brn_classify(&what, arena, &brn_dialect_mysql, stmt);
    brn_mysql_inspect_class(&info, conn, &what, stmt);
    st = find_schema(&x, err);
    x.name = brn_mysql_copy(&x, what.name);
    if (st != BRANT_OK) {
        return st;
    }
    if (info.repeatable) {
        brn_mysql_tell(&x, BRN_VERDICT_REPEATABLE, "running it twice is the same as once");
    } else {
        st = probe_kind(&x, err);
    }
    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        *out = found;
    }
    return st;
}
