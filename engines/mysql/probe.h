/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about probing share. Private to the folder. */
#ifndef BRN_MYSQL_PROBE_H
#define BRN_MYSQL_PROBE_H

#include "engines/mysql/mysql.h"

typedef struct brn_mysql_probing {
    brn_mysql *p;
    brn_arena *arena; /* of the evidence */
    const brn_stmt *stmt;
    const brn_stmt_class *what;
    const char *schema; /* of the object: its own, or the database at hand */
    const char *name;
    brn_evidence *out;
} brn_mysql_probing;

/* How a rehearsal ended. */
typedef enum brn_mysql_rehearsed {
    BRN_MYSQL_FAILED = 0, /* `failure` says why */
    BRN_MYSQL_SAME,
    BRN_MYSQL_OTHER,
} brn_mysql_rehearsed;

typedef struct brn_mysql_rehearsal {
    brn_mysql_rehearsed result;
    const char *failure;
    const char *wanted; /* definitions */
    const char *present;
} brn_mysql_rehearsal;

/* Parts of ALTER TABLE, and what undoes each, on the table that stands for %s. */
typedef BRN_VEC(const char *) brn_mysql_texts;

void brn_mysql_tell(brn_mysql_probing *x, brn_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* First value of a query whose text is made from `format`; NULL when there is none. */
brant_status brn_mysql_probe_ask(
    const char **out, brn_mysql_probing *x, brant_error **err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* As a literal. */
const char *brn_mysql_quoted(brn_mysql_probing *x, const char *text);
const char *brn_mysql_named(brn_mysql_probing *x, const char *name);
const char *brn_mysql_copy(brn_mysql_probing *x, brn_str text);

/*
 * Runs the statement on an empty copy of the table `name`, behind the `undo` of what it may have
 * done to the original, or by itself where it makes the table or view; then both are compared as
 * the server writes them down. Errors are those of a lost connection only.
 */
brant_status brn_mysql_rehearse(
    brn_mysql_rehearsal *out,
    brn_mysql_probing *x,
    const char *name,
    const brn_mysql_texts *undo,
    brant_error **err);

/* ALTER TABLE. */
brant_status brn_mysql_probe_alter(brn_mysql_probing *x, brant_error **err);
brant_status brn_mysql_index_exists(
    bool *out, brn_mysql_probing *x, const char *table, const char *index, brant_error **err);
/* The evidence of a comparison; `unlike`: the verdict when they differ. */
void brn_mysql_tell_compared(
    brn_mysql_probing *x, const brn_mysql_rehearsal *r, const char *thing, brn_verdict unlike);

#endif
