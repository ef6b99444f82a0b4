/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an ALTER took effect. */
#include <string.h>

#include "engines/postgres/definition.h"
#include "engines/postgres/probe.h"
#include "text/reader.h"

/* --- columns and constraints -------------------------------------------------------------------
 */

#define OF_COLUMN                                                                                  \
    BRN_DEFINITION_COLUMN_FROM                                                                     \
    "WHERE a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped"                                 \
    " AND a.attrelid = " BRN_REHEARSE_TABLE

static const char column_definition[] = "SELECT " BRN_DEFINITION_COLUMN OF_COLUMN;
/* With the constraints that are the column's alone. */
static const char new_column_definition[] =
    "SELECT " BRN_DEFINITION_COLUMN " || coalesce((SELECT string_agg(' ' ||"
    " pg_get_constraintdef(k.oid), '' ORDER BY pg_get_constraintdef(k.oid)) FROM pg_constraint k"
    " WHERE k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum] AND"
    " k.contype <> 'n'), '')" OF_COLUMN;
static const char constraint_definition[] =
    "SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.conname = $3 AND k.conrelid"
    " = " BRN_REHEARSE_TABLE;
static const char plain_copy[] = BRN_REHEARSE_COPY("");
static const char copy_without_column[] = BRN_REHEARSE_COPY(
    "") " UNION ALL"
        " SELECT format('ALTER TABLE %I.%I DROP COLUMN %I', $4::text, $2::text, $3::text)";
static const char copy_with_defaults[] =
    BRN_REHEARSE_COPY(" INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY");

static const char *member_of_table(const brn_postgres_prober *p, const char *kind)
{
    return brn_arena_printf(
        p->arena, "%s \"%.*s\" of table \"%s\"", kind, BRN_STR_ARG(p->what.member), p->name);
}

static brant_status tell_gone(brn_postgres_prober *p, const char *what, bool there)
{
    return brn_postgres_tell(
        p, there ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
        brn_arena_printf(
            p->arena, "%s %s", what, there ? "still exists" : "does not exist any more"));
}

static brant_status probe_add(
    brn_postgres_prober *p, const brn_postgres_found *table, bool is_column)
{
    const char *what = member_of_table(p, is_column ? "column" : "constraint");
    const brn_postgres_subject how = {
        .schema = table->schema,
        .name = p->name,
        .member = brn_postgres_text(p, p->what.member),
        .copy = is_column ? copy_without_column : plain_copy,
        .definition = is_column ? new_column_definition : constraint_definition,
    };
    bool there = false;
    brant_status st =
        brn_postgres_exists(&there, p, how.definition, table->schema, p->name, p->what.member);

    if (st != BRANT_OK) {
        return st;
    }
    return there ? brn_postgres_compare(p, what, &how)
                 : brn_postgres_tell(
                       p, BRN_VERDICT_NOT_DONE,
                       brn_arena_printf(p->arena, "%s does not exist", what));
}

static brant_status probe_remove(
    brn_postgres_prober *p, const brn_postgres_found *table, bool is_column)
{
    const char *what = member_of_table(p, is_column ? "column" : "constraint");
    const char *sql = is_column ? column_definition : constraint_definition;
    bool there = false;
    brant_status st = brn_postgres_exists(&there, p, sql, table->schema, p->name, p->what.member);

    return st == BRANT_OK ? tell_gone(p, what, there) : st;
}

static brant_status probe_validate(brn_postgres_prober *p, const brn_postgres_found *table)
{
    static const char sql[] =
        "SELECT k.convalidated FROM pg_constraint k WHERE k.conname = $3 AND k.conrelid"
        " = " BRN_REHEARSE_TABLE;
    const char *what = member_of_table(p, "constraint");
    PGresult *result = NULL;
    brant_status st = brn_postgres_look(&result, p, sql, table->schema, p->name, p->what.member);

    if (st != BRANT_OK) {
        return st;
    }
    if (PQntuples(result) == 0) {
        st = brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN, brn_arena_printf(p->arena, "%s does not exist", what));
    } else {
        bool valid = PQgetvalue(result, 0, 0)[0] == 't';
        st = brn_postgres_tell(
            p, valid ? BRN_VERDICT_DONE : BRN_VERDICT_NOT_DONE,
            brn_arena_printf(p->arena, "%s is %s", what, valid ? "valid" : "not yet validated"));
    }
    PQclear(result);
    return st;
}

/* On a copy of what there is, the statement changes nothing: then it has been there. */
static brant_status probe_alter_column(brn_postgres_prober *p, const brn_postgres_found *table)
{
    const char *what = member_of_table(p, "column");
    brn_script script = { .text = p->stmt->text, .line = 1, .column = 1 };
    brn_postgres_subject subject = {
        .schema = table->schema,
        .name = p->name,
        .member = brn_postgres_text(p, p->what.member),
        .copy = copy_with_defaults,
        .definition = column_definition,
    };
    brn_postgres_comparison found = { 0 };
    brn_reader rd;
    brant_status st = BRANT_OK;

    brn_reader_init(&rd, p->arena, &brn_dialect_postgres, &script);
    if (brn_reader_seek(&rd, "using")) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "whether the values of %s were changed by USING cannot be told", what));
    }
    st = brn_postgres_rehearse(&found, p, &subject);
    if (st != BRANT_OK) {
        return st;
    }
    if (!found.known || found.present == NULL) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena, "what the statement does to %s cannot be told: %s", what,
                found.failure != NULL ? found.failure : "it does not exist"));
    }
    return brn_postgres_tell(
        p, found.same ? BRN_VERDICT_DONE : BRN_VERDICT_NOT_DONE,
        brn_arena_printf(
            p->arena, found.same ? "%s is as the statement makes it: %s" : "%s is not yet so: %s",
            what, found.same ? found.present : found.wanted));
}

/* --- renames ---------------------------------------------------------------------------------- */

static brant_status tell_moved(
    brn_postgres_prober *p, const char *from, bool old, const char *to, bool now)
{
    brn_verdict verdict = BRN_VERDICT_UNKNOWN;

    if (old != now) {
        verdict = now ? BRN_VERDICT_DONE : BRN_VERDICT_NOT_DONE;
    }
    return brn_postgres_tell(
        p, verdict,
        brn_arena_printf(
            p->arena, "%s %s and %s %s", from, old ? "exists" : "does not exist", to,
            now ? "exists" : "does not"));
}

static const char *quoted(const brn_postgres_prober *p, const char *kind, const char *name)
{
    return brn_arena_printf(p->arena, "%s%s\"%s\"", kind, kind[0] != '\0' ? " " : "", name);
}

static brant_status probe_rename_member(
    brn_postgres_prober *p, const brn_postgres_found *table, bool is_column)
{
    const char *sql = is_column ? column_definition : constraint_definition;
    bool old = false;
    bool now = false;
    brant_status st = brn_postgres_exists(&old, p, sql, table->schema, p->name, p->what.member);

    if (st == BRANT_OK) {
        st = brn_postgres_exists(&now, p, sql, table->schema, p->name, p->what.new_name);
    }
    return st != BRANT_OK ? st
                          : tell_moved(
                                p, member_of_table(p, is_column ? "column" : "constraint"), old,
                                quoted(p, "", brn_postgres_text(p, p->what.new_name)), now);
}

/* A new name, in the same schema: that of the old one, which may be gone. */
static brant_status probe_rename(brn_postgres_prober *p)
{
    const char *schema = brn_postgres_text(p, p->what.schema);
    const char *name = brn_postgres_text(p, p->what.new_name);
    brn_postgres_found old;
    brn_postgres_found now;
    brant_status st = brn_postgres_find(&old, p, p->what.object, schema, p->name);

    if (st == BRANT_OK) {
        st = brn_postgres_find(&now, p, p->what.object, old.exists ? old.schema : schema, name);
    }
    if (st != BRANT_OK) {
        return st;
    }
    if (!old.exists && old.elsewhere != NULL) {
        return brn_postgres_tell_elsewhere(p, p->kind, p->name, &old);
    }
    return tell_moved(p, quoted(p, p->kind, p->name), old.exists, quoted(p, "", name), now.exists);
}

static brant_status probe_set_schema(brn_postgres_prober *p)
{
    const char *schema = brn_postgres_text(p, p->what.schema);
    const char *target = brn_postgres_text(p, p->what.new_name);
    brn_postgres_found old;
    brn_postgres_found now;
    brant_status st = brn_postgres_find(&old, p, p->what.object, schema, p->name);

    if (st == BRANT_OK) {
        st = brn_postgres_find(&now, p, p->what.object, target, p->name);
    }
    if (st != BRANT_OK) {
        return st;
    }
    /* The search path may find the moved one under the name alone. */
    if (old.exists && now.exists && strcmp(old.schema, now.schema) == 0) {
        old.exists = false;
    }
    return tell_moved(
        p, quoted(p, p->kind, p->name), old.exists,
        brn_arena_printf(p->arena, "one in schema \"%s\"", target), now.exists);
}

/* --- enums ------------------------------------------------------------------------------------ */

/* The value $3 of the enum $2. */
static const char enum_value[] =
    "SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid"
    " WHERE t.typname = $2 AND t.typnamespace = " BRN_REHEARSE_IN " AND e.enumlabel = $3";
static const char enum_definition[] =
    "SELECT " BRN_DEFINITION_TYPE " FROM pg_type t WHERE t.typname = $2"
    " AND t.typnamespace = " BRN_REHEARSE_IN " AND $3::text IS NOT NULL";
static const char enum_copy[] =
    "SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', $4::text, $2::text,"
    " coalesce(string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), ''))"
    " FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = $2"
    " AND t.typnamespace = " BRN_REHEARSE_IN " AND e.enumlabel <> $3";

static brant_status probe_enum(brn_postgres_prober *p, const brn_postgres_found *type)
{
    const char *what = brn_arena_printf(
        p->arena, "value \"%.*s\" of type \"%s\"", BRN_STR_ARG(p->what.member), p->name);
    const brn_postgres_subject how = {
        .schema = type->schema,
        .name = p->name,
        .member = brn_postgres_text(p, p->what.member),
        .copy = enum_copy,
        .definition = enum_definition,
    };
    bool old = false;
    bool now = false;
    brant_status st =
        brn_postgres_exists(&old, p, enum_value, type->schema, p->name, p->what.member);

    if (st == BRANT_OK && p->what.alter == BRN_ALTER_RENAME_VALUE) {
        st = brn_postgres_exists(&now, p, enum_value, type->schema, p->name, p->what.new_name);
        return st != BRANT_OK
                   ? st
                   : tell_moved(
                         p, what, old, quoted(p, "", brn_postgres_text(p, p->what.new_name)), now);
    }
    if (st != BRANT_OK) {
        return st;
    }
    return old ? brn_postgres_compare(p, what, &how)
               : brn_postgres_tell(
                     p, BRN_VERDICT_NOT_DONE,
                     brn_arena_printf(p->arena, "%s does not exist", what));
}

/* --- partitions ------------------------------------------------------------------------------- */

/* Is $3 a partition of the table $2; is it half detached. Partitions of one name in several schemas
 * are more than one row. */
static const char partition[] =
    "SELECT coalesce((to_jsonb(i) ->> 'inhdetachpending')::bool, false) FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = $3 AND i.inhparent"
    " = " BRN_REHEARSE_TABLE;
static const char partition_bounds[] =
    "SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = $3 AND i.inhparent"
    " = " BRN_REHEARSE_TABLE;
static const char parent_copy[] =
    "SELECT format('CREATE TABLE %I.%I (LIKE %I.%I) PARTITION BY %s', $4::text, $2::text,"
    " $1::text, $2::text, pg_get_partkeydef(b.oid)) FROM pg_class b WHERE $3::text IS NOT NULL"
    " AND b.oid = " BRN_REHEARSE_TABLE;

static brant_status probe_partition(brn_postgres_prober *p, const brn_postgres_found *table)
{
    const char *what = brn_arena_printf(
        p->arena, "partition \"%.*s\" of table \"%s\"", BRN_STR_ARG(p->what.member), p->name);
    bool attaches = p->what.alter == BRN_ALTER_ATTACH_PARTITION;
    const brn_postgres_subject how = {
        .schema = table->schema,
        .name = p->name,
        .member = brn_postgres_text(p, p->what.member),
        .copy = parent_copy,
        .definition = partition_bounds,
    };
    PGresult *result = NULL;
    brant_status st =
        brn_postgres_look(&result, p, partition, table->schema, p->name, p->what.member);
    bool there = st == BRANT_OK && PQntuples(result) > 0;
    bool pending = there && PQgetvalue(result, 0, 0)[0] == 't';

    PQclear(result);
    if (st != BRANT_OK) {
        return st;
    }
    if (pending) {
        return brn_postgres_tell(
            p, BRN_VERDICT_UNKNOWN,
            brn_arena_printf(
                p->arena,
                "%s is half detached: end it with ALTER TABLE ... DETACH PARTITION ... "
                "FINALIZE",
                what));
    }
    if (attaches && there) {
        return brn_postgres_compare(p, what, &how);
    }
    return brn_postgres_tell(
        p, attaches || there ? BRN_VERDICT_NOT_DONE : BRN_VERDICT_DONE,
        brn_arena_printf(p->arena, "%s %s", what, there ? "is still attached" : "is not attached"));
}

/* --- all of them ------------------------------------------------------------------------------ */

static brant_status probe_inside(brn_postgres_prober *p, const brn_postgres_found *object)
{
    switch (p->what.alter) {
    case BRN_ALTER_ADD_COLUMN:
        return probe_add(p, object, true);
    case BRN_ALTER_DROP_COLUMN:
        return probe_remove(p, object, true);
    case BRN_ALTER_RENAME_COLUMN:
        return probe_rename_member(p, object, true);
    case BRN_ALTER_ALTER_COLUMN:
        return probe_alter_column(p, object);
    case BRN_ALTER_ADD_CONSTRAINT:
        return probe_add(p, object, false);
    case BRN_ALTER_DROP_CONSTRAINT:
        return probe_remove(p, object, false);
    case BRN_ALTER_RENAME_CONSTRAINT:
        return probe_rename_member(p, object, false);
    case BRN_ALTER_VALIDATE_CONSTRAINT:
        return probe_validate(p, object);
    case BRN_ALTER_ATTACH_PARTITION:
    case BRN_ALTER_DETACH_PARTITION:
        return probe_partition(p, object);
    default:
        return probe_enum(p, object);
    }
}

brant_status brn_postgres_probe_alter(brn_postgres_prober *p)
{
    brn_postgres_found object;
    brant_status st;

    if (p->what.alter == BRN_ALTER_RENAME || p->what.alter == BRN_ALTER_RENAME_TABLE) {
        return probe_rename(p);
    }
    if (p->what.alter == BRN_ALTER_SET_SCHEMA) {
        return probe_set_schema(p);
    }
    st = brn_postgres_find(
        &object, p, p->what.object, brn_postgres_text(p, p->what.schema), p->name);
    if (st != BRANT_OK) {
        return st;
    }
    if (!object.exists) {
        return brn_postgres_tell_missing(p, p->kind, p->name, &object);
    }
    return probe_inside(p, &object);
}
