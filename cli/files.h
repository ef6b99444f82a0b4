/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What init and new share: the list of files they wrote.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli/context.h"

/* Adds the files to the answer, and for people a line on what to do next (NULL: none). Frees them;
 * returns an exit code. */
int cli_files_finish(cli_context *ctx, brant_new_files *files, const char *next);

#endif
