/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

typedef struct list_args {
    bool unknown;
} list_args;

/* "id (required): status", with "database:" before it where there are several. */
static void say_migration(cli_context *ctx, const brant_migration *m, const char *note)
{
    brn_buf *out = &ctx->out;

    if (ctx->render.many) {
        cli_clean(out, m->database);
        brn_buf_add_char(out, ':');
    }
    cli_clean(out, m->id);
    brn_buf_printf(out, "%s: %s%s\n", m->required ? " (required)" : "", m->status, note);
    if (m->help != NULL) {
        brn_buf_add_c(out, "    ");
        cli_wrap(out, m->help, 4, ctx->width);
    }
}

static void say_list(cli_context *ctx, const brant_overview *overview, bool with_unknown)
{
    for (size_t i = 0; i < overview->count; i++) {
        const brant_database_status *db = overview->databases[i];

        for (size_t j = 0; j < db->migration_count; j++) {
            say_migration(ctx, db->migrations[j], "");
        }
        for (size_t j = 0; with_unknown && j < db->unknown_count; j++) {
            say_migration(ctx, db->unknown[j], " (no file)");
        }
    }
    if (ctx->out.len == 0) {
        brn_buf_add_c(&ctx->out, "no migrations\n");
    }
}

static int run_list(cli_context *ctx, const void *values)
{
    const list_args *args = values;
    brant_overview *overview = NULL;
    brant_error *err = NULL;

    if (brant_look(&overview, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_list(ctx, overview, args->unknown);
    } else {
        say_list(ctx, overview, args->unknown);
    }
    brant_overview_free(overview);
    return CLI_EXIT_OK;
}

static const cli_opt list_opts[] = {
    { "unknown", 0, CLI_OPT_BOOL, offsetof(list_args, unknown), NULL,
      "Also list recorded migrations that no file knows." },
    { 0 },
};

const cli_command cli_cmd_list = {
    .name = "list",
    .alias = "list-migrations",
    .group = "Look",
    .summary = "List every migration in dependency order with its status",
    .usage = "[--unknown]",
    .example = "brant list",
    .flags = CLI_NEEDS_SESSION,
    .opts = list_opts,
    .args_size = sizeof(list_args),
    .run = run_list,
};
