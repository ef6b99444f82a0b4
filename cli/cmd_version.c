/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/json_docs.h"

/*
 * The migration to name behind the version: the first that is dirty, else one that a run or a
 * person works on now; NULL when the version is all there is to say.
 */
static const brant_migration *worth_naming(const brant_database_status *db)
{
    const brant_migration *running = NULL;

    for (size_t i = 0; i < db->open_count; i++) {
        const brant_migration *m = db->open[i];

        if (cli_is_dirty(m) && !db->lock.held) {
            return m;
        }
        if (running == NULL && (db->lock.held || strcmp(m->kind, "manual") == 0)) {
            running = m;
        }
    }
    return running;
}

/* In parentheses behind the version: "(dirty: 003_bad failed)", "(running: 003_users)". */
static void add_open(brn_buf *out, const brant_migration *m, bool is_running)
{
    bool failed = strcmp(m->status, "failed") == 0;

    brn_buf_add_c(out, is_running ? " (running: " : " (dirty: ");
    cli_clean(out, m->id);
    if (!is_running) {
        brn_buf_add_c(out, failed ? " failed" : " is half done");
    }
    brn_buf_add_char(out, ')');
}

static void say_version(cli_context *ctx, const brant_database_status *db)
{
    const brant_migration *open = worth_naming(db);
    brn_buf *out = &ctx->out;

    if (ctx->render.many) {
        cli_clean(out, db->name);
        brn_buf_add_c(out, ": ");
    }
    cli_clean(out, cli_version_text(db->version));
    if (open != NULL) {
        add_open(out, open, db->lock.held || !cli_is_dirty(open));
    }
    brn_buf_add_char(out, '\n');
}

static int run_version(cli_context *ctx, const void *values)
{
    brant_overview *overview = NULL;
    brant_error *err = NULL;

    (void)values;
    if (brant_look(&overview, ctx->session, &err) != BRANT_OK) {
        return cli_error(ctx, err);
    }
    if (ctx->json) {
        cli_doc_version(ctx, overview);
    }
    for (size_t i = 0; !ctx->json && i < overview->count; i++) {
        say_version(ctx, overview->databases[i]);
    }
    brant_overview_free(overview);
    return CLI_EXIT_OK;
}

const cli_command cli_cmd_version = {
    .name = "version",
    .group = "Look",
    .summary = "Show the recorded version",
    .usage = "",
    .details =
        "The version stands alone on its line, \"none\" where nothing is applied. A migration "
        "that failed or is running is named behind it in parentheses. The version of brant "
        "itself is brant --version.",
    .example = "brant version",
    .flags = CLI_NEEDS_SESSION,
    .run = run_version,
};
