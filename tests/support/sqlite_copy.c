/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sqlite_copy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Larger than SQLite's own, so that a stray call reads zeros, and is refused as a misuse. */
#define PADDING 4096

typedef struct copy_db {
    char padding[PADDING];
    sqlite3 *real;
} copy_db;

typedef struct copy_stmt {
    char padding[PADDING];
    sqlite3_stmt *real;
} copy_stmt;

static sqlite_copy_counts counts;

sqlite_copy_counts sqlite_copy_take_counts(void)
{
    sqlite_copy_counts taken = counts;

    memset(&counts, 0, sizeof(counts));
    return taken;
}

void *sqlite_copy_handle(sqlite3 *real)
{
    copy_db *db = calloc(1, sizeof(*db));

    assert(db != NULL);
    db->real = real;
    return db;
}

void sqlite_copy_free(void *handle)
{
    free(handle);
}

static sqlite3 *db_of(struct sqlite3 *db)
{
    const copy_db *copy = (const copy_db *)(const void *)db;

    counts.calls++;
    return copy != NULL ? copy->real : NULL;
}

static sqlite3_stmt *stmt_of(struct sqlite3_stmt *stmt)
{
    const copy_stmt *copy = (const copy_stmt *)(const void *)stmt;

    counts.calls++;
    return copy != NULL ? copy->real : NULL;
}

static int copy_open(const char *path, struct sqlite3 **out, int flags, const char *vfs)
{
    (void)path;
    (void)flags;
    (void)vfs;
    counts.opened++;
    *out = NULL;
    return SQLITE_CANTOPEN;
}

static int copy_close(struct sqlite3 *db)
{
    (void)db;
    counts.closed++;
    return SQLITE_MISUSE;
}

static int copy_exec(
    struct sqlite3 *db,
    const char *sql,
    int (*on_row)(void *, int, char **, char **),
    void *user,
    char **message)
{
    counts.executed++;
    return sqlite3_exec(db_of(db), sql, on_row, user, message);
}

static int copy_prepare(
    struct sqlite3 *db,
    const char *sql,
    int len,
    unsigned int flags,
    struct sqlite3_stmt **out,
    const char **tail)
{
    sqlite3_stmt *real = NULL;
    int rc = sqlite3_prepare_v3(db_of(db), sql, len, flags, &real, tail);

    *out = NULL;
    if (real != NULL) {
        copy_stmt *copy = calloc(1, sizeof(*copy));

        assert(copy != NULL);
        copy->real = real;
        *out = (struct sqlite3_stmt *)(void *)copy;
        counts.prepared++;
    }
    return rc;
}

static int copy_step(struct sqlite3_stmt *stmt)
{
    return sqlite3_step(stmt_of(stmt));
}

static int copy_reset(struct sqlite3_stmt *stmt)
{
    return sqlite3_reset(stmt_of(stmt));
}

static int copy_clear_bindings(struct sqlite3_stmt *stmt)
{
    return sqlite3_clear_bindings(stmt_of(stmt));
}

static int copy_finalize(struct sqlite3_stmt *stmt)
{
    int rc = sqlite3_finalize(stmt_of(stmt));

    counts.finalized += stmt != NULL;
    free(stmt);
    return rc;
}

static int copy_bind_parameter_count(struct sqlite3_stmt *stmt)
{
    return sqlite3_bind_parameter_count(stmt_of(stmt));
}

static int copy_bind_null(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_bind_null(stmt_of(stmt), i);
}

static int copy_bind_int64(struct sqlite3_stmt *stmt, int i, long long value)
{
    return sqlite3_bind_int64(stmt_of(stmt), i, value);
}

static int copy_bind_double(struct sqlite3_stmt *stmt, int i, double value)
{
    return sqlite3_bind_double(stmt_of(stmt), i, value);
}

static int copy_bind_text64(
    struct sqlite3_stmt *stmt,
    int i,
    const char *text,
    unsigned long long len,
    void (*release)(void *),
    unsigned char encoding)
{
    return sqlite3_bind_text64(stmt_of(stmt), i, text, len, release, encoding);
}

static int copy_bind_blob64(
    struct sqlite3_stmt *stmt,
    int i,
    const void *data,
    unsigned long long len,
    void (*release)(void *))
{
    return sqlite3_bind_blob64(stmt_of(stmt), i, data, len, release);
}

static int copy_column_count(struct sqlite3_stmt *stmt)
{
    return sqlite3_column_count(stmt_of(stmt));
}

static const char *copy_column_name(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_name(stmt_of(stmt), i);
}

static int copy_column_type(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_type(stmt_of(stmt), i);
}

static long long copy_column_int64(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_int64(stmt_of(stmt), i);
}

static double copy_column_double(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_double(stmt_of(stmt), i);
}

static const unsigned char *copy_column_text(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_text(stmt_of(stmt), i);
}

static const void *copy_column_blob(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_blob(stmt_of(stmt), i);
}

static int copy_column_bytes(struct sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_bytes(stmt_of(stmt), i);
}

static long long copy_changes64(struct sqlite3 *db)
{
    return sqlite3_changes64(db_of(db));
}

static int copy_get_autocommit(struct sqlite3 *db)
{
    return sqlite3_get_autocommit(db_of(db));
}

static const char *copy_errmsg(struct sqlite3 *db)
{
    return sqlite3_errmsg(db_of(db));
}

static const char *copy_errstr(int rc)
{
    counts.calls++;
    return sqlite3_errstr(rc);
}

static int copy_extended_errcode(struct sqlite3 *db)
{
    return sqlite3_extended_errcode(db_of(db));
}

static int copy_error_offset(struct sqlite3 *db)
{
    return sqlite3_error_offset(db_of(db));
}

/* Of the form that switches and reads back. */
static int copy_db_config(struct sqlite3 *db, int option, ...)
{
    va_list args;
    int value;
    int *now = NULL;

    va_start(args, option);
    value = va_arg(args, int);
    now = va_arg(args, int *);
    va_end(args);
    return sqlite3_db_config(db_of(db), option, value, now);
}

static const char *copy_db_filename(struct sqlite3 *db, const char *schema)
{
    return sqlite3_db_filename(db_of(db), schema);
}

static int copy_db_readonly(struct sqlite3 *db, const char *schema)
{
    return sqlite3_db_readonly(db_of(db), schema);
}

static int copy_busy_handler(struct sqlite3 *db, int (*handler)(void *, int), void *user)
{
    return sqlite3_busy_handler(db_of(db), handler, user);
}

static int copy_busy_timeout(struct sqlite3 *db, int ms)
{
    return sqlite3_busy_timeout(db_of(db), ms);
}

static void copy_progress_handler(struct sqlite3 *db, int steps, int (*handler)(void *), void *user)
{
    sqlite3_progress_handler(db_of(db), steps, handler, user);
}

static int copy_stricmp(const char *a, const char *b)
{
    counts.calls++;
    return sqlite3_stricmp(a, b);
}

static const char *copy_libversion(void)
{
    counts.calls++;
    return "3.99.0";
}

static int copy_file_control(struct sqlite3 *db, const char *schema, int op, void *arg)
{
    return sqlite3_file_control(db_of(db), schema, op, arg);
}

const brant_sqlite_functions sqlite_copy_functions = {
    .size = sizeof(brant_sqlite_functions),
    .open_v2 = copy_open,
    .close_v2 = copy_close,
    .exec = copy_exec,
    .prepare_v3 = copy_prepare,
    .step = copy_step,
    .reset = copy_reset,
    .clear_bindings = copy_clear_bindings,
    .finalize = copy_finalize,
    .bind_parameter_count = copy_bind_parameter_count,
    .bind_null = copy_bind_null,
    .bind_int64 = copy_bind_int64,
    .bind_double = copy_bind_double,
    .bind_text64 = copy_bind_text64,
    .bind_blob64 = copy_bind_blob64,
    .column_count = copy_column_count,
    .column_name = copy_column_name,
    .column_type = copy_column_type,
    .column_int64 = copy_column_int64,
    .column_double = copy_column_double,
    .column_text = copy_column_text,
    .column_blob = copy_column_blob,
    .column_bytes = copy_column_bytes,
    .changes64 = copy_changes64,
    .get_autocommit = copy_get_autocommit,
    .errmsg = copy_errmsg,
    .errstr = copy_errstr,
    .extended_errcode = copy_extended_errcode,
    .error_offset = copy_error_offset,
    .db_config = copy_db_config,
    .db_filename = copy_db_filename,
    .db_readonly = copy_db_readonly,
    .busy_handler = copy_busy_handler,
    .busy_timeout = copy_busy_timeout,
    .progress_handler = copy_progress_handler,
    .stricmp = copy_stricmp,
    .libversion = copy_libversion,
    .file_control = copy_file_control,
};
