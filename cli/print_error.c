/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/platform.h"
#include "cli/context.h"

#define SHOWN_FILE_MAX_BYTES ((size_t)64 << 20)
#define CAUSES_MAX 8

int cli_exit_code(brant_status status, bool loading)
{
    switch (status) {
    case BRANT_OK:
        return CLI_EXIT_OK;
    case BRANT_EUSAGE:
        return CLI_EXIT_USAGE;
    case BRANT_EPARSE:
        return loading ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
    case BRANT_ELOCKED:
        return CLI_EXIT_LOCKED;
    case BRANT_ECONNECT:
        return CLI_EXIT_CONNECT;
    case BRANT_ECANCELLED:
        return CLI_EXIT_INTERRUPTED;
    default:
        return CLI_EXIT_FAILED;
    }
}

/* --- the offending line ----------------------------------------------------------------------- */

/* Line `number` of a text, without its end. False when there are not so many. */
static bool find_line(brn_str text, uint32_t number, brn_str *line)
{
    for (uint32_t i = 0; i < number; i++) {
        if (!brn_str_split(&text, '\n', line)) {
            return false;
        }
    }
    if (line->len > 0 && line->ptr[line->len - 1] == '\r') {
        line->len--;
    }
    return number > 0;
}

/* Byte offset of character `column` (from 0), at most the length. */
static size_t offset_of(brn_str line, size_t column)
{
    size_t i = 0;

    while (i < line.len && column > 0) {
        i++;
        while (i < line.len && ((unsigned char)line.ptr[i] & 0xc0) == 0x80) {
            i++;
        }
        column--;
    }
    return i;
}

/* Whether `word` stands in the line, in any case. */
static bool mentions(brn_str line, brn_str word)
{
    for (size_t i = 0; i + word.len <= line.len; i++) {
        if (brn_str_ieq(brn_str_slice(line, i, i + word.len), word)) {
            return true;
        }
    }
    return false;
}

/* Configuration may hold passwords, which have no place in a log. */
static bool is_private(brn_str line)
{
    static const char *const words[] = { "://", "pass", "secret", "token", "key" };

    for (size_t i = 0; i < BRN_ARRAY_LEN(words); i++) {
        if (mentions(line, brn_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static void draw_line(
    brn_buf *out, brn_str line, uint32_t number, uint32_t column, const cli_error_style *style)
{
    char gutter[16];
    int margin = snprintf(gutter, sizeof(gutter), "%" PRIu32, number);
    size_t room = style->width > 30 ? style->width - 20 : 10;
    size_t at = column > 0 ? column - 1 : 0;
    size_t from = at > room / 2 ? at - room / 2 : 0;
    brn_str part;

    if (cli_chars(line) <= room) {
        from = 0;
    }
    part = brn_str_slice(line, offset_of(line, from), offset_of(line, from + room));
    brn_buf_printf(out, "  %*s |\n  %s | ", margin, "", gutter);
    cli_clean_str(out, part);
    brn_buf_add_char(out, '\n');
    if (column > 0 && at - from <= cli_chars(part)) {
        brn_buf_printf(out, "  %*s | %*s", margin, "", (int)(at - from), "");
        cli_colored(out, style->color, CLI_RED, "^");
        brn_buf_add_char(out, '\n');
    }
}

/* Also behind loading: what a URL of the project file refers to is looked at when it is used. */
static bool is_configuration(const char *file, const cli_error_style *style)
{
    brn_str name = brn_str_from(file);

    return style->loading || brn_str_ends(name, BRN_STR(".yaml")) ||
           brn_str_ends(name, BRN_STR(".yml"));
}

static void show_source(brn_buf *out, const brant_error *err, const cli_error_style *style)
{
    const char *file = brant_error_file(err);
    brn_buf text = { 0 };
    brn_str line = { 0 };

    /* A .env file consists of little but secrets. */
    if (style->private_file != NULL && strcmp(file, style->private_file) == 0) {
        return;
    }
    if (brn_file_read(&text, file, SHOWN_FILE_MAX_BYTES) == 0 &&
        find_line(brn_buf_str(&text), brant_error_line(err), &line) &&
        !(is_configuration(file, style) && is_private(line))) {
        draw_line(out, line, brant_error_line(err), brant_error_column(err), style);
    }
    brn_buf_release(&text);
}

/* --- text ------------------------------------------------------------------------------------- */

static void write_headline(brn_buf *out, const char *message, const cli_error_style *style)
{
    cli_colored(out, style->color, CLI_RED, "error:");
    brn_buf_add_char(out, ' ');
    cli_clean(out, message);
    brn_buf_add_char(out, '\n');
}

static void write_place(brn_buf *out, const brant_error *err, const cli_error_style *style)
{
    if (brant_error_file(err) == NULL) {
        return;
    }
    brn_buf_add_c(out, "  at ");
    cli_clean(out, brant_error_file(err));
    if (brant_error_line(err) > 0) {
        brn_buf_printf(out, ":%" PRIu32, brant_error_line(err));
        if (brant_error_column(err) > 0) {
            brn_buf_printf(out, ":%" PRIu32, brant_error_column(err));
        }
    }
    brn_buf_add_char(out, '\n');
    if (brant_error_line(err) > 0) {
        show_source(out, err, style);
    }
}

static void write_paragraph(
    brn_buf *out, const char *label, const char *text, const cli_error_style *style)
{
    if (text != NULL && text[0] != '\0') {
        brn_buf_printf(out, "  %s", label);
        cli_wrap(out, text, 2 + strlen(label), style->width);
    }
}

/* "  migration 003_users of main · SQLSTATE 42601 · server code 1 · id statement.failed" */
static void write_subject(brn_buf *out, const brant_error *err)
{
    const char *separator = "";

    brn_buf_add_c(out, "  (");
    if (brant_error_migration(err) != NULL) {
        brn_buf_add_c(out, "migration ");
        cli_clean(out, brant_error_migration(err));
        separator = ", ";
    }
    if (brant_error_database(err) != NULL) {
        brn_buf_printf(out, "%sdatabase ", separator);
        cli_clean(out, brant_error_database(err));
        separator = ", ";
    }
    if (brant_error_sqlstate(err) != NULL) {
        brn_buf_printf(out, "%sSQLSTATE ", separator);
        cli_clean(out, brant_error_sqlstate(err));
        separator = ", ";
    }
    if (brant_error_native_code(err) != 0) {
        brn_buf_printf(out, "%scode %" PRId64, separator, brant_error_native_code(err));
        separator = ", ";
    }
    brn_buf_add_c(out, separator);
    cli_clean(out, brant_error_id(err));
    brn_buf_add_c(out, ")\n");
}

static void write_text(brn_buf *out, const brant_error *err, const cli_error_style *style)
{
    const brant_error *cause = brant_error_cause(err);

    write_headline(out, brant_error_message(err), style);
    write_place(out, err, style);
    for (int i = 0; cause != NULL && i < CAUSES_MAX; i++) {
        write_paragraph(out, "because: ", brant_error_message(cause), style);
        write_paragraph(out, "  ", brant_error_detail(cause), style);
        cause = brant_error_cause(cause);
    }
    write_paragraph(out, "statement: ", brant_error_statement(err), style);
    write_paragraph(out, "detail: ", brant_error_detail(err), style);
    write_paragraph(out, "hint: ", brant_error_hint(err), style);
    write_subject(out, err);
}

/* --- documents -------------------------------------------------------------------------------- */

static void number_or_null(brn_json *w, const char *key, uint32_t value)
{
    brn_json_key(w, key);
    if (value > 0) {
        brn_json_int(w, value);
    } else {
        brn_json_null(w);
    }
}

static void write_object(brn_json *w, const brant_error *err, int depth)
{
    brn_json_object(w);
    brn_json_key_cstr(w, "id", brant_error_id(err));
    brn_json_key_cstr(w, "status", brant_status_name(brant_error_status(err)));
    brn_json_key_cstr(w, "message", brant_error_message(err));
    brn_json_key_cstr(w, "detail", brant_error_detail(err));
    brn_json_key_cstr(w, "hint", brant_error_hint(err));
    brn_json_key_cstr(w, "file", brant_error_file(err));
    number_or_null(w, "line", brant_error_line(err));
    number_or_null(w, "column", brant_error_column(err));
    brn_json_key_cstr(w, "migration", brant_error_migration(err));
    brn_json_key_cstr(w, "database", brant_error_database(err));
    brn_json_key_cstr(w, "statement", brant_error_statement(err));
    brn_json_key_cstr(w, "sqlstate", brant_error_sqlstate(err));
    brn_json_key_int(w, "native_code", brant_error_native_code(err));
    brn_json_key(w, "cause");
    if (brant_error_cause(err) != NULL && depth < CAUSES_MAX) {
        write_object(w, brant_error_cause(err), depth + 1);
    } else {
        brn_json_null(w);
    }
    brn_json_end(w);
}

void cli_error_json(brn_json *w, const brant_error *err)
{
    if (err == NULL) {
        brn_json_null(w);
    } else {
        write_object(w, err, 0);
    }
}

static void begin_document(brn_json *w, brn_buf *out)
{
    brn_json_begin(w, out, 0);
    brn_json_object(w);
    brn_json_key_int(w, "schema", 1);
    brn_json_key(w, "error");
}

static void end_document(brn_json *w, brn_buf *out)
{
    brn_json_end(w);
    brn_buf_add_char(out, '\n');
}

void cli_error_write(brn_buf *out, const brant_error *err, const cli_error_style *style)
{
    brn_json w;

    if (!style->json) {
        write_text(out, err, style);
        return;
    }
    begin_document(&w, out);
    cli_error_json(&w, err);
    end_document(&w, out);
}

void cli_failure_write(brn_buf *out, const cli_failure *failure, const cli_error_style *style)
{
    static const char *const absent[] = { "file",     "line",      "column",  "migration",
                                          "database", "statement", "sqlstate" };
    brn_json w;

    if (!style->json) {
        write_headline(out, failure->message, style);
        write_paragraph(out, "hint: ", failure->hint, style);
        return;
    }
    begin_document(&w, out);
    brn_json_object(&w);
    brn_json_key_cstr(&w, "id", failure->id);
    brn_json_key_cstr(&w, "status", brant_status_name(failure->status));
    brn_json_key_cstr(&w, "message", failure->message);
    brn_json_key_cstr(&w, "detail", NULL);
    brn_json_key_cstr(&w, "hint", failure->hint);
    for (size_t i = 0; i < BRN_ARRAY_LEN(absent); i++) {
        brn_json_key_cstr(&w, absent[i], NULL);
    }
    brn_json_key_int(&w, "native_code", 0);
    brn_json_key_cstr(&w, "cause", NULL);
    brn_json_end(&w);
    end_document(&w, out);
}

/* --- saying it -------------------------------------------------------------------------------- */

static cli_error_style style_of(const cli_context *ctx)
{
    return (cli_error_style){ .json = ctx->json_errors,
                              .color = ctx->color_err,
                              .loading = ctx->loading,
                              .private_file = ctx->settings != NULL
                                                  ? brant_settings_text(ctx->settings, "env-file")
                                                  : NULL,
                              .width = cli_width(2) };
}

/* Without memory for the text, the message alone has to do. */
static void say(cli_context *ctx, const brn_buf *text, const char *message)
{
    cli_render_clear(&ctx->render);
    if (text->failed) {
        (void)fprintf(stderr, "error: %s\n", message);
    } else {
        (void)fputs(brn_buf_text(text), stderr);
    }
    (void)fflush(stderr);
}

int cli_error(cli_context *ctx, brant_error *err)
{
    cli_error_style style = style_of(ctx);
    brant_status status = brant_error_status(err);
    brn_buf text = { 0 };

    cli_error_write(&text, err, &style);
    say(ctx, &text, brant_error_message(err));
    brn_buf_release(&text);
    brant_error_free(err);
    /* A call that failed without an error is a mistake of the library, and never a success. */
    return status == BRANT_OK ? CLI_EXIT_FAILED : cli_exit_code(status, ctx->loading);
}

int cli_fail(cli_context *ctx, const cli_failure *failure)
{
    cli_error_style style = style_of(ctx);
    brn_buf text = { 0 };

    cli_failure_write(&text, failure, &style);
    say(ctx, &text, failure->message);
    brn_buf_release(&text);
    return cli_exit_code(failure->status, true);
}

int cli_fail_file(cli_context *ctx, const char *verb, const char *path, int errnum)
{
    char reason[BRN_PLATFORM_NAME];
    const char *message;

    brn_platform_errno_text(reason, errnum);
    message = brn_arena_printf(&ctx->arena, "could not %s \"%s\": %s", verb, path, reason);
    return cli_fail(
        ctx, &(cli_failure){ BRANT_EIO, "cli.file", message != NULL ? message : reason, NULL });
}
