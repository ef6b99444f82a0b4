/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt: takes over a database that another tool has migrated so far.
 */
#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

typedef struct adopt_args {
    const char *from;
} adopt_args;

static void say_adopted(cli_context *ctx, const brant_report *report)
{
    if (report->applied_count == 0) {
        brn_buf_add_c(&ctx->out, "nothing changed: all of it is recorded already\n");
    }
    for (size_t i = 0; i < report->applied_count; i++) {
        cli_clean(&ctx->out, report->applied[i]->id);
        brn_buf_add_c(&ctx->out, ": completed\n");
    }
}

static int run_adopt(cli_context *ctx, const void *values)
{
    const adopt_args *args = values;
    brant_report *report = NULL;
    brant_error *err = NULL;
    int code;

    if (brant_adopt(&report, ctx->session, args->from, &err) != BRANT_OK) {
        brant_report_free(report);
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_report(ctx, report, NULL);
    } else {
        say_adopted(ctx, report);
    }
    code = report->applied_count > 0 ? CLI_EXIT_OK : CLI_EXIT_NOTHING;
    brant_report_free(report);
    return code;
}

static const cli_opt adopt_opts[] = {
    { "from", 0, CLI_OPT_STRING, offsetof(adopt_args, from), "gofr",
      "The tool; if not given, it is found by its table." },
    { 0 },
};

const cli_command cli_cmd_adopt = {
    .name = "adopt",
    .group = "Start",
    .summary = "Record as applied what another tool has applied",
    .usage = "[--from gofr]",
    .details = "Reads the table in which the other tool records what it did, and records the same "
               "migrations in brant's own. Nothing is run, and the table is left as it is; with "
               "the setting mirror brant goes on keeping it. Exits with 3 when all of it was "
               "recorded already.",
    .example = "brant adopt --from gofr",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = adopt_opts,
    .args_size = sizeof(adopt_args),
    .run = run_adopt,
};
