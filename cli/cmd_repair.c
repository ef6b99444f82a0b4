/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

typedef struct repair_args {
    bool done;
    bool not_done;
    bool retry;
    bool accept_files;
    bool dry_run;
} repair_args;

static void paragraph(cli_context *ctx, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        brn_buf_printf(&ctx->out, "    %-10s", label);
        cli_wrap(&ctx->out, text, 14, ctx->width);
    }
}

static void say_item(cli_context *ctx, const brant_open_item *item)
{
    brn_buf_add_c(&ctx->out, "  ");
    if (item->statement > 0) {
        cli_clean(&ctx->out, item->migration->id);
        brn_buf_printf(&ctx->out, ": statement %" PRIu64 ": ", item->statement);
        cli_clean(&ctx->out, item->verdict);
    } else {
        cli_describe_open(&ctx->out, item->migration);
        brn_buf_add_c(&ctx->out, ": ");
        cli_clean(&ctx->out, item->verdict);
    }
    brn_buf_add_char(&ctx->out, '\n');
    paragraph(ctx, "statement", item->statement_text);
    paragraph(ctx, "evidence", item->evidence);
    paragraph(ctx, "question", item->question);
}

static void say_items(
    cli_context *ctx, const char *title, const brant_open_item *const *items, size_t count)
{
    if (count > 0) {
        brn_buf_printf(&ctx->out, "%s\n", title);
    }
    for (size_t i = 0; i < count; i++) {
        say_item(ctx, items[i]);
    }
}

static void say_files(
    cli_context *ctx, const char *title, const brant_finding *const *findings, size_t count)
{
    if (count > 0) {
        brn_buf_printf(&ctx->out, "%s\n", title);
        cli_describe_findings(ctx, findings, count, 2);
    }
}

static void say_repair(cli_context *ctx, const brant_repair_result *result, bool dry_run)
{
    if (result->resolved_count + result->open_count + result->accepted_count +
            result->difference_count ==
        0) {
        brn_buf_add_c(&ctx->out, "nothing to repair\n");
        return;
    }
    say_items(
        ctx, dry_run ? "would be resolved" : "resolved", result->resolved, result->resolved_count);
    say_items(ctx, "open", result->open, result->open_count);
    say_files(
        ctx, dry_run ? "files that would be accepted" : "accepted files", result->accepted,
        result->accepted_count);
    say_files(
        ctx, "files that differ from what ran", result->differences, result->difference_count);
}

static int answer_of(const repair_args *args)
{
    if (args->done) {
        return BRANT_ANSWER_DONE;
    }
    if (args->not_done) {
        return BRANT_ANSWER_NOT_DONE;
    }
    return args->retry ? BRANT_ANSWER_RETRY : BRANT_ANSWER_NONE;
}

static int run_repair(cli_context *ctx, const void *values)
{
    const repair_args *args = values;
    brant_repair_options options = BRANT_REPAIR_OPTIONS_INIT;
    brant_repair_result *result = NULL;
    brant_error *err = NULL;
    bool is_open;

    if (args->done + args->not_done + args->retry > 1) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.conflict",
                                 "--done, --not-done and --retry exclude each other",
                                 "Give one answer." });
    }
    options.migration = cli_arg(ctx, 0);
    options.answer = answer_of(args);
    options.accept_files = args->accept_files;
    options.dry_run = args->dry_run;
    if (brant_repair(&result, ctx->session, &options, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_repair(ctx, result, args->dry_run);
    } else {
        say_repair(ctx, result, args->dry_run);
    }
    is_open = result->open_count > 0 || result->difference_count > 0;
    brant_repair_result_free(result);
    return is_open ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

static const cli_opt repair_opts[] = {
    { "done", 0, CLI_OPT_BOOL, offsetof(repair_args, done), NULL,
      "Answer: the open statement took effect." },
    { "not-done", 0, CLI_OPT_BOOL, offsetof(repair_args, not_done), NULL,
      "Answer: it did not take effect." },
    { "retry", 0, CLI_OPT_BOOL, offsetof(repair_args, retry), NULL,
      "Answer: forget the progress, so that the migration runs from its first statement." },
    { "accept-files", 0, CLI_OPT_BOOL, offsetof(repair_args, accept_files), NULL,
      "Record files that were edited or renamed as they are now." },
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(repair_args, dry_run), NULL,
      "Show the evidence, record nothing." },
    { 0 },
};

const cli_command cli_cmd_repair = {
    .name = "repair",
    .group = "Mend",
    .summary = "Resolve what a failed or killed run left open",
    .usage = "[ID] [--done | --not-done | --retry] [--accept-files] [--dry-run]",
    .details = "Asks the database whether an open statement took effect, and records what is "
               "certain. What is not is shown with its evidence, and an option is the answer. "
               "Exits with 1 when something stays open.",
    .example = "brant repair\nbrant repair 003_add_index --done",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = repair_opts,
    .args_size = sizeof(repair_args),
    .arg = "ID",
    .max_args = 1,
    .run = run_repair,
};
