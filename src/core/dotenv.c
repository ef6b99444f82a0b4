/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dotenv.h"

#include <string.h>

/* Where the reader is. Errors need the line's beginning to count columns. */
typedef struct reader {
    brn_arena *arena;
    const char *file;
    brn_str line; /* without its end */
    size_t at;    /* in the line */
    uint32_t line_number;
} reader;

static brant_status fail(const reader *r, const char *id, const char *message, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_EPARSE, id, "%s", message);
    uint32_t column = 1;

    for (size_t i = 0; i < r->at; i++) {
        column += ((unsigned char)r->line.ptr[i] & 0xc0) != 0x80;
    }
    brn_error_at(err, r->file, r->line_number, column);
    return st;
}

static bool at_end(const reader *r)
{
    return r->at >= r->line.len;
}

static bool at_char(const reader *r, char c)
{
    return r->at < r->line.len && r->line.ptr[r->at] == c;
}

static void skip_blanks(reader *r)
{
    while (at_char(r, ' ') || at_char(r, '\t')) {
        r->at++;
    }
}

static bool is_name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static brn_str take_name(reader *r)
{
    size_t from = r->at;

    while (!at_end(r) && is_name_char(r->line.ptr[r->at], r->at == from)) {
        r->at++;
    }
    return brn_str_slice(r->line, from, r->at);
}

/* --- values ----------------------------------------------------------------------------------- */

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '"':
    case '\\':
    case '$':
        return c;
    default:
        return '\0';
    }
}

/* Behind a closing quote there may be blanks and a comment. */
static brant_status end_quoted(reader *r, brant_error **err)
{
    size_t from = r->at;
    brant_status st;

    skip_blanks(r);
    if (at_end(r) || (r->at > from && at_char(r, '#'))) {
        return BRANT_OK;
    }
    st = fail(r, "dotenv.text_after_quote", "text behind the closing quote", err);
    brn_error_hint(err, "Quote the whole value, and put a blank before a comment.");
    return st;
}

static brant_status take_quoted(reader *r, const char **value, brant_error **err)
{
    size_t open = r->at;
    char quote = r->line.ptr[open];
    char *text = brn_arena_alloc(r->arena, r->line.len - open);
    size_t len = 0;
    brant_status st;

    if (text == NULL) {
        return brn_error_oom(err);
    }
    for (r->at++; !at_end(r) && !at_char(r, quote); r->at++) {
        char c = r->line.ptr[r->at];

        if (quote == '"' && c == '\\' && r->at + 1 < r->line.len) {
            c = unescape(r->line.ptr[r->at + 1]);
            if (c == '\0') {
                st = fail(r, "dotenv.bad_escape", "unknown escape in double quotes", err);
                brn_error_hint(
                    err,
                    "Known are \\n \\t \\\" \\\\ and \\$; single quotes take everything literally.");
                return st;
            }
            r->at++;
        }
        text[len++] = c;
    }
    if (at_end(r)) {
        r->at = open;
        st = fail(r, "dotenv.unterminated_quote", "quote is not closed on its line", err);
        brn_error_hint(err, "Write a line break as \\n inside double quotes.");
        return st;
    }
    r->at++;
    *value = text; /* terminated: the memory was zeroed, and the quotes are not copied */
    return end_quoted(r, err);
}

static brant_status take_plain(reader *r, const char **value, brant_error **err)
{
    brn_str text = brn_str_slice(r->line, r->at, r->line.len);

    for (size_t i = 0; i < text.len; i++) {
        char before = r->at + i > 0 ? r->line.ptr[r->at + i - 1] : ' ';

        if (text.ptr[i] == '#' && (before == ' ' || before == '\t')) {
            text = brn_str_slice(text, 0, i);
        }
    }
    text = brn_str_trim(text);
    *value = brn_arena_strndup(r->arena, text.ptr, text.len);
    return *value != NULL ? BRANT_OK : brn_error_oom(err);
}

/* --- lines ------------------------------------------------------------------------------------ */

static brant_status take_assignment(reader *r, brn_dotenv_list *list, brant_error **err)
{
    const reader start = *r;
    brn_dotenv_var *var = NULL;
    brn_str name = take_name(r);
    const char *value = NULL;
    brant_status st;

    if (brn_str_eq_c(name, "export") && (at_char(r, ' ') || at_char(r, '\t'))) {
        skip_blanks(r);
        if (!at_char(r, '=')) { /* a variable may be called "export" */
            name = take_name(r);
        }
    }
    skip_blanks(r);
    if (name.len == 0 || !at_char(r, '=')) {
        st = fail(r, "dotenv.no_assignment", "expected NAME=value", err);
        brn_error_hint(err, "Names have letters, digits and '_'; begin a comment with '#'.");
        return st;
    }
    r->at++;
    skip_blanks(r);
    if (at_char(r, '\'') || at_char(r, '"')) {
        st = take_quoted(r, &value, err);
    } else {
        st = take_plain(r, &value, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    var = BRN_VEC_PUSH(r->arena, list);
    if (var == NULL) {
        return brn_error_oom(err);
    }
    var->name = brn_arena_strndup(r->arena, name.ptr, name.len);
    var->value = value;
    var->line = start.line_number;
    var->column = (uint32_t)start.at + 1; /* only blanks stand before it */
    return r->arena->oom ? brn_error_oom(err) : BRANT_OK;
}

static brant_status check_line(reader *r, brant_error **err)
{
    size_t nul = brn_str_find_char(r->line, '\0');
    size_t bad = brn_str_utf8_invalid_at(r->line);
    brant_status st = BRANT_OK;

    if (nul != SIZE_MAX && nul < bad) {
        r->at = nul;
        return fail(r, "dotenv.bad_character", "NUL characters are not allowed", err);
    }
    if (bad != SIZE_MAX) {
        r->at = bad;
        st = fail(r, "dotenv.not_utf8", "text is not valid UTF-8", err);
        brn_error_hint(err, "Save the file as UTF-8.");
    }
    return st;
}

brant_status brn_dotenv_parse(
    brn_dotenv_list *list, brn_arena *arena, brn_str text, const char *file, brant_error **err)
{
    reader r = { .arena = arena, .file = file };
    brn_str rest = text;

    if (text.len > BRN_DOTENV_MAX_BYTES) {
        brant_status st = brn_error(err, BRANT_EPARSE, "dotenv.too_big", "file is over 1 MiB");

        brn_error_at(err, file, 0, 0);
        return st;
    }
    if (brn_str_starts(rest, BRN_STR("\xef\xbb\xbf"))) {
        rest = brn_str_slice(rest, 3, rest.len);
    }
    while (brn_str_split(&rest, '\n', &r.line)) {
        brant_status st;

        r.line_number++;
        r.at = 0;
        if (brn_str_ends(r.line, BRN_STR("\r"))) {
            r.line = brn_str_slice(r.line, 0, r.line.len - 1);
        }
        st = check_line(&r, err);
        if (st != BRANT_OK) {
            return st;
        }
        skip_blanks(&r);
        if (at_end(&r) || at_char(&r, '#')) {
            continue;
        }
        st = take_assignment(&r, list, err);
        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}
