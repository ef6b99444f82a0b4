/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/help.h"

static int run_help(cli_context *ctx, const void *values)
{
    const char *topic = cli_arg(ctx, 0);
    const char *const asked[] = { "brant", topic, "--help" };
    cli_parse parse;
    cli_failure failure = { 0 };

    (void)values;
    if (topic == NULL) {
        return cli_help_command(ctx, NULL);
    }
    if (strcmp(topic, "options") == 0) {
        return cli_help_options(ctx);
    }
    /* `help CMD` is `CMD --help`, with the same answer to a name that nobody knows. */
    if (!cli_options_parse(&parse, &ctx->arena, cli_commands, 3, asked, &failure)) {
        return cli_fail(ctx, &failure);
    }
    return cli_help_command(ctx, parse.command);
}

const cli_command cli_cmd_help = {
    .name = "help",
    .group = "brant itself",
    .summary = "Show help on all commands or on one",
    .usage = "[COMMAND|options]",
    .example = "brant help up",
    .arg = "COMMAND",
    .max_args = 1,
    .run = run_help,
};
