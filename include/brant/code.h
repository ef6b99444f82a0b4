/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Migrations that the program itself brings: C functions, or texts that are not in files.
 *
 *     static brant_status split_names(brant_code *code, void *user, brant_error **err)
 *     {
 *         brant_value values[] = { brant_value_text("Ada"), brant_value_int(1) };
 *         (void)user;
 *         return brant_code_run(
 *             code, "UPDATE users SET first = ? WHERE id = ?", values, 2, NULL, err);
 *     }
 *
 *     brant_registration names = BRANT_REGISTRATION_INIT;
 *     names.id = "003_split_names";
 *     names.up = split_names;
 *     brant_session_register(session, &names, &err);
 *
 * They join the migrations of the directory by their ids: order of registration does not matter, an
 * id that is there twice is refused. A file "003_split_names.sql" that holds nothing but
 * "-- brant: kind=code" announces such a migration to people and to the command, which cannot run
 * it; the registration of that id then gives the function.
 *
 * A function runs inside the transaction of its migration where the engine has one (unless
 * transaction=off): what it did and the record of it commit together. Elsewhere it runs at least
 * once: after a crash it is called again from its start, so write it to be repeatable.
 */
#ifndef BRANT_CODE_H
#define BRANT_CODE_H

#include <stddef.h>
#include <stdint.h>

#include <brant/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Types of a brant_value. Append-only. */
typedef enum brant_value_type {
    BRANT_VALUE_NULL = 0,
    /** What a server has beyond 64 bits with a sign comes as TEXT, with all its digits. */
    BRANT_VALUE_INTEGER = 1,
    BRANT_VALUE_REAL = 2,
    /** UTF-8. */
    BRANT_VALUE_TEXT = 3,
    BRANT_VALUE_BLOB = 4
} brant_value_type;

/** A value for a statement or from a row. Arrays are made of it, so it never grows. */
typedef struct brant_value {
    /** A brant_value_type. */
    uint32_t type;
    int64_t integer;
    /** SQLite stores one that is not a number as null. */
    double real;
    /** TEXT and BLOB: borrowed. Of a row a NUL stands behind it. */
    const void *data;
    size_t length;
} brant_value;

/** Values by type. Texts and blobs are borrowed until the call they are given to returns; a NULL
 * text is the null value. Thread-safe. Since: 0.1 */
BRANT_API brant_value brant_value_null(void);
BRANT_API brant_value brant_value_int(int64_t integer);
BRANT_API brant_value brant_value_real(double real);
BRANT_API brant_value brant_value_text(const char *text);
BRANT_API brant_value brant_value_blob(const void *data, size_t length);

/** What a function of a migration works with. Valid until the function returns; only on its
 * thread. */
typedef struct brant_code brant_code;

/**
 * One direction of a migration.
 *
 * @param user  As registered.
 * @param err   May be filled with brant_code_fail(), or by a failed call that is handed on.
 * @return BRANT_OK, or anything else: the migration has failed. In a transaction everything is
 *         rolled back.
 *
 * Must not call into the session, except brant_session_cancel().
 */
typedef brant_status brant_code_fn(brant_code *code, void *user, brant_error **err);

/** A row of a result. Valid during the callback. */
typedef struct brant_row brant_row;
/** Number of columns. Since: 0.1 */
BRANT_API size_t brant_row_count(const brant_row *row);
/** Name of column i as the database has it, and its value; NULL when there is no column i.
 * Since: 0.1 */
BRANT_API const char *brant_row_name(const brant_row *row, size_t i);
BRANT_API const brant_value *brant_row_at(const brant_row *row, size_t i);
/** Value of column i as a number or text; 0 and NULL when it is of another type. Since: 0.1 */
BRANT_API int64_t brant_row_int(const brant_row *row, size_t i);
BRANT_API const char *brant_row_text(const brant_row *row, size_t i);

/** Receives the rows of brant_code_query() one by one. Not zero ends the query early. It may call
 * brant_code_run() and brant_code_query(). */
typedef int brant_row_fn(const brant_row *row, void *user);

/**
 * Runs one statement with values for its parameters, which are written as the database writes them
 * ("?" or "?1" in SQLite).
 *
 * @param values       `count` values; NULL when there are none.
 * @param[out] changed Rows changed, -1 when not known. May be NULL.
 * @retval BRANT_ESTATEMENT  It failed, or would end the transaction of the migration.
 * @retval BRANT_EUSAGE      Number of values and parameters differ, or more than one statement.
 * @retval BRANT_ECANCELLED  The run was cancelled.
 * @retval BRANT_ETIMEOUT    A time limit is over.
 * Since: 0.1
 */
BRANT_API brant_status brant_code_run(
    brant_code *code,
    const char *statement,
    const brant_value *values,
    size_t count,
    int64_t *changed,
    brant_error **err);

/** Runs one statement and hands each row to `on_row` (NULL: rows are thrown away). Results as
 * brant_code_run(). Since: 0.1 */
BRANT_API brant_status brant_code_query(
    brant_code *code,
    const char *statement,
    const brant_value *values,
    size_t count,
    brant_row_fn *on_row,
    void *user,
    brant_error **err);

/**
 * The same for another database of the project: its statements are not part of this migration's
 * transaction, and each takes effect by itself.
 *
 * @param[out] out  Valid until the function of the migration returns.
 * @retval BRANT_EUSAGE    The session has no database of that name.
 * @retval BRANT_ECONNECT  It cannot be reached.
 * Since: 0.1
 */
BRANT_API brant_status
brant_code_database(brant_code **out, brant_code *code, const char *database, brant_error **err);

/** Sends BRANT_EVENT_PROGRESS: `done` of `total` (0: not known) `unit`s, such as "rows".
 * Since: 0.1 */
BRANT_API void brant_code_progress(
    brant_code *code, uint64_t done, uint64_t total, const char *unit);

/** BRANT_OK, BRANT_ECANCELLED or BRANT_ETIMEOUT: for loops that take long between statements.
 * Since: 0.1 */
BRANT_API brant_status brant_code_check(brant_code *code, brant_error **err);

/** Sets *err to `message` (one line, copied) and returns BRANT_ESTATEMENT. Since: 0.1 */
BRANT_API brant_status brant_code_fail(brant_code *code, const char *message, brant_error **err);

/** A migration that the program brings. Zero and NULL mean: none, or default. Copied. */
typedef struct brant_registration {
    size_t size;
    /** Name of the database in the project; NULL: the only one. */
    const char *database;
    /** "003_split_names": a version and perhaps a name, as a file name would have it. */
    const char *id;
    /** Functions; or, instead of them, the texts below. */
    brant_code_fn *up;
    /** NULL: cannot be undone. */
    brant_code_fn *down;
    /** For the functions. Must outlive the session. */
    void *user;
    /** Statements, with directives at their head like a file. */
    const char *up_text;
    const char *down_text;
    /** Directives of functions: "requires=001_users,002_roles transaction=off". */
    const char *properties;
    /** Functions: stands in for the digest of a text. When it differs from what was recorded the
     * migration counts as edited. NULL: never. */
    const char *revision;
} brant_registration;

/* clang-format off */
#define BRANT_REGISTRATION_INIT { sizeof(brant_registration), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
/* clang-format on */

/**
 * Adds a migration to the session. The directory of migrations may then be missing, unless the
 * setting was given.
 *
 * @retval BRANT_EUSAGE  No id, no version in it, neither function nor text or both, an unknown
 *                       database, an id or version that is registered already, or bad properties.
 *                       An id that a file has as well is found by the next call of the session.
 * Since: 0.1
 */
BRANT_API brant_status brant_session_register(
    brant_session *session, const brant_registration *registration, brant_error **err);

#ifdef __cplusplus
}
#endif

#endif
