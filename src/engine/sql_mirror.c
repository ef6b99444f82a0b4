/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sql_mirror.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define GOFR_TABLE "gofr_migrations"
#define GOFR_APPLIED "'UP'"

/* "2026-02-03T04:05:06.789Z" without what only some servers take: 'T' and zone. */
#define TIME_AT 10
#define SECONDS_LEN 19

const char *brn_sql_mirror_table(brn_mirror mirror)
{
    return mirror == BRN_MIRROR_GOFR ? GOFR_TABLE : "";
}

void brn_sql_mirror_create(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_mirror mirror)
{
    brn_buf_add_c(out, "CREATE TABLE IF NOT EXISTS ");
    brn_sql_table_name(out, dialect, schema, brn_sql_mirror_table(mirror));
    brn_buf_add_c(
        out, " (version BIGINT NOT NULL, method VARCHAR(4) NOT NULL, start_time TIMESTAMP NOT NULL,"
             " duration BIGINT, PRIMARY KEY (version, method))");
}

/* --- writing ---------------------------------------------------------------------------------- */

typedef struct writer {
    brn_sql_stmt *out;
    brn_buf *buf; /* NULL: only the parameters */
    const brn_sql_dialect *dialect;
} writer;

static void sql(const writer *w, const char *text)
{
    if (w->buf != NULL) {
        brn_buf_add_c(w->buf, text);
    }
}

static brn_sql_param *add_param(writer *w)
{
    brn_sql_param *param = &w->out->params[w->out->count++];
    char text[16] = "?";

    *param = (brn_sql_param){ 0 };
    if (w->dialect->numbered_params) {
        (void)snprintf(text, sizeof(text), "$%zu", w->out->count);
    }
    sql(w, text);
    return param;
}

static void add_version(writer *w, const brn_ledger_row *row)
{
    uint64_t number = 0;

    (void)brn_str_to_u64(brn_str_from(row->version), &number); /* ledger/mirror.c has looked */
    add_param(w)->number = (int64_t)number;
}

static void add_start(writer *w, int64_t us)
{
    char *text = w->out->times[0];

    brn_clock_rfc3339(text, us);
    text[TIME_AT] = ' ';
    text[strcspn(text, "Z")] = '\0';
    add_param(w)->text = text;
}

static void add_values(writer *w, const brn_ledger_op *op, int64_t now_us, int64_t began_us)
{
    bool by_server = op->stamp && now_us == BRN_SQL_BY_SERVER;
    int64_t duration_ms = op->row->duration_ms;
    brn_sql_param *param = NULL;

    add_version(w, op->row);
    sql(w, ", " GOFR_APPLIED ", ");
    if (by_server) {
        sql(w, w->dialect->stamps->began_time);
        sql(w, ", ");
        sql(w, w->dialect->stamps->took_ms);
        return;
    }
    add_start(w, op->stamp ? began_us : op->row->started_us);
    sql(w, ", ");
    if (op->stamp) {
        duration_ms = now_us > began_us ? (now_us - began_us) / 1000 : 0;
    }
    param = add_param(w);
    param->is_null = duration_ms < 0;
    param->number = duration_ms;
}

void brn_sql_mirror_render(
    brn_sql_stmt *out,
    brn_buf *buf,
    const brn_sql_dialect *dialect,
    const char *schema,
    const brn_ledger_op *op,
    int64_t now_us,
    int64_t began_us)
{
    writer w = { .out = out, .buf = buf, .dialect = dialect };
    bool put = op->type == BRN_LEDGER_MIRROR_PUT;

    sql(&w, !put ? "DELETE FROM " : dialect->upsert != NULL ? dialect->upsert : "INSERT INTO");
    sql(&w, put ? " " : "");
    if (buf != NULL) {
        brn_sql_table_name(buf, dialect, schema, brn_sql_mirror_table(op->mirror));
    }
    if (!put) {
        sql(&w, " WHERE version = ");
        add_version(&w, op->row);
        return;
    }
    sql(&w, " (version, method, start_time, duration) VALUES (");
    add_values(&w, op, now_us, began_us);
    sql(&w, ")");
    if (dialect->upsert == NULL) {
        sql(&w, " ON CONFLICT (version, method) DO UPDATE SET start_time = EXCLUDED.start_time,"
                " duration = EXCLUDED.duration");
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

void brn_sql_mirror_select(
    brn_buf *out, const brn_sql_dialect *dialect, const char *schema, brn_mirror mirror)
{
    brn_buf_add_c(out, "SELECT version, start_time, duration FROM ");
    brn_sql_table_name(out, dialect, schema, brn_sql_mirror_table(mirror));
    brn_buf_add_c(out, " WHERE method = " GOFR_APPLIED " ORDER BY version");
}

/* A time as any server writes it, to the second; its zone is UTC whatever stands behind it. */
static int64_t time_of(const char *text)
{
    char plain[BRN_CLOCK_TEXT];
    int64_t us = 0;

    if (text == NULL || strnlen(text, SECONDS_LEN) < SECONDS_LEN) {
        return 0;
    }
    (void)snprintf(plain, sizeof(plain), "%.*s.000Z", SECONDS_LEN, text);
    plain[TIME_AT] = 'T';
    return brn_clock_parse_rfc3339(brn_str_from(plain), &us) ? us : 0;
}

brant_status brn_sql_mirror_decode(
    brn_mirror_row *out,
    brn_mirror mirror,
    brn_sql_column_fn *column,
    void *result,
    brant_error **err)
{
    const char *version = column(result, 0);
    uint64_t number = 0;
    uint64_t took = 0;

    if (version == NULL || !brn_str_to_u64(brn_str_from(version), &number) || number > INT64_MAX) {
        brant_status st = brn_error(
            err, BRANT_EDRIFT, "mirror.unreadable", "\"%s\" in table %s is not a version",
            version != NULL ? version : "NULL", brn_sql_mirror_table(mirror));

        brn_error_hint(err, "Versions are whole numbers from 1. Correct the row, or remove it.");
        return st;
    }
    out->version = (int64_t)number;
    out->started_us = time_of(column(result, 1));
    version = column(result, 2);
    out->duration_ms =
        version != NULL && brn_str_to_u64(brn_str_from(version), &took) ? (int64_t)took : -1;
    return BRANT_OK;
}
