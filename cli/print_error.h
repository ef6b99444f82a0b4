/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors for people and for programs.
 *
 * Text shows the message, the place with the offending line of the user's own file, detail and
 * hint. With --json, or with --progress=json, it is one line of JSON; both go to stderr.
 */
#ifndef CLI_PRINT_ERROR_H
#define CLI_PRINT_ERROR_H

#include <brant/error.h>

#include "base/json.h"

struct cli_context;

/* An error of the command line itself. Texts are borrowed. */
typedef struct cli_failure {
    brant_status status;
    const char *id;
    const char *message;
    const char *hint; /* may be NULL */
} cli_failure;

/*
 * What is said about an error, whoever made it. `loading`: settings or the project file were being
 * read, so the offending line may hold a password.
 */
typedef struct cli_error_style {
    bool json;
    bool color;
    bool loading;
    const char *private_file; /* the .env file, which is never shown; may be NULL */
    size_t width;
} cli_error_style;

/* Appends the text or document of an error, with a newline at the end. */
void cli_error_write(brn_buf *out, const brant_error *err, const cli_error_style *style);
void cli_failure_write(brn_buf *out, const cli_failure *failure, const cli_error_style *style);

/* The error as an object of a document; NULL is null. */
void cli_error_json(brn_json *w, const brant_error *err);

/* Writes an error to stderr, frees it, and returns the exit code for it. */
int cli_error(struct cli_context *ctx, brant_error *err);
/* The same for an error of the command line itself. */
int cli_fail(struct cli_context *ctx, const cli_failure *failure);
/* The same for a file that the command could not read or write; errnum is an errno. */
int cli_fail_file(struct cli_context *ctx, const char *verb, const char *path, int errnum);

/* `loading` as above: what cannot be parsed then is configuration. */
int cli_exit_code(brant_status status, bool loading);

#endif
