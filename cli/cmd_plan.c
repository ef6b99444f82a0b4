/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

typedef struct plan_args {
    const char *to;
    const char *output;
    uint64_t count;
} plan_args;

/* Closes the transaction that is open and opens the next; 0 is none. */
static void change_transaction(cli_context *ctx, uint32_t *open, uint32_t next)
{
    if (*open == next) {
        return;
    }
    if (*open != 0) {
        brn_buf_printf(&ctx->out, "  commit transaction %" PRIu32 "\n", *open);
    }
    if (next != 0) {
        brn_buf_printf(&ctx->out, "  begin transaction %" PRIu32 "\n", next);
    }
    *open = next;
}

/* Segments in a row that are alike and of one statement are told together. */
static size_t alike(const brant_plan_step *step, size_t i)
{
    const brant_plan_segment *first = step->segments[i];
    size_t end = i + 1;

    while (first->first == first->last && end < step->segment_count &&
           step->segments[end]->first == step->segments[end]->last &&
           (step->segments[end]->transaction == 0) == (first->transaction == 0)) {
        end++;
    }
    return end;
}

/* "3 segments: 1 by itself; 2-3 in one transaction; 4 by itself" */
static void say_segments(cli_context *ctx, const brant_plan_step *step)
{
    brn_buf text = { 0 };
    const char *mark = ": ";

    cli_plural(&text, step->segment_count, "segment");
    for (size_t i = 0, end; i < step->segment_count; i = end, mark = "; ") {
        const brant_plan_segment *first = step->segments[i];
        const brant_plan_segment *last;
        end = alike(step, i);
        last = step->segments[end - 1];
        brn_buf_printf(&text, "%s%" PRIu32, mark, first->first);
        if (last->last > first->first) {
            brn_buf_printf(&text, "-%" PRIu32, last->last);
        }
        brn_buf_add_c(&text, end > i + 1 ? " each" : "");
        brn_buf_add_c(
            &text, first->transaction == 0      ? " by itself"
                   : first->last > first->first ? " in one transaction"
                                                : " in a transaction");
    }
    brn_buf_add_c(&ctx->out, "  ");
    cli_wrap(&ctx->out, brn_buf_text(&text), 2, ctx->width);
    ctx->out.failed = ctx->out.failed || text.failed;
    brn_buf_release(&text);
}

static void say_heading(cli_context *ctx, const brant_plan_step *step)
{
    brn_buf_add_char(&ctx->out, '\n');
    if (ctx->render.many) {
        cli_clean(&ctx->out, step->migration->database);
        brn_buf_add_char(&ctx->out, ':');
    }
    cli_colored(&ctx->out, ctx->color_out, CLI_BOLD, step->migration->id);
    brn_buf_printf(&ctx->out, " (%s%s)\n", step->direction, step->manual ? ", manual" : "");
    if (step->manual && step->migration->help != NULL) {
        brn_buf_add_c(&ctx->out, "  ");
        cli_wrap(&ctx->out, step->migration->help, 2, ctx->width);
    }
    if (step->resume_after > 0) {
        brn_buf_add_c(&ctx->out, "  resumes: ");
        cli_plural(&ctx->out, step->resume_after, "statement");
        brn_buf_add_c(&ctx->out, " done already\n");
    }
    if (step->segment_count > 1) {
        say_segments(ctx, step);
    }
}

/* Transaction of the first statement that would run; 0 is none. */
static uint32_t first_transaction(const brant_plan_step *step)
{
    for (size_t i = 0; i < step->statement_count; i++) {
        if (step->statements[i]->number > step->resume_after) {
            return step->statements[i]->transaction;
        }
    }
    return 0;
}

/* "drop table, loses data" */
static const char *kind_text(cli_context *ctx, const brant_plan_statement *statement)
{
    const char *marked = statement->destructive
                             ? brn_arena_printf(&ctx->arena, "%s, loses data", statement->kind)
                             : NULL;

    return marked != NULL ? marked : statement->kind;
}

static void say_step(cli_context *ctx, const brant_plan_step *step, uint32_t *open)
{
    /* A transaction that goes on over several migrations shows no boundary between them. */
    if (first_transaction(step) != *open) {
        change_transaction(ctx, open, 0);
    }
    say_heading(ctx, step);
    for (size_t i = 0; i < step->statement_count; i++) {
        const brant_plan_statement *s = step->statements[i];

        if (s->number > step->resume_after) {
            change_transaction(ctx, open, s->transaction);
            cli_describe_statement(
                &ctx->out, s->file, s->line, kind_text(ctx, s), brn_str_from(s->text));
        }
    }
}

static uint64_t statements_left(const brant_plan_step *step)
{
    uint64_t done = step->resume_after;

    return step->statement_count > done ? step->statement_count - done : 0;
}

static void say_plan(cli_context *ctx, const brant_plan *plan)
{
    uint64_t statements = 0;
    uint32_t open = 0;

    for (size_t i = 0; i < plan->count; i++) {
        statements += statements_left(plan->steps[i]);
    }
    if (plan->count == 0) {
        brn_buf_add_c(&ctx->out, "nothing to do: no migration is pending\n");
    } else {
        cli_plural(&ctx->out, plan->count, "migration");
        brn_buf_add_c(&ctx->out, ", ");
        cli_plural(&ctx->out, statements, "statement");
        brn_buf_add_char(&ctx->out, '\n');
    }
    for (size_t i = 0; i < plan->count; i++) {
        say_step(ctx, plan->steps[i], &open);
    }
    change_transaction(ctx, &open, 0);
    if (plan->finding_count > 0) {
        brn_buf_add_char(&ctx->out, '\n');
        cli_describe_findings(ctx, plan->findings, plan->finding_count, 0);
    }
}

/* Returns an exit code. */
static int save_plan(cli_context *ctx, brant_plan *plan, const char *path)
{
    const char *text = NULL;
    brant_error *err = NULL;
    int errnum;

    if (brant_plan_text(&text, plan, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    errnum = brn_file_replace(path, brn_str_from(text), 0644);
    if (errnum != 0) {
        return cli_fail_file(ctx, "write", path, errnum);
    }
    return CLI_EXIT_OK;
}

static int run_plan(cli_context *ctx, const void *values)
{
    const plan_args *args = values;
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;
    brant_plan *plan = NULL;
    brant_error *err = NULL;

    options.to = args->to;
    options.count = args->count;
    if (brant_plan_up(&plan, ctx->session, &options, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_plan(ctx, plan);
    } else {
        say_plan(ctx, plan);
    }
    int code = args->output != NULL ? save_plan(ctx, plan, args->output) : CLI_EXIT_OK;
    brant_plan_free(plan);
    return code;
}

static const cli_opt plan_opts[] = {
    { "to", 't', CLI_OPT_STRING, offsetof(plan_args, to), "ID",
      "Plan this migration and what it requires, nothing else." },
    { "output", 'o', CLI_OPT_STRING, offsetof(plan_args, output), "FILE",
      "Save the plan for apply; a file of that name is replaced." },
    { "count", 'n', CLI_OPT_COUNT, offsetof(plan_args, count), "N", "Plan the next N." },
    { 0 },
};

const cli_command cli_cmd_plan = {
    .name = "plan",
    .group = "Look",
    .summary = "Show every statement that up would run; changes nothing",
    .usage = "[--to ID] [-n N] [-o FILE]",
    .details = "A plan that is saved with -o can be reviewed, and run with apply, which refuses it "
               "once files or databases have changed.",
    .example = "brant plan --to 024\nbrant plan -o release.json",
    .flags = CLI_NEEDS_SESSION,
    .opts = plan_opts,
    .args_size = sizeof(plan_args),
    .run = run_plan,
};
