/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/runs.h"

typedef struct down_args {
    const char *to;
    bool all;
    bool dry_run;
} down_args;

static int run_down(cli_context *ctx, const void *values)
{
    static const cli_run_style style = { "undone", "would be undone", false };
    const down_args *args = values;
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st;
    int code = cli_run_count(ctx, &options.count);

    if (code != 0) {
        return code;
    }
    if ((options.count > 0) + (args->to != NULL) + args->all > 1) {
        return cli_fail(
            ctx,
            &(cli_failure){ BRANT_EUSAGE, "cli.conflict", "N, --to and --all exclude each other",
                            "Say in one way how far to go down." });
    }
    options.to = args->to;
    options.all = args->all;
    options.dry_run = args->dry_run;
    ctx->render.dry_run = args->dry_run;
    st = brant_down(&report, ctx->session, &options, &err);
    return cli_run_finish(ctx, st, report, err, &style);
}

static const cli_opt down_opts[] = {
    { "to", 't', CLI_OPT_STRING, offsetof(down_args, to), "ID",
      "Undo what was applied after this migration; it stays." },
    { "all", 0, CLI_OPT_BOOL, offsetof(down_args, all), NULL, "Undo every migration." },
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(down_args, dry_run), NULL,
      "Print the statements, run nothing." },
    { 0 },
};

const cli_command cli_cmd_down = {
    .name = "down",
    .group = "Change",
    .summary = "Undo the last migration, the last N, or all behind one",
    .usage = "[N] [--to ID | --all] [--dry-run]",
    .details = "Goes in reverse order of application. A missing down file, or a migration that "
               "another applied one requires, is refused before anything runs.",
    .example = "brant down\nbrant down --to 023",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = down_opts,
    .args_size = sizeof(down_args),
    .arg = "N",
    .max_args = 1,
    .run = run_down,
};
