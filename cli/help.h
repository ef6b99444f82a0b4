/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, made from the tables of commands and settings.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* Of one command, or of all when it is NULL. Appends to the answer; returns an exit code. */
int cli_help_command(cli_context *ctx, const cli_command *command);
/* Options that every command takes. */
int cli_help_options(cli_context *ctx);
/* Of the program and its library. */
int cli_help_version(cli_context *ctx);

#endif
