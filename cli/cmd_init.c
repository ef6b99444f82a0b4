/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"

static int run_init(cli_context *ctx, const void *values)
{
    const char *dir = cli_arg(ctx, 0);
    /* Only a flag: a URL of the environment has no place in a file that is committed. */
    const char *url = cli_parse_flag(&ctx->parse, "database");
    brant_new_files *files = NULL;
    brant_error *err = NULL;

    (void)values;
    if (url != NULL && strchr(url, '\n') != NULL) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.conflict", "brant init takes one URL",
                                 "Add other databases to brant.yaml afterwards." });
    }
    if (brant_init_project(&files, dir != NULL ? dir : ".", url, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    return cli_files_finish(ctx, files, "See what would run: brant plan. Run it: brant up.");
}

const cli_command cli_cmd_init = {
    .name = "init",
    .group = "Start",
    .summary = "Write brant.yaml and a first migration into a directory",
    .usage = "[DIR]",
    .details = "The database is the URL given with -d, else sqlite:app.db. Nothing is overwritten.",
    .example = "brant init\nbrant init service -d postgres://app@localhost/shop",
    .flags = CLI_NEEDS_SETTINGS,
    .arg = "DIR",
    .max_args = 1,
    .run = run_init,
};
