/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SQLite connections of the host program.
 *
 * Two copies of SQLite in one process must not open the same file: closing a file in one drops the
 * locks of the other (https://www.sqlite.org/howtocorrupt.html, 2.2.1). And ":memory:" databases
 * are reachable through their own connection only. A program that has SQLite in it, linked
 * statically or its own build, therefore lends its connection and its copy's functions:
 *
 *     #include <sqlite3.h>
 *     #include <brant/sqlite.h>
 *
 *     static const brant_sqlite_functions functions = BRANT_SQLITE_FUNCTIONS_LINKED;
 *     brant_attachment mine = BRANT_ATTACHMENT_INIT;
 *     mine.handle = db;
 *     mine.functions = &functions;
 *     brant_session_attach(session, &mine, &err);
 *
 * A program that uses the same shared libsqlite3 as libbrant may leave `functions` NULL.
 *
 * This header does not include sqlite3.h: only the macro needs it.
 */
#ifndef BRANT_SQLITE_H
#define BRANT_SQLITE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_value;

/** Functions of one copy of SQLite (3.38 or newer), with the types of sqlite3.h. Fields are only
 * appended. All are needed but those marked optional: these may be NULL, and a program that was
 * compiled with an older header has a table without them. */
typedef struct brant_sqlite_functions {
    size_t size;
    int (*open_v2)(const char *, struct sqlite3 **, int, const char *);
    int (*close_v2)(struct sqlite3 *);
    int (*exec)(
        struct sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    int (*prepare_v3)(
        struct sqlite3 *, const char *, int, unsigned int, struct sqlite3_stmt **, const char **);
    int (*step)(struct sqlite3_stmt *);
    int (*reset)(struct sqlite3_stmt *);
    int (*clear_bindings)(struct sqlite3_stmt *);
    int (*finalize)(struct sqlite3_stmt *);
    int (*bind_parameter_count)(struct sqlite3_stmt *);
    int (*bind_null)(struct sqlite3_stmt *, int);
    int (*bind_int64)(struct sqlite3_stmt *, int, long long);
    int (*bind_double)(struct sqlite3_stmt *, int, double);
    int (*bind_text64)(
        struct sqlite3_stmt *,
        int,
        const char *,
        unsigned long long,
        void (*)(void *),
        unsigned char);
    int (*bind_blob64)(
        struct sqlite3_stmt *, int, const void *, unsigned long long, void (*)(void *));
    int (*column_count)(struct sqlite3_stmt *);
    const char *(*column_name)(struct sqlite3_stmt *, int);
    int (*column_type)(struct sqlite3_stmt *, int);
    long long (*column_int64)(struct sqlite3_stmt *, int);
    double (*column_double)(struct sqlite3_stmt *, int);
    const unsigned char *(*column_text)(struct sqlite3_stmt *, int);
    const void *(*column_blob)(struct sqlite3_stmt *, int);
    int (*column_bytes)(struct sqlite3_stmt *, int);
    long long (*changes64)(struct sqlite3 *);
    int (*get_autocommit)(struct sqlite3 *);
    const char *(*errmsg)(struct sqlite3 *);
    const char *(*errstr)(int);
    int (*extended_errcode)(struct sqlite3 *);
    int (*error_offset)(struct sqlite3 *);
    int (*db_config)(struct sqlite3 *, int, ...);
    const char *(*db_filename)(struct sqlite3 *, const char *);
    int (*db_readonly)(struct sqlite3 *, const char *);
    int (*busy_handler)(struct sqlite3 *, int (*)(void *, int), void *);
    int (*busy_timeout)(struct sqlite3 *, int);
    void (*progress_handler)(struct sqlite3 *, int, int (*)(void *), void *);
    int (*stricmp)(const char *, const char *);
    const char *(*libversion)(void);
    /** Optional: without it brant asks more often whether somebody else has written. */
    int (*file_control)(struct sqlite3 *, const char *, int, void *);
} brant_sqlite_functions;

/** The functions of the copy that the program is linked with. Needs sqlite3.h. */
/* clang-format off */
#define BRANT_SQLITE_FUNCTIONS_LINKED \
    { sizeof(brant_sqlite_functions), \
      sqlite3_open_v2, \
      sqlite3_close_v2, \
      sqlite3_exec, \
      sqlite3_prepare_v3, \
      sqlite3_step, \
      sqlite3_reset, \
      sqlite3_clear_bindings, \
      sqlite3_finalize, \
      sqlite3_bind_parameter_count, \
      sqlite3_bind_null, \
      sqlite3_bind_int64, \
      sqlite3_bind_double, \
      sqlite3_bind_text64, \
      sqlite3_bind_blob64, \
      sqlite3_column_count, \
      sqlite3_column_name, \
      sqlite3_column_type, \
      sqlite3_column_int64, \
      sqlite3_column_double, \
      sqlite3_column_text, \
      sqlite3_column_blob, \
      sqlite3_column_bytes, \
      sqlite3_changes64, \
      sqlite3_get_autocommit, \
      sqlite3_errmsg, \
      sqlite3_errstr, \
      sqlite3_extended_errcode, \
      sqlite3_error_offset, \
      sqlite3_db_config, \
      sqlite3_db_filename, \
      sqlite3_db_readonly, \
      sqlite3_busy_handler, \
      sqlite3_busy_timeout, \
      sqlite3_progress_handler, \
      sqlite3_stricmp, \
      sqlite3_libversion, \
      sqlite3_file_control }
/* clang-format on */

#ifdef __cplusplus
}
#endif

#endif
