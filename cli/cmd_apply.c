/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/runs.h"

#define PLAN_MAX_BYTES ((size_t)1 << 30)

typedef struct apply_args {
    bool dry_run;
} apply_args;

static int apply_text(cli_context *ctx, const apply_args *args, brn_str text, const char *path)
{
    static const cli_run_style style = { "applied", "would run", false };
    brant_run_options options = BRANT_RUN_OPTIONS_INIT;
    brant_report *report = NULL;
    brant_error *err = NULL;
    brant_status st;
    int code;

    options.dry_run = args->dry_run;
    ctx->render.dry_run = args->dry_run;
    st = brant_apply(&report, ctx->session, text.ptr, text.len, path, &options, &err);
    code = cli_run_finish(ctx, st, report, err, &style);
    return st == BRANT_EDRIFT ? CLI_EXIT_DIFFERENT : code;
}

static int run_apply(cli_context *ctx, const void *values)
{
    const char *path = cli_arg(ctx, 0);
    brn_buf text;
    int errnum;
    int code;

    brn_buf_init(&text, PLAN_MAX_BYTES + 1);
    errnum = brn_file_read(&text, path, PLAN_MAX_BYTES);
    if (errnum == 0) {
        code = apply_text(ctx, values, brn_buf_str(&text), path);
    } else {
        code = cli_fail_file(ctx, "read", path, errnum);
    }
    brn_buf_release(&text);
    return code;
}

static const cli_opt apply_opts[] = {
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(apply_args, dry_run), NULL,
      "Print the statements, run nothing." },
    { 0 },
};

const cli_command cli_cmd_apply = {
    .name = "apply",
    .group = "Change",
    .summary = "Run a plan that was saved with plan -o",
    .usage = "PLAN [--dry-run]",
    .details = "Runs what the plan says and nothing else. Exit code 9, and nothing is run, when "
               "migration files or what is recorded in the database have changed since the plan "
               "was made.",
    .example = "brant plan -o release.json\nbrant apply release.json",
    .flags = CLI_NEEDS_SESSION | CLI_WRITES,
    .opts = apply_opts,
    .args_size = sizeof(apply_args),
    .arg = "PLAN",
    .min_args = 1,
    .max_args = 1,
    .run = run_apply,
};
