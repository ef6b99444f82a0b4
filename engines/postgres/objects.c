/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is in a database, in one query: the user's objects of all schemas, without what
 * belongs to an extension, and without brant's own tables. Names of the current schema come bare,
 * those of others with their schema.
 *
 * Casts, operators, text search objects, foreign data wrappers and what belongs to the whole server
 * (roles, tablespaces) are not looked at.
 */
#include "base/buf.h"
#include "engines/postgres/definition.h"
#include "engines/postgres/postgres.h"

/*
 * n: schemas, with what names in them begin with. m: what is made together with another object, by
 * an extension ('e') or as a part of it ('i'); a partitioned table is a part of its own columns. r:
 * relations.
 */
static const char common[] =
    "WITH n AS (SELECT s.oid, s.nspname, CASE WHEN s.nspname = current_schema() THEN ''"
    " ELSE quote_ident(s.nspname) || '.' END AS prefix FROM pg_namespace s"
    " WHERE s.nspname !~ '^pg_' AND s.nspname <> 'information_schema'),"
    " m AS (SELECT e.classid, e.objid FROM pg_depend e WHERE e.deptype IN ('e', 'i')"
    " AND e.refobjid <> e.objid),"
    " r AS (SELECT c.oid, n.prefix || quote_ident(c.relname) AS name FROM pg_class c"
    " JOIN n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid"
    " LEFT JOIN pg_class b ON b.oid = i.indrelid"
    " WHERE coalesce(b.relname, c.relname) NOT LIKE 'brant!_%' ESCAPE '!' AND c.oid NOT IN"
    " (SELECT m.objid FROM m WHERE m.classid = 'pg_class'::regclass))";

/* Each gives type, name and definition. */
static const char *const parts[] = {
    "SELECT 'schema' AS type, quote_ident(n.nspname) AS name,"
    " 'CREATE SCHEMA ' || quote_ident(n.nspname) AS definition FROM n"
    " WHERE n.nspname <> 'public' AND n.oid NOT IN"
    " (SELECT m.objid FROM m WHERE m.classid = 'pg_namespace'::regclass)",

    /* Those with a lower number come with every database. */
    "SELECT 'extension', quote_ident(x.extname), 'CREATE EXTENSION ' || quote_ident(x.extname)"
    " || ' VERSION ' || quote_literal(x.extversion) FROM pg_extension x WHERE x.oid >= 16384",

    "SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, r.name,"
    " 'CREATE ' || CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END"
    " || CASE c.relkind WHEN 'f' THEN 'FOREIGN ' ELSE '' END || 'TABLE ' || r.name || ' '"
    " || " BRN_DEFINITION_TABLE
    " FROM r JOIN pg_class c ON c.oid = r.oid WHERE c.relkind IN ('r', 'p', 'f')",

    "SELECT v.type, r.name, 'CREATE ' || upper(v.type) || ' ' || r.name"
    " || " BRN_DEFINITION_VIEW " FROM r JOIN pg_class c ON c.oid = r.oid"
    " JOIN (VALUES ('v', 'view'), ('m', 'materialized view')) v (kind, type)"
    " ON v.kind = c.relkind::text",

    /* Those of constraints are in the definition of their table. */
    "SELECT 'index', r.name, pg_get_indexdef(i.indexrelid)"
    " || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END"
    " FROM r JOIN pg_index i ON i.indexrelid = r.oid WHERE NOT EXISTS (SELECT FROM pg_constraint k"
    " WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))",

    "SELECT 'sequence', r.name, 'CREATE SEQUENCE ' || r.name || ' '"
    " || " BRN_DEFINITION_SEQUENCE " FROM r JOIN pg_sequence q ON q.seqrelid = r.oid",

    "SELECT CASE k.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,"
    " k.name, CASE WHEN k.kind = 'a' THEN (SELECT 'CREATE AGGREGATE ' || k.name"
    " || ' (SFUNC ' || g.aggtransfn || ', STYPE ' || format_type(g.aggtranstype, NULL)"
    " || ', FINALFUNC ' || g.aggfinalfn || coalesce(', INITCOND ' || g.agginitval, '') || ')'"
    " FROM pg_aggregate g WHERE g.aggfnoid = f.oid)"
    " ELSE btrim(pg_get_functiondef(f.oid), chr(10)) END"
    " FROM pg_proc f JOIN n ON n.oid = f.pronamespace,"
    " LATERAL (SELECT n.prefix || quote_ident(f.proname) || '('"
    " || pg_get_function_identity_arguments(f.oid) || ')' AS name,"
    " " BRN_DEFINITION_PROKIND " AS kind) k"
    " WHERE f.oid NOT IN (SELECT m.objid FROM m WHERE m.classid = 'pg_proc'::regclass)",

    /* Not those that come with tables, arrays and ranges. */
    "SELECT v.type, n.prefix || quote_ident(t.typname),"
    " v.make || n.prefix || quote_ident(t.typname) || ' AS ' || (" BRN_DEFINITION_TYPE ")"
    " FROM pg_type t JOIN n ON n.oid = t.typnamespace"
    " JOIN (VALUES ('d', 'domain', 'CREATE DOMAIN '), ('e', 'type', 'CREATE TYPE '),"
    " ('c', 'type', 'CREATE TYPE '), ('r', 'type', 'CREATE TYPE ')) v (kind, type, make)"
    " ON v.kind = t.typtype::text"
    " WHERE t.oid NOT IN (SELECT m.objid FROM m WHERE m.classid = 'pg_type'::regclass)"
    " AND (t.typrelid = 0"
    " OR EXISTS (SELECT FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))",

    "SELECT 'trigger', quote_ident(g.tgname) || ' on ' || r.name, pg_get_triggerdef(g.oid)"
    " || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' ENABLED ' || g.tgenabled::text END"
    " FROM r JOIN pg_trigger g ON g.tgrelid = r.oid WHERE NOT g.tgisinternal",

    "SELECT 'policy', quote_ident(l.polname) || ' on ' || r.name,"
    " 'CREATE POLICY ' || quote_ident(l.polname) || ' ON ' || r.name || ' AS '"
    " || " BRN_DEFINITION_POLICY " FROM r JOIN pg_policy l ON l.polrelid = r.oid",

    "SELECT 'rule', quote_ident(u.rulename) || ' on ' || r.name, pg_get_ruledef(u.oid)"
    " FROM r JOIN pg_rewrite u ON u.ev_class = r.oid WHERE u.rulename <> '_RETURN'",

    "SELECT 'statistics', n.prefix || quote_ident(b.stxname), pg_get_statisticsobjdef(b.oid)"
    " FROM pg_statistic_ext b JOIN n ON n.oid = b.stxnamespace",

    "SELECT 'collation', n.prefix || quote_ident(o.collname),"
    " 'CREATE COLLATION ' || n.prefix || quote_ident(o.collname) || ' ' || o.collprovider::text"
    " || ' ' || coalesce(o.collcollate, to_jsonb(o) ->> 'colliculocale',"
    " to_jsonb(o) ->> 'colllocale', '') FROM pg_collation o JOIN n ON n.oid = o.collnamespace"
    " WHERE o.oid NOT IN (SELECT m.objid FROM m WHERE m.classid = 'pg_collation'::regclass)",

    "SELECT 'event trigger', quote_ident(v.evtname), 'CREATE EVENT TRIGGER '"
    " || quote_ident(v.evtname) || ' ON ' || v.evtevent || ' EXECUTE FUNCTION '"
    " || v.evtfoid::regproc || ' ' || v.evtenabled::text || coalesce(' ' || v.evttags::text, '')"
    " FROM pg_event_trigger v"
    " WHERE v.oid NOT IN (SELECT m.objid FROM m WHERE m.classid = 'pg_event_trigger'::regclass)",

    "SELECT 'publication', quote_ident(b.pubname), 'CREATE PUBLICATION ' || quote_ident(b.pubname)"
    " || CASE WHEN b.puballtables THEN ' FOR ALL TABLES' ELSE coalesce(' FOR TABLE ' ||"
    " (SELECT string_agg(y.prrelid::regclass::text, ', ' ORDER BY y.prrelid::regclass::text)"
    " FROM pg_publication_rel y WHERE y.prpubid = b.oid), '') END FROM pg_publication b",
};

static void write_query(brn_buf *query)
{
    brn_buf_add_c(query, common);
    brn_buf_add_c(query, " SELECT type, name, coalesce(definition, '') FROM (");
    for (size_t i = 0; i < BRN_ARRAY_LEN(parts); i++) {
        brn_buf_add_c(query, i > 0 ? " UNION ALL " : "");
        brn_buf_add_c(query, parts[i]);
    }
    brn_buf_add_c(query, ") o ORDER BY type COLLATE \"C\", name COLLATE \"C\"");
}

brant_status brn_postgres_objects(
    brn_object_list *out, brn_arena *arena, brn_conn *conn, brant_error **err)
{
    brn_postgres *p = (brn_postgres *)conn;
    brn_object_list list = { 0 };
    PGresult *result = NULL;
    brn_buf query;
    brant_status st;

    brn_buf_init(&query, 0);
    write_query(&query);
    st = query.failed ? brn_error_oom(err)
                      : brn_postgres_query(&result, p, brn_buf_text(&query), 0, NULL, err);
    brn_buf_release(&query);
    if (st != BRANT_OK) {
        return st;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        brn_object_info *object = BRN_VEC_PUSH(arena, &list);
        if (object == NULL) {
            break;
        }
        object->type = brn_arena_strdup(arena, PQgetvalue(result, i, 0));
        object->name = brn_arena_strdup(arena, PQgetvalue(result, i, 1));
        object->definition = brn_arena_strdup(arena, PQgetvalue(result, i, 2));
    }
    PQclear(result);
    if (arena->oom) {
        return brn_error_oom(err);
    }
    *out = list;
    return BRANT_OK;
}
