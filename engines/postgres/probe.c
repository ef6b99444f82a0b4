/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a statement took effect, as far as the catalogue tells. That an object of the name exists
 * proves nothing: what the statement would make is compared with what there is (rehearse.c), and
 * what is not certain is a question for a person.
 *
 * A name without a schema is looked for on the search path of this session, which may not be the
 * one that the statement had. So when it is not there, but in another schema, that is not certain
 * either.
 */
#include <string.h>

#include "engines/postgres/definition.h"
#include "engines/postgres/probe.h"
#include "text/reader.h"

/* Takes text from the arena; when that is out of memory the caller sees its latch. */
brant_status brn_postgres_tell(brn_postgres_prober *p, brn_verdict verdict, const char *text)
{
    p->out->verdict = verdict;
    p->out->text = text;
    return BRANT_OK;
}

const char *brn_postgres_text(const brn_postgres_prober *p, brn_str s)
{
    const char *text = brn_arena_strndup(p->arena, s.ptr, s.len);

    return text != NULL ? text : "";
}

static const char *column(const brn_postgres_prober *p, const PGresult *result, int row, int i)
{
    const char *text = brn_arena_strdup(p->arena, PQgetvalue(result, row, i));

    return text != NULL ? text : "";
}

/* --- looking for names ------------------------------------------------------------------------ */

#define IN_SCHEMA(catalogue, alias, prefix)                                                        \
    " FROM " catalogue " " alias " JOIN pg_namespace n ON n.oid = " alias "." prefix               \
    "namespace WHERE n.nspname !~ '^pg_(toast|temp)' AND " alias "." prefix "name = $1"
#define IN_NONE(type, catalogue, name)                                                             \
    "SELECT '', '" type "', true, true FROM " catalogue " WHERE " name " = $1"

/* Schema, type, is it on the search path, is it where CREATE would put it. */
static const char relations[] =
    "SELECT n.nspname, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'"
    " WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type'"
    " WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END,"
    " pg_table_is_visible(c.oid), n.nspname = current_schema()" IN_SCHEMA("pg_class", "c", "rel");
static const char types[] =
    "SELECT n.nspname, CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END,"
    " pg_type_is_visible(t.oid), n.nspname = current_schema()" IN_SCHEMA(
        "pg_type",
        "t",
        "typ") " AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid"
               " AND c.relkind = 'c'))";
static const char functions[] =
    "SELECT n.nspname, CASE " BRN_DEFINITION_PROKIND
    " WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'"
    " ELSE 'function' END, pg_function_is_visible(f.oid), n.nspname = current_schema()" IN_SCHEMA(
        "pg_proc", "f", "pro");

static const struct source {
    brn_object object;
    const char *sql;
} sources[] = {
    { BRN_OBJECT_TABLE, relations },
    { BRN_OBJECT_INDEX, relations },
    { BRN_OBJECT_VIEW, relations },
    { BRN_OBJECT_MATERIALIZED_VIEW, relations },
    { BRN_OBJECT_SEQUENCE, relations },
    { BRN_OBJECT_FOREIGN_TABLE, relations },
    { BRN_OBJECT_TYPE, types },
    { BRN_OBJECT_DOMAIN, types },
    { BRN_OBJECT_FUNCTION, functions },
    { BRN_OBJECT_PROCEDURE, functions },
    { BRN_OBJECT_AGGREGATE, functions },
    { BRN_OBJECT_SCHEMA, IN_NONE("schema", "pg_namespace", "nspname") },
    { BRN_OBJECT_EXTENSION, IN_NONE("extension", "pg_extension", "extname") },
    { BRN_OBJECT_DATABASE, IN_NONE("database", "pg_database", "datname") },
    { BRN_OBJECT_TABLESPACE, IN_NONE("tablespace", "pg_tablespace", "spcname") },
    { BRN_OBJECT_ROLE, IN_NONE("role", "pg_roles", "rolname") },
    { BRN_OBJECT_PUBLICATION, IN_NONE("publication", "pg_publication", "pubname") },
    { BRN_OBJECT_SUBSCRIPTION, IN_NONE("subscription", "pg_subscription", "subname") },
    { BRN_OBJECT_EVENT_TRIGGER, IN_NONE("event trigger", "pg_event_trigger", "evtname") },
    { BRN_OBJECT_FOREIGN_DATA_WRAPPER,
      IN_NONE("foreign data wrapper", "pg_foreign_data_wrapper", "fdwname") },
    { BRN_OBJECT_SERVER, IN_NONE("server", "pg_foreign_server", "srvname") },
    { BRN_OBJECT_LANGUAGE, IN_NONE("language", "pg_language", "lanname") },
};

static const char *source_of(brn_object object)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(sources); i++) {
        if (sources[i].object == object) {
            return sources[i].sql;
        }
    }
    return NULL;
}

brant_status brn_postgres_find(
    brn_postgres_found *out,
    brn_postgres_prober *p,
    brn_object object,
    const char *schema,
    const char *name)
{
    /* A CREATE puts it into the first schema of the path, whatever is in the others. */
    int place = p->what.verb == BRN_VERB_CREATE && object == p->what.object ? 3 : 2;
    const char *values[] = { name };
    PGresult *result = NULL;
    brant_status st = brn_postgres_query(&result, p->p, source_of(object), 1, values, p->err);

    *out = (brn_postgres_found){ .schema = schema, .type = "" };
    if (st != BRANT_OK) {
        return st;
    }
    for (int i = 0; i < PQntuples(result) && !out->exists; i++) {
        const char *here = PQgetvalue(result, i, 0);
        out->exists = schema[0] != '\0' && here[0] != '\0' ? strcmp(schema, here) == 0
                                                           : PQgetvalue(result, i, place)[0] == 't';
        if (out->exists) {
            out->schema = column(p, result, i, 0);
            out->type = column(p, result, i, 1);
        } else if (schema[0] == '\0') {
            out->elsewhere = column(p, result, i, 0);
        }
    }
    PQclear(result);
    return BRANT_OK;
}

/* Rows that the query gives for schema, name and member. */
brant_status brn_postgres_look(
    PGresult **out,
    brn_postgres_prober *p,
    const char *sql,
    const char *schema,
    const char *name,
    brn_str member)
{
    const char *values[] = { schema, name, brn_postgres_text(p, member) };

    return brn_postgres_query(out, p->p, sql, BRN_ARRAY_LEN(values), values, p->err);
}

brant_status brn_postgres_exists(
    bool *out,
    brn_postgres_prober *p,
    const char *sql,
    const char *schema,
    const char *name,
    brn_str member)
{
    PGresult *result = NULL;
    brant_status st = brn_postgres_look(&result, p, sql, schema, name, member);

    *out = st == BRANT_OK && PQntuples(result) > 0;
    PQclear(result);
    return st;
}

/* --- what is the same for many ---------------------------------------------------------------- */

brant_status brn_postgres_tell_elsewhere(
    brn_postgres_prober *p, const char *kind, const char *name, const brn_postgres_found *object)
{
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena,
            "%s \"%s\" does not exist on the search path, but in schema \"%s\", which the "
            "statement may have meant",
            kind, name, object->elsewhere));
}

static brant_status tell_other_type(brn_postgres_prober *p, const brn_postgres_found *object)
{
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena, "\"%s\" exists, but it is a %s and not a %s", p->name, object->type,
            p->kind));
}

brant_status brn_postgres_tell_missing(
    brn_postgres_prober *p, const char *kind, const char *name, const brn_postgres_found *object)
{
    if (object->elsewhere != NULL) {
        return brn_postgres_tell_elsewhere(p, kind, name, object);
    }
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN, brn_arena_printf(p->arena, "%s \"%s\" does not exist", kind, name));
}

/* --- CREATE ----------------------------------------------------------------------------------- */

#define OF_RELATION                                                                                \
    " FROM pg_class c WHERE c.relnamespace = " BRN_REHEARSE_IN                                     \
    " AND c.relname = $2 AND $3::text IS NOT NULL"

static const struct definition {
    brn_object object;
    const char *sql;
} definitions[] = {
    { BRN_OBJECT_TABLE,
      "SELECT CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || " BRN_DEFINITION_TABLE
          OF_RELATION " AND c.relkind IN ('r', 'p')" },
    { BRN_OBJECT_VIEW, "SELECT " BRN_DEFINITION_VIEW OF_RELATION " AND c.relkind = 'v'" },
    { BRN_OBJECT_MATERIALIZED_VIEW,
      "SELECT " BRN_DEFINITION_VIEW OF_RELATION " AND c.relkind = 'm'" },
    { BRN_OBJECT_SEQUENCE, "SELECT " BRN_DEFINITION_SEQUENCE
                           " FROM pg_sequence q WHERE q.seqrelid = (SELECT c.oid" OF_RELATION ")" },
    { BRN_OBJECT_TYPE,
      "SELECT " BRN_DEFINITION_TYPE " FROM pg_type t WHERE t.typname = $2 AND $3::text IS NOT NULL"
      " AND t.typnamespace = " BRN_REHEARSE_IN },
    { BRN_OBJECT_DOMAIN,
      "SELECT " BRN_DEFINITION_TYPE " FROM pg_type t WHERE t.typname = $2 AND $3::text IS NOT NULL"
      " AND t.typnamespace = " BRN_REHEARSE_IN },
    { BRN_OBJECT_FUNCTION,
      "SELECT replace(pg_get_functiondef(f.oid), quote_ident(n.nspname) || '.', '')"
      " FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace WHERE f.proname = $2"
      " AND " BRN_DEFINITION_PROKIND
      " IN ('f', 'w', 'p') AND $3::text IS NOT NULL AND n.oid = " BRN_REHEARSE_IN },
    { BRN_OBJECT_PROCEDURE,
      "SELECT replace(pg_get_functiondef(f.oid), quote_ident(n.nspname) || '.', '')"
      " FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace WHERE f.proname = $2"
      " AND " BRN_DEFINITION_PROKIND
      " IN ('f', 'w', 'p') AND $3::text IS NOT NULL AND n.oid = " BRN_REHEARSE_IN },
};

static const char *definition_of(brn_object object)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(definitions); i++) {
        if (definitions[i].object == object) {
            return definitions[i].sql;
        }
    }
    return NULL;
}

static brant_status tell_absent(brn_postgres_prober *p, const char *what)
{
    return brn_postgres_tell(
        p, BRN_VERDICT_NOT_DONE, brn_arena_printf(p->arena, "%s does not exist", what));
}

/* CREATE TABLE ... AS: the columns are those of the query, but the rows cannot be compared. */
static bool is_create_as(const brn_postgres_prober *p)
{
    static const char sql[] = "as";
    brn_script script = { .text = p->stmt->text, .line = 1, .column = 1 };
    brn_reader rd;

    if (p->what.object != BRN_OBJECT_TABLE) {
        return false;
    }
    brn_reader_init(&rd, p->arena, &brn_dialect_postgres, &script);
    return brn_reader_seek(&rd, sql);
}

static brant_status probe_create(brn_postgres_prober *p)
{
    const char *what = brn_arena_printf(p->arena, "%s \"%s\"", p->kind, p->name);
    brn_postgres_subject how = { .name = p->name, .member = "" };
    brn_postgres_found object;
    brant_status st = brn_postgres_find(
        &object, p, p->what.object, brn_postgres_text(p, p->what.schema), p->name);

    if (st != BRANT_OK) {
        return st;
    }
    if (!object.exists) {
        return object.elsewhere != NULL && p->what.schema.len == 0
                   ? brn_postgres_tell_elsewhere(p, p->kind, p->name, &object)
                   : tell_absent(p, what);
    }
    if (strcmp(object.type, p->kind) != 0) {
        return tell_other_type(p, &object);
    }
    how.schema = object.schema;
    how.definition = definition_of(p->what.object);
    if (how.definition == NULL || is_create_as(p)) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "%s exists, but whether it came from this statement cannot be told",
                what));
    }
    return brn_postgres_compare(p, what, &how);
}

/* --- CREATE of what is on a table --------------------------------------------------------------
 */

static const char plain_copy[] = BRN_REHEARSE_COPY("");
static const char index_definition[] =
    "SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END"
    " || substr(d.text, strpos(d.text, ' USING ') + 1) || coalesce(' TABLESPACE ' ||"
    " (SELECT quote_ident(s.spcname) FROM pg_tablespace s WHERE s.oid = c.reltablespace), '')"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid,"
    " LATERAL (SELECT pg_get_indexdef(c.oid) AS text) d"
    " WHERE i.indisvalid AND i.indrelid = " BRN_REHEARSE_TABLE " AND $3::text IN ('', c.relname)";

/* The index $3 of schema $1: is it valid, whose is it, who builds it. */
static const char index_state[] =
    "SELECT i.indisvalid, (SELECT t.relname FROM pg_class t WHERE t.oid = i.indrelid), %s"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = $3"
    " AND c.relnamespace = " BRN_REHEARSE_IN " AND $2::text IS NOT NULL";

static brant_status tell_invalid(brn_postgres_prober *p, const char *what, const char *builders)
{
    if (builders[0] != '\0') {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(p->arena, "%s is being built by process %s", what, builders));
    }
    return brn_postgres_tell(
        p, BRN_VERDICT_NOT_DONE,
        brn_arena_printf(
            p->arena, "%s exists, but is INVALID: its build failed or was cut off", what));
}

/* An index without a name in the statement: any of the table that is the same may be it. */
static brant_status probe_unnamed_index(brn_postgres_prober *p, const brn_postgres_found *table)
{
    const char *name = brn_postgres_text(p, p->what.on);
    brn_postgres_subject subject = {
        .schema = table->schema,
        .name = name,
        .member = "",
        .copy = plain_copy,
        .definition = index_definition,
    };
    brn_postgres_comparison found = { 0 };
    brant_status st = brn_postgres_rehearse(&found, p, &subject);

    if (st != BRANT_OK) {
        return st;
    }
    if (found.known && !found.same) {
        return brn_postgres_tell(
            p, BRN_VERDICT_NOT_DONE,
            brn_arena_printf(p->arena, "table \"%s\" has no such index that is valid", name));
    }
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN,
        found.known
            ? brn_arena_printf(
                  p->arena,
                  "table \"%s\" has such an index; whether it came from this statement, which "
                  "gives it no name, cannot be told",
                  name)
            : brn_arena_printf(
                  p->arena, "whether table \"%s\" has such an index cannot be told: %s", name,
                  found.failure));
}

static brant_status probe_named_index(brn_postgres_prober *p, const brn_postgres_found *table)
{
    const char *what = brn_arena_printf(p->arena, "index \"%s\"", p->name);
    const char *name = brn_postgres_text(p, p->what.on);
    const brn_postgres_subject how = {
        .schema = table->schema,
        .name = name,
        .member = p->name,
        .copy = plain_copy,
        .definition = index_definition,
    };
    const char *sql = brn_arena_printf(p->arena, index_state, brn_postgres_index_builders(p->p));
    PGresult *result = NULL;
    brant_status st = sql == NULL
                          ? brn_error_oom(p->err)
                          : brn_postgres_look(&result, p, sql, table->schema, name, p->what.name);

    if (st != BRANT_OK) {
        return st;
    }
    if (PQntuples(result) == 0) {
        st = tell_absent(p, what);
    } else if (strcmp(PQgetvalue(result, 0, 1), name) != 0) {
        st = brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "%s exists, but on table \"%s\"", what, PQgetvalue(result, 0, 1)));
    } else if (PQgetvalue(result, 0, 0)[0] != 't') {
        st = tell_invalid(p, what, PQgetvalue(result, 0, 2));
    } else {
        st = brn_postgres_compare(p, what, &how);
    }
    PQclear(result);
    return st;
}

static const struct member_rule {
    brn_object object;
    const char *definition; /* of $3 on the table $2 of schema $1 */
} member_rules[] = {
    { BRN_OBJECT_TRIGGER,
      "SELECT pg_get_triggerdef(g.oid, true) FROM pg_trigger g WHERE g.tgname = $3"
      " AND NOT g.tgisinternal AND g.tgrelid = " BRN_REHEARSE_TABLE },
    { BRN_OBJECT_POLICY,
      "SELECT " BRN_DEFINITION_POLICY
      " FROM pg_policy l WHERE l.polname = $3 AND l.polrelid = " BRN_REHEARSE_TABLE },
    { BRN_OBJECT_RULE, "SELECT pg_get_ruledef(u.oid, true) FROM pg_rewrite u WHERE u.rulename = $3"
                       " AND u.ev_class = " BRN_REHEARSE_TABLE },
};

static const char *member_definition_of(brn_object object)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(member_rules); i++) {
        if (member_rules[i].object == object) {
            return member_rules[i].definition;
        }
    }
    return NULL;
}

/* A trigger, policy or rule; what the statement says of a rule is not compared. */
static brant_status probe_member(brn_postgres_prober *p, const brn_postgres_found *table)
{
    const char *name = brn_postgres_text(p, p->what.on);
    const char *what =
        brn_arena_printf(p->arena, "%s \"%s\" of table \"%s\"", p->kind, p->name, name);
    const brn_postgres_subject how = {
        .schema = table->schema,
        .name = name,
        .member = p->name,
        .copy = plain_copy,
        .definition = member_definition_of(p->what.object),
    };
    bool there = false;
    brant_status st =
        brn_postgres_exists(&there, p, how.definition, table->schema, name, p->what.name);

    if (st != BRANT_OK) {
        return st;
    }
    if (p->what.verb == BRN_VERB_DROP) {
        return brn_postgres_tell(
            p, there ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
            brn_arena_printf(
                p->arena, "%s %s", what, there ? "still exists" : "does not exist any more"));
    }
    if (!there) {
        return tell_absent(p, what);
    }
    if (p->what.object == BRN_OBJECT_RULE) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "%s exists, but whether it came from this statement cannot be told",
                what));
    }
    return brn_postgres_compare(p, what, &how);
}

static brant_status probe_on_table(brn_postgres_prober *p)
{
    brn_postgres_found table;
    brant_status st = brn_postgres_find(
        &table, p, BRN_OBJECT_TABLE, brn_postgres_text(p, p->what.on_schema),
        brn_postgres_text(p, p->what.on));

    if (st != BRANT_OK) {
        return st;
    }
    if (!table.exists) {
        return brn_postgres_tell_missing(p, "table", brn_postgres_text(p, p->what.on), &table);
    }
    if (p->what.object != BRN_OBJECT_INDEX) {
        return probe_member(p, &table);
    }
    return p->what.name.len > 0 ? probe_named_index(p, &table) : probe_unnamed_index(p, &table);
}

/* --- CREATE of what is in no schema ------------------------------------------------------------
 */

/* Whether it is what a statement without options makes: one row of true. */
static const struct default_rule {
    brn_object object;
    const char *sql;
} default_rules[] = {
    { BRN_OBJECT_DATABASE,
      "SELECT d.datconnlimit = -1 AND d.dattablespace = m.dattablespace"
      " AND d.encoding = m.encoding AND d.datcollate = m.datcollate AND d.datctype = m.datctype"
      " AND pg_get_userbyid(d.datdba) = current_user"
      " FROM pg_database d, pg_database m WHERE d.datname = $1 AND m.datname = 'template1'" },
    { BRN_OBJECT_SCHEMA, "SELECT pg_get_userbyid(n.nspowner) = current_user FROM pg_namespace n"
                         " WHERE n.nspname = $1" },
    { BRN_OBJECT_EXTENSION,
      "SELECT x.extversion = a.default_version FROM pg_extension x"
      " JOIN pg_available_extensions a ON a.name = x.extname WHERE x.extname = $1" },
};

/* CREATE KIND [IF NOT EXISTS] name, and nothing behind it. */
static bool has_options(const brn_postgres_prober *p)
{
    brn_script script = { .text = p->stmt->text, .line = 1, .column = 1 };
    brn_reader rd;

    brn_reader_init(&rd, p->arena, &brn_dialect_postgres, &script);
    brn_reader_next(&rd);
    brn_reader_next(&rd);
    (void)brn_reader_take_if_exists(&rd);
    (void)brn_reader_name(&rd);
    return !brn_reader_at_end(&rd);
}

static brant_status probe_create_shared(brn_postgres_prober *p)
{
    const char *what = brn_arena_printf(p->arena, "%s \"%s\"", p->kind, p->name);
    const char *values[] = { p->name };
    const char *sql = NULL;
    PGresult *result = NULL;
    bool same = false;
    brn_postgres_found object;
    brant_status st = brn_postgres_find(&object, p, p->what.object, "", p->name);

    if (st != BRANT_OK) {
        return st;
    }
    if (!object.exists) {
        return tell_absent(p, what);
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(default_rules); i++) {
        sql = default_rules[i].object == p->what.object ? default_rules[i].sql : sql;
    }
    if (sql != NULL && !has_options(p)) {
        st = brn_postgres_query(&result, p->p, sql, 1, values, p->err);
        if (st != BRANT_OK) {
            return st;
        }
        same = PQntuples(result) == 1 && PQgetvalue(result, 0, 0)[0] == 't';
        PQclear(result);
    }
    return brn_postgres_tell(
        p, same ? BRN_VERDICT_DONE : BRN_VERDICT_UNKNOWN,
        same ? brn_arena_printf(p->arena, "%s exists, as the statement makes it", what)
             : brn_arena_printf(
                   p->arena, "%s exists, but whether it came from this statement cannot be told",
                   what));
}

/* --- DROP ------------------------------------------------------------------------------------- */

static brant_status tell_dropped(brn_postgres_prober *p, const brn_postgres_found *object)
{
    const char *state = object->exists ? "still exists" : "does not exist any more";

    if (object->elsewhere != NULL && !object->exists) {
        return brn_postgres_tell_elsewhere(p, p->kind, p->name, object);
    }
    if (object->exists && strcmp(object->type, p->kind) != 0) {
        return tell_other_type(p, object);
    }
    /* One statement drops all or none, but what IF EXISTS did not find says nothing of the rest. */
    if ((p->what.flags & BRN_STMT_SEVERAL) != 0 && p->what.if_exists && !object->exists) {
        return brn_postgres_tell(
            p, BRN_VERDICT_REPEATABLE,
            "running a DROP ... IF EXISTS of several objects twice is the same as once");
    }
    /* Of functions that share the name one may be gone. */
    if (object->exists && source_of(p->what.object) == functions) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "a %s \"%s\" exists; whether it is the one cannot be told", p->kind,
                p->name));
    }
    return brn_postgres_tell(
        p, object->exists ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
        brn_arena_printf(p->arena, "%s \"%s\" %s", p->kind, p->name, state));
}

static brant_status probe_drop(brn_postgres_prober *p)
{
    brn_postgres_found object;
    brant_status st = brn_postgres_find(
        &object, p, p->what.object, brn_postgres_text(p, p->what.schema), p->name);

    return st == BRANT_OK ? tell_dropped(p, &object) : st;
}

/* --- the rest --------------------------------------------------------------------------------- */

static brant_status probe_by_kind(brn_postgres_prober *p, const brn_stmt_info *info)
{
    if (info->repeatable) {
        return brn_postgres_tell(
            p, BRN_VERDICT_REPEATABLE,
            brn_arena_printf(
                p->arena, "running a %s statement twice is the same as once", info->kind));
    }
    return brn_postgres_tell(
        p, BRN_VERDICT_UNKNOWN,
        brn_arena_printf(
            p->arena, "whether a %s statement took effect cannot be told from the catalogue",
            info->kind));
}

/* Those of another session end with it. */
static brant_status tell_temporary(brn_postgres_prober *p)
{
    return brn_postgres_tell(
        p, BRN_VERDICT_NOT_DONE,
        brn_arena_printf(
            p->arena, "%s \"%s\" is temporary, and not of this session", p->kind, p->name));
}

static bool is_shared(const char *source)
{
    return source != relations && source != types && source != functions;
}

/* NULL: the catalogue does not tell. */
typedef brant_status probe_fn(brn_postgres_prober *p);

static probe_fn *find_create(const brn_postgres_prober *p)
{
    const char *source = source_of(p->what.object);
    bool on_table =
        p->what.object == BRN_OBJECT_INDEX || member_definition_of(p->what.object) != NULL;

    if (p->what.temporary) {
        return tell_temporary;
    }
    if (on_table) {
        return p->what.on.len > 0 ? probe_on_table : NULL;
    }
    if (source == NULL || p->what.name.len == 0) {
        return NULL;
    }
    return is_shared(source) ? probe_create_shared : probe_create;
}

static probe_fn *find_drop(const brn_postgres_prober *p)
{
    if (member_definition_of(p->what.object) != NULL) {
        return p->what.on.len > 0 ? probe_on_table : NULL;
    }
    return source_of(p->what.object) != NULL && p->what.name.len > 0 ? probe_drop : NULL;
}

static probe_fn *find_alter(const brn_postgres_prober *p)
{
    bool one = p->what.alter != BRN_ALTER_NONE && (p->what.flags & BRN_STMT_SEVERAL) == 0;

    return one && source_of(p->what.object) != NULL ? brn_postgres_probe_alter : NULL;
}

static brant_status dispatch(brn_postgres_prober *p)
{
    probe_fn *probe = NULL;
    brn_stmt_info info;

    brn_postgres_inspect_class(&info, &p->p->conn, &p->what, p->stmt);
    if (!info.repeatable) {
        probe = p->what.verb == BRN_VERB_CREATE  ? find_create(p)
                : p->what.verb == BRN_VERB_DROP  ? find_drop(p)
                : p->what.verb == BRN_VERB_ALTER ? find_alter(p)
                                                 : NULL;
    }
    return probe != NULL ? probe(p) : probe_by_kind(p, &info);
}

brant_status brn_postgres_probe(
    brn_evidence *out, brn_arena *arena, brn_conn *conn, const brn_stmt *stmt, brant_error **err)
{
    brn_evidence evidence = { 0 };
    brn_postgres_prober p = {
        .p = (brn_postgres *)conn,
        .arena = arena,
        .stmt = stmt,
        .out = &evidence,
        .err = err,
    };
    brant_status st;

    brn_classify(&p.what, arena, &brn_dialect_postgres, stmt);
    p.kind = brn_object_word(p.what.object);
    p.name = brn_postgres_text(&p, p.what.name);
    st = dispatch(&p);
    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        *out = evidence;
    }
    return st;
}
