/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/context.h"
#include "cli/json_docs.h"

#define OPTION_COLUMN 30

/* --- options ---------------------------------------------------------------------------------- */

/* "  -d, --database URL       Database to work on." */
static void option_line(
    brn_buf *out,
    size_t width,
    char letter,
    const char *name,
    const char *metavar,
    const char *help)
{
    size_t start = out->len;
    size_t used;

    if (letter != 0) {
        brn_buf_printf(out, "  -%c, --%s", letter, name);
    } else {
        brn_buf_printf(out, "      --%s", name);
    }
    if (metavar != NULL) {
        brn_buf_printf(out, " %s", metavar);
    }
    used = out->len - start;
    if (used + 2 > OPTION_COLUMN) {
        brn_buf_add_char(out, '\n');
        used = 0;
    }
    brn_buf_printf(out, "%*s", (int)(OPTION_COLUMN - used), "");
    cli_wrap(out, help, OPTION_COLUMN, width);
}

/* Help of a setting with its choices and default. */
static const char *setting_help(brn_arena *arena, const brant_setting_info *setting, bool full)
{
    const char *choices = "";
    const char *standard = "";

    if (!full) {
        return setting->help;
    }
    if (setting->choices != NULL) {
        choices = brn_arena_printf(arena, " One of %s.", setting->choices);
    }
    if (setting->default_value != NULL && setting->type != BRANT_SETTING_BOOL) {
        standard = brn_arena_printf(arena, " Default: %s.", setting->default_value);
    }
    return brn_arena_printf(
        arena, "%s%s%s", setting->help, choices != NULL ? choices : "",
        standard != NULL ? standard : "");
}

static void setting_options(cli_context *ctx, bool full)
{
    const brant_setting_info *setting;

    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if ((setting->flags & BRANT_SETTING_GLOBAL_FLAG) != 0 && (full || setting->letter != 0)) {
            option_line(
                &ctx->out, ctx->width, setting->letter, setting->key, setting->metavar,
                setting_help(&ctx->arena, setting, full));
        }
    }
    option_line(&ctx->out, ctx->width, 'h', "help", NULL, "Show help, also behind a command.");
    if (full) {
        option_line(&ctx->out, ctx->width, 0, "version", NULL, "Show the version of brant.");
    }
}

static void heading(cli_context *ctx, const char *text)
{
    brn_buf_add_char(&ctx->out, '\n');
    cli_colored(&ctx->out, ctx->color_out, CLI_BOLD, text);
    brn_buf_add_char(&ctx->out, '\n');
}

int cli_help_options(cli_context *ctx)
{
    if (ctx->json) {
        cli_doc_help(ctx, NULL);
        return CLI_EXIT_OK;
    }
    brn_buf_add_c(
        &ctx->out, "Options of every command, before or behind its name. Each is also a "
                   "setting of brant.yaml\nand the environment: --lock-timeout is "
                   "BRANT_LOCK_TIMEOUT there. See brant config.\n\n");
    setting_options(ctx, true);
    return CLI_EXIT_OK;
}

/* --- commands --------------------------------------------------------------------------------- */

static void list_commands(cli_context *ctx)
{
    const char *group = "";

    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        if ((*c)->run == NULL) {
            continue;
        }
        if (strcmp((*c)->group, group) != 0) {
            group = (*c)->group;
            heading(ctx, group);
        }
        brn_buf_printf(&ctx->out, "  %-12s%s\n", (*c)->name, (*c)->summary);
    }
}

static void help_overview(cli_context *ctx)
{
    brn_buf_printf(
        &ctx->out,
        "brant %s brings databases to the state that an application needs.\n\n"
        "usage: brant [OPTION]... COMMAND [ARGUMENT]...\n",
        brant_version());
    list_commands(ctx);
    heading(ctx, "Options of every command (all of them: brant help options)");
    setting_options(ctx, false);
    brn_buf_add_c(
        &ctx->out,
        "\nbrant help COMMAND says more about one. Exit codes: 0 done, 1 failed, 2 usage or\n"
        "configuration, 3 nothing to do, 4 to 7 manual or blocked migrations are left, 8 locked,\n"
        "9 difference found, 10 cannot connect, 130 interrupted.\n");
}

static void example_lines(cli_context *ctx, const char *example)
{
    heading(ctx, "Example");
    cli_indented(&ctx->out, brn_str_from(example), 2);
}

static void help_one(cli_context *ctx, const cli_command *command)
{
    brn_buf_printf(
        &ctx->out, "%s.\n\nusage: brant %s%s%s\n", command->summary, command->name,
        command->usage[0] != '\0' ? " " : "", command->usage);
    if (command->alias != NULL) {
        brn_buf_printf(&ctx->out, "also:  brant %s\n", command->alias);
    }
    if (command->details != NULL) {
        brn_buf_add_char(&ctx->out, '\n');
        cli_wrap(&ctx->out, command->details, 0, ctx->width);
    }
    if (command->opts != NULL) {
        heading(ctx, "Options");
        for (const cli_opt *opt = command->opts; opt->name != NULL; opt++) {
            option_line(&ctx->out, ctx->width, opt->letter, opt->name, opt->metavar, opt->help);
        }
    }
    heading(ctx, "Options of every command (all of them: brant help options)");
    setting_options(ctx, false);
    example_lines(ctx, command->example);
}

int cli_help_command(cli_context *ctx, const cli_command *command)
{
    if (ctx->json) {
        cli_doc_help(ctx, command);
    } else if (command == NULL) {
        help_overview(ctx);
    } else {
        help_one(ctx, command);
    }
    return CLI_EXIT_OK;
}

int cli_help_version(cli_context *ctx)
{
    if (ctx->json) {
        cli_doc_program(ctx);
    } else {
        brn_buf_printf(&ctx->out, "brant %s\n", brant_version());
    }
    return CLI_EXIT_OK;
}
