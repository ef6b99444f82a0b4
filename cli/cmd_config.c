/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/json_docs.h"

static const char *shown(const cli_context *ctx, const char *key)
{
    const char *value = brant_settings_shown(ctx->settings, key);

    return value != NULL ? value : "(unset)";
}

/* One line, also for several values. */
static const char *one_line(brn_arena *arena, const char *text)
{
    char *copy = brn_arena_strdup(arena, text);

    for (char *p = copy; p != NULL && (p = strchr(p, '\n')) != NULL;) {
        *p = ' ';
    }
    return copy;
}

static void show_settings(cli_context *ctx)
{
    const brant_setting_info *setting;
    cli_table table;

    cli_table_init(&table, &ctx->arena, 4);
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        const char *where = NULL;
        brant_origin origin = brant_settings_origin(ctx->settings, setting->key, &where);

        cli_table_cell(&table, setting->key);
        cli_table_cell(&table, one_line(&ctx->arena, shown(ctx, setting->key)));
        cli_table_cell(&table, brant_origin_name(origin));
        cli_table_cell(&table, where);
    }
    cli_table_write(&table, &ctx->out, 0);
}

static void show_databases(cli_context *ctx)
{
    cli_table table;

    if (ctx->project == NULL || brant_project_count(ctx->project) == 0) {
        return;
    }
    cli_table_init(&table, &ctx->arena, 4);
    for (size_t i = 0; i < brant_project_count(ctx->project); i++) {
        const brant_project_database *database = brant_project_at(ctx->project, i);

        cli_table_cell(&table, database->name);
        cli_table_cell(&table, database->engine != NULL ? database->engine : "-");
        cli_table_cell(&table, database->url_shown != NULL ? database->url_shown : "(unset)");
        cli_table_cell(&table, database->migrations);
    }
    brn_buf_add_c(&ctx->out, "\ndatabases\n");
    cli_table_write(&table, &ctx->out, 2);
}

/*
 * A project that cannot be loaded is often the reason to ask: settings are shown without it. What
 * is wrong in a file is an error all the same; having no database yet is not.
 */
static int run_config(cli_context *ctx, const void *values)
{
    brant_error *err = NULL;
    bool is_harmless;

    (void)values;
    ctx->loading = true;
    (void)cli_context_project(ctx, &err);
    is_harmless = brant_error_status(err) == BRANT_EUSAGE && brant_error_file(err) == NULL;
    if (ctx->json) {
        cli_doc_config(ctx, err);
    } else {
        show_settings(ctx);
        show_databases(ctx);
    }
    if (err != NULL && !is_harmless) {
        return cli_error(ctx, err);
    }
    if (err != NULL && !ctx->json) {
        brn_buf_add_c(&ctx->out, "\nno databases: ");
        cli_clean(&ctx->out, brant_error_message(err));
        brn_buf_add_char(&ctx->out, '\n');
    }
    brant_error_free(err);
    return CLI_EXIT_OK;
}

const cli_command cli_cmd_config = {
    .name = "config",
    .group = "brant itself",
    .summary = "Show every setting, its value and where it came from",
    .usage = "",
    .details = "A flag wins over the environment, that over the .env file, that over brant.yaml, "
               "and that over the default. Passwords are not shown.",
    .example = "brant config --json",
    .flags = CLI_NEEDS_SETTINGS,
    .run = run_config,
};
