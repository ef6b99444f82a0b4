/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the command: what was asked, the settings, and what is open.
 *
 * main() makes one on its stack; a command gets it ready to use, as far as its flags ask for, and
 * adds its answer to `out`, which is written to stdout at the end.
 */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include <brant/brant.h>

#include "cli/options.h"
#include "cli/print.h"
#include "cli/render.h"

struct cli_context {
    brn_arena arena; /* released at the end */
    cli_parse parse;
    brant_settings *own;            /* from flags, environment and .env */
    const brant_settings *settings; /* `own`, and with a project also its file */
    brant_project *project;
    brant_session *session;
    cli_render render;
    brn_buf out;      /* the answer */
    int out_errnum;   /* why some of it could not be written; 0: it was */
    bool loading;     /* settings or the project file are being read */
    bool json;        /* the answer is a document */
    bool json_errors; /* so are errors */
    bool color_out;
    bool color_err;
    size_t width; /* of stdout */
};

/* Takes what can be known before settings are read; argv as the user wrote it. */
void cli_context_init(cli_context *ctx, int argc, const char *const *argv);

/*
 * Reads settings (default < brant.yaml < .env < environment < flags), loads the project and opens
 * the session, as far as flags of the command ask. Returns 0 or, after saying why, an exit code.
 */
int cli_context_prepare(cli_context *ctx, char *const *envp);

/*
 * The part of it that loads the project, for `config`, which shows settings also where there is no
 * project.
 */
brant_status cli_context_project(cli_context *ctx, brant_error **err);

/*
 * Closes everything, writes the answer, and returns the exit code: `code`, unless the answer could
 * not be written.
 */
int cli_context_close(cli_context *ctx, int code);

/* Writes what there is of the answer now, so that an error stands behind it. The session must not
 * be used afterwards. */
void cli_context_flush(cli_context *ctx);

/* Arguments of the command. */
size_t cli_arg_count(const cli_context *ctx);
const char *cli_arg(const cli_context *ctx, size_t i); /* NULL beyond the end */

typedef enum cli_consent {
    CLI_YES = 1,
    CLI_NO = 2,
    CLI_NO_TERMINAL = 3, /* nobody to ask; the failure was said: exit with CLI_EXIT_USAGE */
    CLI_INTERRUPTED = 4
} cli_consent;

/* Asks a question that --yes answers. */
cli_consent cli_ask(cli_context *ctx, const char *question);

#endif
