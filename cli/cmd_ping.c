/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

static void line(cli_context *ctx, const char *label, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        brn_buf_printf(&ctx->out, "  %-9s", label);
        cli_wrap(&ctx->out, value, 11, ctx->width);
    }
}

/* Local databases answer in less than a millisecond. */
static void add_connect_time(brn_buf *out, int64_t ns)
{
    if (ns < 10 * BRN_NS_PER_MS) {
        int tenths = (int)(ns * 10 / BRN_NS_PER_MS);

        brn_buf_printf(out, "%d.%d ms", tenths / 10, tenths % 10);
    } else {
        cli_duration(out, ns / BRN_NS_PER_MS);
    }
}

static void say_ping(cli_context *ctx, const brant_ping_info *info)
{
    brn_buf *out = &ctx->out;
    bool reached = info->status == BRANT_OK;

    cli_clean(out, info->database);
    brn_buf_add_c(out, ": ");
    cli_colored(
        out, ctx->color_out, reached ? CLI_GREEN : CLI_RED, reached ? "reached" : "not reached");
    if (reached) {
        brn_buf_add_c(out, " in ");
        add_connect_time(out, info->connect_ns);
    }
    brn_buf_add_char(out, '\n');
    line(ctx, "url", info->url);
    line(ctx, "target", info->target);
    line(ctx, "user", info->user);
    line(ctx, "engine", info->engine);
    line(ctx, "server", info->server_version);
    line(ctx, "rights", info->rights);
    if (!reached) {
        line(ctx, "error", brant_error_message(info->error));
        line(ctx, "detail", brant_error_detail(info->error));
        line(ctx, "hint", brant_error_hint(info->error));
    }
}

static int run_ping(cli_context *ctx, const void *values)
{
    brant_ping_result *result = NULL;
    brant_error *err = NULL;
    int code = CLI_EXIT_OK;

    (void)values;
    if (brant_ping(&result, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_ping(ctx, result);
    }
    for (size_t i = 0; i < result->count; i++) {
        if (!ctx->json) {
            say_ping(ctx, result->databases[i]);
        }
        if (result->databases[i]->status != BRANT_OK) {
            code = CLI_EXIT_CONNECT;
        }
    }
    brant_ping_free(result);
    return code;
}

const cli_command cli_cmd_ping = {
    .name = "ping",
    .group = "Look",
    .summary = "Reach each database and show its server, user and rights",
    .usage = "",
    .details = "Exits with 10 when a database cannot be reached; the message says whether the "
               "server is not there, refuses the login, lacks the database, or grants no rights. "
               "Passwords are never shown.",
    .example = "brant -d postgres://app@db.example/shop ping",
    .flags = CLI_NEEDS_SESSION,
    .run = run_ping,
};
