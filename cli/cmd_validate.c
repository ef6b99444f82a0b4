/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

static void say_validation(cli_context *ctx, const brant_validation *validation)
{
    cli_describe_findings(ctx, validation->findings, validation->count, 0);
    if (validation->valid) {
        brn_buf_add_c(&ctx->out, "valid: files, records and ");
        brn_buf_add_c(&ctx->out, ctx->render.many ? "databases agree\n" : "database agree\n");
    } else {
        brn_buf_add_c(&ctx->out, "not valid\n");
    }
}

static int run_validate(cli_context *ctx, const void *values)
{
    brant_validation *validation = NULL;
    brant_error *err = NULL;
    int code;

    (void)values;
    if (brant_validate(&validation, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_validation(ctx, validation);
    } else {
        say_validation(ctx, validation);
    }
    code = validation->valid ? CLI_EXIT_OK : CLI_EXIT_DIFFERENT;
    brant_validation_free(validation);
    return code;
}

const cli_command cli_cmd_validate = {
    .name = "validate",
    .group = "Look",
    .summary = "Compare files, records and database",
    .usage = "",
    .details = "Looks for files that were edited, renamed or removed after they ran, and for "
               "required objects that the database lacks. Exits with 9 when it finds any.",
    .example = "brant validate",
    .flags = CLI_NEEDS_SESSION,
    .run = run_validate,
};
