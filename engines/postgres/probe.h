/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files behind brn_postgres_probe() share: probe.c (CREATE, DROP, and all that is no
 * ALTER), probe_alter.c, rehearse.c.
 */
#ifndef BRN_POSTGRES_PROBE_H
#define BRN_POSTGRES_PROBE_H

#include "engines/postgres/postgres.h"

typedef struct brn_postgres_prober {
    brn_postgres *p;
    brn_arena *arena;
    const brn_stmt *stmt;
    brn_stmt_class what;
    const char *kind; /* "table" */
    const char *name; /* as the statement has it */
    brn_evidence *out;
    brant_error **err;
} brn_postgres_prober;

/* What the catalogue has under a name. */
typedef struct brn_postgres_found {
    bool exists;
    const char *schema;    /* "": it is in none */
    const char *type;      /* "table" */
    const char *elsewhere; /* not where it is looked for, but in this schema; NULL */
} brn_postgres_found;

/* Sets the verdict, and succeeds. The text may be NULL for want of memory: the arena knows. */
brant_status brn_postgres_tell(brn_postgres_prober *p, brn_verdict verdict, const char *text);
brant_status brn_postgres_tell_elsewhere(
    brn_postgres_prober *p, const char *kind, const char *name, const brn_postgres_found *object);
brant_status brn_postgres_tell_missing(
    brn_postgres_prober *p, const char *kind, const char *name, const brn_postgres_found *object);
/* A copy in the arena; "" for want of memory. */
const char *brn_postgres_text(const brn_postgres_prober *p, brn_str s);
/* The object of a kind, on the search path, or in the schema if one is given ("": none). */
brant_status brn_postgres_find(
    brn_postgres_found *out,
    brn_postgres_prober *p,
    brn_object object,
    const char *schema,
    const char *name);
/* Rows that a query gives for schema $1, name $2 and member $3. */
brant_status brn_postgres_look(
    PGresult **out,
    brn_postgres_prober *p,
    const char *sql,
    const char *schema,
    const char *name,
    brn_str member);
brant_status brn_postgres_exists(
    bool *out,
    brn_postgres_prober *p,
    const char *sql,
    const char *schema,
    const char *name,
    brn_str member);

brant_status brn_postgres_probe_alter(brn_postgres_prober *p);

/* --- rehearse.c ------------------------------------------------------------------------------- */

/* Where a definition is looked for: the schema $1, with "pg_temp" for the session's own. */
#define BRN_REHEARSE_IN                                                                            \
    "(SELECT CASE WHEN $1::text = 'pg_temp' THEN pg_my_temp_schema()"                              \
    " ELSE (SELECT n.oid FROM pg_namespace n WHERE n.nspname = $1::text) END)"
/* The table $2 in it. */
#define BRN_REHEARSE_TABLE                                                                         \
    "(SELECT b.oid FROM pg_class b WHERE b.relname = $2 AND b.relnamespace = " BRN_REHEARSE_IN ")"
/* Copies of the table $2, for `copy` below: as it is, with what may be added behind LIKE. */
#define BRN_REHEARSE_COPY(more)                                                                    \
    "SELECT format('CREATE TABLE %I.%I (LIKE %I.%I" more ")', $4::text, $2::text, $1::text,"       \
    " $2::text) WHERE $3::text IS NOT NULL"

/* What a statement is about. */
typedef struct brn_postgres_subject {
    const char *schema; /* of what is there */
    const char *name;   /* of the object, or of the table that it is on */
    const char *member; /* column, constraint, index, trigger, value; "" */
    /* Query that gives the statements which make the copy, from schema $1, name $2, member $3 and
     * the scratch schema $4; NULL: the statement needs none. */
    const char *copy;
    /* Query that gives the definition of what is in the schema $1 under the name $2 and member $3.
     */
    const char *definition;
} brn_postgres_subject;

typedef struct brn_postgres_comparison {
    bool known; /* both definitions are */
    bool same;
    const char *wanted;  /* NULL when not known */
    const char *present; /* NULL when not known, or not there */
    const char *failure; /* why it is not known */
} brn_postgres_comparison;

/* Texts are in the arena. An error is one of the connection, or says stop. */
brant_status brn_postgres_rehearse(
    brn_postgres_comparison *out, brn_postgres_prober *p, const brn_postgres_subject *subject);
/* Rehearses, and tells DONE when it is the same, else UNKNOWN. `what` is there. */
brant_status brn_postgres_compare(
    brn_postgres_prober *p, const char *what, const brn_postgres_subject *subject);

#endif
