/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

static void say_health(cli_context *ctx, const brant_health_item *item)
{
    brn_buf text = { 0 };

    brn_buf_printf(&text, "%s: ", item->database);
    if (item->ok) {
        brn_buf_add_c(&text, "healthy");
    } else {
        brn_buf_printf(&text, "not healthy: %s [%s]", item->reason, item->id);
    }
    cli_wrap(&ctx->out, brn_buf_text(&text), 0, ctx->width);
    ctx->out.failed = ctx->out.failed || text.failed;
    brn_buf_release(&text);
}

static int run_health(cli_context *ctx, const void *values)
{
    brant_health_result *result = NULL;
    brant_error *err = NULL;
    int code;

    (void)values;
    if (brant_health(&result, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_health(ctx, result);
    } else {
        for (size_t i = 0; i < result->count; i++) {
            say_health(ctx, result->databases[i]);
        }
    }
    code = result->ok ? CLI_EXIT_OK : CLI_EXIT_DIFFERENT;
    brant_health_free(result);
    return code;
}

const cli_command cli_cmd_health = {
    .name = "health",
    .group = "Look",
    .summary = "Say whether the application can work on each database",
    .usage = "",
    .details = "Exits with 9 when a database is not healthy, and names the first reason: it cannot "
               "be reached, a migration failed, was interrupted, is half done or pending, a file "
               "was edited, renamed or removed, or a newer version of the project has migrated it. "
               "While a run is at work, only required migrations that are pending count. Changes "
               "nothing.",
    .example = "brant health\nbrant -d main health --json",
    .flags = CLI_NEEDS_SESSION,
    .run = run_health,
};
