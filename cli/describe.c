/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/describe.h"

#include <inttypes.h>
#include <string.h>

const char *cli_version_text(const char *version)
{
    return version != NULL ? version : "none";
}

static void describe_holder(brn_buf *out, const brant_lock_info *lock)
{
    brn_buf_add_c(out, "held by ");
    cli_clean(out, lock->who[0] != '\0' ? lock->who : "somebody");
    if (lock->pid > 0) {
        brn_buf_printf(out, " (pid %" PRId64 ")", lock->pid);
    }
    if (lock->since_us != 0) {
        brn_buf_add_c(out, " since ");
        cli_time(out, lock->since_us);
    }
    if (lock->expires_us != 0) {
        brn_buf_add_c(out, ", lease until ");
        cli_time(out, lock->expires_us);
    }
    if (lock->what[0] != '\0') {
        brn_buf_add_c(out, ": ");
        cli_clean(out, lock->what);
    }
}

void cli_describe_lock(brn_buf *out, const brant_lock_info *lock)
{
    if (lock->held) {
        describe_holder(out, lock);
    } else {
        brn_buf_add_c(out, "free");
    }
    if (lock->id[0] != '\0') {
        brn_buf_add_c(out, " (lock id ");
        cli_clean(out, lock->id);
        brn_buf_add_char(out, ')');
    }
}

bool cli_is_dirty(const brant_migration *migration)
{
    return migration->partial || strcmp(migration->status, "failed") == 0;
}

void cli_describe_open(brn_buf *out, const brant_migration *migration)
{
    bool failed = strcmp(migration->status, "failed") == 0;
    uint64_t at = migration->statements_done + 1;
    bool has_progress = migration->partial || migration->statements_done > 0;

    cli_clean(out, migration->id);
    if (strcmp(migration->kind, "manual") == 0 && !failed) {
        brn_buf_add_c(out, " waits for a person");
        return;
    }
    brn_buf_add_c(out, failed ? " failed" : migration->partial ? " is half done" : " is running");
    /* What was rolled back has no progress, and the record does not say where it failed. */
    if (has_progress && at <= migration->statements_total) {
        brn_buf_printf(
            out, " at statement %" PRIu64 " of %" PRIu64, at, migration->statements_total);
    }
    brn_buf_add_c(out, " (");
    cli_clean(out, migration->direction);
    brn_buf_add_char(out, ')');
}

static void add_place(brn_buf *out, const brant_finding *finding)
{
    if (finding->file == NULL) {
        return;
    }
    brn_buf_add_c(out, " (");
    cli_clean(out, finding->file);
    if (finding->line > 0) {
        brn_buf_printf(out, ":%" PRIu32, finding->line);
    }
    if (finding->line > 0 && finding->column > 0) {
        brn_buf_printf(out, ":%" PRIu32, finding->column);
    }
    brn_buf_add_char(out, ')');
}

static void describe_finding(cli_context *ctx, const brant_finding *finding, size_t indent)
{
    const char *label = finding->warning ? "warning: " : "error: ";
    brn_buf text = { 0 };

    if (ctx->render.many && finding->database != NULL) {
        brn_buf_printf(&text, "%s: ", finding->database);
    }
    brn_buf_add_c(&text, finding->message);
    add_place(&text, finding);
    brn_buf_printf(&text, " [%s]", finding->id);
    brn_buf_printf(&ctx->out, "%*s", (int)indent, "");
    cli_colored(&ctx->out, ctx->color_out, finding->warning ? CLI_YELLOW : CLI_RED, label);
    cli_wrap(&ctx->out, brn_buf_text(&text), indent + strlen(label), ctx->width);
    ctx->out.failed = ctx->out.failed || text.failed;
    brn_buf_release(&text);
    if (finding->hint != NULL) {
        brn_buf_printf(&ctx->out, "%*shint: ", (int)indent + 2, "");
        cli_wrap(&ctx->out, finding->hint, indent + 8, ctx->width);
    }
}

void cli_describe_findings(
    cli_context *ctx, const brant_finding *const *findings, size_t count, size_t indent)
{
    for (size_t i = 0; i < count; i++) {
        describe_finding(ctx, findings[i], indent);
    }
}

void cli_describe_statement(
    brn_buf *out, const char *file, uint32_t line, const char *kind, brn_str text)
{
    brn_buf_add_c(out, "  ");
    cli_clean(out, file != NULL ? file : "(no file)");
    if (line > 0) {
        brn_buf_printf(out, ":%" PRIu32, line);
    }
    if (kind != NULL && kind[0] != '\0') {
        brn_buf_add_c(out, "  ");
        cli_clean(out, kind);
    }
    brn_buf_add_char(out, '\n');
    cli_indented(out, brn_str_trim(text), 4);
}
