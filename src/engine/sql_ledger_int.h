/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sql_ledger.c (the tables, and writing statements) and sql_ledger_decode.c (reading rows)
 * share.
 */
#ifndef BRN_ENGINE_SQL_LEDGER_INT_H
#define BRN_ENGINE_SQL_LEDGER_INT_H

#include "engine/sql_ledger.h"

typedef enum brn_column_kind {
    BRN_COLUMN_TEXT,
    BRN_COLUMN_KEY,      /* text, primary key */
    BRN_COLUMN_NAME,     /* text, never null */
    BRN_COLUMN_INT,      /* never null */
    BRN_COLUMN_DURATION, /* null: not known, -1 */
    BRN_COLUMN_BOOL,     /* 0 or 1 */
    BRN_COLUMN_TIME,     /* RFC 3339 text; null: 0 */
    BRN_COLUMN_BEGAN,    /* likewise; parts of a stamp, as durations are */
    BRN_COLUMN_ENDED,
    BRN_COLUMN_STATUS,    /* word */
    BRN_COLUMN_DIRECTION, /* word */
    BRN_COLUMN_SERIAL,    /* given by the database */
} brn_column_kind;

typedef struct brn_sql_field {
    const char *name;
    brn_column_kind kind;
    size_t offset;
} brn_sql_field;

typedef struct brn_sql_table {
    const char *name;
    const brn_sql_field *columns;
    size_t count;
    size_t format_at;
} brn_sql_table;

extern const brn_sql_table brn_sql_migrations;
/* The same table as far as BRN_LEDGER_BRIEF goes. Instead of the format, the tool of a row of a
 * newer one is selected, null in all others. */
extern const brn_sql_table brn_sql_brief;
extern const brn_sql_table brn_sql_history;

/* What stands behind the type; empty when the column may be null. */
const char *brn_sql_constraint(brn_column_kind kind);

#endif
