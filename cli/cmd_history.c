/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

#define COLUMNS 7

typedef struct history_args {
    bool verify;
    uint64_t limit;
} history_args;

static void add_row(cli_context *ctx, cli_table *table, const brant_history_entry *entry)
{
    brn_buf text = { 0 };

    cli_time(&text, entry->at_us);
    cli_table_cell_buf(table, &text);
    cli_table_cell(table, ctx->render.many ? entry->database : NULL);
    cli_table_cell(table, entry->action);
    cli_table_cell(table, entry->migration != NULL ? entry->migration : "-");
    brn_buf_reset(&text);
    brn_buf_add_c(&text, entry->outcome);
    if (entry->duration_ms >= 0) {
        brn_buf_add_c(&text, ", ");
        cli_duration(&text, entry->duration_ms);
    }
    cli_table_cell_buf(table, &text);
    cli_table_cell(table, entry->who);
    cli_table_cell(table, entry->detail);
    brn_buf_release(&text);
}

static void say_history(cli_context *ctx, const brant_history *history, size_t first, bool verify)
{
    cli_table table;

    cli_table_init(&table, &ctx->arena, COLUMNS);
    for (size_t i = first; i < history->count; i++) {
        add_row(ctx, &table, history->entries[i]);
    }
    cli_table_write(&table, &ctx->out, 0);
    if (history->count == 0) {
        brn_buf_add_c(&ctx->out, "the history is empty\n");
    }
    if (verify && history->verified) {
        brn_buf_add_c(&ctx->out, "verified: every row follows from the rows before it\n");
    } else if (verify) {
        brn_buf_add_c(&ctx->out, "not verified: ");
        cli_clean(&ctx->out, history->problem);
        brn_buf_add_char(&ctx->out, '\n');
    }
}

static int run_history(cli_context *ctx, const void *values)
{
    const history_args *args = values;
    brant_history *history = NULL;
    brant_error *err = NULL;
    size_t first = 0;
    int code;

    if (brant_history_read(&history, ctx->session, args->verify, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (args->limit > 0 && history->count > args->limit) {
        first = history->count - (size_t)args->limit;
    }
    if (ctx->json) {
        cli_doc_history(ctx, history, first, args->verify);
    } else {
        say_history(ctx, history, first, args->verify);
    }
    code = args->verify && !history->verified ? CLI_EXIT_DIFFERENT : CLI_EXIT_OK;
    brant_history_free(history);
    return code;
}

static const cli_opt history_opts[] = {
    { "limit", 'n', CLI_OPT_COUNT, offsetof(history_args, limit), "N", "Show the last N only." },
    { "verify", 0, CLI_OPT_BOOL, offsetof(history_args, verify), NULL,
      "Check that no row was changed or removed; exit with 9 when one was." },
    { 0 },
};

const cli_command cli_cmd_history = {
    .name = "history",
    .group = "Look",
    .summary = "Show what was done to the database, oldest first",
    .usage = "[--limit N] [--verify]",
    .example = "brant history --limit 20",
    .flags = CLI_NEEDS_SESSION,
    .opts = history_opts,
    .args_size = sizeof(history_args),
    .run = run_history,
};
