/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/runs.h"

typedef struct up_args {
    const char *to;
    bool dry_run;
    bool exit_code;
    bool startup;
} up_args;

static int run_up(cli_context *ctx, const void *values)
{
    const up_args *args = values;
    const cli_run_style style = { "applied", "would run", args->exit_code };
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st;
    int code = cli_run_count(ctx, &options.count);

    if (code != 0) {
        return code;
    }
    options.to = args->to;
    options.dry_run = args->dry_run;
    options.startup = args->startup;
    ctx->render.dry_run = args->dry_run;
    st = brant_up(&report, ctx->session, &options, &err);
    return cli_run_finish(ctx, st, report, err, &style);
}

static const cli_opt up_opts[] = {
    { "to", 't', CLI_OPT_STRING, offsetof(up_args, to), "ID",
      "Apply this migration and what it requires, nothing else." },
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(up_args, dry_run), NULL,
      "Print the statements, run nothing." },
    { "exit-code", 0, CLI_OPT_BOOL, offsetof(up_args, exit_code), NULL,
      "Exit with 3 when nothing was pending." },
    { "auto", 0, CLI_OPT_BOOL, offsetof(up_args, startup), NULL,
      "Run as the start-up step of a service: do nothing when the setting auto-migrate is off." },
    { 0 },
};

const cli_command cli_cmd_up = {
    .name = "up",
    .alias = "migrate",
    .group = "Change",
    .summary = "Apply pending migrations",
    .usage = "[N] [--to ID] [--dry-run] [--exit-code] [--auto]",
    .details = "Applies all that is pending, or the next N. A migration that failed or was "
               "interrupted is resumed as the setting on-dirty says. Exit codes 4 to 7 say that "
               "a migration is left which a person has to do (4 required, 5 optional) or that "
               "waits for such a one (6 required, 7 optional).",
    .example = "brant up --to 024\nbrant up 1 --dry-run\nbrant -d sqlite:app.db up --json",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = up_opts,
    .args_size = sizeof(up_args),
    .arg = "N",
    .max_args = 1,
    .run = run_up,
};
