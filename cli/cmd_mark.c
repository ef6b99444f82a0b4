/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark and force: both change the record and run nothing.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

/* --- mark ------------------------------------------------------------------------------------- */

typedef struct mark_args {
    const char *as;
} mark_args;

static void say_mark(cli_context *ctx, const brant_report *report, bool pending)
{
    if (report->applied_count == 0) {
        brn_buf_printf(
            &ctx->out, "nothing changed: recorded as %s already\n",
            pending ? "pending" : "completed");
    }
    for (size_t i = 0; i < report->applied_count; i++) {
        cli_clean(&ctx->out, report->applied[i]->id);
        brn_buf_printf(&ctx->out, ": %s\n", pending ? "pending" : "completed");
    }
}

static int run_mark(cli_context *ctx, const void *values)
{
    const mark_args *args = values;
    bool pending = args->as != NULL && strcmp(args->as, "pending") == 0;
    brant_report *report = NULL;
    brant_error *err = NULL;
    int code;

    if (args->as != NULL && !pending && strcmp(args->as, "completed") != 0) {
        return cli_fail(
            ctx,
            &(cli_failure){ BRANT_EUSAGE, "cli.bad_value", "option --as needs completed or pending",
                            "See brant mark --help." });
    }
    if (brant_mark(
            &report, ctx->session, ctx->parse.args.items, ctx->parse.args.count, pending, &err) !=
        BRANT_OK) {
        brant_report_free(report);
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_report(ctx, report, NULL);
    } else {
        say_mark(ctx, report, pending);
    }
    code = report->applied_count > 0 ? CLI_EXIT_OK : CLI_EXIT_NOTHING;
    brant_report_free(report);
    return code;
}

static const cli_opt mark_opts[] = {
    { "as", 0, CLI_OPT_STRING, offsetof(mark_args, as), "completed|pending",
      "What to record; completed if not given." },
    { 0 },
};

const cli_command cli_cmd_mark = {
    .name = "mark",
    .alias = "mark-upgraded",
    .group = "Mend",
    .summary = "Record migrations as completed or pending without running them",
    .usage = "ID... [--as completed|pending]",
    .details = "For manual migrations that are done, and for a database that was changed by hand. "
               "Exits with 3 when all of it was recorded so already.",
    .example = "brant mark 004_switch_traffic",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = mark_opts,
    .args_size = sizeof(mark_args),
    .arg = "ID",
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_mark,
};

/* --- force ------------------------------------------------------------------------------------ */

static void say_force(cli_context *ctx, const brant_report *report)
{
    brn_buf_add_c(&ctx->out, "previous: ");
    cli_clean(&ctx->out, cli_version_text(report->previous_version));
    brn_buf_add_c(&ctx->out, "\ncurrent:  ");
    cli_clean(&ctx->out, cli_version_text(report->version));
    brn_buf_add_c(&ctx->out, "\nrecorded only: nothing was run\n");
}

static int run_force(cli_context *ctx, const void *values)
{
    brant_report *report = NULL;
    brant_error *err = NULL;

    (void)values;
    if (brant_force(&report, ctx->session, cli_arg(ctx, 0), &err) != BRANT_OK) {
        brant_report_free(report);
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_report(ctx, report, NULL);
    } else {
        say_force(ctx, report);
    }
    brant_report_free(report);
    return CLI_EXIT_OK;
}

const cli_command cli_cmd_force = {
    .name = "force",
    .group = "Mend",
    .summary = "Set the recorded version without running anything",
    .usage = "VERSION",
    .details =
        "Records exactly the migrations up to VERSION as completed and clears what is marked "
        "as failed or running; -1 is none. It is for a person who has looked at the "
        "database: brant repair decides by evidence and is the first thing to try.",
    .example = "brant force 023\nbrant force -1",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .arg = "VERSION",
    .min_args = 1,
    .max_args = 1,
    .run = run_force,
};
