/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

static void say_validation(cli_context *ctx, const brant_validation *validation, bool round_trip)
{
    cli_describe_findings(ctx, validation->findings, validation->count, 0);
    if (validation->valid && round_trip) {
        brn_buf_add_c(&ctx->out, "valid: every down script undoes its up script\n");
    } else if (validation->valid) {
        brn_buf_add_c(&ctx->out, "valid: files, records and ");
        brn_buf_add_c(&ctx->out, ctx->render.many ? "databases agree\n" : "database agree\n");
    } else {
        brn_buf_add_c(&ctx->out, "not valid\n");
    }
}

typedef struct validate_args {
    bool round_trip;
} validate_args;

static const cli_opt validate_opts[] = {
    { "round-trip", 0, CLI_OPT_BOOL, offsetof(validate_args, round_trip), NULL,
      "Instead run every migration up, down and up again in a scratch database, and compare the "
      "schemas." },
    { 0 },
};

static int run_validate(cli_context *ctx, const void *values)
{
    const validate_args *args = values;
    brant_validation *validation = NULL;
    brant_error *err = NULL;
    int code;
    brant_status st = args->round_trip ? brant_round_trip(&validation, ctx->session, &err)
                                       : brant_validate(&validation, ctx->session, &err);

    if (st != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_validation(ctx, validation);
    } else {
        say_validation(ctx, validation, args->round_trip);
    }
    code = validation->valid ? CLI_EXIT_OK : CLI_EXIT_DIFFERENT;
    brant_validation_free(validation);
    return code;
}

const cli_command cli_cmd_validate = {
    .name = "validate",
    .group = "Look",
    .summary = "Compare files, records and database",
    .usage = "[--round-trip]",
    .details = "Looks for files that were edited, renamed or removed after they ran, for late "
               "migrations and for ones that failed. Exits with 9 when it finds any. What a run "
               "would refuse in a script that waits, \"brant plan\" says.",
    .example = "brant validate --round-trip",
    .flags = CLI_NEEDS_SESSION,
    .opts = validate_opts,
    .args_size = sizeof(validate_args),
    .run = run_validate,
};
