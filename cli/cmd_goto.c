/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goto and redo: both go in whichever direction it takes.
 */
#include "cli/commands.h"
#include "cli/runs.h"

typedef struct goto_args {
    bool dry_run;
} goto_args;

static const cli_run_style run_style = { "ran", "would run", false };

static brant_run_options options_of(cli_context *ctx, const goto_args *args)
{
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;

    options.dry_run = args->dry_run;
    ctx->render.dry_run = args->dry_run;
    return options;
}

static int run_goto(cli_context *ctx, const void *values)
{
    brant_run_options options = options_of(ctx, values);
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st = brant_goto(&report, ctx->session, cli_arg(ctx, 0), &options, &err);

    return cli_run_finish(ctx, st, report, err, &run_style);
}

static int run_redo(cli_context *ctx, const void *values)
{
    brant_run_options options = options_of(ctx, values);
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st = brant_redo(&report, ctx->session, &options, &err);

    return cli_run_finish(ctx, st, report, err, &run_style);
}

static const cli_opt goto_opts[] = {
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(goto_args, dry_run), NULL,
      "Print the statements, run nothing." },
    { 0 },
};

const cli_command cli_cmd_goto = {
    .name = "goto",
    .group = "Change",
    .summary = "Go up or down until a migration is the version",
    .usage = "ID [--dry-run]",
    .details = "Needs migrations in one chain. Where they form a graph, use up --to or down --to.",
    .example = "brant goto 024",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = goto_opts,
    .args_size = sizeof(goto_args),
    .arg = "ID",
    .min_args = 1,
    .max_args = 1,
    .run = run_goto,
};

const cli_command cli_cmd_redo = {
    .name = "redo",
    .group = "Change",
    .summary = "Undo the last migration and apply it again",
    .usage = "[--dry-run]",
    .example = "brant redo",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = goto_opts,
    .args_size = sizeof(goto_args),
    .run = run_redo,
};
