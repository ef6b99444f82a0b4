/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making errors. The public half (accessors, wording of the promise) is <brant/error.h>.
 *
 * One line sets and returns:
 *
 *     return brn_error(err, BRANT_EPARSE, "split.unterminated_string", "unterminated string");
 *
 * and the rest is added to what was set:
 *
 *     brn_error_at(err, file, line, column);
 *     brn_error_hint(err, "Close the string with a single quote.");
 *
 * Rules: message in lower case, one line, no full stop, names in double quotes; detail and hint
 * are sentences; "could not" for what may work later, "cannot" for what never will. `err` may be
 * NULL everywhere (the caller does not want to know). Setting an error over an existing one makes
 * the old one its cause, so nothing is lost. Out of memory is a static object, never allocated.
 * Every id is documented in docs/errors.md; a test compares.
 */
#ifndef BRN_CORE_ERROR_H
#define BRN_CORE_ERROR_H

#include <brant/error.h>

#include "base/str.h"

brant_status brn_error(
    brant_error **err, brant_status status, const char *id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
brant_status brn_error_oom(brant_error **err);
/* "could not WHAT "PATH": reason" with the errno as native code; ENOMEM becomes out of memory. */
brant_status brn_error_errno(
    brant_error **err, const char *id, int errnum, const char *what, const char *path);

void brn_error_detail(brant_error **err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void brn_error_hint(brant_error **err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Line and column from 1; 0 when unknown. A position that is already set stays. */
void brn_error_at(brant_error **err, const char *file, uint32_t line, uint32_t column);
/* Shortened to 500 bytes. */
void brn_error_statement(brant_error **err, brn_str text);
void brn_error_native(brant_error **err, int64_t code, const char *sqlstate);
/* Either may be NULL: leaves it. What is already set stays. */
void brn_error_subject(brant_error **err, const char *database, const char *migration);
/*
 * Offset in bytes inside the statement that was sent, for the runner to turn into a line and
 * column of the file. SIZE_MAX (the initial value) means unknown.
 */
void brn_error_offset(brant_error **err, size_t offset);
size_t brn_error_get_offset(const brant_error *err);

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time and would take BRANT_OK for possible. */
#define brn_error(err, status, ...) ((brn_error)((err), (status), __VA_ARGS__), (status))
#define brn_error_oom(err) ((brn_error_oom)(err), BRANT_ENOMEM)
#define brn_error_errno(err, ...) ((brn_error_errno)((err), __VA_ARGS__), BRANT_EIO)
#endif

#endif
