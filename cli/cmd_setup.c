/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/runs.h"

typedef struct setup_args {
    bool complete;
} setup_args;

static int run_setup(cli_context *ctx, const void *values)
{
    static const cli_run_style style = { "recorded", "would be recorded", false };
    const setup_args *args = values;
    brant_setup_options options = BRANT_SETUP_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st;

    options.complete = args->complete;
    st = brant_setup(&report, ctx->session, &options, &err);
    if (st == BRANT_OK && !args->complete && !ctx->json) {
        brant_report_free(report);
        for (size_t i = 0; i < brant_project_count(ctx->project); i++) {
            cli_clean(&ctx->out, brant_project_at(ctx->project, i)->name);
            brn_buf_add_c(&ctx->out, ": ready\n");
        }
        return CLI_EXIT_OK;
    }
    return cli_run_finish(ctx, st, report, err, &style);
}

static const cli_opt setup_opts[] = {
    { "complete", 0, CLI_OPT_BOOL, offsetof(setup_args, complete), NULL,
      "Also build the newest schema and record every migration as completed; refused unless the "
      "database is empty." },
    { 0 },
};

const cli_command cli_cmd_setup = {
    .name = "setup",
    .group = "Start",
    .summary = "Create databases that are missing",
    .usage = "[NAME]... [--complete]",
    .details = "Without a name, every database of the project. This is the only command that "
               "creates a database or keyspace. It fails where the user could not create "
               "tables.",
    .example = "brant setup main events\nbrant -d sqlite:new.db setup --complete",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES | CLI_ARGS_ARE_DATABASES,
    .opts = setup_opts,
    .args_size = sizeof(setup_args),
    .arg = "NAME",
    .max_args = CLI_ANY_ARGS,
    .run = run_setup,
};
