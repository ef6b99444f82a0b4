/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

#define LABEL_COLUMN 13

typedef struct status_args {
    bool exit_code;
} status_args;

static void label(cli_context *ctx, const char *text)
{
    brn_buf_printf(&ctx->out, "  %-*s", LABEL_COLUMN - 2, text);
}

static void line(cli_context *ctx, const char *name, const char *value)
{
    label(ctx, name);
    cli_clean(&ctx->out, value);
    brn_buf_add_char(&ctx->out, '\n');
}

/* Versions of the application, where the project names them. */
static void say_application(cli_context *ctx)
{
    const char *current = brant_settings_shown(ctx->settings, "current-version");
    const char *oldest = brant_settings_shown(ctx->settings, "min-supported-version");

    if (current != NULL) {
        line(ctx, "target", current);
    }
    if (oldest != NULL) {
        line(ctx, "oldest", oldest);
    }
}

static void say_pending(cli_context *ctx, const brant_database_status *db)
{
    label(ctx, "pending");
    if (db->pending_count == 0) {
        brn_buf_add_c(&ctx->out, "nothing\n");
        return;
    }
    cli_plural(&ctx->out, db->pending_count, "migration");
    brn_buf_add_char(&ctx->out, '\n');
    for (size_t i = 0; i < db->pending_count; i++) {
        line(ctx, "", db->pending[i]);
    }
}

static void say_open(cli_context *ctx, const brant_database_status *db)
{
    for (size_t i = 0; i < db->open_count; i++) {
        const brant_migration *m = db->open[i];

        label(ctx, i == 0 ? "open" : "");
        cli_describe_open(&ctx->out, m);
        brn_buf_add_char(&ctx->out, '\n');
        if (m->error != NULL) {
            label(ctx, "");
            cli_wrap(&ctx->out, m->error, LABEL_COLUMN, ctx->width);
        }
    }
}

static void say_unknown(cli_context *ctx, const brant_database_status *db)
{
    for (size_t i = 0; i < db->unknown_count; i++) {
        line(ctx, i == 0 ? "no file" : "", db->unknown[i]->id);
    }
}

static cli_color state_color(const char *state)
{
    if (strcmp(state, "current") == 0) {
        return CLI_GREEN;
    }
    return strcmp(state, "failed") == 0 || strcmp(state, "missing") == 0 ? CLI_RED : CLI_YELLOW;
}

static void say_database(cli_context *ctx, const brant_database_status *db)
{
    brn_buf *out = &ctx->out;

    cli_colored(out, ctx->color_out, CLI_BOLD, db->name);
    brn_buf_add_c(out, "  ");
    cli_clean(out, db->url);
    brn_buf_add_char(out, '\n');
    line(ctx, "version", cli_version_text(db->version));
    say_application(ctx);
    label(ctx, "state");
    cli_colored(out, ctx->color_out, state_color(db->state), db->state);
    brn_buf_add_char(out, '\n');
    say_pending(ctx, db);
    say_open(ctx, db);
    say_unknown(ctx, db);
    label(ctx, "last run");
    cli_time(out, db->last_run_us);
    brn_buf_add_char(out, '\n');
    label(ctx, "lock");
    cli_describe_lock(out, &db->lock);
    brn_buf_add_char(out, '\n');
}

static void say_status(cli_context *ctx, const brant_overview *overview)
{
    for (size_t i = 0; i < overview->count; i++) {
        if (i > 0) {
            brn_buf_add_char(&ctx->out, '\n');
        }
        say_database(ctx, overview->databases[i]);
    }
    if (overview->finding_count > 0) {
        brn_buf_add_char(&ctx->out, '\n');
        cli_describe_findings(ctx, overview->findings, overview->finding_count, 0);
    }
}

static int exit_of(const brant_overview *overview)
{
    for (size_t i = 0; i < overview->count; i++) {
        if (overview->databases[i]->pending_count > 0) {
            return CLI_EXIT_OK;
        }
    }
    return CLI_EXIT_NOTHING;
}

static int run_status(cli_context *ctx, const void *values)
{
    const status_args *args = values;
    brant_overview *overview = NULL;
    brant_error *err = NULL;
    int code;

    if (brant_look(&overview, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_status(ctx, overview);
    } else {
        say_status(ctx, overview);
    }
    code = args->exit_code ? exit_of(overview) : CLI_EXIT_OK;
    brant_overview_free(overview);
    return code;
}

static const cli_opt status_opts[] = {
    { "exit-code", 0, CLI_OPT_BOOL, offsetof(status_args, exit_code), NULL,
      "Exit with 3 when nothing is pending." },
    { 0 },
};

const cli_command cli_cmd_status = {
    .name = "status",
    .group = "Look",
    .summary = "Show version, state, pending migrations and lock of each database",
    .usage = "[--exit-code]",
    .example = "brant status\nbrant status --json",
    .flags = CLI_NEEDS_SESSION,
    .opts = status_opts,
    .args_size = sizeof(status_args),
    .run = run_status,
};
