/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"

typedef struct new_args {
    const char *engine;
    const char *version;
    bool timestamp;
    bool sequence;
} new_args;

/* --engine takes the name of a database, or its engine where only one database has it. */
static const char *database_of(const cli_context *ctx, const char *wanted)
{
    const char *found = NULL;
    size_t matches = 0;

    if (wanted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < brant_project_count(ctx->project); i++) {
        const brant_project_database *database = brant_project_at(ctx->project, i);

        if (strcmp(database->name, wanted) == 0) {
            return database->name;
        }
        /* Without a URL yet, a database has no engine. */
        if (database->engine != NULL && strcmp(database->engine, wanted) == 0) {
            found = database->name;
            matches++;
        }
    }
    return matches == 1 ? found : wanted;
}

/* "add users table" need not be quoted. */
static const char *name_of(cli_context *ctx)
{
    const char *name = cli_arg(ctx, 0);

    for (size_t i = 1; name != NULL && i < cli_arg_count(ctx); i++) {
        name = brn_arena_printf(&ctx->arena, "%s %s", name, cli_arg(ctx, i));
    }
    return name != NULL ? name : "";
}

static int run_new(cli_context *ctx, const void *values)
{
    const new_args *args = values;
    brant_new_options options = BRANT_NEW_OPTIONS_INIT;
    brant_new_files *files = NULL;
    brant_error *err = NULL;

    if (args->timestamp + args->sequence + (args->version != NULL) > 1) {
        return cli_fail(
            ctx, &(cli_failure){ BRANT_EUSAGE, "cli.conflict",
                                 "--timestamp, --seq and --version exclude each other",
                                 "Say in one way how to number the migration." });
    }
    options.database = database_of(ctx, args->engine);
    options.name = name_of(ctx);
    options.timestamp = args->timestamp;
    options.sequence = args->sequence;
    options.version = args->version;
    if (brant_new_migration(&files, ctx->project, &options, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    return cli_files_finish(ctx, files, NULL);
}

static const cli_opt new_opts[] = {
    { "timestamp", 0, CLI_OPT_BOOL, offsetof(new_args, timestamp), NULL,
      "Number it by the time in UTC." },
    { "seq", 0, CLI_OPT_BOOL, offsetof(new_args, sequence), NULL, "Number it by the next number." },
    { "version", 0, CLI_OPT_STRING, offsetof(new_args, version), "VERSION",
      "Give it this version." },
    { "engine", 0, CLI_OPT_STRING, offsetof(new_args, engine), "NAME",
      "Database of the project it is for, by its name or engine; the first if not given." },
    { 0 },
};

const cli_command cli_cmd_new = {
    .name = "new",
    .alias = "create",
    .group = "Start",
    .summary = "Write the files of a new migration",
    .usage = "NAME [--timestamp | --seq | --version V] [--engine NAME] [--layout WORD]",
    .details = "Numbers it as the directory does, with the same padding. Never overwrites, and "
               "refuses a version that is taken.",
    .example = "brant new add users table\nbrant new add_index --timestamp",
    .flags = CLI_NEEDS_PROJECT,
    .opts = new_opts,
    .args_size = sizeof(new_args),
    .arg = "NAME",
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_new,
};
