/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runs.h"

#include <inttypes.h>
#include <string.h>

#include "cli/describe.h"
#include "cli/json_docs.h"

/* --- the number of migrations ----------------------------------------------------------------- */

int cli_run_count(cli_context *ctx, uint64_t *count)
{
    const char *text = cli_arg(ctx, 0);
    const char *name = ctx->parse.command->name;
    const char *message;

    *count = 0;
    if (text == NULL) {
        return 0;
    }
    /* "007" is meant as a version; seven migrations would be a surprise. */
    if (text[0] != '0' && brn_str_to_u64(brn_str_from(text), count) && *count > 0) {
        return 0;
    }
    message = brn_arena_printf(
        &ctx->arena, "brant %s takes a number of migrations from 1, not \"%s\"", name, text);
    return cli_fail(
        ctx, &(cli_failure){ BRANT_EUSAGE, "cli.bad_count",
                             message != NULL ? message : "bad number of migrations",
                             "For a version or id use --to." });
}

/* --- the summary ------------------------------------------------------------------------------ */

static bool is_nothing(const brant_report *report)
{
    return report->applied_count == 0 && report->skipped_count == 0 && report->failed == NULL;
}

static void say_nothing(cli_context *ctx, const brant_report *report)
{
    brn_buf_add_c(&ctx->out, "nothing to do: ");
    if (ctx->render.many) {
        cli_plural(&ctx->out, brant_project_count(ctx->project), "database");
        brn_buf_add_c(&ctx->out, " looked at");
    } else {
        cli_clean(&ctx->out, brant_project_at(ctx->project, 0)->name);
        brn_buf_add_c(&ctx->out, " is at version ");
        cli_clean(&ctx->out, cli_version_text(report->version));
    }
    brn_buf_add_char(&ctx->out, '\n');
}

static const char *full_id(cli_context *ctx, const brant_migration *migration)
{
    if (!ctx->render.many) {
        return migration->id;
    }
    return brn_arena_printf(&ctx->arena, "%s:%s", migration->database, migration->id);
}

static void list_applied(cli_context *ctx, const brant_report *report)
{
    cli_table table;

    cli_table_init(&table, &ctx->arena, 3);
    for (size_t i = 0; i < report->applied_count; i++) {
        const brant_migration *m = report->applied[i];
        brn_buf duration = { 0 };

        cli_duration(&duration, m->duration_ms);
        cli_table_cell(&table, full_id(ctx, m));
        cli_table_cellf(
            &table, "%" PRIu64 " statement%s", m->statements_total,
            m->statements_total == 1 ? "" : "s");
        cli_table_cell_buf(&table, &duration);
        brn_buf_release(&duration);
    }
    cli_table_write(&table, &ctx->out, 2);
}

static void list_skipped(cli_context *ctx, const brant_report *report)
{
    brn_buf_add_c(&ctx->out, "skipped:  ");
    cli_plural(&ctx->out, report->skipped_count, "migration");
    brn_buf_add_char(&ctx->out, '\n');
    for (size_t i = 0; i < report->skipped_count; i++) {
        const brant_migration *m = report->skipped[i];
        bool is_manual = strcmp(m->kind, "manual") == 0;

        brn_buf_add_c(&ctx->out, "  ");
        cli_clean(&ctx->out, full_id(ctx, m));
        brn_buf_printf(
            &ctx->out, " (%s): %s\n", m->required ? "required" : "optional",
            is_manual ? "a person has to do it, then brant mark" : "waits for one before it");
        if (is_manual && m->help != NULL) {
            brn_buf_add_c(&ctx->out, "    ");
            cli_wrap(&ctx->out, m->help, 4, ctx->width);
        }
    }
}

static void say_report(cli_context *ctx, const brant_report *report, const cli_run_style *style)
{
    brn_buf *out = &ctx->out;

    /* The report's versions are those of the first database. */
    if (!ctx->render.many) {
        brn_buf_printf(out, "previous: %s\n", cli_version_text(report->previous_version));
        brn_buf_printf(out, "current:  %s\n", cli_version_text(report->version));
    }
    brn_buf_printf(out, "%s:%*s", style->done, (int)(9 - strlen(style->done)), "");
    cli_plural(out, report->applied_count, "migration");
    brn_buf_add_c(out, " in ");
    cli_duration(out, report->duration_ms);
    brn_buf_add_char(out, '\n');
    if (!ctx->render.quiet) {
        list_applied(ctx, report);
    }
    if (report->failed != NULL) {
        brn_buf_add_c(out, "failed:   ");
        cli_describe_open(out, report->failed);
        brn_buf_add_char(out, '\n');
    }
    if (report->skipped_count > 0) {
        list_skipped(ctx, report);
    }
}

static void say_validation(cli_context *ctx, const brant_validation *validation)
{
    cli_describe_findings(ctx, validation->findings, validation->count, 0);
    brn_buf_printf(&ctx->out, "validation: %s\n", validation->valid ? "valid" : "not valid");
}

/* --- dry runs --------------------------------------------------------------------------------- */

static bool is_other_migration(const cli_shown *a, const cli_shown *b)
{
    return !brn_str_eq(brn_str_from(a->migration), brn_str_from(b->migration)) ||
           !brn_str_eq(brn_str_from(a->direction), brn_str_from(b->direction)) ||
           !brn_str_eq(brn_str_from(a->database), brn_str_from(b->database));
}

static void say_dry_run(cli_context *ctx, const cli_run_style *style)
{
    const cli_render *r = &ctx->render;
    brn_buf *out = &ctx->out;
    uint64_t migrations = 0;

    for (size_t i = 0; i < r->shown.count; i++) {
        const cli_shown *s = &r->shown.items[i];

        if (i == 0 || is_other_migration(s, s - 1)) {
            migrations++;
            if (r->many) {
                cli_clean(out, s->database);
                brn_buf_add_char(out, ':');
            }
            cli_clean(out, s->migration);
            brn_buf_printf(out, " (%s)\n", s->direction);
        }
        cli_describe_statement(out, s->file, s->line, NULL, s->text);
    }
    brn_buf_add_c(out, "dry run: ");
    cli_plural(out, migrations, "migration");
    brn_buf_printf(out, " %s, nothing was changed\n", style->would);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void say_text(
    cli_context *ctx, brant_status status, const brant_report *report, const cli_run_style *style)
{
    if (report->disabled) {
        brn_buf_add_c(&ctx->out, "auto-migrate is off: nothing applied\n");
    } else if (ctx->render.dry_run && ctx->render.shown.count > 0) {
        say_dry_run(ctx, style);
    } else if (!is_nothing(report)) {
        say_report(ctx, report, style);
    } else if (status == BRANT_OK) {
        say_nothing(ctx, report);
    }
    if (report->validation != NULL) {
        say_validation(ctx, report->validation);
    }
}

/*
 * Work for a person outranks blocked work, except that a required migration behind an optional
 * manual one is not "only optional work left".
 */
static int exit_of_skipped(const brant_report *report)
{
    bool manual[2] = { false, false }; /* by required */
    bool blocked[2] = { false, false };

    for (size_t i = 0; i < report->skipped_count; i++) {
        const brant_migration *m = report->skipped[i];
        bool *kind = strcmp(m->kind, "manual") == 0 ? manual : blocked;

        kind[m->required ? 1 : 0] = true;
    }
    if (manual[1]) {
        return CLI_EXIT_MANUAL_REQUIRED;
    }
    if (blocked[1]) {
        return CLI_EXIT_BLOCKED_REQUIRED;
    }
    return manual[0] ? CLI_EXIT_MANUAL_OPTIONAL : CLI_EXIT_BLOCKED_OPTIONAL;
}

static int exit_of_report(
    const cli_context *ctx, const brant_report *report, const cli_run_style *style)
{
    if (report->disabled) {
        return CLI_EXIT_OK;
    }
    if (report->validation != NULL && !report->validation->valid) {
        return CLI_EXIT_DIFFERENT;
    }
    if (report->skipped_count > 0) {
        return exit_of_skipped(report);
    }
    /* A report of a dry run need not name what would have been applied. */
    if (style->is_exit_coded && is_nothing(report) && ctx->render.shown.count == 0) {
        return CLI_EXIT_NOTHING;
    }
    return CLI_EXIT_OK;
}

int cli_run_finish(
    cli_context *ctx,
    brant_status status,
    brant_report *report,
    brant_error *err,
    const cli_run_style *style)
{
    int code = CLI_EXIT_OK;

    if (report != NULL && ctx->json) {
        cli_doc_report(ctx, report, status != BRANT_OK ? err : NULL);
    } else if (report != NULL) {
        say_text(ctx, status, report, style);
    }
    if (status != BRANT_OK) {
        cli_context_flush(ctx);
        code = cli_error(ctx, err);
    } else if (report != NULL) {
        code = exit_of_report(ctx, report, style);
    }
    brant_report_free(report);
    return code;
}
