/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

typedef struct sum_args {
    bool check;
} sum_args;

static int run_sum(cli_context *ctx, const void *values)
{
    const sum_args *args = values;
    brant_sum_options options = BRANT_SUM_OPTIONS_INIT;
    brant_new_files *files = NULL;
    brant_error *err = NULL;

    options.check = args->check;
    if (brant_sum(&files, ctx->project, &options, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_sum(ctx, files, args->check);
    } else {
        for (size_t i = 0; i < files->count; i++) {
            cli_clean(&ctx->out, files->paths[i]);
            brn_buf_add_char(&ctx->out, '\n');
        }
        if (args->check) {
            brn_buf_add_c(&ctx->out, "all files are as brant.sum says\n");
        }
    }
    brant_new_files_free(files);
    return CLI_EXIT_OK;
}

static const cli_opt sum_opts[] = {
    { "check", 0, CLI_OPT_BOOL, offsetof(sum_args, check), NULL,
      "Write nothing; only say whether files differ from the sum (exit 9 when they do)." },
    { 0 },
};

const cli_command cli_cmd_sum = {
    .name = "sum",
    .group = "Start",
    .summary = "Write brant.sum, by which changes of migration files are noticed",
    .usage = "[--check]",
    .details = "Where a directory of migrations has a brant.sum, every command verifies it and "
               "names files that were added, changed, moved or removed since. Two branches that "
               "both add a migration conflict in it. Commit the file; write it anew when a "
               "difference is meant.",
    .example = "brant sum\nbrant sum --check",
    .flags = CLI_NEEDS_PROJECT,
    .opts = sum_opts,
    .args_size = sizeof(sum_args),
    .run = run_sum,
};
