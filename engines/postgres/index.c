/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a concurrent build of an index leaves behind when it fails or is cut off: an index that is
 * INVALID. It costs on every write, answers no query, and satisfies IF NOT EXISTS.
 */
#include <string.h>

#include "engines/postgres/postgres.h"

/* The relation $2 in schema $1, which may be empty: then on the search path. */
#define RELATION                                                                                   \
    "to_regclass(CASE WHEN $1 = '' THEN '' ELSE quote_ident($1) || '.' END || quote_ident($2))"
/* Who builds the index of `i`; a server before 12 cannot tell. Whose backend we may not look into
 * shows no table: that is not taken for an answer. */
#define BUILDERS                                                                                   \
    "(SELECT string_agg(b.pid::text, ', ') FROM pg_stat_progress_create_index b"                   \
    " WHERE b.relid = i.indrelid AND b.index_relid IN (i.indexrelid, 0)"                           \
    " AND b.pid <> pg_backend_pid())"
/* Of an index of TOAST its table is `m`. */
#define INDEXES                                                                                    \
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"                                     \
    " JOIN pg_namespace n ON n.oid = c.relnamespace"                                               \
    " LEFT JOIN pg_class m ON m.reltoastrelid = i.indrelid WHERE "
/* For indexes of TOAST the schema is closed to ordinary users. */
#define MAY_DROP "pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(n.oid, 'USAGE')"

/* Concurrently, and with its progress. */
#define REINDEX_SINCE 120000

/* Which invalid indexes a statement is to begin without; $3 is the name in CREATE INDEX. A
 * partitioned index is INVALID until all its partitions have theirs, which is no failure. */
#define LEFT_BEHIND "NOT i.indisvalid AND c.relkind = 'i' AND "
static const char by_create[] = INDEXES LEFT_BEHIND "i.indrelid = " RELATION " AND c.relname = $3";

/* REINDEX gives its indexes the name of the old one and a suffix. */
#define SUFFIX "'_cc(new|old)[0-9]*$'"
#define LEFT_BY_REINDEX INDEXES LEFT_BEHIND "$3::text IS NOT NULL AND c.relname ~ " SUFFIX " AND "
/* The relation, and its partitions where it has some. */
#define TREE "(SELECT " RELATION "::oid UNION SELECT relid FROM pg_partition_tree(" RELATION "))"
/* The server cuts a long name to make room for the suffix, by whole characters. */
#define STEM "regexp_replace(c.relname, " SUFFIX ", '')"
static const char by_reindex_index[] =
    LEFT_BY_REINDEX "EXISTS (SELECT FROM pg_index oi JOIN pg_class o ON o.oid = oi.indexrelid"
                    " WHERE oi.indrelid = i.indrelid AND o.oid IN " TREE " AND " STEM
                    " = CASE WHEN octet_length(c.relname) < 60 THEN o.relname"
                    " ELSE left(o.relname, length(" STEM ")) END)";
static const char by_reindex_table[] = LEFT_BY_REINDEX "COALESCE(m.oid, i.indrelid) IN " TREE;
static const char by_reindex_schema[] = LEFT_BY_REINDEX
    "COALESCE(m.relnamespace, n.oid) = to_regnamespace(quote_ident($2)) AND $1::text IS NOT NULL";
static const char by_reindex_database[] =
    LEFT_BY_REINDEX "$1::text IS NOT NULL AND $2::text IS NOT NULL";
/* Of an index that has no name in its statement: it is known by its table only. */
static const char by_create_unnamed[] =
    INDEXES LEFT_BEHIND "i.indrelid = " RELATION " AND $3::text IS NOT NULL";

const char *brn_postgres_index_builders(const brn_postgres *p)
{
    return p->conn.server_version >= REINDEX_SINCE ? BUILDERS : "NULL";
}

/* What the statement names: parameters of the queries, in the arena. */
typedef struct build {
    const char *which; /* NULL: no concurrent build */
    const char *values[3];
} build;

static const char *text_of(brn_arena *arena, brn_str s)
{
    return brn_arena_strndup(arena, s.ptr, s.len);
}

/* A server before 12 knows no REINDEX CONCURRENTLY. */
static const char *of_reindex(const brn_postgres *p, const brn_stmt_class *what)
{
    if (p->conn.server_version < REINDEX_SINCE) {
        return NULL;
    }
    if (what->object == BRN_OBJECT_DATABASE) {
        return by_reindex_database;
    }
    return what->name.len == 0                 ? NULL
           : what->object == BRN_OBJECT_INDEX  ? by_reindex_index
           : what->object == BRN_OBJECT_TABLE  ? by_reindex_table
           : what->object == BRN_OBJECT_SCHEMA ? by_reindex_schema
                                               : NULL;
}

static build read_build(const brn_postgres *p, brn_arena *arena, const brn_stmt *stmt)
{
    brn_stmt_class what = { 0 };
    build b = { 0 };

    brn_classify(&what, arena, &brn_dialect_postgres, stmt);
    if ((what.flags & BRN_STMT_CONCURRENTLY) == 0) {
        return b;
    }
    if (what.verb == BRN_VERB_CREATE && what.object == BRN_OBJECT_INDEX) {
        b.which = what.name.len > 0 ? by_create : by_create_unnamed;
        b.values[0] = text_of(arena, what.on_schema);
        b.values[1] = text_of(arena, what.on);
    } else if (what.verb == BRN_VERB_REINDEX) {
        b.which = of_reindex(p, &what);
        b.values[0] = text_of(arena, what.schema);
        b.values[1] = text_of(arena, what.name);
    }
    b.values[2] = text_of(arena, what.name);
    return b;
}

static const char *question(const brn_postgres *p, brn_arena *arena, const build *b)
{
    return brn_arena_printf(
        arena,
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relname, %s, " MAY_DROP
        "%s",
        brn_postgres_index_builders(p), b->which);
}

static brant_status ask(
    PGresult **out, brn_postgres *p, brn_arena *arena, const build *b, brant_error **err)
{
    const char *sql = question(p, arena, b);

    return arena->oom ? brn_error_oom(err)
                      : brn_postgres_query(out, p, sql, BRN_ARRAY_LEN(b->values), b->values, err);
}

static bool may_drop(const PGresult *found, int row)
{
    return PQgetvalue(found, row, 3)[0] == 't';
}

static brant_status drop(
    brn_postgres *p, brn_arena *arena, const PGresult *found, int row, brant_error **err)
{
    const char *name = PQgetvalue(found, row, 1);
    const char *builders = PQgetvalue(found, row, 2);
    const char *sql =
        brn_arena_printf(arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", PQgetvalue(found, row, 0));
    PGresult *result = NULL;
    brant_status st;

    if (builders[0] != '\0') {
        st = brn_error(
            err, BRANT_ELOCKED, "index.building", "index \"%s\" is being built by process %s", name,
            builders);
        brn_error_hint(err, "Run again when it is finished, or end that session.");
        return st;
    }
    if (sql == NULL) {
        return brn_error_oom(err);
    }
    st = brn_postgres_query(&result, p, sql, 0, NULL, err);
    PQclear(result);
    if (st == BRANT_OK) {
        brn_emit_notice(
            p->conn.emitter, p->conn.database, "index.leftover",
            "dropped index \"%s\", which was INVALID: its build had failed or was cut off", name);
    }
    return st;
}

brant_status brn_postgres_index_prepare(brn_postgres *p, const brn_stmt *stmt, brant_error **err)
{
    PGresult *found = NULL;
    brant_status st = BRANT_OK;
    brn_arena arena;
    build b;

    brn_arena_init(&arena);
    b = read_build(p, &arena, stmt);
    if (b.which != NULL && b.which != by_create_unnamed) {
        st = ask(&found, p, &arena, &b, err);
    }
    for (int i = 0; st == BRANT_OK && i < PQntuples(found); i++) {
        st = may_drop(found, i) ? drop(p, &arena, found, i, err) : BRANT_OK;
    }
    PQclear(found);
    brn_arena_release(&arena);
    return st;
}

brant_status brn_postgres_index_check(brn_postgres *p, const brn_stmt *stmt, brant_error **err)
{
    PGresult *found = NULL;
    brant_status st = BRANT_OK;
    brn_arena arena;
    build b;

    brn_arena_init(&arena);
    b = read_build(p, &arena, stmt);
    if (b.which == by_create) {
        st = ask(&found, p, &arena, &b, err);
    }
    if (st == BRANT_OK && PQntuples(found) > 0) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "index.invalid", "index \"%s\" is there, but INVALID",
            PQgetvalue(found, 0, 1));
        brn_error_detail(
            err,
            "An index that is INVALID answers no query. IF NOT EXISTS takes it for the index.");
        brn_error_hint(err, "Run again: brant drops it, and builds it anew.");
    }
    PQclear(found);
    brn_arena_release(&arena);
    return st;
}

static void tell_left(const brn_postgres *p, const build *b, const PGresult *found, int row)
{
    if (PQgetvalue(found, row, 2)[0] != '\0') {
        return; /* it is being built */
    }
    brn_emit_warning(
        p->conn.emitter, p->conn.database, "index.left",
        "index %s is left INVALID: it answers no query, and every write pays for it; %s",
        PQgetvalue(found, row, 0),
        b->which == by_create_unnamed ? "drop it by hand: the statement does not name its index"
        : may_drop(found, row)        ? "when the statement runs again, brant drops it first"
                                      : "drop it as a superuser, for this role may not");
}

void brn_postgres_index_left(brn_postgres *p, const brn_stmt *stmt)
{
    PGresult *found = NULL;
    brn_arena arena;
    const char *sql;
    build b;

    brn_arena_init(&arena);
    b = read_build(p, &arena, stmt);
    sql = b.which != NULL ? question(p, &arena, &b) : NULL;
    if (!arena.oom && sql != NULL &&
        brn_postgres_query_quietly(&found, p, sql, BRN_ARRAY_LEN(b.values), b.values, NULL) ==
            BRANT_OK) {
        for (int i = 0; i < PQntuples(found); i++) {
            tell_left(p, &b, found, i);
        }
    }
    PQclear(found);
    brn_arena_release(&arena);
}
