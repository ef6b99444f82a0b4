/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of other tools, in SQL: what brn_sql_ledger_render() needs for the operations on a mirror,
 * and reading one. Table and columns are those that the tool itself makes, so that it finds what it
 * would have written; they stand in the schema of the ledger.
 *
 *   gofr   gofr_migrations(version bigint, method varchar(4), start_time timestamp, duration
 *          bigint), a row with the method UP for each version; times in UTC, duration in ms
 */
#ifndef BRN_ENGINE_SQL_MIRROR_H
#define BRN_ENGINE_SQL_MIRROR_H

#include "engine/sql_ledger.h"

/* CREATE TABLE IF NOT EXISTS. */
void brn_sql_mirror_create(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_mirror mirror);
/* One operation; parameters and times as in brn_sql_ledger_render(). */
void brn_sql_mirror_render(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *op,
    int64_t now_us,
    int64_t began_us);
/* SELECT of what is applied, ascending. */
void brn_sql_mirror_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_mirror mirror);
/* Decodes a row of that SELECT. */
brant_status brn_sql_mirror_decode(
    brn_mirror_row *out,
    brn_mirror mirror,
    brn_sql_column_fn *column,
    void *result,
    brant_error **err);
/* Name of the table, for messages. */
const char *brn_sql_mirror_table(brn_mirror mirror);

#endif
